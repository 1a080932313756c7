"""Captions exchanged between rows, so that it is known which pairs are wrong."""

from collections.abc import Hashable, Sequence

import torch
from torch import Tensor

from coursekit.utils.checks import require, require_instance, require_list
from coursekit.utils.row_values import require_names
from coursekit.utils.share_counts import count_of

TRIES = 1000  # drawings anew, until nobody has got a caption that is equal to the own one


def exchange_captions(
    captions: Sequence[Hashable], share: float, generator: torch.Generator
) -> Tensor:
    """Whose caption each row has after the exchange, (N,) int64; row i's own where nothing changed.

    captions: one per row, a text or a tuple of words.  share: of the rows that get another row's
    caption, from 0 to 1; exactly ⌊share · N⌋ rows, drawn at random.  Every caption is still
    there once, and none has gone to a row whose own caption is equal to it.
    Errors: TypeError for captions that are lists; ValueError for a single row to exchange, and for
    captions so much alike that a thousand drawings gave none in which nobody got an equal one.
    """
    require_list("captions", captions, "captions")
    require_names("captions", captions)
    require_instance("generator", generator, torch.Generator)
    rows = len(captions)
    count = count_of(share, rows)
    sentence = f"share is {share}, which is one of {rows} captions"
    require(count != 1, f"{sentence}; none or two and more were expected.")
    owner = torch.arange(rows)
    kind_of: dict[Hashable, int] = {}
    kinds = torch.tensor([kind_of.setdefault(caption, len(kind_of)) for caption in captions])
    if count == 0:
        return owner
    for _ in range(TRIES):
        chosen = torch.randperm(rows, generator=generator)[:count]
        got = _exchanged(kinds[chosen], generator)
        if (kinds[chosen] != kinds[chosen[got]]).all():
            owner[chosen] = chosen[got]
            return owner
    raise ValueError(
        f"captions has {len(kind_of)} different ones in {rows} rows; more different ones were "
        f"expected, for a share of {share} to get one that is not equal to their own."
    )


def _exchanged(kinds: Tensor, generator: torch.Generator) -> Tensor:
    """A permutation; who got an equal caption has then exchanged it with somebody, if it helps."""
    got = torch.randperm(len(kinds), generator=generator)
    for place in range(len(kinds)):
        if kinds[got[place]] == kinds[place]:
            other = int(torch.randint(len(kinds), (), generator=generator))
            got[[place, other]] = got[[other, place]]
    return got


def wrong_pairs(owner: Tensor, captions: Sequence[Hashable]) -> Tensor:
    """Whether a row has a caption that is not equal to its own, (N,) bool.

    owner: (N,) int64, as `exchange_captions` gives it.
    Errors: TypeError for other numbers, ValueError for rows that there are not.
    """
    require_list("captions", captions, "captions")
    if not isinstance(owner, Tensor) or owner.dtype != torch.int64:
        what = getattr(owner, "dtype", type(owner).__name__)
        raise TypeError(f"owner is {what}; rows as int64 were expected.")
    fits = owner.shape == (len(captions),) and 0 <= int(owner.min()) <= int(owner.max()) < len(
        owner
    )
    require(fits, f"owner has shape {tuple(owner.shape)}, in {owner.tolist()[:3]}…; a row of the "
            f"{len(captions)} captions for each was expected.")  # fmt: skip
    return torch.tensor(
        [captions[o] != mine for o, mine in zip(owner.tolist(), captions, strict=True)]
    )
