"""MLA: modalities take turns with one head, whose gradient is kept off what it has seen."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from coursekit.balancing.certainty_ensemble import CertaintyOfHeads
from coursekit.balancing.ensemble import answer_by
from coursekit.models import Prediction, width_of
from coursekit.training.method import Method, Run, Step
from coursekit.utils.accelerator_checks import check
from coursekit.utils.checks import require, require_count, require_flag, require_positive
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import NoValue, require_batch, within_range


def next_projection(projection: Tensor, features: Tensor, alpha: float) -> Tensor:
    """P − k kᵀ / (α + r k), k = P rᵀ, over its Frobenius norm; r is the mean of the features.

    What is orthogonal to the features so far passes P, what lies along them is taken out: recursive
    least squares, one direction per batch.
    projection P: (D, D).  features: (B, D).  alpha α > 0: the smaller, the more is taken out.
    Returns (D, D); half precision gives float64.
    Errors: ValueError also where nothing is left of P, or numbers are too large.
    Source: [Zhang, Yoon, Bansal, Yao 2024](https://arxiv.org/abs/2311.10707), gradient
    modification. α + r k is one number; the released code divides, entry by entry, by the matrix
    α + k r, whose entries near zero blow P up.
    """
    require_batch("features", features, (None, None))
    width = features.shape[1]
    require_batch("projection", projection, (width, width))
    require_positive("alpha", alpha)
    p = not_half(projection)
    r = not_half(features).to(p.dtype).mean(0)
    k = p @ r
    p = p - torch.outer(k, k) / (alpha + r @ k)
    length = torch.linalg.matrix_norm(p)
    nothing = "projection and features leave a projection of zeros; one that lets something pass"
    check(length != 0, lambda: NoValue(f"{nothing} was expected."))
    return within_range("next_projection", p / length)


def project(grad: Tensor, projection: Tensor) -> Tensor:
    """G Pᵀ: every class's row of the head's gradient G without the directions that P takes out.

    grad: (C, D), of the head's weight; its bias is left as it is.  projection: (D, D).  Returns
    (C, D); half precision gives float64.  Errors: ValueError also where numbers are too large.
    Source: [Zhang, Yoon, Bansal, Yao 2024](https://arxiv.org/abs/2311.10707), gradient
    modification; it takes the place of the gradient (a benchmark's code adds it).
    """
    require_batch("grad", grad, (None, None))
    require_batch("projection", projection, (grad.shape[1], grad.shape[1]))
    grad, projection = not_half(grad), not_half(projection)
    return within_range("project", grad @ projection.to(grad.dtype).T)


def damping_at(batch: int, batches: int, base: float = 0.1) -> float:
    """α = base^(1 + batch/batches): falls within an epoch, so that its last batches count most.

    batch: from 0.  batches: of an epoch.  base: positive; 1 keeps α where it is.
    Errors: ValueError for a batch that the epoch does not have, or a base of 0 or less; TypeError
    for counts that are no whole numbers.
    Source: the released code of [Zhang, Yoon, Bansal, Yao 2024](https://arxiv.org/abs/2311.10707).
    """
    require_count("batches", batches, 1)
    require_count("batch", batch, 0, batches - 1)
    require_positive("base", base)
    return base ** (1 + batch / batches)


class MLA(Method):
    """Each batch M steps: of one modality's encoder and the head that all share, by its own CE.

    P takes in the mean feature of the modality whose turn it is, then its head gradient goes
    through P; the very first step of a training goes without. Samples are answered by certainty,
    see `coursekit.balancing.certainty_ensemble`. The shared head is the first modality's own, so
    encoders need one width. Whatever fusion the model had is dropped.
    damping: the base of α.  projected: False leaves the head's gradient as it is.
    """

    name = "mla"
    fusions = ()
    keeps = ("projection", "steps")
    neutral = None
    never_neutral = "Every modality takes a step of its own with each batch; no joint loss is left."
    identity_test = "tests/balancing/test_mla.py::test_without_projection_it_is_training_in_turns"

    def __init__(self, damping: float = 0.1, projected: bool = True) -> None:
        require_positive("damping", damping)
        require_flag("projected", projected)
        self.damping, self.projected = damping, projected

    def begin(self, run: Run) -> None:
        """One head for all modalities; P lets everything pass."""
        model = run.model
        widths = {m: width_of(encoder) for m, encoder in model.encoders.items()}
        one = len(set(widths.values())) == 1
        require(one, f"the encoders have the widths {widths}; a shared head needs one width.")
        head = model.heads[model.modalities[0]]
        model.heads = nn.ModuleDict(dict.fromkeys(model.modalities, head))
        answer_by(CertaintyOfHeads, model)
        like = not_half(next(head.parameters()).detach())
        width = widths[model.modalities[0]]
        self.projection = torch.eye(width, dtype=like.dtype, device=like.device)
        self.steps = 0

    def turns(self, run: Run) -> Sequence[str | None]:
        """Every modality, in the model's order."""
        return run.model.modalities

    def predict(self, run: Run, inputs: Mapping[str, Tensor]) -> Prediction:
        """Features and logits of the modality whose turn it is, and of no other."""
        m = str(run.turn)
        z, head = run.model.feature(m, inputs[m]), run.model.heads[m]
        return Prediction(head(z), {m: z}, nn.ModuleDict({m: head}))

    def weights(self, step: Step) -> Mapping[str, float]:
        """1 for the head, in the name of the modality whose turn it is."""
        return {str(step.run.turn): 1.0}

    def backward(self, step: Step, loss: Tensor) -> None:
        """The gradient, and in its head P's."""
        super().backward(step, loss)
        self.steps += 1
        if not self.projected or self.steps == 1:
            return
        (z,) = step.prediction.features.values()
        alpha = damping_at(step.batch - 1, step.run.batches, self.damping)
        self.projection = next_projection(self.projection, z.detach(), alpha)
        (head,) = step.prediction.heads.values()
        weight = next(head.parameters())
        assert weight.grad is not None
        weight.grad = project(weight.grad, self.projection).to(weight.dtype)
