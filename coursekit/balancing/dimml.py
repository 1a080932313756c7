"""DI-MML: encoders trained apart, which teach each other what only one of them has learnt."""

from collections.abc import Sequence
from itertools import permutations

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.balancing.pmr import present, prototypes
from coursekit.utils.checks import require, require_positive
from coursekit.utils.precision import in_one_dtype, not_half
from coursekit.utils.tensor_checks import (
    require_bools,
    require_one_shape,
    require_same_batches,
    within_range,
)


def dimension_accuracies(features: Tensor, labels: Tensor, num_classes: int) -> Tensor:
    """Accuracy of each dimension by itself, (D,): which class has the nearest mean there?

    features: (B, D); the means are those of the same rows.  labels: (B,) in 0 … C − 1.  A class
    without rows has no mean, and is nearest to nothing. Of two equally near the lower class counts.
    Half precision gives float64.
    Errors: ValueError for another shape, no rows, NaN, labels outside the classes.
    Source: [Fan and colleagues 2024](https://arxiv.org/abs/2407.19514), section 3, by their code; a
    class without rows has NaN there, which is nearest to everything.
    """
    means = prototypes(features, labels, num_classes)
    distances = (not_half(features)[:, None] - means[None]).abs()  # (B, C, D)
    absent = ~present(labels, num_classes).to(distances.device)
    nearest = distances.masked_fill(absent[None, :, None], torch.inf).argmin(1)
    return (nearest == labels[:, None]).to(means.dtype).mean(0)


def good_dimensions(features: Tensor, labels: Tensor, num_classes: int) -> Tensor:
    """Which dimensions are more accurate than the mean of all, (D,) of True and False.

    None is where all are alike.  Arguments, errors and source: see `dimension_accuracies`.
    """
    hits = (dimension_accuracies(features, labels, num_classes) * len(labels)).round()
    return hits * len(hits) > hits.sum()  # whole numbers: rounding must not tell equals apart


def contrast(
    learner: Tensor, guide: Tensor, dimensions: Tensor, temperature: float = 1.0
) -> Tensor:
    """−log softmax_j(v_i · a_j / T)[j = i], a scalar, mean over rows i: v is drawn to its own a.

    learner v, guide a: (B, D), row i of both is one sample; no gradient flows into the guide.
    dimensions: (D,) of True and False, those that are compared; with none it is log B, a constant.
    temperature T > 0.  The products are of features as they are, not of unit vectors.  Half
    precision gives float64.
    Errors: ValueError for shapes that differ, NaN, products too large for a number.
    Source: [Fan and colleagues 2024](https://arxiv.org/abs/2407.19514), section 3, with the form of
    their code.
    """
    require_one_shape("learner", learner, "guide", guide)
    require_bools("dimensions", dimensions, (learner.shape[1],))
    require_positive("temperature", temperature)
    learner, guide = in_one_dtype(not_half(learner), not_half(guide))
    products = learner[:, dimensions] @ guide.detach()[:, dimensions].T
    own = torch.arange(len(learner), device=learner.device)
    return F.cross_entropy(within_range("contrast", products / temperature), own)


def decoupled_contrast(
    features: Sequence[Tensor], good: Sequence[Tensor], temperature: float = 1.0
) -> Tensor:
    """Σ over ordered pairs of modalities of `contrast`, a scalar.

    Where dimension d is good in modality m and not in n, n learns from m; what n knows itself is
    left alone.
    features: (B, D) each, two modalities or more of one width; more than two: ours.  good: (D,) of
    True and False each, see `good_dimensions`.  temperature and errors as in `contrast`.
    Source: [Fan and colleagues 2024](https://arxiv.org/abs/2407.19514), section 3.
    """
    require_same_batches("features", features, 2)
    if not isinstance(good, Sequence):
        raise TypeError(f"good is a {type(good).__name__}; a list per modality was expected.")
    counts = f"features holds {len(features)}, good {len(good)}"
    require(len(features) == len(good), f"{counts}; as many of one as of the other were expected.")
    for m, dimensions in enumerate(good):
        require_bools(f"good[{m}]", dimensions, (features[0].shape[1],))
    losses = [
        contrast(features[n], features[m], good[m] & ~good[n], temperature)
        for m, n in permutations(range(len(features)), 2)
    ]
    return torch.stack(losses).sum()


def certainty_weights(logits: Sequence[Tensor], temperature: float = 1.0) -> Tensor:
    """softmax over the models of their largest probability / T, sample by sample, (M, B).

    logits: (B, C) each, those of the modalities and of the joint head.  temperature T > 0.  Half
    precision gives float64.
    Errors: ValueError for one model, shapes that differ, NaN.
    Source: [Fan and colleagues 2024](https://arxiv.org/abs/2407.19514), section 3, by their code.
    """
    require_same_batches("logits", logits, 2)
    require_positive("temperature", temperature)
    sure = torch.stack([not_half(x).softmax(1).amax(1) for x in logits])
    return within_range("certainty_weights", sure / temperature).softmax(0)


def certainty_fusion(logits: Sequence[Tensor], temperature: float = 1.0) -> Tensor:
    """Σ_m w_m logits_m with `certainty_weights`, (B, C): for the test, nothing is trained by it.

    Arguments, errors and source: see `certainty_weights`.
    """
    weights = certainty_weights(logits, temperature)
    wide = torch.stack([not_half(x) for x in logits])
    return (weights[..., None] * wide).sum(0)
