"""Exercises of lesson 17: growth, pooling, worth, block matching, which one next."""

from coursekit.lessons.l17_many_modalities.exercises.growth import growth
from coursekit.lessons.l17_many_modalities.exercises.matching import matching
from coursekit.lessons.l17_many_modalities.exercises.next_one import next_one
from coursekit.lessons.l17_many_modalities.exercises.pooling import pooling
from coursekit.lessons.l17_many_modalities.exercises.worth import worth

__all__ = ["growth", "matching", "next_one", "pooling", "worth"]
