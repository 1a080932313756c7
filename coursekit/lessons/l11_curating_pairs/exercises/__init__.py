"""Exercises of lesson 11: cuts, controls, leaks, margins, a budget; changes, weights."""

from coursekit.lessons.l11_curating_pairs.exercises.augmentation import stays_true
from coursekit.lessons.l11_curating_pairs.exercises.checking import to_check
from coursekit.lessons.l11_curating_pairs.exercises.controls import what_it_shows
from coursekit.lessons.l11_curating_pairs.exercises.crossfit import fair_scores
from coursekit.lessons.l11_curating_pairs.exercises.keeping import keep_share
from coursekit.lessons.l11_curating_pairs.exercises.margins import soft_margin
from coursekit.lessons.l11_curating_pairs.exercises.weights import draw_weights

__all__ = [
    "draw_weights",
    "fair_scores",
    "keep_share",
    "soft_margin",
    "stays_true",
    "to_check",
    "what_it_shows",
]
