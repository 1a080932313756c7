"""Do picture and text belong together? The loss, and which wrong partners it is asked about.

Li and colleagues, Align before Fuse (ALBEF, 2021), https://arxiv.org/abs/2107.07651, section 3.2,
equation 4.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.utils.accelerator_checks import check
from coursekit.utils.checks import require_count
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import require_batch, require_bools, require_labels


def hard_negative_weights(similarity: Tensor, ids: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """With which probability to draw each wrong partner: the more alike, the likelier.

    similarity (B, B): of picture i and text j, divided by the temperature.  ids (B,) int64: pairs
    of one id belong together, and none of them is a wrong partner of another.
    Returns, (B, B) each and without gradient, for every picture the weights of the texts and for
    every text those of the pictures; rows sum to one. What belongs together is masked with −∞
    before the softmax: cleared after it, nothing may be left of a row whose own pair has all the
    mass, where the authors' code stops with "sum of probabilities <= 0".
    Errors: ValueError where a row has no wrong partner, as with one pair only; NaN.
    """
    require_batch("similarity", similarity, (None, None))
    rows = len(similarity)
    require_batch("similarity", similarity, (rows, rows))
    allowed = _wrong_partners("similarity", rows, ids, similarity.device)
    scores = not_half(similarity.detach())
    of_texts = scores.masked_fill(~allowed, -math.inf).softmax(1)
    of_pictures = scores.T.masked_fill(~allowed, -math.inf).softmax(1)
    return of_texts, of_pictures


def random_negative_weights(rows: int, ids: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The same for partners drawn at random: equal weights, (rows, rows), both ways.

    rows: B.  ids (B,) int64: as in `hard_negative_weights`; the weights stand on their device.
    Errors: ValueError where a row has no wrong partner.
    """
    require_count("rows", rows, 1)
    device = ids.device if isinstance(ids, Tensor) else torch.device("cpu")
    allowed = _wrong_partners("rows", rows, ids, device).float()
    weights = allowed / allowed.sum(1, keepdim=True)
    return weights, weights  # the same both ways, for "no pair" is


def matching_loss(logits: Tensor, matched: Tensor) -> Tensor:
    """Cross entropy of N answers, a scalar.

    logits (N, 2): second column for "belong together".  matched (N,): True where they do.
    Errors: ValueError for shapes that do not fit, NaN; TypeError for numbers in ``matched``.
    """
    require_batch("logits", logits, (None, 2))
    require_bools("matched", matched, (len(logits),))
    return F.cross_entropy(not_half(logits), matched.long())


def _wrong_partners(name: str, rows: int, ids: Tensor | None, device: torch.device) -> Tensor:
    """Which pairs of a picture and a text do not belong together, (B, B); each row has one.

    name: of the argument that says how many pairs there are.
    """
    if ids is None:
        allowed = ~torch.eye(rows, dtype=torch.bool, device=device)
    else:
        require_labels("ids", ids, rows)
        allowed = ids[:, None] != ids[None, :]
    why = f"{name} is of one pair" if rows == 1 else "ids has a pair that has the id of all others"
    sentence = f"{why}, so that there is no wrong partner in the batch"
    ok = allowed.any(1).all()
    check(ok, lambda: ValueError(f"{sentence}; two different pairs were expected."))
    return allowed
