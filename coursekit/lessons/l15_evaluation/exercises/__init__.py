"""Exercises of lesson 15: votes of ten, clipped matches, BLEU of a corpus, alpha, a ranking."""

from coursekit.lessons.l15_evaluation.exercises.agreeing import alpha
from coursekit.lessons.l15_evaluation.exercises.clipping import clipped
from coursekit.lessons.l15_evaluation.exercises.corpus import corpus_bleu
from coursekit.lessons.l15_evaluation.exercises.ranking import turnover
from coursekit.lessons.l15_evaluation.exercises.votes import vote_accuracy

__all__ = ["alpha", "clipped", "corpus_bleu", "turnover", "vote_accuracy"]
