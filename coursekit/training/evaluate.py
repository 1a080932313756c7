"""Predictions and accuracies of a model, without gradients."""

from collections.abc import Mapping

import torch
from torch import Tensor

from coursekit.checks import require
from coursekit.models import MultimodalClassifier, Prediction, evaluating


@torch.no_grad()
def predict(model: MultimodalClassifier, inputs: Mapping[str, Tensor]) -> Prediction:
    """The model's prediction in evaluation mode (its mode is restored); on the model's device."""
    device = next(model.parameters()).device
    with evaluating(model):
        return model({m: inputs[m].to(device) for m in model.modalities if m in inputs})


def accuracy(scores: Tensor, labels: Tensor) -> float:
    """Share of rows of ``scores`` (N, C), logits or probabilities, whose largest is the label."""
    require(len(scores) == len(labels), f"scores has {len(scores)} rows, labels {len(labels)}.")
    require(len(labels) > 0, "labels is empty; an accuracy needs at least one sample.")
    return float((largest(scores) == labels.to(scores.device)).double().mean())


def largest(scores: Tensor) -> Tensor:
    """The place of the largest of the last dimension, the first of equals: (…, C) → (…)."""
    return scores.contiguous().argmax(-1)  # PyTorch takes several times as long across a stride
