"""Exercises of lesson 04: counting, convergence, fair comparison, attention, a lost modality."""

from coursekit.exercises.lesson04_attention import attend
from coursekit.exercises.lesson04_comparing import fair_choice, late_against_early
from coursekit.exercises.lesson04_curves import epochs_to
from coursekit.exercises.lesson04_networks import count_both, logits_without

__all__ = [
    "attend",
    "count_both",
    "epochs_to",
    "fair_choice",
    "late_against_early",
    "logits_without",
]
