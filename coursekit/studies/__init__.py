"""Studies too slow for a lesson; their tables lie in data/, made by ``python -m coursekit``.

A module is named after its command: folds, cures, surfaces, operators, depths, interactions.
"""
