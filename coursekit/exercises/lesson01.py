"""Exercises of lesson 01: y = w0 + w1 x_A + w2 x_B + w3 x_A x_B, read and fitted.

The weights are always in this order. Every wrong answer is written out by itself, because each
stands for something a learner believes.
"""

from coursekit.exercises.lesson01_fitting import interaction_weight
from coursekit.exercises.lesson01_reading import centred_effects, design_matrix, slope_for
from coursekit.exercises.lesson01_testing import needs_interaction

__all__ = [
    "centred_effects",
    "design_matrix",
    "interaction_weight",
    "needs_interaction",
    "slope_for",
]
