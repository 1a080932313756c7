"""Exercises of lesson 14: one ranking, amounts, a student's loss, moved columns, loss weights."""

from coursekit.lessons.l14_efficiency.exercises.calibrating import loss_weights
from coursekit.lessons.l14_efficiency.exercises.choosing_amounts import amounts
from coursekit.lessons.l14_efficiency.exercises.columns import technique
from coursekit.lessons.l14_efficiency.exercises.distilling import student_loss
from coursekit.lessons.l14_efficiency.exercises.ranking import removed_shares

__all__ = ["amounts", "loss_weights", "removed_shares", "student_loss", "technique"]
