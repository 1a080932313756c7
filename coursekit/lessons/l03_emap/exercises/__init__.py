"""Exercises of lesson 03: the projection by hand, as code, for three; without a grid; a verdict."""

from coursekit.lessons.l03_emap.exercises.projection import by_hand, project_two
from coursekit.lessons.l03_emap.exercises.projection_of_three import project_three
from coursekit.lessons.l03_emap.exercises.verdict import conclude, project_product

__all__ = ["by_hand", "conclude", "project_product", "project_three", "project_two"]
