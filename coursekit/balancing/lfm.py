"""LFM: at first the modalities are brought to agree, later the labels are fitted."""

from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.utils.checks import choose, require_count, require_share
from coursekit.utils.precision import finite_logs, not_half
from coursekit.utils.tensor_checks import (
    require_labels,
    require_no_negative,
    require_same_batches,
    require_scalar,
    within_range,
)

DIVERGENCES = ("jensen-shannon", "from-mean")
# The weight of label fitting by powers of the epoch, lowest first, as in the released code.
FITTING_WEIGHT = (
    *(2.04623704e-01, 3.35472727e-03, 1.22989557e-04),
    *(-2.92947416e-06, 2.23835486e-08, -5.39717505e-11),
)
FITTING_ALONE = 177  # the first epoch in which the polynomial is above one


def fitting_weight(epoch: int) -> float:
    """Weight w of label fitting in an epoch, counted from 0; alignment has 1 − w.

    It rises from 0.20 to 0.82 in epoch 150, and is 1 from epoch 177 on (ours: the polynomial, which
    was fitted to weights learnt in 150 epochs, leaves [0, 1] there).
    Source: [Yang and colleagues 2024](https://openreview.net/forum?id=QbsPz0SnyV), who learn the
    weights; this is the curve that their code has in the place of it.
    """
    require_count("epoch", epoch)
    if epoch >= FITTING_ALONE:
        return 1.0
    return sum(factor * epoch**power for power, factor in enumerate(FITTING_WEIGHT))


def prediction_gap(logits: Sequence[Tensor], divergence: str = "jensen-shannon") -> Tensor:
    """How far the modalities' predictions are apart, a scalar; mean over rows and over pairs.

    Of two, p = softmax(logits_1), q = softmax(logits_2) and their mean m, it is the Jensen-Shannon
    divergence ½ [KL(p ‖ m) + KL(q ‖ m)] in nats, log 2 at most.
    logits: (B, C) each, two modalities or more; more than two: ours.
    divergence: "from-mean" is ½ [KL(m ‖ p) + KL(m ‖ q)], without a largest value: what the released
    code computes, whose ``kl_div`` gets its arguments in the other order.
    Returns 0 or more: what rounding leaves below it is 0. Half precision gives float64.
    Errors: ValueError for one modality, shapes that differ, NaN, a gap too large for a number.
    Source: the code of [Yang and colleagues 2024](https://openreview.net/forum?id=QbsPz0SnyV);
    the paper aligns by contrast, see `coursekit.training.contrastive_losses.info_nce`.
    """
    choose("divergence", divergence, DIVERGENCES)
    require_same_batches("logits", logits, 2)
    log_shares = [not_half(x).log_softmax(1) for x in logits]
    gaps = []
    for pair in combinations(log_shares, 2):
        both = torch.stack(pair)
        mean = both.exp().mean(0)
        log_mean = both.logsumexp(0) - torch.log(mean.new_tensor(2.0))
        if divergence == "jensen-shannon":
            logs, log_mean = finite_logs(both), finite_logs(log_mean)
            terms = both.exp() * (logs - log_mean)
        else:  # what neither expects counts nothing; what only one rules out may count too much
            ruled_out = mean == 0
            terms = mean * (log_mean.masked_fill(ruled_out, 0) - both.masked_fill(ruled_out, 0))
        gaps.append(terms.sum(2).mean())
    return within_range("prediction_gap", torch.stack(gaps).mean()).clamp_min(0)


def loss(
    logits: Sequence[Tensor], labels: Tensor, alignment: Tensor, fitting_weight: float
) -> Tensor:
    """2 [w CE(mean of the logits) + (1 − w) A], a scalar.

    logits: (B, C) each, two modalities or more.  labels: (B,) in 0 … C − 1.  alignment A: a scalar,
    0 or more, `prediction_gap` or another measure of how far the modalities are apart.
    fitting_weight w in [0, 1], see the function of that name.  Half precision gives float64.
    Errors: ValueError for one modality, shapes that differ, NaN, labels outside the classes, an
    alignment below 0, which would pay for modalities that are apart.
    Source: [Yang and colleagues 2024](https://openreview.net/forum?id=QbsPz0SnyV); the factor two
    is their code's.
    """
    require_same_batches("logits", logits, 2)
    require_labels("labels", labels, *logits[0].shape)
    require_scalar("alignment", alignment)
    require_no_negative("alignment", alignment)
    require_share("fitting_weight", fitting_weight)
    mean = torch.stack([not_half(x) / len(logits) for x in logits]).sum(0)
    fit = F.cross_entropy(mean, labels)
    total = 2 * (fitting_weight * fit + (1 - fitting_weight) * not_half(alignment))
    return within_range("loss", total)
