"""Functional entropy: the answer shall depend on every modality, as noise in its features shows."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from coursekit.training.method import Method, Neutral, Step
from coursekit.utils.accelerator_checks import check
from coursekit.utils.checks import require, require_count, require_not_negative
from coursekit.utils.devices import moved
from coursekit.utils.precision import in_one_dtype, not_half
from coursekit.utils.tensor_checks import (
    NoValue,
    require_batch,
    require_no_negative,
    require_scalar,
    require_tensors,
)

LEAST = 1e-15  # a smaller score, such as that of features that have died, counts as this much


def noisy_copies(features: Tensor, noise: Tensor) -> Tensor:
    """z + std(z) ε for n copies of every row, the copies of a row side by side, (n B, D).

    features z: (B, D).  noise ε: (n B, D), standard normal, n ≥ 2. std is that of each column of
    the copied rows, unbiased; no gradient flows through it. Half precision gives float64.
    Errors: ValueError for shapes that do not fit, fewer than two copies, NaN.
    Source: [Gat, Schwartz, Schwing, Hazan 2020](https://arxiv.org/abs/2010.10802), and their code.
    """
    require_batch("features", features, (None, None))
    rows, width = features.shape
    require_batch("noise", noise, (None, width))
    copies, left = divmod(len(noise), rows)
    want = f"two or more for each of {rows} rows were expected."
    require(left == 0 and copies > 1, f"noise has {len(noise)} rows; {want}")
    z = not_half(features).repeat_interleave(copies, dim=0)
    return z + noise.to(z) * z.detach().std(0)


def disagreement(logits: Tensor, clean: Tensor) -> Tensor:
    """ℓ: mean binary cross-entropy of noisy answers with clean ones as targets, a scalar.

    logits: (n B, C) of the noisy copies.  clean: (B, C), logits without noise, whose softmax is the
    target; no gradient flows into it. Half precision gives float64.
    Errors: ValueError for shapes that do not fit, NaN.
    Source: as of `noisy_copies`. The mean is over rows and classes.
    """
    require_batch("clean", clean, (None, None))
    require_batch("logits", logits, (None, clean.shape[1]))
    copies, left = divmod(len(logits), len(clean))
    require(left == 0, f"logits has {len(logits)} rows; a multiple of {len(clean)} was expected.")
    given, target = in_one_dtype(not_half(logits), not_half(clean.detach()))
    target = target.softmax(1).repeat_interleave(copies, dim=0)
    terms = F.binary_cross_entropy_with_logits(given, target, reduction="none")
    return (terms / terms.numel()).sum()  # a sum may be too large where the mean is not


def information_scores(gradients: Sequence[Tensor], loss: Tensor) -> Tensor:
    """mean over the rows of ‖∂ℓ/∂x̃_m‖² / ℓ: how much the answer depends on modality m, (M,).

    gradients: (n B, D_m) each, of ℓ with respect to the noisy features.  loss ℓ ≥ 0: scalar; 0,
    which is what is left of it where the model is sure of every copy, counts as the smallest number
    above 0 of its type, and the gradients, zeros then, give scores of 0.  As ℓ is a mean, scores
    fall with the square of the number of rows. Half precision gives float64.
    Errors: ValueError for rows that differ, NaN, a loss below 0, scores too large for a number.
    Source: as of `noisy_copies`; it bounds the functional entropy from above.
    """
    require_tensors("gradients", gradients)
    rows = gradients[0].shape[0] if gradients[0].ndim else None
    for m, g in enumerate(gradients):
        require_batch(f"gradients[{m}]", g, (rows if m else None, None))
    require_scalar("loss", loss)
    require_no_negative("loss", loss)
    root = _above_zero(not_half(loss)).sqrt()  # divided before it is squared: not too large
    parts = [not_half(g) / root.to(not_half(g)) for g in gradients]
    scores = torch.stack([g.square().sum(1).mean() for g in parts])
    large = "gradients lead to scores that are too large for a number."
    check(scores.isfinite().all(), lambda: NoValue(large))
    return scores


def _above_zero(loss: Tensor) -> Tensor:
    """The loss; of 0, from which no gradient comes back, the smallest number above it."""
    info = torch.finfo(loss.dtype)
    return loss.clamp_min(info.tiny * info.eps)


def inverse_information(scores: Tensor) -> Tensor:
    """‖1 / scores‖₂, which falls as the answer comes to depend on every modality, a scalar.

    scores: (M,), 0 or more; below 1e-15 they count as that.  Half precision gives float64.
    Errors: ValueError for scores below 0, NaN.
    Source: as of `noisy_copies`; of the norms in their code the default.
    """
    require_batch("scores", scores, (None,))
    low = (scores >= 0).all()
    check(low, lambda: NoValue("scores lie below 0; zero or positive numbers were expected."))
    return torch.linalg.vector_norm(1 / not_half(scores).clamp_min(LEAST))


class FunctionalEntropy(Method):
    """Joint loss + λ ‖1 / scores‖₂, scores from noise in every modality's features. Any fusion.

    Features, not inputs as in the paper (ours): so encoders of any kind run once, and what noise
    would change in them is left out.
    strength λ: small, for scores fall with the square of the batch size times the copies; the paper
    has 1e-10.  copies n: noisy ones of every row.
    Where the model is so sure that the loss of its noisy copies is 0, all scores are at their floor
    of 1e-15, and the penalty is a constant: the joint loss alone is learnt from.
    """

    name = "functional-entropy"
    neutral = Neutral({"strength": 0.0})

    def __init__(self, strength: float = 1e-10, copies: int = 10) -> None:
        require_not_negative("strength", strength)
        require_count("copies", copies, 2)
        self.strength, self.copies = strength, copies

    def loss(self, step: Step, weights: Mapping[str, float]) -> Tensor:
        """The joint loss and the penalty, unless it weighs nothing."""
        loss = super().loss(step, weights)
        if self.strength == 0:
            return loss
        loss = not_half(loss)  # the penalty may be too large for half precision
        return loss + self.strength * self.penalty(step).to(loss)

    def penalty(self, step: Step) -> Tensor:
        """‖1 / scores‖₂ of this batch, differentiable."""
        run, prediction = step.run, step.prediction
        noisy = {}
        for m, z in prediction.features.items():
            drawn = torch.randn(len(z) * self.copies, z.shape[1], generator=run.generator)
            x = noisy_copies(z, moved(drawn, z))
            noisy[m] = x if x.requires_grad else x.requires_grad_()
        with sdpa_kernel(SDPBackend.MATH):  # the one attention that can be differentiated twice
            given = {m: x.to(prediction.features[m]) for m, x in noisy.items()}
            logits = run.model.fusion(given)
        spread = disagreement(logits, prediction.joint)
        grads = torch.autograd.grad(
            spread, list(noisy.values()), create_graph=True, materialize_grads=True
        )
        return inverse_information(information_scores(grads, spread))
