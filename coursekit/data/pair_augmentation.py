"""Changes of a picture or a text after which the two still belong together.

Pictures are (B, C, H, W) with 0 for empty ground, texts bags of words (B, V), see
`coursekit.data.bag_of_words`. What keeps a pair true depends on its caption: a mirrored picture is
no picture of "left" any more, one whose colours are turned none of "red".

Where several processes share a batch, each changes its own rows. ``whole`` says how many rows the
batch has and ``first`` which of them is the first one here: numbers are drawn for all of them, so
that every process draws what one alone would.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.utils.checks import require, require_count, require_instance, require_not_negative
from coursekit.utils.tensor_checks import require_batch, require_bools


def shifted(pictures: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """All pictures of the batch moved by the same 0 to ``most`` pixels each way; ground moves in.

    One move per batch is a slice of memory; one per picture would cost more than it teaches.
    Errors: ValueError for more pixels than a picture has.
    """
    require_batch("pictures", pictures, (None, None, None, None))
    height, width = pictures.shape[2:]
    require_count("most", most, 0, min(height, width))
    require_instance("generator", generator, torch.Generator)
    down, right = torch.randint(
        0, 2 * most + 1, (2,), generator=generator, device=generator.device
    ).tolist()
    wide = F.pad(pictures, (most, most, most, most))
    return wide[:, :, down : down + height, right : right + width]


def brightened(
    pictures: Tensor,
    spread: float,
    generator: torch.Generator,
    *,
    whole: int | None = None,
    first: int = 0,
) -> Tensor:
    """Every picture times its own factor from 1 − spread to 1 + spread; the ground stays empty.

    whole, first: these are so many rows of a batch, from that one on; None: they are all.
    Errors: ValueError for a spread below 0 or from 1 on, and for rows beyond the batch.
    """
    require_batch("pictures", pictures, (None, None, None, None))
    _require_share("spread", spread)
    require_instance("generator", generator, torch.Generator)
    drawn = _drawn(len(pictures), (1, 1, 1), generator, whole, first).to(pictures)
    return pictures * (1 + spread * (2 * drawn - 1))


def mirrored(
    pictures: Tensor,
    allowed: Tensor,
    generator: torch.Generator,
    *,
    whole: int | None = None,
    first: int = 0,
) -> Tensor:
    """Half of the pictures that may be, mirrored left to right.

    allowed: (B,) bool, whether the mirror image still shows what the caption says, such as
    `Emoji.may_be_mirrored`.  whole, first: as in `brightened`.
    Errors: ValueError for another number of rows, TypeError for what is not bool.
    """
    require_batch("pictures", pictures, (None, None, None, None))
    require_bools("allowed", allowed, (len(pictures),))
    require_instance("generator", generator, torch.Generator)
    drawn = _drawn(len(pictures), (), generator, whole, first).to(pictures.device) < 0.5
    return torch.where((drawn & allowed)[:, None, None, None], pictures.flip(3), pictures)


def without_words(
    bags: Tensor,
    share: float,
    generator: torch.Generator,
    *,
    whole: int | None = None,
    first: int = 0,
) -> Tensor:
    """Each word left out with probability ``share``; rows have length one again.

    A text keeps one word or more: where all would go, all stay.  whole, first: as in `brightened`.
    Errors: ValueError for a share below 0 or from 1 on.
    """
    require_batch("bags", bags, (None, None))
    _require_share("share", share)
    require_instance("generator", generator, torch.Generator)
    drawn = _drawn(len(bags), tuple(bags.shape[1:]), generator, whole, first)
    kept = drawn.to(bags.device) >= share
    fewer = bags * kept
    gone = (fewer == 0).all(1, keepdim=True)
    return F.normalize(torch.where(gone, bags, fewer), dim=1)


def _drawn(
    rows: int, rest: tuple[int, ...], generator: torch.Generator, whole: int | None, first: int
) -> Tensor:
    """Uniform numbers for these rows (rows, *rest), of those of the whole batch."""
    if whole is None:
        whole = rows + first
    require_count("whole", whole, rows)
    require_count("first", first, 0, whole - rows)
    drawn = torch.rand(whole, *rest, generator=generator, device=generator.device)
    return drawn[first : first + rows]


def _require_share(name: str, value: float) -> None:
    require_not_negative(name, value)
    require(value < 1, f"{name} is {value}; a share in [0, 1) was expected.")
