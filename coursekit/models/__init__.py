"""Encoders, heads and the classifier, by what they are; `build_classifier` puts them together."""

from coursekit.layers.initialise import initialise
from coursekit.models.build import build_classifier
from coursekit.models.classifier import MultimodalClassifier, Prediction, evaluating, width_of
from coursekit.models.conformer import Conformer
from coursekit.models.encoders import CNN, MLP, Dropout, Raw
from coursekit.models.resnet import ResNet18

__all__ = [
    "CNN",
    "MLP",
    "Conformer",
    "Dropout",
    "MultimodalClassifier",
    "Prediction",
    "Raw",
    "ResNet18",
    "build_classifier",
    "evaluating",
    "initialise",
    "width_of",
]
