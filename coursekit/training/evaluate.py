"""Predictions and accuracies of a model, without gradients."""

from collections.abc import Mapping

import torch
from torch import Tensor

from coursekit.checks import require
from coursekit.data.multimodal import Split
from coursekit.models import MultimodalClassifier, Prediction, evaluating
from coursekit.training.engine import AnySplit, Engine


@torch.no_grad()
def predict(model: MultimodalClassifier, inputs: Mapping[str, Tensor]) -> Prediction:
    """The model's prediction in evaluation mode (its mode is restored); on the model's device."""
    device = next(model.parameters()).device
    with evaluating(model):
        return model({m: inputs[m].to(device) for m in model.modalities if m in inputs})


@torch.no_grad()
def predict_rows(
    model: MultimodalClassifier, split: AnySplit, engine: Engine, size: int
) -> Prediction:
    """`predict` for all rows of a split, for whatever `Engine` runs the model's encoders.

    size: rows at a time where the split is not in memory or is shared by several processes.
    """
    if isinstance(split, Split) and engine.plain:
        return predict(model, split.inputs)
    parts = torch.arange(len(split)).split(size)
    with evaluating(model), engine.running(model):
        found = [model(inputs) for inputs in engine.batches(split, parts)]
    features = {m: torch.cat([p.features[m] for p in found]) for m in model.modalities}
    return Prediction(torch.cat([p.joint for p in found]), features, model.heads)


def accuracy(scores: Tensor, labels: Tensor) -> float:
    """Share of rows of ``scores`` (N, C), logits or probabilities, whose largest is the label."""
    require(len(scores) == len(labels), f"scores has {len(scores)} rows, labels {len(labels)}.")
    require(len(labels) > 0, "labels is empty; an accuracy needs at least one sample.")
    return float((largest(scores) == labels.to(scores.device)).double().mean())


def largest(scores: Tensor) -> Tensor:
    """The place of the largest of the last dimension, the first of equals: (…, C) → (…)."""
    return scores.contiguous().argmax(-1)  # PyTorch takes several times as long across a stride
