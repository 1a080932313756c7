"""Exercises of lesson 04: counting, convergence, fair comparison, attention, a lost modality."""

from coursekit.lessons.l04_early_or_late.exercises.attention import attend
from coursekit.lessons.l04_early_or_late.exercises.comparing import late_against_early
from coursekit.lessons.l04_early_or_late.exercises.curves import epochs_to
from coursekit.lessons.l04_early_or_late.exercises.fair_choosing import fair_choice
from coursekit.lessons.l04_early_or_late.exercises.networks import count_both, logits_without
from coursekit.lessons.l04_early_or_late.exercises.transformer import one_layer, position_vectors

__all__ = [
    "attend",
    "count_both",
    "epochs_to",
    "fair_choice",
    "late_against_early",
    "logits_without",
    "one_layer",
    "position_vectors",
]
