"""ECE with its bins, and the projection of EMAP."""

from itertools import pairwise

import torch

from coursekit.analysis.calibration import ece, reliability
from coursekit.analysis.emap import emap, project

TORCHMETRICS = ("torchmetrics_l1_from_probs", "torchmetrics_l1_from_logits", "torchmetrics_max")


def ece_case(case):
    """Right-closed bins from the package; the libraries' own float32 sums written out here."""
    probs, labels, count = case.tensor("probs"), case.whole("labels"), case.count("n_bins")
    from_logits = probs
    if "logits" in case:
        from_logits = case.tensor("logits").softmax(1)
        case.same("probs", from_logits)
    case.same("ece_right_closed", ece(probs, labels, count))
    if "gpleiss" in case:
        case.same("gpleiss", right_closed_in_float32(from_logits, labels, count))
    sums = (
        left_closed_in_float32(probs, labels, count)[0],
        left_closed_in_float32(from_logits, labels, count)[0],
        left_closed_in_float32(probs, labels, count)[1],
    )
    for key, value in zip(TORCHMETRICS, sums, strict=True):
        if key in case:
            case.same(key, value.double())
    bins = reliability(probs, labels, count)
    rows = case.parts("bins")
    if len(rows) != count:
        case.refuse(f"bins has {len(rows)} entries; {count} were expected.")
    for number, row in enumerate(rows):
        row.same("lo", bins.low[number])
        row.same("hi", bins.high[number])
        row.same("count", bins.total[number])
        row.same("conf", bins.confidence[number])
        row.same("acc", bins.accuracy[number])


def right_closed_in_float32(probs, labels, count):
    """ECE with bins (lo, hi], as code that averages hits and shares of bins in float32 sums it."""
    confidence, chosen = probs.max(1)
    right = chosen == labels
    edges = torch.linspace(0, 1, count + 1, dtype=torch.float64)
    total = torch.zeros((), dtype=torch.float64)
    for low, high in pairwise(edges):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            gap = (confidence[inside].mean() - right[inside].float().mean()).abs()
            total = total + gap * inside.float().mean()
    return total


def left_closed_in_float32(probs, labels, count):
    """ECE and largest gap with bins [lo, hi), all in float32."""
    confidence, chosen = probs.max(1)
    confidence, right = confidence.float(), (chosen == labels).float()
    edges = torch.linspace(0, 1, count + 1, dtype=torch.float32)
    place = torch.bucketize(confidence, edges, right=True) - 1  # a confidence of 1 has its own bin
    empty = torch.zeros(count + 1)
    number = empty.index_add(0, place, torch.ones_like(confidence))
    sure = (empty.index_add(0, place, confidence) / number).nan_to_num()
    hits = (empty.index_add(0, place, right) / number).nan_to_num()
    gap = (hits - sure).abs()
    return (gap * (number / number.sum())).sum(), gap.max()


def emap_case(case):
    """The projection of a grid, once by itself and once of a model that looks its cells up."""
    grid = case.tensor("logits_grid")
    axes, n = grid.ndim - 1, len(grid)
    case.same("projected", project(grid))
    names = [f"m{m}" for m in range(axes)]
    if axes > 1:
        rows = torch.arange(n, dtype=torch.float64)[:, None]

        def looked_up(inputs):
            """The cells of the grid that the inputs number."""
            return grid[tuple(inputs[m][:, 0].long() for m in names)]

        case.same("projected", emap(looked_up, dict.fromkeys(names, rows)))
    case.same("original_diag", grid[(torch.arange(n),) * axes])


CHECKERS = {"ece.json": {"cases": ece_case}, "emap.json": {"cases": emap_case}}
