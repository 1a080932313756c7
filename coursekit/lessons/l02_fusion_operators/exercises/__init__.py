"""Exercises of lesson 02: tensors, what a gate learns from, a surface, and choosing an operator."""

from coursekit.lessons.l02_fusion_operators.exercises.choosing import choose_operator
from coursekit.lessons.l02_fusion_operators.exercises.shapes import borrowed_gradient, read_surface
from coursekit.lessons.l02_fusion_operators.exercises.tensor import as_tensor, low_rank_by_hand
from coursekit.lessons.l02_fusion_operators.exercises.tensor_size import tensor_parameters

__all__ = [
    "as_tensor",
    "borrowed_gradient",
    "choose_operator",
    "low_rank_by_hand",
    "read_surface",
    "tensor_parameters",
]
