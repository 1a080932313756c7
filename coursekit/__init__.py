"""coursekit: the small package behind the lessons on multimodal fusion.

Layers, each importing only from those before it:
data, fusion, models, training, probes, stats → record, claims, exercises → plots → widgets.
"""

__version__ = "0.1.0"
