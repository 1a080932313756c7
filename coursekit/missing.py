"""What to answer when a modality is missing at test time."""

from collections.abc import Mapping

import torch
from torch import Tensor

from coursekit.checks import choose, require
from coursekit.models import MultimodalClassifier

FILLS = ("zeros", "mean")


def filled(
    inputs: Mapping[str, Tensor], lost: str, how: str, train: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """``inputs`` with modality ``lost`` replaced for every sample, (N, …) by modality.

    how: "zeros", or "mean", the mean of the training inputs ``train[lost]``, number by number.
    Errors: ValueError for another modality, another way or training inputs of another shape.
    """
    choose("lost", lost, inputs)
    x = inputs[lost]
    if choose("how", how, FILLS) == "zeros":
        return {**inputs, lost: torch.zeros_like(x)}
    mean = train[lost].mean(dim=0)
    fits = mean.shape == x.shape[1:]
    require(
        fits, f"train[{lost!r}] has samples of shape {tuple(mean.shape)}; {tuple(x.shape[1:])}."
    )
    return {**inputs, lost: mean.expand_as(x).clone()}


@torch.no_grad()
def dropped(model: MultimodalClassifier, inputs: Mapping[str, Tensor], lost: str) -> Tensor:
    """Logits (N, C) of an additive model without the term of modality ``lost``.

    Σ_{m ≠ lost} W_m z_m + b. The inputs of ``lost`` are not read.
    Errors: ValueError when the model's fusion is not additive, so that no term can be left out.
    """
    choose("lost", lost, model.modalities)
    others = [m for m in model.modalities if m != lost]
    require(len(others) > 0, f"lost is {lost!r}, the model's only modality; nothing is left.")
    n = len(inputs[others[0]])
    width = {m: getattr(model.encoders[m], "out_features", 0) for m in model.modalities}
    mode = model.training
    model.eval()
    features = {m: model.encoders[m](inputs[m]) for m in others}
    model.train(mode)
    features[lost] = torch.zeros(n, width[lost]).to(features[others[0]])
    split = getattr(model.fusion, "split", lambda z: None)(features)
    name = type(model.fusion).__name__
    if split is None or split.activation is not None:
        raise ValueError(f"model fuses by {name}, which is not additive; no term can be left out.")
    parts = dict(zip(model.modalities, split.parts, strict=True))
    return split.readout(torch.stack([parts[m] for m in others]).sum(0))
