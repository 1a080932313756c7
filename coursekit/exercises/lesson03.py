"""Exercises of lesson 03: the projection by hand, as code, for three; without a grid; a verdict."""

from coursekit.exercises.lesson03_projection import by_hand, project_three, project_two
from coursekit.exercises.lesson03_reading import conclude, project_product

__all__ = ["by_hand", "conclude", "project_product", "project_three", "project_two"]
