"""Exercises of lesson 13: rates by group, equalised odds, weights, a reversed step, a verdict."""

from coursekit.lessons.l13_fairness.exercises.judging_cures import verdict
from coursekit.lessons.l13_fairness.exercises.odds import odds_difference
from coursekit.lessons.l13_fairness.exercises.rates import hit_rates
from coursekit.lessons.l13_fairness.exercises.reversal import reversed_step
from coursekit.lessons.l13_fairness.exercises.weights import independent_weights

__all__ = ["hit_rates", "independent_weights", "odds_difference", "reversed_step", "verdict"]
