"""Predictions and accuracies of a model, without gradients."""

from collections.abc import Mapping

import torch
from torch import Tensor

from coursekit.data.multimodal import Split
from coursekit.models import MultimodalClassifier, Prediction, evaluating
from coursekit.training.engine import AnySplit, Engine
from coursekit.utils.accelerator_checks import settle, together
from coursekit.utils.checks import require_instance, require_mapping
from coursekit.utils.tensor_checks import (
    NotFinite,
    require_batch,
    require_floats,
    require_labels,
    require_weights,
)


@torch.no_grad()
def predict(model: MultimodalClassifier, inputs: Mapping[str, Tensor]) -> Prediction:
    """The model's prediction in evaluation mode (its mode is restored); on the model's device.

    Errors: TypeError, ValueError for what is no model, or inputs that it cannot read.
    """
    require_instance("model", model, MultimodalClassifier)
    require_mapping("inputs", inputs, "tensors")
    for m, x in inputs.items():
        require_floats(f"inputs[{m!r}]", x)
    device = next(model.parameters()).device
    try:
        with evaluating(model):
            prediction = model({m: inputs[m].to(device) for m in model.modalities if m in inputs})
        settle()
        return prediction
    except NotFinite:
        for m, x in inputs.items():  # the fusion says so of features; if it is the inputs, them
            require_weights(f"inputs[{m!r}]", x)
        raise


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
    with evaluating(model), engine.running(model), together():
        predictions = [model(inputs) for inputs in engine.batches(split, parts)]
    features = {m: torch.cat([p.features[m] for p in predictions]) for m in model.modalities}
    return Prediction(torch.cat([p.joint for p in predictions]), features, model.heads)


def accuracy(scores: Tensor, labels: Tensor) -> float:
    """Share of rows of ``scores`` (N, C), logits or probabilities, whose largest is the label.

    Errors: TypeError, ValueError for other shapes and types, no sample, labels outside the classes,
    or scores that are not finite.
    """
    require_batch("scores", scores, (None, None))
    require_labels("labels", labels, *scores.shape)
    return float((largest(scores) == labels.to(scores.device)).double().mean())


def accuracies(scores: Tensor, labels: Tensor) -> list[float]:
    """`accuracy` of K models at once: scores (K, N, C), labels (N,)."""
    require_batch("scores", scores, (None, None, None))
    require_labels("labels", labels, *scores.shape[1:])
    return (largest(scores) == labels.to(scores.device)).double().mean(1).tolist()


def largest(scores: Tensor) -> Tensor:
    """The place of the largest of the last dimension, the first of equals: (…, C) → (…)."""
    return scores.contiguous().argmax(-1)  # PyTorch takes several times as long across a stride
