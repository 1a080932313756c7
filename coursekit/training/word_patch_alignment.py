"""Words moved to patches at the least cost: optimal transport between the tokens of two modalities.

Kim and colleagues, ViLT (2021), https://arxiv.org/abs/2102.03334, section 3.2 (word patch
alignment); Xie and colleagues, A Fast Proximal Point Method for Computing Exact Wasserstein
Distance (IPOT, 2018), https://arxiv.org/abs/1802.04307, algorithm 1 with one inner step.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.utils.accelerator_checks import check
from coursekit.utils.checks import require_count, require_positive
from coursekit.utils.precision import in_one_dtype, not_half
from coursekit.utils.tensor_checks import require_batch, require_bools


def cosine_costs(words: Tensor, patches: Tensor) -> Tensor:
    """One minus the cosine of each word with each patch, (B, n, m).

    words (B, n, D), patches (B, m, D).  A row of zeros, as padding is, has the cosine 0.
    """
    require_batch("words", words, (None, None, None))
    require_batch("patches", patches, (len(words), None, words.shape[2]))
    x, y = in_one_dtype(not_half(words), not_half(patches))
    first, second = F.normalize(x, dim=2), F.normalize(y, dim=2)
    return 1 - first @ second.transpose(1, 2)


@torch.no_grad()
def transport_plan(
    cost: Tensor,
    word_mask: Tensor | None = None,
    patch_mask: Tensor | None = None,
    beta: float = 0.5,
    steps: int = 50,
) -> Tensor:
    """How much of each word goes to each patch, (B, n, m), without gradient; sums to one.

    cost (C) (B, n, m).  word_mask (B, n), patch_mask (B, m): True where there is a word or a patch
    that counts; None: everywhere.  beta (β): less goes farther in one step, but the sums of
    patches need more steps to come right: with .02 on a cost of 3 × 4, 200 were not enough.
    Each step multiplies the plan (T) by e^(−C/β) and then by factors of patches (δ) and words (σ)
    that make every patch, and then every word, give and take the same: the words' sums are exact,
    the patches' in the limit. In logarithms, so that nothing underflows.
    Errors: ValueError for shapes that do not fit, a row without a word or a patch, NaN, too small a
    beta.
    """
    require_batch("cost", cost, (None, None, None))
    batch, words, patches = cost.shape
    require_positive("beta", beta)
    require_count("steps", steps, 1)
    has_word = _mask("word_mask", word_mask, (batch, words), cost.device)[:, :, None]
    has_patch = _mask("patch_mask", patch_mask, (batch, patches), cost.device)[:, None, :]
    log_kernel = -not_half(cost) / beta
    sentence = f"beta is {beta}, and costs divided by it are infinite; a larger one was expected."
    check(log_kernel.isfinite().all(), lambda: ValueError(sentence))
    log_plan = torch.zeros_like(log_kernel).masked_fill(~(has_word & has_patch), -math.inf)
    log_words = has_word.sum(1, keepdim=True).to(log_kernel).log()
    log_patches = has_patch.sum(2, keepdim=True).to(log_kernel).log()

    log_sigma = -log_words
    for _ in range(steps):
        log_q = log_plan + log_kernel
        log_delta = -(log_patches + (log_q + log_sigma).logsumexp(1, keepdim=True))
        log_delta = log_delta.masked_fill(~has_patch, 0)  # of padding it would be infinite
        log_sigma = -(log_words + (log_q + log_delta).logsumexp(2, keepdim=True))
        log_sigma = log_sigma.masked_fill(~has_word, 0)
        log_plan = log_q + log_delta + log_sigma
    return log_plan.exp()


def transport_distance(
    words: Tensor,
    patches: Tensor,
    word_mask: Tensor | None = None,
    patch_mask: Tensor | None = None,
    beta: float = 0.5,
    steps: int = 50,
) -> Tensor:
    """What the plan costs, ⟨C, T⟩, (B,); the gradient goes through the cost only.

    words (B, n, D), patches (B, m, D): features, whose cosines make the cost. The rest and errors:
    as `transport_plan`. It may lie a little below the least cost of a plan, for the patches' sums
    are not exact.
    """
    cost = cosine_costs(words, patches)
    return (cost * transport_plan(cost, word_mask, patch_mask, beta, steps)).sum((1, 2))


def word_patch_loss(distances: Tensor, matched: Tensor) -> Tensor:
    """Sum of the distances of pairs minus that of what is no pair, over B; may be negative.

    distances (B,).  matched (B,): True for pairs.  ViLT adds a tenth of it to its other losses.
    Errors: ValueError for shapes that do not fit, NaN; TypeError for numbers in ``matched``.
    """
    require_batch("distances", distances, (None,))
    require_bools("matched", matched, (len(distances),))
    distances = not_half(distances)
    return torch.where(matched, distances, -distances).sum() / len(distances)


def _mask(name: str, mask: Tensor | None, shape: tuple[int, int], device: torch.device) -> Tensor:
    """Where there is something, (B, length); every row has to have it once at least."""
    if mask is None:
        return torch.ones(shape, dtype=torch.bool, device=device)
    require_bools(name, mask, shape)
    sentence = f"{name} has a row without a True; one or more per row were expected."
    check(mask.any(1).all(), lambda: ValueError(sentence))
    return mask
