"""Retrieval: how far up in the ranking stands what belongs to the query, ties counted honestly.

Where candidates have equal scores their order is nobody's merit. A hit then counts with its
probability over all orders of the tied ones. Published code lets the first or the last of them
win, so that a model that gives everything the same score can have a recall of 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from coursekit.utils.checks import require, require_count, require_instance, require_list
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

    @property
    def pessimistic_ranks(self) -> Tensor:
        """Rank of the best own candidate if every tie is lost, from 1, int64."""
        return self.above + self.tied - self.own_tied + 1

    @property
    def optimistic_ranks(self) -> Tensor:
        """The same if every tie is won; a constant model has 1 everywhere."""
        return self.above + 1

    @property
    def median_rank(self) -> float:
        """Median of `ranks`, 1 at best; with evenly many queries, the middle of the middle two.

        Published scripts cut off the half that this may leave.
        """
        return float(np.median(self.ranks.cpu().numpy()))

    @property
    def mean_rank(self) -> float:
        """Mean of `ranks`, 1 at best; one query that fails among thousands can make it large."""
        return float(self.ranks.mean())

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
    best = scores.masked_fill(~belongs, -math.inf).amax(1, keepdim=True)
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


def recall_sum(rankings: Sequence[Ranking], ks: Sequence[int] = (1, 5, 10)) -> float:
    """Sum of the recalls at each k over several rankings; of `both_ways`, 0 to 6.

    The field gives it in percent, 0 to 600, and calls it rsum: one number to choose a model by. It
    depends on the number of candidates as each recall does.
    Errors: TypeError for what are no rankings; as `Ranking.recall`.
    """
    require_list("rankings", rankings, "rankings")
    for ranking in rankings:
        require_instance("a ranking in rankings", ranking, Ranking)
    _require_ks(ks)
    return math.fsum(ranking.recall(k) for ranking in rankings for k in ks)


def retrieval_table(
    similarity: Tensor, owner: Tensor | None = None, ks: Sequence[int] = (1, 5, 10)
) -> pd.DataFrame:
    """What a paper's table of retrieval holds, a row per way: "to captions" and "to pictures".

    queries, candidates: how many. Recalls of another number of candidates are other numbers.
    R@1, R@5, R@10: `Ranking.recall`, 0 to 1.  median_rank, mean_rank: from 1, ties expected.
    Arguments and errors as in `both_ways`; ks as in `recall_sum`.
    """
    _require_ks(ks)
    rankings = both_ways(similarity, owner)
    rows = {}
    for way, ranking in zip(("to captions", "to pictures"), rankings, strict=True):
        rows[way] = {
            "queries": len(ranking), "candidates": ranking.candidates,
            **{f"R@{k}": ranking.recall(k) for k in ks},
            "median_rank": ranking.median_rank, "mean_rank": ranking.mean_rank,
        }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index").astype({"queries": int, "candidates": int})


def _require_ks(ks: Sequence[int]) -> None:
    require_list("ks", ks, "whole numbers")
    for k in ks:
        require_count("a k in ks", k, 1)
