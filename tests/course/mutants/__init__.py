"""Slips made in right answers, to see whether the exercises refuse them.

``slips`` makes them out of a syntax tree, ``answers`` reads the right answers of an exercise as
such trees, ``trial`` tries what comes of it, ``equivalents.toml`` lists the slips that change
nothing and why. ``python tests/exercise_mutants.py`` tries all of them on thirty seeds.
"""
