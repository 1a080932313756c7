"""What to answer when a modality is missing at test time."""

from collections.abc import Mapping

import torch
from torch import Tensor

from coursekit.models import MultimodalClassifier, evaluating
from coursekit.utils.checks import (
    choose,
    require,
    require_by_modality,
    require_instance,
    require_present,
)
from coursekit.utils.precision import wide
from coursekit.utils.tensor_checks import require_batch, require_floats, require_weights

FILLS = ("zeros", "mean")


def filled(
    inputs: Mapping[str, Tensor], lost: str, how: str, train: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """``inputs`` with modality ``lost`` replaced for every sample, (N, …) by modality.

    how: "zeros", or "mean", the mean of the training inputs ``train[lost]``, number by number.
    Errors: ValueError for another modality or way, and for training inputs that lack it, are
    empty, not finite or of another shape; TypeError for what is no floating-point tensor.
    """
    for name, by_modality in (("inputs", inputs), ("train", train)):
        require_by_modality(name, by_modality)
    require(len(inputs) > 0, "inputs is empty; at least one modality was expected.")
    choose("lost", lost, inputs)
    x = inputs[lost]
    require_floats(f"inputs[{lost!r}]", x)
    require(x.numel() > 0, f"inputs[{lost!r}] has shape {tuple(x.shape)}; rows were expected.")
    if choose("how", how, FILLS) == "zeros":
        return {**inputs, lost: torch.zeros_like(x)}
    require(lost in train, f"train holds {list(train)}; {lost!r} was expected among them.")
    known = require_batch(f"train[{lost!r}]", train[lost], (None, *x.shape[1:]))
    return {**inputs, lost: wide(known).mean(dim=0).to(x).expand_as(x).clone()}


@torch.no_grad()
def dropped(model: MultimodalClassifier, inputs: Mapping[str, Tensor], lost: str) -> Tensor:
    """Logits (N, C) of an additive model without the term of modality ``lost``.

    Σ_{m ≠ lost} W_m z_m + b. The inputs of ``lost`` are not read.
    Errors: ValueError when another modality is missing, or when the model's fusion is not
    additive, so that no term can be left out.
    """
    require_instance("model", model, MultimodalClassifier)
    require_by_modality("inputs", inputs)
    choose("lost", lost, model.modalities)
    others = [m for m in model.modalities if m != lost]
    require(len(others) > 0, f"lost is {lost!r}, the model's only modality; nothing is left.")
    require_present("inputs", {*inputs, lost}, model.modalities)
    for m in others:
        require_weights(f"inputs[{m!r}]", inputs[m])
        shape = tuple(inputs[m].shape)
        require(inputs[m].numel() > 0, f"inputs[{m!r}] has shape {shape}; rows were expected.")
    n = len(inputs[others[0]])
    width = {m: getattr(model.encoders[m], "out_features", 0) for m in model.modalities}
    with evaluating(model):
        features = {m: model.feature(m, inputs[m]) for m in others}
    features[lost] = torch.zeros(n, width[lost]).to(features[others[0]])
    split = getattr(model.fusion, "split", lambda z: None)(features)
    name = type(model.fusion).__name__
    if split is None or split.activation is not None:
        raise ValueError(f"model fuses by {name}, which is not additive; no term can be left out.")
    order = getattr(model.fusion, "widths", model.modalities)  # may differ from the encoders'
    parts = dict(zip(order, split.parts, strict=True))
    return split.readout(torch.stack([parts[m] for m in others]).sum(0))
