"""The same answer for a sample and for a changed copy of it.

Sohn and colleagues, FixMatch (2020), https://arxiv.org/abs/2001.07685, section 2: the clean side
is a target, and no gradient flows into it. Alone such a loss is least where everything is alike,
see `spread`.  Half precision gives float64.
"""

from torch import Tensor
from torch.nn import functional as F

from coursekit.utils.precision import in_one_dtype, not_half
from coursekit.utils.tensor_checks import require_batch, require_one_shape


def point_consistency(clean: Tensor, changed: Tensor) -> Tensor:
    """Mean squared distance of a changed sample's point from the clean one's, a scalar.

    clean, changed: (B, D).  No gradient flows into ``clean``.  Errors: ValueError for other shapes.
    """
    require_one_shape("clean", clean, "changed", changed)
    clean, changed = in_one_dtype(not_half(clean), not_half(changed))
    return (clean.detach() - changed).square().sum(1).mean()


def answer_consistency(clean: Tensor, changed: Tensor) -> Tensor:
    """Cross-entropy of a changed sample's answer with the clean one's as target, a scalar.

    clean, changed: logits (B, C).  No gradient flows into ``clean``.  It is the target's entropy
    at best, not 0.  Errors: ValueError for other shapes, NaN.
    """
    require_one_shape("clean", clean, "changed", changed)
    clean, changed = in_one_dtype(not_half(clean), not_half(changed))
    return F.cross_entropy(changed, clean.detach().softmax(1))


def spread(features: Tensor) -> Tensor:
    """Mean squared distance of points (N, D) from their mean, a scalar: 0 where all are alike.

    Errors: ValueError for another shape, NaN.
    """
    require_batch("features", features, (None, None))
    wide = not_half(features)
    return (wide - wide.mean(0)).square().sum(1).mean()
