"""Losses of NCR, which trains on pairs of which some are wrong: hinges with a margin per pair.

Huang and colleagues, Learning with Noisy Correspondence for Cross-modal Matching (2021),
https://proceedings.neurips.cc/paper/2021/hash/f5e62af885293cf4d511ceef31e61c80-Abstract.html,
sections 3.1 and 3.3; code at https://github.com/XLearning-SCU/2021-NeurIPS-NCR.
similarity: (B, B), row i a picture, column j a caption, pairs on the diagonal.
"""

import math

import torch
from torch import Tensor

from coursekit.utils.checks import choose, require, require_flag, require_positive
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import require_batch

MARGIN = 0.2  # α in the paper
BASE = 10  # m there, of the exponential form
FORMS = ("linear", "exponential", "sin")


def hinges(similarity: Tensor, margins: Tensor, row_margin: bool = False) -> tuple[Tensor, Tensor]:
    """By how much each wrong partner comes too near, (B, B) each, 0 on the diagonal.

    The first: picture i prefers its caption to caption j, [m_i + s_ij − s_ii]₊. The second: caption
    j prefers its picture to picture i, [m_j + s_ij − s_jj]₊.
    margins: (B,), one per pair.  row_margin: m_i in the second too, as the released code has it.
    Errors: ValueError for other shapes and NaN.
    """
    require_flag("row_margin", row_margin)
    similarity = _square(similarity)
    require_batch("margins", margins, (len(similarity),))
    margins = margins.to(similarity.dtype)
    own = similarity.diagonal()
    others = 1 - torch.eye(len(own), dtype=similarity.dtype, device=similarity.device)
    of_captions = margins[:, None] if row_margin else margins[None, :]
    to_caption = (margins[:, None] + similarity - own[:, None]).clamp(min=0)
    to_picture = (of_captions + similarity - own[None, :]).clamp(min=0)
    return to_caption * others, to_picture * others


def per_pair_loss(similarity: Tensor, margin: float = MARGIN) -> Tensor:
    """The warm-up loss of each pair, (B,): the mean of its row's hinges plus that of its column's.

    The diagonal's zero counts in both means: they are sums over B.
    Errors: as `hinges`; ValueError for a margin of 0 or less.
    """
    require_positive("margin", margin)
    similarity = _square(similarity)
    to_caption, to_picture = hinges(similarity, similarity.new_full((len(similarity),), margin))
    return to_caption.mean(1) + to_picture.mean(0)


def warm_up_loss(similarity: Tensor, margin: float = MARGIN) -> Tensor:
    """The sum of `per_pair_loss`, a scalar; errors as there."""
    return per_pair_loss(similarity, margin).sum()


def predicted_labels(similarity: Tensor, margin: float = MARGIN) -> Tensor:
    """How right each pair seems to a network, from 0 to 1, (B,); P in the paper.

    What a pair's mean hinge leaves of the margin, over the mean of what it leaves the best ⌊B/10⌋ +
    1 pairs. All 0 where it leaves nothing to anybody: then none seems right (0/0 as released).
    Errors: as `per_pair_loss`.
    """
    return relative_labels(similarity, margin).clamp(max=1)


def relative_labels(similarity: Tensor, margin: float = MARGIN) -> Tensor:
    """`predicted_labels` before they are cut off at 1; errors as there."""
    kept = (margin - per_pair_loss(similarity, margin) / 2).clamp(0, margin)
    best = kept.topk(len(kept) // 10 + 1).values.mean()
    return torch.where(best > 0, kept / best.where(best > 0, 1), 0)


def soft_margins(labels: Tensor, margin: float = MARGIN, form: str = "exponential") -> Tensor:
    """A margin for each pair by how right it seems, from 0 to ``margin``, (B,).

    labels: (B,) from 0 to 1.  form: "exponential", margin · (10^label − 1)/9, the paper's (equation
    9); "linear", margin · label; "sin", half a wave of the sine.
    Errors: ValueError for labels outside 0 to 1, another form, a margin of 0 or less.
    """
    require_batch("labels", labels, (None,))
    low, high = (float(end) for end in labels.detach().aminmax())
    require(low >= 0 and high <= 1, f"labels lie in {low:.3g} to {high:.3g}; 0 to 1 was expected.")
    require_positive("margin", margin)
    choose("form", form, FORMS)
    labels = not_half(labels)
    if form == "linear":
        return margin * labels
    if form == "exponential":
        return margin * (BASE**labels - 1) / (BASE - 1)
    return margin * (torch.sin(math.pi * labels - math.pi / 2) + 1) / 2


def hardest_loss(similarity: Tensor, margins: Tensor, row_margin: bool = False) -> Tensor:
    """The hinge of each pair's hardest wrong partner, both ways, summed; a scalar.

    Arguments and errors as in `hinges`.
    """
    to_caption, to_picture = hinges(similarity, margins, row_margin)
    return to_caption.amax(1).sum() + to_picture.amax(0).sum()


def _square(similarity: Tensor) -> Tensor:
    require_batch("similarity", similarity, (None, None))
    shape = tuple(similarity.shape)
    require(
        shape[0] == shape[1],
        f"similarity has shape {shape}; as many captions as pictures were expected.",
    )
    return not_half(similarity)
