"""Retrieval: how far up in the ranking stands what belongs to the query, ties counted honestly.

Where candidates have equal scores their order is nobody's merit. A hit then counts with its
probability over all orders of the tied ones. Published code lets the first or the last of them
win, so that a model that gives everything the same score can have a recall of 1.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit.utils.checks import require, require_count
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import require_batch, require_bools, require_labels


@dataclass(frozen=True)
class Ranking:
    """Where the best of each query's own candidates stands, (Q,) each.

    above: candidates with a higher score.  tied: those with its score, itself among them.
    own_tied: how many of these belong to the query.  candidates: how many there are in all.
    """

    above: Tensor
    tied: Tensor
    own_tied: Tensor
    candidates: int

    def recall(self, k: int) -> float:
        """Share of the queries with an own candidate among the first k, ties as probabilities.

        Errors: ValueError for k below one.
        """
        require_count("k", k, 1)
        hits = zip(self.above.tolist(), self.tied.tolist(), self.own_tied.tolist(), strict=True)
        return math.fsum(_chance(k - above, tied, own) for above, tied, own in hits) / len(self)

    def bounds(self, k: int) -> tuple[float, float]:
        """`recall` if every tie is lost, and if every tie is won."""
        require_count("k", k, 1)
        lost = (self.above + self.tied - self.own_tied + 1 <= k).double().mean()
        return float(lost), float((self.above < k).double().mean())

    @property
    def ranks(self) -> Tensor:
        """Expected rank of the best own candidate over orders of tied ones, from 1, float64."""
        return self.above + (self.tied + 1).double() / (self.own_tied + 1)

    def __len__(self) -> int:
        return len(self.above)


def _chance(places: int, tied: int, own: int) -> float:
    """Probability that one of ``own`` of ``tied`` candidates is among the first ``places``."""
    if places <= 0:
        return 0.0
    if places >= tied:
        return 1.0
    return 1 - math.comb(tied - own, places) / math.comb(tied, places)


def chance_recall(k: int, candidates: int, own: int = 1) -> float:
    """`Ranking.recall` of a model that gives every candidate the same score."""
    require_count("k", k, 1)
    require_count("candidates", candidates, 1)
    require_count("own", own, 1, candidates)
    return _chance(k, candidates, own)


def rank(scores: Tensor, belongs: Tensor) -> Ranking:
    """The ranking of candidates by ``scores`` (Q, C), higher is better.

    belongs: (Q, C) bool, which candidates belong to the query; each query has one or more.
    Errors: ValueError for other shapes, NaN or infinite scores, a query without a candidate of its
    own; TypeError for what is not bool.
    """
    require_batch("scores", scores, (None, None))
    require_bools("belongs", belongs, tuple(scores.shape))
    alone = torch.nonzero(~belongs.any(1)).flatten().tolist()
    require(
        not alone,
        f"belongs gives nothing to {len(alone)} queries, {alone[:3]} among them; one candidate or "
        "more was expected.",
    )
    scores = not_half(scores)
    best = scores.masked_fill(~belongs, -math.inf).max(1, keepdim=True).values
    level = scores == best
    above, tied = (scores > best).sum(1), level.sum(1)
    return Ranking(above, tied, (level & belongs).sum(1), scores.shape[1])


def both_ways(similarity: Tensor, owner: Tensor | None = None) -> tuple[Ranking, Ranking]:
    """Captions ranked for each picture, and pictures for each caption.

    similarity: (N, M), a row per picture, a column per caption.  owner: (M,), the picture a caption
    belongs to; without it caption i belongs to picture i.
    Errors: as `rank`; ValueError for owners that are no pictures, or a picture without a caption.
    """
    require_batch("similarity", similarity, (None, None))
    pictures, captions = similarity.shape
    if owner is None:
        sentence = f"similarity has shape {(pictures, captions)} and owner is None"
        require(pictures == captions, f"{sentence}; a caption per picture was expected.")
        owner = torch.arange(captions, device=similarity.device)
    require_labels("owner", owner, captions, pictures)
    belongs = torch.arange(pictures, device=owner.device)[:, None] == owner
    belongs = belongs.to(similarity.device)
    return rank(similarity, belongs), rank(similarity.T, belongs.T)
