"""Words hidden from a model that has to name them, with the picture's help.

Devlin and colleagues, BERT (2019), https://arxiv.org/abs/1810.04805, section 3.1, task 1:
`mask_words`. Li and colleagues, Align before Fuse (ALBEF, 2021), https://arxiv.org/abs/2107.07651,
equations 3 and 7: `masked_word_loss`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.utils.accelerator_checks import check
from coursekit.utils.checks import require, require_count, require_instance, require_share
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import require_batch, require_bools

HIDDEN, REPLACED = 0.8, 0.1  # of the chosen words; the rest stay as they are


def mask_words(
    words: Tensor, share: float, mask_id: int, special: Sequence[int], generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Choose words and hide them: 80 % become [mask], 10 % any word, 10 % stay as they are.

    words (B, L, V): a one per place and word, rows of zeros behind the end.  share: of the words
    that are chosen, each by itself.  mask_id: of [mask].  special: ids that are never chosen and
    never put in, [mask] besides; may be empty.
    Returns the changed words (B, L, V) and which were chosen, (B, L), True also for those that
    stayed.
    Errors: ValueError for rows that are neither zeros nor a one, an id beyond V, NaN.
    """
    require_batch("words", words, (None, None, None))
    require_share("share", share)
    batch, length, size = words.shape
    require_count("mask_id", mask_id, 0, size - 1)
    require_instance("generator", generator, torch.Generator)
    if isinstance(special, str) or not isinstance(special, Sequence):
        raise TypeError(f"special is {special!r}; ids in a list were expected.")
    for number in special:
        require_count("an id in special", number, 0, size - 1)
    _require_one_hot(words)
    ordinary = torch.ones(size, dtype=torch.bool)
    ordinary[[*special, mask_id]] = False
    choices = ordinary.nonzero()[:, 0]
    require(len(choices) > 0, f"special names all {size} words; an ordinary one was expected.")

    def drawn() -> Tensor:
        x = torch.rand(batch, length, generator=generator, device=generator.device)
        return x.to(words.device)

    maskable = (words * ordinary.to(words)).sum(2) > 0
    masked = maskable & (drawn() < share)
    fate = drawn()
    others = choices.to(words.device)[(drawn() * len(choices)).long().clamp_max(len(choices) - 1)]
    hidden = F.one_hot(torch.full_like(others, mask_id), size).to(words)
    replaced = F.one_hot(others, size).to(words)
    to_hide = (masked & (fate < HIDDEN))[..., None]
    to_replace = (masked & (fate >= HIDDEN) & (fate < HIDDEN + REPLACED))[..., None]
    return torch.where(to_hide, hidden, torch.where(to_replace, replaced, words)), masked


def masked_word_loss(
    logits: Tensor,
    words: Tensor,
    masked: Tensor,
    teacher_logits: Tensor | None = None,
    share: float = 0.0,
) -> Tensor:
    """Cross entropy of the chosen words, mean over them, a scalar; 0 where none was chosen.

    logits (B, L, V).  words (B, L) int64: the true ones; what stands at other places is not read.
    masked (B, L): which were chosen.  teacher_logits (B, L, V): of a teacher, whose shares take the
    place of ``share`` (α) of the one-hot target; no gradient reaches it.
    Errors: ValueError for shapes that do not fit, a chosen word beyond V, NaN, and for a share
    above 0 without a teacher.
    """
    require_batch("logits", logits, (None, None, None))
    places, size = tuple(logits.shape[:2]), logits.shape[2]
    require_bools("masked", masked, places)
    _require_words(words, masked, size)
    require_share("share", share)
    log_shares = not_half(logits).log_softmax(2)
    target = words.masked_fill(~masked, 0)[..., None]
    losses = -log_shares.gather(2, target)[..., 0]
    if teacher_logits is None:
        require(share == 0, f"teacher_logits is None and share {share}; a teacher was expected.")
    else:
        require_batch("teacher_logits", teacher_logits, tuple(logits.shape))
        soft = not_half(teacher_logits.detach()).softmax(2).to(log_shares.dtype)
        losses = (1 - share) * losses - share * (soft * log_shares).sum(2)
    return (losses * masked).sum() / masked.sum().clamp_min(1)


def _require_one_hot(words: Tensor) -> None:
    """Each row is one 1 among zeros, or zeros only."""
    plain = ((words == 0) | (words == 1)).all() & (words.float().sum(2) <= 1).all()
    wanted = "a single 1 per place, or zeros behind the end, was expected."
    check(plain, lambda: ValueError(f"words has rows with other numbers; {wanted}"))


def _require_words(words: Tensor, masked: Tensor, size: int) -> None:
    if not isinstance(words, Tensor) or words.dtype != torch.int64:
        what = getattr(words, "dtype", type(words).__name__)
        raise TypeError(f"words is {what}; ids of words as int64 were expected.")
    want = tuple(masked.shape)
    require(words.shape == want, f"words has shape {tuple(words.shape)}; {want} was expected.")
    inside = ((words >= 0) & (words < size)) | ~masked
    sentence = f"words has a chosen one beyond the vocabulary; ids 0 to {size - 1} were expected."
    check(inside.all(), lambda: ValueError(sentence))
