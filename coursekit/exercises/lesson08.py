"""Exercises of lesson 08: the multi-loss, the pace, calibration, agreement, a choice, a method."""

from coursekit.exercises.lesson08_choosing import choose_method
from coursekit.exercises.lesson08_losses import multi_loss, pace
from coursekit.exercises.lesson08_own import own_method
from coursekit.exercises.lesson08_reading import calibration_error, right_where

__all__ = [
    "calibration_error",
    "choose_method",
    "multi_loss",
    "own_method",
    "pace",
    "right_where",
]
