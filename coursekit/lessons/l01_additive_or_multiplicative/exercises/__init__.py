"""Exercises of lesson 01: y = w0 + w1 x_A + w2 x_B + w3 x_A x_B, read and fitted.

The weights are always in this order. Every wrong answer is written out by itself, because each
stands for something a learner believes.
"""

from coursekit.lessons.l01_additive_or_multiplicative.exercises.fitting import interaction_weight
from coursekit.lessons.l01_additive_or_multiplicative.exercises.interaction import (
    needs_interaction,
)
from coursekit.lessons.l01_additive_or_multiplicative.exercises.weights import (
    centred_effects,
    design_matrix,
    slope_for,
)

__all__ = [
    "centred_effects",
    "design_matrix",
    "interaction_weight",
    "needs_interaction",
    "slope_for",
]
