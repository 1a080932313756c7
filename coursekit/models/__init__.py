"""Encoders, heads and the classifier, by what they are; `build_classifier` puts them together."""

from coursekit.models.build import build_classifier
from coursekit.models.classifier import MultimodalClassifier, Prediction, evaluating, width_of
from coursekit.models.encoders import CNN, MLP, Dropout, Raw
from coursekit.models.initialise import initialise

__all__ = [
    "CNN",
    "MLP",
    "Dropout",
    "MultimodalClassifier",
    "Prediction",
    "Raw",
    "build_classifier",
    "evaluating",
    "initialise",
    "width_of",
]
