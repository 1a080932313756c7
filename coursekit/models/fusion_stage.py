"""Where modalities meet: at the input (early), between encoder and head, or at the logits (late).

early          [x_1; …; x_M] → two layers → mean over steps → one layer → logits
intermediate   x_m → two layers → mean over steps ┐ joined → one layer → logits
late           x_m → two layers → mean over steps → one layer → logits_m, summed over m

Every way from an input to the logits passes three hidden layers and a readout; only the place of
meeting differs. Widths are searched so that all three have the same number of parameters. An input
is a vector (B, D_m), or a sequence (B, T, D_m) whose steps share the first two layers.
"""

import math
from collections.abc import Mapping
from functools import lru_cache

import torch
from torch import Tensor, nn

from coursekit.fusion.late_linear import LateLinear
from coursekit.fusion.mid_mlp import MidMLP
from coursekit.layers.initialise import initialise
from coursekit.layers.modality_dropout import without_some
from coursekit.models import MLP, MultimodalClassifier, Raw
from coursekit.utils.checks import (
    choose,
    require,
    require_count,
    require_instance,
    require_mapping,
    require_present,
    require_share,
)
from coursekit.utils.tensor_checks import require_batch, require_dtype, require_floats

PLACES = ("early", "intermediate", "late")
TOLERANCE = 0.03  # how far a matched network's parameters may be from the budget


class Branch(nn.Module):
    """(B, D) or (B, T, D) → (B, H): layers on every step, mean over steps, layers after it."""

    def __init__(self, d_in: int, each: tuple[int, ...], after: tuple[int, ...]) -> None:
        super().__init__()
        self.each = MLP(d_in, each)
        self.after = MLP(each[-1], after)
        self.in_features = d_in
        self.out_features = self.after.out_features

    def check_input(self, name: str, x: Tensor) -> None:
        """Refuse what is not (B, D) or (B, T, D), finite and in the weights' dtype."""
        require_dtype(name, x, self)
        require_batch(name, x, (*(None,) * (2 if x.ndim == 3 else 1), self.in_features))

    def forward(self, x: Tensor) -> Tensor:
        """Features (B, H)."""
        if x.ndim == 2:
            return self.after(self.each(x))
        steps = self.each(x.flatten(0, 1)).unflatten(0, x.shape[:2])  # (B, T, W)
        return self.after(steps.mean(dim=1))


class Joined(nn.Module):
    """Early fusion's body: inputs side by side, (B, Σ D_m) or (B, T, Σ D_m), through one branch."""

    def __init__(self, widths: Mapping[str, int], num_classes: int, branch: Branch) -> None:
        super().__init__()
        self.widths = dict(widths)
        self.branch = branch
        self.readout = nn.Linear(branch.out_features, num_classes)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """(B, …, D_m) by modality → (B, C).

        Errors: ValueError when a modality is missing, steps or batches differ, a width is wrong,
        the batch is empty or not finite; TypeError for another dtype than that of the weights.
        """
        require_present("inputs", inputs, self.widths)
        parts = [inputs[m] for m in self.widths]
        for (m, width), x in zip(self.widths.items(), parts, strict=True):
            require_dtype(f"inputs[{m!r}]", x, self)
            steps = (None,) * (2 if x.ndim == 3 else 1)
            require_batch(f"inputs[{m!r}]", x, (*steps, width))
        shapes = {m: tuple(inputs[m].shape[:-1]) for m in self.widths}
        same = len(set(shapes.values())) == 1
        require(same, f"inputs have batches and steps {shapes}; early fusion needs equal ones.")
        return self.readout(self.branch(torch.cat(parts, dim=-1)))


