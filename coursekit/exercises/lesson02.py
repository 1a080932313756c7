"""Exercises of lesson 02: tensors, what a gate learns from, a surface, and choosing an operator."""

from coursekit.exercises.lesson02_choosing import choose_operator
from coursekit.exercises.lesson02_shapes import borrowed_gradient, read_surface
from coursekit.exercises.lesson02_tensor import as_tensor, low_rank_by_hand, tensor_parameters

__all__ = [
    "as_tensor",
    "borrowed_gradient",
    "choose_operator",
    "low_rank_by_hand",
    "read_surface",
    "tensor_parameters",
]
