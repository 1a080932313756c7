"""Exercises of lesson 04: counting parameters, convergence, missing modality, fair comparison."""

from coursekit.exercises.lesson04_comparing import fair_choice, late_against_early
from coursekit.exercises.lesson04_curves import epochs_to
from coursekit.exercises.lesson04_networks import count_both, logits_without

__all__ = ["count_both", "epochs_to", "fair_choice", "late_against_early", "logits_without"]
