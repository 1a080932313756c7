"""Exercises of lesson 02: a tensor's size, what it contains, low rank, a gate, and a surface."""

from coursekit.exercises.lesson02_shapes import gmu_by_hand, read_surface
from coursekit.exercises.lesson02_tensor import as_tensor, low_rank_by_hand, tensor_parameters

__all__ = [
    "as_tensor",
    "gmu_by_hand",
    "low_rank_by_hand",
    "read_surface",
    "tensor_parameters",
]
