"""Exercises of lesson 05: an honest rival, the ensemble, an interval, a probe, a diagnosis."""

from coursekit.lessons.l05_more_can_be_worse.exercises.diagnosis import diagnose
from coursekit.lessons.l05_more_can_be_worse.exercises.encoders import nearest_mean_probe
from coursekit.lessons.l05_more_can_be_worse.exercises.results import ensemble_accuracy, fair_gap
from coursekit.lessons.l05_more_can_be_worse.exercises.seeds import paired_interval

__all__ = [
    "diagnose",
    "ensemble_accuracy",
    "fair_gap",
    "nearest_mean_probe",
    "paired_interval",
]
