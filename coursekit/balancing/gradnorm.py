"""GradNorm: loss weights that let all tasks train at one pace."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from coursekit.training.method import JOINT, Method, Neutral, Run, Step
from coursekit.training.optimizers import Adam
from coursekit.utils.checks import require, require_not_negative
from coursekit.utils.precision import not_half, wide
from coursekit.utils.tensor_checks import NoValue, require_batch

LEAST_LOSS = 1e-8  # a loss that rounding has made zero would have no rate


def targets(norms: Tensor, losses: Tensor, initial_losses: Tensor, alpha: float) -> Tensor:
    """Ḡ · r_i^α: the gradient norm each task should have; r_i = (L_i/L_i(0)) / mean of the same.

    norms G: (T,), lengths of the weighted losses' gradients on the shared parameters.  losses L and
    initial_losses L(0): (T,), positive.  alpha α ≥ 0: how strongly slow tasks are pulled along.
    Returns (T,), constants for the loss Σ |G_i − target_i|; half precision gives float64.
    Errors: ValueError also where a target is too large for a number.
    Source: [Chen, Badrinarayanan, Lee, Rabinovich 2018](https://arxiv.org/abs/1711.02257), eq. 1.
    """
    require_batch("norms", norms, (None,))
    for name, values in (("losses", losses), ("initial_losses", initial_losses)):
        require_batch(name, values, (len(norms),))
        low = float(values.min())
        require(low > 0, f"{name} holds {low}; positive numbers were expected.")
    require_not_negative("alpha", alpha)
    norms, losses, first = (not_half(x) for x in (norms, losses, initial_losses))
    pace = losses / first
    aims = (norms.mean() * (pace / pace.mean()) ** alpha).detach()
    fair = bool(aims.isfinite().all()) and float(pace.min()) > 0
    return aims if fair else _scaled_targets(norms, losses, first, alpha)


def _scaled_targets(norms: Tensor, losses: Tensor, first: Tensor, alpha: float) -> Tensor:
    """The same where a ratio or a sum on the way is too large or too small for a number."""
    logs = wide(losses).log() - wide(first).log()
    pace = (logs - logs.max()).exp()
    mean = (wide(norms) / len(norms)).sum()
    aims = (mean * (pace / pace.mean()) ** alpha).detach().to(norms)
    beyond = torch.nonzero(~aims.isfinite()).flatten().tolist()
    if beyond:
        raise NoValue("norms lead to targets that are too large for a number.", beyond)
    return aims


class GradNorm(Method):
    """Joint and unimodal losses whose weights are learnt, so that all train at one pace.

    Any fusion. The shared parameters are those of all encoders (the paper: of the last layer that
    tasks share). The weights sum to the number of heads, as those of the multi-loss do.
    alpha: see `targets`.  rate: the weights' own learning rate; with 0 all stay one.
    """

    name = "gradnorm"
    neutral = Neutral({"rate": 0.0}, "multi-loss")
    keeps = ("first",)

    def __init__(self, alpha: float = 1.5, rate: float = 0.025) -> None:
        require_not_negative("alpha", alpha)
        require_not_negative("rate", rate)
        self.alpha, self.rate = alpha, rate

    def begin(self, run: Run) -> None:
        """All weights are one, and no first losses are known."""
        self.heads = (JOINT, *run.model.modalities)
        self.learnt = torch.ones(len(self.heads), requires_grad=True)
        self.optimizer = Adam([self.learnt], lr=self.rate)
        self.first: Tensor | None = None

    def state(self) -> dict[str, Any]:
        """First losses, learnt weights, and what their optimiser knows."""
        own = {"learnt": self.learnt.detach().clone(), "optimizer": self.optimizer.state_dict()}
        return super().state() | own

    def restore(self, state: Mapping[str, Any]) -> None:
        """The weights stay the tensor that their optimiser moves."""
        super().restore(state)
        self.learnt.data.copy_(state["learnt"])
        self.optimizer.load_state_dict(state["optimizer"])

    def weights(self, step: Step) -> Mapping[str, float]:
        """The weights as they are before this step."""
        return dict(zip(self.heads, self.learnt.detach().tolist(), strict=True))

    def backward(self, step: Step, loss: Tensor) -> None:
        """The weights take a step of their own towards the target norms, and sum to K again."""
        losses = [step.cross_entropies()[k] for k in self.heads]
        shared = list(step.run.model.encoders.parameters())
        lengths = []
        for task_loss in losses:
            grads = torch.autograd.grad(task_loss, shared, retain_graph=True, allow_unused=True)
            lengths.append(torch.cat([g.flatten() for g in grads if g is not None]).norm())
        read = torch.stack([*lengths, *losses]).detach().cpu()  # an accelerator is waited for once
        length, now = read[: len(lengths)], read[len(lengths) :].clamp_min(LEAST_LOSS)
        self.first = now if self.first is None else self.first
        norms = self.learnt * length
        aims = targets(norms.detach(), now, self.first, self.alpha)
        self.optimizer.zero_grad()
        (norms - aims).abs().sum().backward()
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            self.learnt.clamp_(min=1e-3)
            self.learnt *= len(self.learnt) / self.learnt.sum()
