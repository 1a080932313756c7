"""Exercises of lesson 06: the ratio, the blend, its minimum, doubts, the price, an own method."""

from coursekit.exercises.lesson06_method import own_blend
from coursekit.exercises.lesson06_ratio import minimal_ogr, ogr
from coursekit.exercises.lesson06_running import passes, trust
from coursekit.exercises.lesson06_weights import blend

__all__ = ["blend", "minimal_ogr", "ogr", "own_blend", "passes", "trust"]
