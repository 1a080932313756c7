"""Exercises of lesson 17: growth, pooling, worth, block matching, which one next."""

from coursekit.lessons.l17_many_modalities.exercises.counting_pairs import growth
from coursekit.lessons.l17_many_modalities.exercises.mean_over_tokens import pooling
from coursekit.lessons.l17_many_modalities.exercises.over_all_orders import worth
from coursekit.lessons.l17_many_modalities.exercises.picking_sets import next_one
from coursekit.lessons.l17_many_modalities.exercises.sad_search import matching

__all__ = ["growth", "matching", "next_one", "pooling", "worth"]
