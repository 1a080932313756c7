"""Equalizer: a caption's word about a person shall come from the person, not from what stands by.

Hendricks and colleagues, Women also Snowboard: Overcoming Bias in Captioning Models (2018),
https://arxiv.org/abs/1803.09797, section 3, equations 2 to 5.

Words lie in two sets, those of women and those of men in the paper. Positions (B, T) are those of a
batch of captions: targets (B, T) int64, logits (B, T, V), mask (B, T) bool, where a caption has a
word. Half precision gives float64.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.utils.checks import (
    require,
    require_count,
    require_flag,
    require_list,
    require_positive,
)
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import require_batch, require_bools, require_labels

SMALLEST = 1e-5  # added to what is divided by


def where_any(
    targets: Tensor, words: Sequence[int], mask: Tensor, allow_none: bool = False
) -> Tensor:
    """Positions whose target is one of ``words``, (B, T) bool, and that ``mask`` counts.

    One word *or* another: to keep where the target is this word, and of these where it is that one,
    as the released code does, leaves nothing as soon as there are two.
    allow_none: for a batch that may have no such word; else it is an error that no position is
    left, as a loss there would be 0 and teach nothing.
    Errors: ValueError for that, and for words that stand twice, or below 0.
    """
    require_list("words", words, "words")
    for word in words:
        require_count("a word in words", word)
    _require_each_once(words)
    _require_targets(targets, mask)
    there = torch.isin(targets, torch.tensor(list(words), device=targets.device)) & mask
    sentence = f"no target is one of words {list(words)}; at least one was expected."
    require_flag("allow_none", allow_none)
    require(allow_none or bool(there.any()), sentence)
    return there


def appearance_confusion(
    logits: Tensor,
    targets: Tensor,
    words: tuple[Sequence[int], Sequence[int]],
    mask: Tensor,
    allow_none: bool = False,
) -> Tensor:
    """Sum of |p(first set) − p(second set)| where the target is of either set, a scalar.

    logits: of pictures whose person is hidden: there nothing tells which, and both sets should be
    equally likely.  words: both sets, without a common word.  allow_none: see `where_any`.
    """
    first, second = _sets(words, logits)
    there = where_any(targets, [*first, *second], mask, allow_none)
    _require_logits(logits, targets)
    return (confusion_per_position(logits, words) * there).sum()


def confusion_per_position(logits: Tensor, words: tuple[Sequence[int], Sequence[int]]) -> Tensor:
    """|p(first set) − p(second set)| of each position, (B, T)."""
    require_batch("logits", logits, (None, None, None))
    one, other = (share.sum(-1) for share in _shares(logits, _sets(words, logits)))
    return (one - other).abs()


def confident_loss(
    logits: Tensor,
    targets: Tensor,
    words: tuple[Sequence[int], Sequence[int]],
    mask: Tensor,
    smallest: float = SMALLEST,
    allow_none: bool = False,
) -> Tensor:
    """Sum of p(other set) / (p(own set) + smallest) where the target is of either set, a scalar.

    logits: of whole pictures: what shows the person should make the caption sure.
    """
    require_positive("smallest", smallest)
    sets = _sets(words, logits)
    where_any(targets, [*sets[0], *sets[1]], mask, allow_none)
    _require_logits(logits, targets)
    first, second = (share.sum(-1) for share in _shares(logits, sets))
    of_first, of_second = (
        torch.isin(targets, torch.tensor(own, device=targets.device)) & mask for own in sets
    )
    quotient = second / (first + smallest) * of_first + first / (second + smallest) * of_second
    return quotient.sum()


def _shares(logits: Tensor, sets: tuple[list[int], list[int]]) -> tuple[Tensor, Tensor]:
    """Probabilities of the words of both sets, (B, T, words) each."""
    shares = not_half(logits).softmax(-1)
    return shares[..., sets[0]], shares[..., sets[1]]


def _sets(
    words: tuple[Sequence[int], Sequence[int]], logits: Tensor
) -> tuple[list[int], list[int]]:
    require_list("words", words, "two sets of words")
    require(len(words) == 2, f"words has {len(words)} sets; two were expected.")
    require_batch("logits", logits, (None, None, None))
    for own in words:
        require_list("a set in words", own, "words")
        for word in own:
            require_count("a word in words", word, 0, logits.shape[-1] - 1)
        _require_each_once(own)
    common = set(words[0]) & set(words[1])
    require(not common, f"words has {sorted(common)} in both sets; each in one was expected.")
    return list(words[0]), list(words[1])


def _require_each_once(words: Sequence[int]) -> None:
    sentence = f"words has {list(words)}; each word once was expected."
    require(len(set(words)) == len(words), sentence)


def _require_targets(targets: Tensor, mask: Tensor) -> None:
    require_labels("targets", targets.flatten() if isinstance(targets, Tensor) else targets)
    shape = tuple(targets.shape)
    require(targets.ndim == 2, f"targets has shape {shape}; (B, T) was expected.")
    require_bools("mask", mask, shape)


def _require_logits(logits: Tensor, targets: Tensor) -> None:
    require_batch("logits", logits, (*targets.shape, None))
    require_labels("targets", targets.flatten(), num_classes=logits.shape[-1])
