"""Exercises of lesson 07: gradient modulation."""

from coursekit.lessons.l07_gradient_modulation.exercises.method import own_method
from coursekit.lessons.l07_gradient_modulation.exercises.projection import project_pair
from coursekit.lessons.l07_gradient_modulation.exercises.scales import ogm_coefficients
from coursekit.lessons.l07_gradient_modulation.exercises.shares import (
    prototypes,
    shapley_shares,
)
from coursekit.lessons.l07_gradient_modulation.exercises.traces import whose_trace

__all__ = [
    "ogm_coefficients",
    "own_method",
    "project_pair",
    "prototypes",
    "shapley_shares",
    "whose_trace",
]
