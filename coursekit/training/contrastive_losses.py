"""Losses that pull pairs together and push all other combinations of a batch apart.

Radford and colleagues, Learning Transferable Visual Models From Natural Language Supervision
(2021), https://arxiv.org/abs/2103.00020, figure 3: `info_nce`. Zhai and colleagues, Sigmoid Loss
for Language Image Pre-Training (2023), https://arxiv.org/abs/2303.15343, section 3.2: `siglip`.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.utils.accelerator_checks import check
from coursekit.utils.checks import require, require_callable, require_count
from coursekit.utils.precision import in_one_dtype, not_half
from coursekit.utils.tensor_checks import (
    require_batch,
    require_one_width,
    require_pairs,
    require_scalar,
    require_weights,
)

START_LOG_SCALE = math.log(1 / 0.07)  # of `info_nce`: cosines are multiplied by 14.3
LARGEST_LOG_SCALE = math.log(100)


def unit(name: str, features: Tensor) -> Tensor:
    """Rows of length one, (B, D); of half precision in float64.

    Errors: ValueError for a row of zeros, which has no direction, for NaN and for another shape.
    """
    require_batch(name, features, (None, None))
    features = not_half(features)
    length = features.norm(dim=1, keepdim=True)
    check(length.min() > 0, lambda: ValueError(f"{name} has a row of zeros; it has no direction."))
    return features / length


def cosines(first: Tensor, second: Tensor) -> Tensor:
    """Cosine of every row of the first (B, D) with every row of the second (C, D), (B, C)."""
    require_one_width("first", first, "second", second)
    first, second = in_one_dtype(first, second)
    return unit("first", first) @ unit("second", second).T


def cosine_factor(log_scale: Tensor) -> Tensor:
    """What cosines are multiplied by, e^log_scale, a scalar; of half precision in float64.

    Errors: ValueError where it is too large for a number of this type.
    """
    require_scalar("log_scale", log_scale)
    factor = not_half(log_scale).exp()
    most = math.log(torch.finfo(factor.dtype).max)
    sentence = f"log_scale is so large that its exponential is infinite; {most:.0f} or less"
    check(factor.isfinite(), lambda: ValueError(f"{sentence} was expected."))
    return factor


def info_nce(first: Tensor, second: Tensor, log_scale: Tensor) -> Tensor:
    """InfoNCE both ways of B pairs, a scalar; log B for features that are all alike.

    first, second (B, D): row i of both is a pair; they need not have length one.  log_scale: the
    logarithm of what cosines are multiplied by, 1/τ in the paper.
    Two rows of one modality that are equal, such as twice the same caption, cannot be told apart:
    the loss stays above (2/B) · log 2, and the partner of one is pushed from the other.
    Errors: ValueError for batches of different shape, a row of zeros, NaN, too large a factor.
    """
    logits = _pairs(first, second) * cosine_factor(log_scale)
    own = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


def siglip(first: Tensor, second: Tensor, log_scale: Tensor, bias: Tensor) -> Tensor:
    """A logistic loss of each of the B² combinations: is it a pair? Their sum over B, a scalar.

    log_scale, bias: of the logits exp(log_scale) · cosine + bias; log 10 and −log(B − 1) are a
    start at which the share of pairs is about right.  Otherwise as `info_nce`.
    """
    require_scalar("bias", bias)
    logits = _pairs(first, second) * cosine_factor(log_scale) + bias
    sign = 2 * torch.eye(len(logits), dtype=logits.dtype, device=logits.device) - 1
    return -F.logsigmoid(sign * logits).sum() / len(logits)


def info_nce_in_parts(
    encode_first: Callable[[Tensor], Tensor],
    encode_second: Callable[[Tensor], Tensor],
    first: Tensor,
    second: Tensor,
    log_scale: Tensor,
    parts: int,
) -> Tensor:
    """Add the gradients of `info_nce` of a whole batch, holding one part's graph at a time.

    Averaging the losses of the parts would be another objective, with fewer negatives. Here all
    features are computed without a graph first, then the loss's gradient by them, and each part is
    encoded once more to carry its share of it back (Gao and colleagues, Scaling Deep Contrastive
    Learning Batch Size under Memory Limited Setup, 2021, https://arxiv.org/abs/2101.06983, section
    3.2). That of ``log_scale`` is added once; per part it would be ``parts`` times too large.
    Encoders must give the same features twice: no dropout, no statistics over the batch. One that
    is frozen gets no gradient.
    first, second: (B, …) inputs.  Returns the loss, a scalar without graph.
    Errors: as `info_nce`; ValueError for more parts than pairs.
    """
    for name, encode in (("encode_first", encode_first), ("encode_second", encode_second)):
        require_callable(name, encode)
    for name, inputs in (("first", first), ("second", second)):
        require_weights(name, inputs)
    rows = f"first has {len(first)} rows, second {len(second)}"
    require(0 < len(first) == len(second), f"{rows}; pairs were expected, one or more.")
    require_count("parts", parts, 1, len(first))
    require_scalar("log_scale", log_scale)
    with torch.no_grad():
        features = [
            torch.cat([encode(part) for part in inputs.tensor_split(parts)]).requires_grad_()
            for encode, inputs in ((encode_first, first), (encode_second, second))
        ]
    with torch.enable_grad():
        loss = info_nce(features[0], features[1], log_scale)
    loss.backward()
    for encode, inputs, kept in (
        (encode_first, first, features[0]),
        (encode_second, second, features[1]),
    ):
        assert kept.grad is not None
        halves = zip(inputs.tensor_split(parts), kept.grad.tensor_split(parts), strict=True)
        for part, share in halves:
            encoded = encode(part)
            if encoded.requires_grad:
                encoded.backward(share)
    return loss.detach()


@torch.no_grad()
def clamp_log_scale(log_scale: Tensor) -> None:
    """Keep the factor of the cosines between 1 and 100, in place; after each step."""
    require_scalar("log_scale", log_scale)
    log_scale.clamp_(0, LARGEST_LOG_SCALE)


def _pairs(first: Tensor, second: Tensor) -> Tensor:
    require_pairs(first, second)
    return cosines(first, second)
