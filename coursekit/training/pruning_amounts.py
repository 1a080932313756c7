"""How much to prune in each part: what each amount costs on validation, and the cheapest choice."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product

import pandas as pd
import torch
from torch import Tensor, nn

from coursekit.training.part_names import belongs
from coursekit.training.pruning import magnitudes, part_masks, weights_of
from coursekit.training.pruning_masks import apply_masks
from coursekit.utils.checks import (
    require,
    require_callable,
    require_columns,
    require_count,
    require_finite,
    require_instance,
    require_list,
    require_share,
)

MOST_CHOICES = 1_000_000  # combinations that are all looked at


def costs_of_pruning(
    model: nn.Module, parts: Sequence[str], shares: Sequence[float], score: Callable[[], float]
) -> pd.DataFrame:
    """One row per part and share: part, share, removed (weights), lost (of the score).

    Only that part is pruned, by magnitude in one ranking, and the model is then as it was before.
    parts: names of modules, the encoders of modalities say.  shares: in [0, 1].  score: of nothing;
    what the model is worth on the validation split as it is now, the higher the better.
    Errors: ValueError for a part without weights or that comes twice, no share, a score of NaN.
    """
    require_list("parts", parts, "names")
    require_list("shares", shares, "numbers")
    require_callable("score", score)
    for share in shares:
        require_share("a number in shares", share)
    by_part = _weights_by_part(model, parts)
    rows, whole = [], _worth(score)
    for part, weights in by_part.items():
        for share in sorted(set(shares)):
            masks = part_masks(magnitudes(weights), {part: share})
            with _restored(weights.values()):
                apply_masks(model, masks)
                lost = whole - _worth(score)
            removed = sum(int((~mask).sum()) for mask in masks.values())
            rows.append((part, share, removed, lost))
    return pd.DataFrame(rows, columns=["part", "share", "removed", "lost"])


def cheapest_shares(costs: pd.DataFrame, removed: int) -> dict[str, float]:
    """The share by part with which at least ``removed`` weights go and the least is lost in all.

    costs: of `costs_of_pruning`. A part may also stay whole, which removes and loses nothing. What
    parts lose is added up, as if they did not meet in a fusion; of equal sums the one that removes
    less. The rows that have chosen cannot also say how good the choice is: take others for that.
    Errors: ValueError where all parts together have fewer, or there are too many combinations.
    Source: ours; all combinations are looked at.
    """
    require_columns("costs", costs, ("part", "share", "removed", "lost"))
    require_count("removed", removed, 0)
    require(len(costs) > 0, "costs is empty; rows of costs_of_pruning were expected.")
    columns = costs[["share", "removed", "lost"]].to_numpy(float)
    require(bool(torch.from_numpy(columns).isfinite().all()), "costs holds NaN or infinite values.")
    steps = {
        part: [(0.0, 0, 0.0), *zip(rows["share"], rows["removed"], rows["lost"], strict=True)]
        for part, rows in costs.groupby("part", sort=False)
    }
    number = math.prod(len(rows) for rows in steps.values())
    few = f"costs has {number} combinations; {MOST_CHOICES} or fewer were expected."
    require(number <= MOST_CHOICES, few)
    best = None
    for choice in product(*steps.values()):
        gone = sum(row[1] for row in choice)
        key = (round(sum(row[2] for row in choice), 12), gone)  # sums of equal losses are equal
        if gone >= removed and (best is None or key < best[0]):
            best = key, choice
    most = sum(max(row[1] for row in rows) for rows in steps.values())
    if best is None:
        raise ValueError(f"removed is {removed}; the parts in costs have {most} at most.")
    return {str(part): float(row[0]) for part, row in zip(steps, best[1], strict=True)}


def _weights_by_part(model: nn.Module, parts: Sequence[str]) -> dict[str, dict[str, Tensor]]:
    """The weights of each part; none of them in two."""
    every = weights_of(model)
    by_part: dict[str, dict[str, Tensor]] = {}
    for part in parts:
        require_instance("a name in parts", part, str)
        weights = {name: w for name, w in every.items() if belongs(name, part)}
        require(len(weights) > 0, f"parts has {part!r}, where no weight is; {list(every)} are.")
        twice = sorted(name for other in by_part.values() for name in other if name in weights)
        require(not twice, f"parts has {twice} twice; parts that share nothing were expected.")
        by_part[part] = weights
    return by_part


@contextmanager
def _restored(weights: Iterable[Tensor]) -> Iterator[None]:
    """Afterwards the weights are what they were before."""
    before = [(w, w.detach().clone()) for w in weights]
    try:
        yield
    finally:
        with torch.no_grad():
            for w, values in before:
                w.copy_(values)


def _worth(score: Callable[[], float]) -> float:
    value = score()
    require_finite("what score returns", value)
    return float(value)
