"""MMCosine: cosines instead of products, so that no modality wins by the length of its weights."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.fusion.base import SplitHead
from coursekit.fusion.late_linear import LateLinear
from coursekit.training.method import Method, Run
from coursekit.utils.checks import require, require_positive
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import require_batch, require_weights


def logits(features: Sequence[Tensor], weights: Sequence[Tensor], scale: float = 10.0) -> Tensor:
    """s Σ_m cos(z_m, W_{m,c}): joint logits (B, C) without a bias.

    features z_m: (B, D_m) each.  weights W_m: (C, D_m) each.  scale s > 0.  Half precision gives
    float64.
    Source: [Xu and colleagues 2023](https://arxiv.org/abs/2303.05338), section 3. The cosines are
    added, not averaged.
    """
    for name, parts in (("features", features), ("weights", weights)):
        if not isinstance(parts, Sequence):
            what = type(parts).__name__
            raise TypeError(
                f"{name} is a {what}; a list with one tensor per modality was expected."
            )
    fits = len(features) == len(weights) > 0
    counts = f"features holds {len(features)}, weights {len(weights)}"
    require(fits, f"{counts}; as many of one as of the other were expected.")
    require_positive("scale", scale)
    cosines = []
    for m, (z, w) in enumerate(zip(features, weights, strict=True)):
        require_batch(f"features[{m}]", z, (len(features[0]) if m else None, None))
        require_weights(f"weights[{m}]", w)
        want = f"({len(weights[0])}, {z.shape[1]})"
        fits = tuple(w.shape) == (len(weights[0]), z.shape[1])
        require(fits, f"weights[{m}] has shape {tuple(w.shape)}; {want} was expected.")
        cosines.append(F.normalize(_fair(z), dim=1) @ F.normalize(_fair(w), dim=1).T)
    return scale * torch.stack(cosines).sum(0)


def _fair(x: Tensor) -> Tensor:
    """Rows (n, D) times a power of two each, so that no square is too large or too small.

    Directions stay as they are, to the bit. A row of zeros, which has none, stays too.
    """
    x = not_half(x)
    largest = x.detach().abs().amax(1, keepdim=True)
    mantissa, _ = torch.frexp(largest.clamp_min(torch.finfo(x.dtype).tiny))
    factor = mantissa / largest.clamp_min(torch.finfo(x.dtype).tiny)
    return x * torch.where(largest > 0, factor, 1.0)


class CosineHead(LateLinear):
    """Late-linear whose products are cosines, scaled; the bias is not used."""

    scale = 10.0

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) by modality → (B, C)."""
        blocks = self.linear.weight.split(list(self.widths.values()), dim=1)
        return logits(self.ordered(features), blocks, self.scale)

    def split(self, features: Mapping[str, Tensor]) -> SplitHead:
        """One cosine term per modality."""
        blocks = self.linear.weight.split(list(self.widths.values()), dim=1)
        pairs = zip(self.ordered(features), blocks, strict=True)
        return SplitHead([logits([z], [w], self.scale) for z, w in pairs], None, lambda t: t)


class MMCosine(Method):
    """Joint training under cosine logits. Late-linear fusion only: others have no W_{m,c}."""

    name = "mmcosine"
    fusions = ("late-linear",)
    neutral = None
    never_neutral = "Its logits are cosines at every scale."
    identity_test = "tests/balancing/test_identities.py::test_it_is_joint_with_a_cosine_head"

    def __init__(self, scale: float = 10.0) -> None:
        require_positive("scale", scale)
        self.scale = scale

    def begin(self, run: Run) -> None:
        """Put the cosine head in the place of the linear one, with its weights."""
        old = run.model.fusion
        what = getattr(old, "name", type(old).__name__)
        require(isinstance(old, LateLinear), f"fusion is {what!r}; MMCosine needs 'late-linear'.")
        assert isinstance(old, LateLinear)
        head = CosineHead(old.widths, old.num_classes).to(old.linear.weight)
        head.load_state_dict(old.state_dict())
        head.scale = self.scale
        head.linear.bias.requires_grad_(False)
        run.model.fusion = head
