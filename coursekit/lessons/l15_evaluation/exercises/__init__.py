"""Exercises of lesson 15: TODO(author): what they are about, in a few words."""

from coursekit.lessons.l15_evaluation.exercises.ex_share_of import share_of

__all__ = ["share_of"]
