"""Exercises of lesson 08: the multi-loss, the pace, calibration, agreement, a choice, a method."""

from coursekit.lessons.l08_multi_loss_balanced.exercises.choosing import choose_method
from coursekit.lessons.l08_multi_loss_balanced.exercises.losses import multi_loss, pace
from coursekit.lessons.l08_multi_loss_balanced.exercises.own import own_method
from coursekit.lessons.l08_multi_loss_balanced.exercises.reading import (
    calibration_error,
    right_where,
)

__all__ = [
    "calibration_error",
    "choose_method",
    "multi_loss",
    "own_method",
    "pace",
    "right_where",
]