class DepthClassifier(MultimodalClassifier):
    """A classifier that may lose one modality of a sample in training (modality dropout on inputs).

    rate: share of the training samples that lose one; which one is drawn evenly. Lost = zeros, for
    the encoders too; where only the fusion does without, see `coursekit.balancing`'s method.
    """

    def __init__(
        self,
        encoders: Mapping[str, nn.Module],
        fusion: nn.Module,
        num_classes: int,
        rate: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__(encoders, fusion, num_classes)
        require_share("rate", rate)
        require_count("seed", seed)
        self.rate = rate
        self.generator = torch.Generator().manual_seed(seed)

    def encode(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Features by modality; when training, some samples lose a modality first."""
        if self.training and self.rate > 0:
            require_present("inputs", inputs, self.modalities)
            read = {m: inputs[m] for m in self.modalities}
            inputs = without_some(read, self.rate, self.generator)
        return super().encode(inputs)


def assemble(
    place: str, widths: Mapping[str, int], num_classes: int, w: int, v: int, rate: float = 0.0
) -> DepthClassifier:
    """A network that fuses at ``place``, ``w`` wide in its first two layers, ``v`` in the third.

    widths: numbers per sample (or per step) of each modality.
    Errors: ValueError or TypeError, naming what cannot be.
    """
    require_mapping("widths", widths, "numbers per sample")
    for m, d in widths.items():
        require_count(f"widths[{m!r}]", d, 1)
    for name, value in (("num_classes", num_classes), ("w", w), ("v", v)):
        require_count(name, value, 1)
    encoders: Mapping[str, nn.Module]
    fusion: nn.Module
    if choose("place", place, PLACES) == "early":
        encoders = {m: Raw(d) for m, d in widths.items()}
        fusion = Joined(widths, num_classes, Branch(sum(widths.values()), (w, w), (v,)))
    elif place == "intermediate":
        encoders = {m: Branch(d, (w, w), ()) for m, d in widths.items()}
        fusion = MidMLP(dict.fromkeys(widths, w), num_classes, hidden=v)
    else:
        encoders = {m: Branch(d, (w, w), (v,)) for m, d in widths.items()}
        fusion = LateLinear(dict.fromkeys(widths, v), num_classes)
    return DepthClassifier(encoders, fusion, num_classes, rate)


def parameters(model: MultimodalClassifier) -> int:
    """How many numbers the joint loss trains: encoders and fusion, not the modalities' own heads.

    Every parameter counts once.
    """
    require_instance("model", model, MultimodalClassifier)
    parts = (*model.encoders.parameters(), *model.fusion.parameters())
    return sum(p.numel() for p in parts)


def matched_widths(
    place: str, widths: Mapping[str, int], num_classes: int, budget: int
) -> tuple[int, int]:
    """(w, v) whose network has ``budget`` parameters, or as near as whole numbers allow.

    w is the widest that fits with v = w; v then takes up the rest. Numbers of parameters are
    counted on networks; with v = w they are a quadratic in w, so three counts tell where to look.
    Errors: ValueError when no widths come within 3 % of the budget.
    """
    choose("place", place, PLACES)
    require_mapping("widths", widths, "numbers per sample")
    require_count("budget", budget, 1)
    require_count("num_classes", num_classes, 1)
    return _matched(place, tuple(widths.items()), num_classes, budget)


@lru_cache  # an explorer asks for the same few networks at every move
def _matched(
    place: str, widths: tuple[tuple[str, int], ...], num_classes: int, budget: int
) -> tuple[int, int]:
    def count(w: int, v: int) -> int:
        with torch.device("meta"):  # shapes only, no memory and no random numbers
            return parameters(assemble(place, dict(widths), num_classes, w, v))

    one, two, three = (count(k, k) for k in (1, 2, 3))
    a = (three - 2 * two + one) / 2
    b = two - one - 3 * a
    room = max(0.0, budget - one + a + b)  # a·w² + b·w may be as much as this
    w = max(1, math.floor((-b + math.sqrt(b * b + 4 * a * room)) / (2 * a)))
    least = count(w, w)
    more = (budget - least) / (count(w, w + 1) - least)
    v = max(1, w + math.ceil(more - 0.5))  # the smaller one where two are equally near
    nearest = count(w, v)
    sentence = (
        f"budget is {budget}; {place} fusion of {dict(widths)} comes no nearer than {nearest}."
    )
    require(abs(nearest / budget - 1) <= TOLERANCE, sentence)
    return w, v


def build_depth(
    place: str,
    inputs: Mapping[str, Tensor],
    num_classes: int,
    *,
    budget: int = 8000,
    rate: float = 0.0,
    seed: int = 0,
) -> DepthClassifier:
    """A network for ``inputs`` (a batch or a split) that fuses at ``place``, weights from ``seed``.

    budget: its parameters, met within 3 %.  rate: modality dropout in training.
    Errors: ValueError for an unknown place, empty inputs or a budget that no widths meet.
    """
    widths = _widths(inputs)
    w, v = matched_widths(place, widths, num_classes, budget)
    return started(assemble(place, widths, num_classes, w, v, rate), seed)


def build_alone(
    modality: str,
    inputs: Mapping[str, Tensor],
    num_classes: int,
    *,
    budget: int = 8000,
    seed: int = 0,
) -> DepthClassifier:
    """The branch that late fusion has for ``modality``, as a network of its own.

    budget: that of all branches together, so that an ensemble of them is as large as late fusion.
    """
    widths = _widths(inputs)
    d = widths[choose("modality", modality, widths)]
    w, v = matched_widths("late", widths, num_classes, budget)
    return started(assemble("late", {modality: d}, num_classes, w, v), seed)


def started(model: DepthClassifier, seed: int) -> DepthClassifier:
    """The same model with every weight, and its modality dropout, drawn from ``seed``."""
    require_instance("model", model, DepthClassifier)
    initialise(model, seed)
    model.generator.manual_seed(seed)
    return model


def _widths(inputs: Mapping[str, Tensor]) -> dict[str, int]:
    require_mapping("inputs", inputs, "tensors")
    for m, x in inputs.items():
        require_floats(f"inputs[{m!r}]", x)
        shape = tuple(x.shape)
        fits = x.ndim in (2, 3)
        require(fits, f"inputs[{m!r}] has shape {shape}; (N, D) or (N, T, D) was expected.")
        require(x.numel() > 0, f"inputs[{m!r}] has shape {shape}; an empty batch cannot be used.")
    return {m: x.shape[-1] for m, x in inputs.items()}
