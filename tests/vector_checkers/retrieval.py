"""Recall at k and ranks, with honest ties, and as three published codes settle them."""

import math

import torch

from coursekit.analysis.retrieval import both_ways
from coursekit.training.contrastive_losses import cosines

KS = (1, 5, 10)


def recall_case(case):
    """Every table of one similarity matrix (pictures × captions)."""
    similarity, owner = case.tensor("similarity"), case.whole("owner_of_caption")
    if "image_features" in case:
        case.same(
            "similarity", cosines(case.tensor("image_features"), case.tensor("text_features"))
        )
    ways = dict(zip(("image_to_text", "text_to_image"), both_ways(similarity, owner), strict=True))
    rule = case.part("own_rule")
    for way, ranking in ways.items():
        for k in KS:
            row = rule.part(f"{way}_R@{k}")
            row.same("expected", ranking.recall(k))
            for name, bound in zip(("pessimistic", "optimistic"), ranking.bounds(k), strict=True):
                row.same(name, bound)
    order = torch.arange(similarity.shape[1])
    later_wins = ranks(similarity, owner, order), ranks(similarity.T, None, order, owner)
    albef(case.part("albef_percent"), *later_wins)
    if "ncr_percent" in case:
        ncr(case.part("ncr_percent"), *later_wins)
    if "open_clip_fraction" in case:
        lower_wins = ranks(similarity, owner, -order), ranks(similarity.T, None, -order, owner)
        open_clip(case, *lower_wins)


def ranks(scores, owner, order, own=None):
    """Zero-based rank of each row's best own column; of equal scores the larger ``order`` wins."""
    places = []
    for row, values in enumerate(scores):
        key = order[: len(values)]
        ranked = sorted(range(len(values)), key=lambda c: (values[c], key[c]), reverse=True)
        mine = (owner == row) if own is None else torch.arange(len(values)) == own[row]
        places.append(next(rank for rank, column in enumerate(ranked) if mine[column]))
    return torch.tensor(places, dtype=torch.float64)


def percent(places, k):
    """Share of ranks below k, in percent."""
    return 100 * (places < k).double().mean()


def albef(part, pictures, captions):
    """Three recalls per way and their means."""
    means = []
    for prefix, places in (("txt", pictures), ("img", captions)):
        values = [percent(places, k) for k in KS]
        for k, value in zip(KS, values, strict=True):
            part.same(f"{prefix}_r{k}", value)
        means.append(sum(values) / len(values))
        part.same(f"{prefix}_r_mean", means[-1])
    part.same("r_mean", sum(means) / 2)


def summary(places):
    """Recalls, the median's whole part and the mean, ranks from one."""
    middle = torch.quantile(places, 0.5).floor() + 1
    return torch.stack([*(percent(places, k) for k in KS), middle, places.mean() + 1])


def ncr(part, pictures, captions):
    """Recalls, median and mean rank in one list, and the ranks."""
    for way, places in (("image_to_text", pictures), ("text_to_image", captions)):
        part.same(f"{way}_r1_r5_r10_medr_meanr", summary(places))
        part.same(f"{way}_rank_0based", places)


def open_clip(case, pictures, captions):
    """The same as shares."""
    part, numbers = case.part("open_clip_fraction"), case.part("open_clip_ranks_0based")
    for way, places in (("image_to_text", pictures), ("text_to_image", captions)):
        numbers.same(way, places)
        part.same(f"{way}_mean_rank", places.mean() + 1)
        part.same(f"{way}_median_rank", summary(places)[-2])
        for k in KS:
            part.same(f"{way}_R@{k}", percent(places, k) / 100)


def ranks_case(case):
    """Several captions per picture; scores are dot products of what is given."""
    images, captions = case.tensor("images"), case.tensor("captions")
    owner = torch.arange(len(images)).repeat_interleave(case.count("captions_per_image"))
    similarity = images @ captions.T
    rankings = both_ways(similarity, owner)
    names = ("image_to_text", "ranks_zero_based_of_best"), ("text_to_image", "ranks_zero_based")
    for (way, key), ranking in zip(names, rankings, strict=True):
        part = case.part(way)
        part.same(key, ranking.ranks - 1)
        recalls = [100 * ranking.recall(k) for k in KS]
        row = [*recalls, math.floor(ranking.median_rank), ranking.mean_rank]
        part.same("recall_1_5_10_median_mean", torch.tensor(row, dtype=torch.float64))
    metrics = case.part("torchmetrics_image_to_text")
    belongs = torch.arange(len(images))[:, None] == owner
    for k in KS:
        metrics.same(f"hit_at_{k}", rankings[0].recall(k))
        first = torch.zeros_like(belongs).scatter(1, similarity.topk(k, dim=1).indices, True)
        share = ((first & belongs).sum(1) / belongs.sum(1)).float().mean()
        metrics.same(f"fraction_of_relevant_at_{k}", share.double())


def one_to_one_case(case):
    """Ranks of the diagonal, ties lost, won and on average."""
    ranking = both_ways(case.tensor("similarity"))[0]
    case.same("rank_optimistic", ranking.optimistic_ranks - 1)
    case.same("rank_pessimistic", ranking.pessimistic_ranks - 1)
    case.same("rank_expected", ranking.ranks - 1)
    lost, won = ranking.bounds(1)
    case.same("recall_1_optimistic", won)
    case.same("recall_1_pessimistic", lost)


CHECKERS = {
    "recall_at_k.json": {"cases": recall_case},
    "recall_at_k_ranks.json": {
        "cases": ranks_case,
        "one_to_one_closed_form_not_executed": one_to_one_case,
    },
}
