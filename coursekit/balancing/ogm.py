"""OGM and OGM-GE: brake the encoder of the modality that is ahead; add noise to its gradient."""

from collections.abc import Mapping

import torch
from torch import Tensor

from coursekit.balancing.unimodal_scores import (
    all_equal,
    in_range,
    ratio,
    require_scores,
    rivals,
    true_class_scores,
)
from coursekit.balancing.unimodal_signals import Listening, own_logits
from coursekit.training.method import Neutral, Step
from coursekit.utils.accelerator_checks import cheap_to_ask, check
from coursekit.utils.checks import require, require_count, require_not_negative
from coursekit.utils.devices import moved
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import not_finite, require_floats

LEAST_STD = 1e-8


def coefficients(scores: Tensor, alpha: float) -> Tensor:
    """k_m = 1 − tanh(α ρ_m) where ρ_m > 1, else 1; ρ_m = s_m / mean of the others' s.

    scores s: (M,), the batch's sum of true-class probabilities by modality.  alpha α ≥ 0.
    Returns (M,); half precision gives float64.  A tie is left alone; the released code brakes the
    first modality then.  Errors: ValueError also for a score of 0; in a training `brake` takes the
    limit.
    Source: [Peng, Wei, Deng, Wang, Hu 2022](https://arxiv.org/abs/2203.15332), eqs 8 to 10; more
    than two modalities: ours. They multiply the gradient of the encoder (their code: of its
    convolutions); what `OGM` multiplies stands there.
    """
    require_scores("scores", scores)
    require_not_negative("alpha", alpha)
    scores = in_range(scores)
    return brake(scores, scores.new_full((), alpha))


def brake(scores: Tensor, alpha: Tensor) -> Tensor:
    """`coefficients` without its checks, for many runs at once: scores (…, M) → (…, M).

    alpha: a number, or (…, 1).  Where the others have 0, k has its limit, 0; where all have, 1.
    """
    scores = in_range(scores)
    ahead = torch.where(all_equal(scores), 1.0, ratio(scores, rivals(scores)))  # ρ
    return torch.where(ahead > 1, 1 - torch.tanh(alpha * ahead), torch.ones_like(ahead))


def noise_std(grad: Tensor) -> Tensor:
    """Standard deviation of the noise that GE adds: the unbiased one of the gradient, plus 1e-8.

    grad: one parameter's gradient, two numbers or more.  Returns a scalar; half precision gives
    float64.
    Source: [Peng and colleagues 2022](https://arxiv.org/abs/2203.15332), section 3.3, and their
    code.
    """
    require_floats("grad", grad)
    require(grad.numel() > 1, f"grad has shape {tuple(grad.shape)}; two numbers were expected.")
    grad = not_half(grad)
    std = grad.std()
    if cheap_to_ask(std) and not bool(std.isfinite()):  # perhaps only its squares are too large
        largest = grad.abs().max()
        std = (grad / largest).std() * largest
    check(std.isfinite(), lambda: not_finite("grad"))  # quicker than to look at all numbers
    return std + LEAST_STD


class OGM(Listening):
    """Joint training, the step of each modality that is ahead × k_m. Any fusion.

    What is multiplied: the step of the encoder, its head and its slice of the fusion, after
    clipping (ours; the paper: the encoder's gradient). Where the fusion is not additive the scores
    come from heads that listen (ours). until: the last epoch in which it acts, None = all.
    """

    name = "ogm"
    neutral = Neutral({"alpha": 0.0})

    def __init__(self, alpha: float = 0.8, until: int | None = None) -> None:
        require_not_negative("alpha", alpha)
        if until is not None:
            require_count("until", until)
        self.alpha, self.until = alpha, until

    def scales(self, step: Step) -> Mapping[str, float]:
        """k by modality; outside its epochs nothing."""
        if self.until is not None and step.run.epoch > self.until:
            return {}
        heard = own_logits(step.run.model, step.prediction)
        scores = true_class_scores(list(heard.values()), step.labels)
        k = brake(scores, scores.new_full((), self.alpha))
        return dict(zip(heard, k.tolist(), strict=True))


class OGMGE(OGM):
    """OGM, and noise in every encoder's gradient as wide as the gradient itself.

    The noise is added before clipping and before the scale, so k_m multiplies it, too (ours; the
    released code adds it to the gradient that was scaled).
    """

    name = "ogm-ge"
    neutral = Neutral({"until": 0})

    def backward(self, step: Step, loss: Tensor) -> None:
        """Noise comes on top of the gradient; the released code has it in convolutions only."""
        super().backward(step, loss)
        if self.until is not None and step.run.epoch > self.until:
            return
        for p in step.run.model.encoders.parameters():
            if p.grad is not None and p.grad.numel() > 1:
                drawn = torch.randn(p.shape, generator=step.run.generator, dtype=p.dtype)
                p.grad += noise_std(p.grad) * moved(drawn, p)
