"""Exercises of lesson 05: an honest rival, the ensemble, an interval, a probe, a diagnosis."""

from coursekit.exercises.lesson05_encoders import diagnose, nearest_mean_probe
from coursekit.exercises.lesson05_results import ensemble_accuracy, fair_gap
from coursekit.exercises.lesson05_seeds import paired_interval

__all__ = [
    "diagnose",
    "ensemble_accuracy",
    "fair_gap",
    "nearest_mean_probe",
    "paired_interval",
]
