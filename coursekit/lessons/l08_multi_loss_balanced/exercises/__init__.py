"""Exercises of lesson 08: the multi-loss, the pace, calibration, agreement, a choice, a method."""

from coursekit.lessons.l08_multi_loss_balanced.exercises.calibration import calibration_error
from coursekit.lessons.l08_multi_loss_balanced.exercises.choosing import choose_method
from coursekit.lessons.l08_multi_loss_balanced.exercises.coefficients import pace
from coursekit.lessons.l08_multi_loss_balanced.exercises.groups import right_where
from coursekit.lessons.l08_multi_loss_balanced.exercises.losses import multi_loss
from coursekit.lessons.l08_multi_loss_balanced.exercises.method import own_method

__all__ = [
    "calibration_error",
    "choose_method",
    "multi_loss",
    "own_method",
    "pace",
    "right_where",
]
