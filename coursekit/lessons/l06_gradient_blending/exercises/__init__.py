"""Exercises of lesson 06: the ratio, the blend, its minimum, doubts, the price, an own method."""

from coursekit.lessons.l06_gradient_blending.exercises.doubt_and_cost import passes, trust
from coursekit.lessons.l06_gradient_blending.exercises.method import own_blend
from coursekit.lessons.l06_gradient_blending.exercises.ratio import minimal_ogr, ogr
from coursekit.lessons.l06_gradient_blending.exercises.weights import blend

__all__ = ["blend", "minimal_ogr", "ogr", "own_blend", "passes", "trust"]
