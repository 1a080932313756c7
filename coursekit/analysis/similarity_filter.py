"""Which pairs of picture and caption to keep, by rules of thumb or by how alike a model finds them.

Gadre and colleagues, DataComp (2023), https://arxiv.org/abs/2304.14108, section 3.2: basic rules,
and a share kept by the score of a fixed model. Hessel and colleagues, CLIPScore (2021),
https://arxiv.org/abs/2104.08718, section 3: how well a caption fits a picture, and its references.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.training.contrastive_losses import unit
from coursekit.utils.checks import (
    require,
    require_count,
    require_instance,
    require_list,
    require_positive,
    require_share,
)
from coursekit.utils.precision import in_one_dtype, not_half
from coursekit.utils.share_counts import count_of
from coursekit.utils.tensor_checks import require_batch, require_one_shape

CLIP_SCORE_WEIGHT = 2.5
ENGLISH = "en"
MOST_WORDS_REFUSED, MOST_LETTERS_REFUSED = 2, 5
SHORTEST_SIDE, LARGEST_ASPECT = 200, 3


def pair_cosines(pictures: Tensor, captions: Tensor) -> Tensor:
    """Cosine of each picture's point with that of the caption beside it, (N,), from (N, D) each.

    Errors: ValueError for other shapes, NaN, a row of zeros.
    """
    require_one_shape("pictures", pictures, "captions", captions)
    pictures, captions = in_one_dtype(pictures, captions)
    return (unit("pictures", pictures) * unit("captions", captions)).sum(1)


def keep_share(scores: Tensor, share: float) -> Tensor:
    """Which pairs to keep, (N,) bool: exactly ⌊share · N⌋, those with the highest scores.

    scores: (N,).  Of equal scores at the cut the earlier ones are kept; see `chance_to_be_kept`.
    Errors: ValueError for NaN, another shape, a share outside 0 to 1.
    """
    require_batch("scores", scores, (None,))
    count = count_of(share, len(scores))
    order = torch.argsort(not_half(scores), descending=True, stable=True)
    kept = torch.zeros(len(scores), dtype=torch.bool, device=scores.device)
    kept[order[:count]] = True
    return kept


def chance_to_be_kept(scores: Tensor, share: float) -> Tensor:
    """With which probability each pair is among the best ⌊share · N⌋, (N,) float64.

    Pairs with equal scores share the places that are there for them: an order that is nobody's
    merit decides nothing. Errors: as `keep_share`.
    """
    require_batch("scores", scores, (None,))
    count = count_of(share, len(scores))
    values, place = torch.unique(scores, return_inverse=True)
    tied = torch.bincount(place, minlength=len(values)).double()
    above = tied.flip(0).cumsum(0).flip(0) - tied
    chance = ((count - above) / tied).clamp(0, 1)
    return chance[place]


def keep_as_released(scores: Tensor, share: float) -> Tensor:
    """What DataComp's released code keeps: every score that the (⌊share · N⌋ + 1)-th best reaches.

    One more than asked for, with ties many more; see `keep_share`.
    Errors: as `keep_share`; ValueError for a share of 1, for which there is no such score.
    """
    require_batch("scores", scores, (None,))
    require_share("share", share)
    count = int(share * len(scores))  # 28 for .29 of 100, by rounding: as released, too
    require(
        count < len(scores),
        f"share is {share}; less than 1 was expected, for the released rule asks for one score "
        "more than are kept.",
    )
    ordered = torch.sort(scores, descending=True).values
    return scores >= ordered[count]


def passes_basic_rules(text: str, width: int, height: int, language: str) -> bool:
    """DataComp's rules of thumb: English, three words, six letters, sides of 200, at most 1 to 3.

    width, height: of the picture in pixels.  language: as a detector names it, "en" for English.
    Words are what stands between blanks; blanks count among the letters.
    Errors: TypeError, ValueError for what is no text or no size.
    """
    require_instance("text", text, str)
    require_instance("language", language, str)
    require_count("width", width, 1)
    require_count("height", height, 1)
    short, long = sorted((width, height))
    says_enough = len(text.split()) > MOST_WORDS_REFUSED and len(text) > MOST_LETTERS_REFUSED
    shows_enough = short >= SHORTEST_SIDE and long <= LARGEST_ASPECT * short
    return language == ENGLISH and says_enough and shows_enough


def clip_score(pictures: Tensor, captions: Tensor, weight: float = CLIP_SCORE_WEIGHT) -> Tensor:
    """CLIPScore of each pair, weight · max(cosine, 0), (N,).

    pictures, captions: (N, D) points of one model; the paper puts "A photo depicts" before each
    caption.  weight: w there.  Errors: as `pair_cosines`; ValueError for a weight of 0 or less.
    """
    require_positive("weight", weight)
    return weight * pair_cosines(pictures, captions).clamp(min=0)


def reference_score(captions: Tensor, references: Sequence[Tensor]) -> Tensor:
    """The largest cosine of each caption with one of its references, (N,).

    captions: (N, D).  references: N tensors (R, D), R may differ.  Errors: as `pair_cosines`.
    """
    require_batch("captions", captions, (None, None))
    require_list("references", references, "tensors (R, D)")
    require(
        len(references) == len(captions),
        f"references has {len(references)} entries; {len(captions)}, one per caption, were "
        "expected.",
    )
    best = []
    for number, (caption, own) in enumerate(zip(captions, references, strict=True)):
        require_batch(f"references[{number}]", own, (None, captions.shape[1]))
        one, several = in_one_dtype(caption[None], own)
        best.append((unit("references", several) @ unit("captions", one).T).max())
    return torch.stack(best)


def reference_clip_score(
    pictures: Tensor,
    captions: Tensor,
    references: Sequence[Tensor],
    weight: float = CLIP_SCORE_WEIGHT,
) -> Tensor:
    """RefCLIPScore: harmonic mean of `clip_score` and of `reference_score`, if that is above 0.

    Shapes and errors as there; 0 where either is.
    """
    by_picture = clip_score(pictures, captions, weight)
    by_text = reference_score(captions, references).clamp(min=0)
    total = by_picture + by_text
    return torch.where(total > 0, 2 * by_picture * by_text / total.where(total > 0, 1), 0)
