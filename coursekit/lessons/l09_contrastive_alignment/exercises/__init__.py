"""Exercises of lesson 09: the loss, recall with ties, prompts, a matrix, changes, a claim."""

from coursekit.lessons.l09_contrastive_alignment.exercises.judgement import claim_of, keeps_pair
from coursekit.lessons.l09_contrastive_alignment.exercises.loss import contrastive_loss
from coursekit.lessons.l09_contrastive_alignment.exercises.matrix import read_matrix
from coursekit.lessons.l09_contrastive_alignment.exercises.prompts import prompt_weights
from coursekit.lessons.l09_contrastive_alignment.exercises.ranking import recall_at_k

__all__ = [
    "claim_of",
    "contrastive_loss",
    "keeps_pair",
    "prompt_weights",
    "read_matrix",
    "recall_at_k",
]
