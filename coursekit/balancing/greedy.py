"""Greedy learning steered: the gate that learns too fast is held at its average for some steps."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from coursekit.fusion.cross_modal_gate import CrossModalGate
from coursekit.models import MultimodalClassifier, Prediction
from coursekit.training.method import Method, Neutral, Run, Step
from coursekit.utils.checks import require, require_count, require_finite
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import NoValue, require_batch, require_tensors, within_range


def learning_speed(gradients: Sequence[Tensor], weights: Sequence[Tensor]) -> Tensor:
    """‖g‖² / ‖θ‖² of all parameters on one path, in one step: a scalar.

    gradients g, weights θ: as many of one as of the other, of equal shapes.  Half precision gives
    float64.
    Errors: ValueError also where all weights are 0, or the speed is too large for a number.
    Source: [Wu and colleagues 2022](https://arxiv.org/abs/2202.05306), conditional learning speed;
    μ is the sum of it over steps.
    """
    require_tensors("gradients", gradients)
    require_tensors("weights", weights)
    counts = f"gradients holds {len(gradients)}, weights {len(weights)}"
    fits = len(gradients) == len(weights)
    require(fits, f"{counts}; as many of one as of the other were expected.")
    for i, (g, w) in enumerate(zip(gradients, weights, strict=True)):
        require_batch(f"weights[{i}]", w, (None,) * w.ndim)
        require_batch(f"gradients[{i}]", g, tuple(w.shape))
    length = _square(weights)
    if not bool(length > 0):
        raise NoValue("weights are all 0; others were expected, for a speed is a share of them.")
    return within_range("learning_speed", _square(gradients) / length)


def _square(parts: Sequence[Tensor]) -> Tensor:
    """‖·‖² of all numbers in several tensors."""
    return torch.stack([not_half(x.detach()).square().sum() for x in parts]).sum()


def speed_difference(bypass: Tensor, main: Tensor) -> Tensor:
    """d = s_0 − s_1, s_m = log10(μ(bypass_m) / μ(main_m)): above 0, gate 0 learns too fast.

    bypass: (2,), μ of the way by which the other modality reaches branch m: the gate.  main: (2,),
    μ of branch m itself.  Positive.  Returns a scalar; half precision gives float64.
    Errors: ValueError for another shape, NaN, speeds of 0 or less.
    Source: [Wu and colleagues 2022](https://arxiv.org/abs/2202.05306), conditional learning speed.
    """
    require_batch("bypass", bypass, (2,))
    require_batch("main", main, (2,))
    for name, speeds in (("bypass", bypass), ("main", main)):
        low = float(speeds.min())
        places = torch.nonzero(speeds <= 0).flatten().tolist()
        if places:
            raise NoValue(f"{name} holds {low}; positive numbers were expected.", places)
    return _difference(bypass, main)


def _difference(bypass: Tensor, main: Tensor) -> Tensor:
    s = not_half(bypass).log10() - not_half(main).log10()
    return s[0] - s[1]


def next_curation(
    whose: int | None, left: int, difference: float, tolerance: float, steps: int
) -> tuple[int | None, int]:
    """After a batch: whose gate is curated in the next ones, 0, 1 or None, and how many are left.

    whose, left: as before this batch.  difference d: of the speeds, looked at where nothing was
    curated.  tolerance ε: |d| > ε begins a curation of ``steps`` Q batches, of gate 0 for d > 0,
    of gate 1 for d < 0.
    Errors: ValueError for another gate, counts below 0 or no steps, a difference that is not
    finite, a tolerance below 0; TypeError for counts that are no whole numbers.
    Source: [Wu and colleagues 2022](https://arxiv.org/abs/2202.05306), balanced multi-modal
    learning algorithm.
    """
    require(whose in (None, 0, 1), f"whose is {whose!r}; 0, 1 or None was expected.")
    require_count("left", left)
    require_finite("difference", difference)
    _require_tolerance(tolerance)
    require_count("steps", steps, 1)
    return _next_curation(whose, left, difference, tolerance, steps)


def _next_curation(
    whose: int | None, left: int, difference: float, tolerance: float, steps: int
) -> tuple[int | None, int]:
    if left > 0:
        return (whose, left - 1) if left > 1 else (None, 0)
    if abs(difference) > tolerance:
        return (0 if difference > 0 else 1), steps
    return None, 0


def _require_tolerance(tolerance: float) -> None:
    if tolerance != math.inf:
        require_finite("tolerance", tolerance)
        sentence = f"tolerance is {tolerance}; zero or a positive number was expected."
        require(tolerance >= 0, sentence)


class Greedy(Method):
    """Joint training; a gate that learns too fast is its running average for some batches.

    Two modalities, with cross-modal gates as the fusion: the bypass of a modality is its gate and
    the joint squeeze, its main path its encoder and its branch. While a gate is held, no speed is
    measured or added up, and no gradient flows through it. Each gate's average is its own, over
    training batches alone (in the released code gate 1's is that of gate 0, and goes on in
    evaluation).
    tolerance ε: of the speeds' difference; infinity holds nothing.  steps Q: batches that a gate is
    held.  start: the first epoch that holds any; speeds are measured from the first on.
    """

    name = "greedy"
    fusions = ("cross-modal-gate",)
    keeps = ("averages", "batches_seen", "speeds", "whose", "left")
    neutral = Neutral({"tolerance": math.inf})

    def __init__(self, tolerance: float = 0.01, steps: int = 5, start: int = 2) -> None:
        _require_tolerance(tolerance)
        require_count("steps", steps, 1)
        require_count("start", start, 1)
        self.tolerance, self.steps = tolerance, steps
        self.first = start  # `start` is what a training calls once

    def begin(self, run: Run) -> None:
        """Two modalities and their gates; nothing measured, nothing held."""
        modalities, fusion = list(run.model.modalities), run.model.fusion
        sentence = f"the model reads {modalities}; Greedy is defined for two modalities."
        require(len(modalities) == 2, sentence)
        what = getattr(fusion, "name", type(fusion).__name__)
        fits = isinstance(fusion, CrossModalGate)
        require(fits, f"fusion is {what!r}; Greedy needs 'cross-modal-gate'.")
        self.averages: dict[str, Tensor] = {}
        self.batches_seen = 0
        like = not_half(next(fusion.parameters()).detach())
        self.speeds = like.new_zeros(2, 2)  # bypass and main, by modality
        self.whose: int | None = None
        self.left = 0

    def predict(self, run: Run, inputs: Mapping[str, Tensor]) -> Prediction:
        """The forward pass, with the average in the place of the gate that is held."""
        fusion = run.model.fusion
        assert isinstance(fusion, CrossModalGate)
        features = run.model.encode(inputs)
        gates = fusion.gates(features)
        for m, gate in gates.items():
            mean = not_half(gate.detach()).mean(0)  # in half precision it would decay
            before = self.averages.get(m, mean)
            self.averages[m] = (before * self.batches_seen + mean) / (self.batches_seen + 1)
        self.batches_seen += 1
        if self.left > 0 and self.whose is not None:
            held = run.model.modalities[self.whose]
            gates = {**gates, held: self.averages[held].to(gates[held])}
        return Prediction(fusion.answer(features, gates), features, run.model.heads)

    def backward(self, step: Step, loss: Tensor) -> None:
        """The gradient, and from it who is held in the next batches."""
        super().backward(step, loss)
        difference = 0.0
        if self.left == 0:
            self.speeds += speeds_of(step.run.model)
            if step.run.epoch >= self.first and self.tolerance < math.inf:
                difference = float(_difference(*self.speeds))  # not finite where a path is at rest
        self.whose, self.left = _next_curation(
            self.whose, self.left, difference, self.tolerance, self.steps
        )


def speeds_of(model: MultimodalClassifier) -> Tensor:
    """‖g‖²/‖θ‖² of this step, (2, M): of the bypasses, then of the main paths, by modality."""
    fusion = model.fusion
    assert isinstance(fusion, CrossModalGate)
    own = dict(zip(fusion.widths, zip(fusion.gating, fusion.votes, strict=True), strict=True))
    bypass, main = [], []
    for m in model.modalities:  # their order may be another one than the fusion's
        gate, vote = own[m]
        bypass.append(_speed((fusion.squeeze, gate)))
        main.append(_speed((model.encoders[m], vote)))
    return torch.stack([torch.stack(bypass), torch.stack(main)])


def _speed(path: Sequence[nn.Module]) -> Tensor:
    """`learning_speed` of the parameters of modules, without its checks."""
    own = [p for module in path for p in module.parameters()]
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in own]
    return _square(gradients) / _square(own)
