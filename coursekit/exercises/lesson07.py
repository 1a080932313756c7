"""Exercises of lesson 07: gradient modulation."""

from coursekit.exercises.lesson07_brakes import ogm_coefficients, whose_trace
from coursekit.exercises.lesson07_method import own_method
from coursekit.exercises.lesson07_shares import project_pair, prototypes, shapley_shares

__all__ = [
    "ogm_coefficients",
    "own_method",
    "project_pair",
    "prototypes",
    "shapley_shares",
    "whose_trace",
]
