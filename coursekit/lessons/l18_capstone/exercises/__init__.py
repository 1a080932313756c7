"""Exercises of lesson 18: wrong labels, confidence, a missing modality, a diagnosis, a ranking."""

from coursekit.lessons.l18_capstone.exercises.answering_rows import routed
from coursekit.lessons.l18_capstone.exercises.confidence import sure
from coursekit.lessons.l18_capstone.exercises.diagnosing import illness
from coursekit.lessons.l18_capstone.exercises.ranking_conditions import may_rank
from coursekit.lessons.l18_capstone.exercises.wrong_labels import wrong

__all__ = ["illness", "may_rank", "routed", "sure", "wrong"]
