"""AGM: each modality's share of the logits by Shapley values, and its pace steered by it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.models import Prediction
from coursekit.training.method import Method, Neutral, Run, Step
from coursekit.utils.checks import require, require_not_negative
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import require_batch, require_floats

LARGEST = 10.0  # of τ − r, as in the released code
FAIR = 100.0  # scores beyond this come from no training: p is 1e-8 at least
MOST = 10.0  # of k on a step, which no clipping follows; ours


def shapley(values: Mapping[frozenset[Any], Tensor]) -> list[Tensor]:
    """φ_m = Σ_S |S|! (M − |S| − 1)! / M! · (f(S ∪ {m}) − f(S)), over the coalitions S without m.

    values f: by the set of modalities that are present, one value for every set, all of one shape:
    here logits (B, C) with the absent modalities zeroed. Σ_m φ_m = f(all) − f(nobody); the empty
    set may be left out, and has the value 0 then.
    Returns one of that shape each, in sorted order of the modalities; half precision gives float64.
    Source: [Li and colleagues 2023](https://arxiv.org/abs/2308.07686), section 3; Shapley 1953.
    """
    if not isinstance(values, Mapping):
        raise TypeError(f"values is a {type(values).__name__}; a dictionary by set was expected.")
    require(len(values) > 0, "values is empty; logits by set of modalities were expected.")
    for coalition, logits in values.items():
        require_floats(f"values[{sorted(coalition)}]", logits)
    everyone = frozenset[Any]().union(*values)
    order = sorted(everyone)
    require(len(order) > 0, "values names no modality; one or more in its sets were expected.")
    shape = tuple(next(iter(values.values())).shape)
    for coalition in coalitions(order):
        missing = f"values lacks {sorted(coalition)}; every set but the empty one was expected."
        require(coalition in values or not coalition, missing)
        if coalition in values:
            require_batch(f"values[{sorted(coalition)}]", values[coalition], shape)
    nothing = torch.zeros_like(values[everyone])
    f = {s: not_half(values.get(s, nothing)) for s in coalitions(order)}
    m = len(order)
    values_of_players = []
    for player in order:
        without = [s for s in f if player not in s]
        share = [math.factorial(len(s)) * math.factorial(m - len(s) - 1) for s in without]
        terms = [w * (f[s | {player}] - f[s]) for w, s in zip(share, without, strict=True)]
        values_of_players.append(torch.stack(terms).sum(0) / math.factorial(m))
    return values_of_players


def coalitions(order: Sequence[Any]) -> list[frozenset[Any]]:
    """All sets of some of ``order``, 2^M: the empty one first, that of everyone last."""
    subsets = [frozenset[Any]()]
    for player in order:
        subsets += [s | {player} for s in subsets]
    return subsets


def coefficients(scores: Tensor, running: Tensor, alpha: float) -> Tensor:
    """k_m = exp(α min(τ_m − r_m, 10)), r_m = exp(M/(M−1) · (s̄ − s_m)), τ_m the same of running.

    scores s: (M,), mean −log softmax(φ_m)[y] of the batch, so the larger the worse.  running: their
    means over all iterations before (zeros at first).  alpha α ≥ 0.  Returns (M,); half precision
    gives float64.  Where r or τ is too large for a number, k has its limit.
    Source: [Li and colleagues 2023](https://arxiv.org/abs/2308.07686), section 3, with the clipping
    of their code.
    """
    require_batch("scores", scores, (None,))
    m = len(scores)
    require(m > 1, f"scores has shape {tuple(scores.shape)}; two or more were expected.")
    require_batch("running", running, (m,))
    require_not_negative("alpha", alpha)
    now, before = (m / (m - 1) * (_mean(s) - s) for s in (not_half(scores), not_half(running)))
    ahead = torch.exp(before) - torch.exp(now)
    # ∞ − ∞ has the sign of the exponents' difference, or is 0 where they are equal.
    endless = torch.isinf(torch.exp(before)) & torch.isinf(torch.exp(now))
    largest = torch.finfo(ahead.dtype).max
    limit = torch.sign(before - now) * largest
    ahead = torch.where(endless, limit, ahead).clamp(-largest, LARGEST)
    return torch.exp(alpha * ahead)


def _mean(s: Tensor) -> Tensor:
    """Σ s / M, for large numbers in a way that neither overflows nor tells equals apart."""
    return s.mean() if float(s.abs().max()) < FAIR else s[0] + ((s - s[0]) / len(s)).sum()


class AGM(Method):
    """Joint training; what reaches a modality through its share φ_m of the logits × k_m.

    Any fusion. Every step runs the model once for each set of present modalities, 2^M − 1 times,
    absent inputs zeroed. With ``Settings(scale="gradient")`` the gradient at φ_m is scaled, as in
    the paper, and clipped afterwards; with "step" the step of modality m's own parameters, which
    nothing clips any more: there k is 10 at most.
    """

    name = "agm"
    keeps = ("running", "steps")
    neutral = Neutral({"alpha": 0.0})

    def __init__(self, alpha: float = 1.0) -> None:
        require_not_negative("alpha", alpha)
        self.alpha = alpha

    def begin(self, run: Run) -> None:
        """No scores yet: the running means are zero."""
        self.running = torch.zeros(len(run.model.modalities))
        self.steps = 0
        self.k: dict[str, float] = {}
        self.shares: list[Tensor] = []

    def predict(self, run: Run, inputs: Mapping[str, Tensor]) -> Prediction:
        """The full prediction; the shares of its logits are kept for the step."""
        order = list(range(len(run.model.modalities)))
        values: dict[frozenset[int], Tensor] = {}
        for coalition in coalitions(order)[1:]:
            part = {
                m: x if i in coalition else torch.zeros_like(x)
                for i, (m, x) in enumerate(inputs.items())
            }
            whole = len(coalition) == len(order)
            with torch.set_grad_enabled(whole or run.settings.scale == "gradient"):
                prediction = run.model(part)
            values[coalition] = prediction.joint
        self.shares = shapley(values)
        return prediction  # of the last coalition, which is everyone

    def loss(self, step: Step, weights: Mapping[str, float]) -> Tensor:
        """The joint cross-entropy; where the settings say so the gradient at each φ_m × k_m.

        Σ φ_m is the joint logits. So Σ (k_m − 1) φ_m is added to them with the value 0, and with
        k_m = 1 nothing is added to the gradient either.
        """
        rows = torch.arange(len(step.labels), device=step.labels.device)
        sure = [
            not_half(s.detach()).softmax(1)[rows, step.labels].clamp_min(1e-8) for s in self.shares
        ]
        scores = torch.stack([-p.log().mean() for p in sure]).cpu()
        k = coefficients(scores, self.running, self.alpha).tolist()
        self.running = (self.running * self.steps + scores) / (self.steps + 1)
        self.steps += 1
        self.k = dict(zip(step.run.model.modalities, k, strict=True))
        logits = step.prediction.joint
        if step.run.settings.scale == "gradient":
            more = [(c - 1) * (s - s.detach()) for c, s in zip(k, self.shares, strict=True)]
            logits = logits + torch.stack(more).sum(0)
        return F.cross_entropy(logits, step.labels)

    def scales(self, step: Step) -> Mapping[str, float]:
        """k by modality, unless the gradients carry it already."""
        if step.run.settings.scale == "gradient":
            return {}
        return {m: min(k, MOST) for m, k in self.k.items()}
