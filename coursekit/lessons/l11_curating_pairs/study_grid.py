"""Every share kept by every scorer at three shares of wrong captions: what the explorer shows."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import torch
import typer

from coursekit.analysis.intervals import summarise
from coursekit.compare.stored_tables import store
from coursekit.compare.tuning import fresh_seeds, run_all
from coursekit.data.files import open_checked
from coursekit.lessons.l11_curating_pairs.arms import kept_rows, with_captions
from coursekit.lessons.l11_curating_pairs.noisy_emoji import NoisyPairs, noisy_pairs
from coursekit.lessons.l11_curating_pairs.pair_training import Pairs, recalls, train
from coursekit.lessons.l11_curating_pairs.scorers import SCORERS, everything, only
from coursekit.utils.checks import choose
from coursekit.utils.threads import threads

TABLE, SCORES = "curating_grid.csv", "curating_scores.npz"
NOISES = (20, 40, 60)  # percent of the open captions that are exchanged
SHARES = tuple(range(20, 100, 10))  # percent of the open pairs that are kept
BOUNDS = ("as they are", "truth", "all right")  # the rows without a share


@dataclass(frozen=True)
class ScoredPairs:
    """Scores of the open pairs of one noise share, by scorer, (seeds, N) float64 each.

    wrong: (seeds, N) bool.  group: (seeds, N), a place in ``groups``.
    """

    scores: dict[str, np.ndarray]
    wrong: np.ndarray
    group: np.ndarray
    groups: tuple[str, ...]


def row_parts(bench: list[NoisyPairs], scores: dict[str, torch.Tensor]
              ) -> dict[tuple[str, int], list[Pairs]]:  # fmt: skip
    """What each row trains on, by scorer and percent kept, a list by seed."""
    parts = {
        ("as they are", 100): [everything(p) for p in bench],
        ("truth", 100): [only(p, ~p.wrong) for p in bench],
        ("all right", 100): [with_captions(p, p.wrong, p.true_captions) for p in bench],
    }
    for name, each in scores.items():
        for percent in SHARES:
            parts[name, percent] = [
                only(p, kept_rows(p, s, percent / 100)) for p, s in zip(bench, each, strict=True)
            ]
    return parts


def grid_of(noise: int, count: int) -> tuple[list[dict], dict[str, np.ndarray]]:
    """Rows of one share of wrong captions, and the scores of its open pairs."""
    seeds = list(fresh_seeds(count))
    with threads(1):
        bench = [noisy_pairs(seed, noise / 100) for seed in seeds]
        # As they are stored: what is cut by them is cut by what the explorer reads.
        scores = {name: scorer(bench, seeds).half().float() for name, scorer in SCORERS.items()}
        rows = []
        for (name, percent), parts in row_parts(bench, scores).items():
            networks = train(parts, seeds)
            for seed, recall in zip(seeds, recalls(networks, bench), strict=True):
                rows.append({"noise": noise, "scorer": name, "kept": percent, "seed": seed,
                             "R@10": round(recall, 4)})  # fmt: skip
    still_open = [~p.known for p in bench]
    groups = sorted({str(g) for p in bench for g in p.groups})
    arrays = {
        f"{noise}/{name}": np.stack(
            [s[rows_].numpy() for s, rows_ in zip(each, still_open, strict=True)]
        ).astype(np.float16)
        for name, each in scores.items()
    }
    arrays[f"{noise}/wrong"] = np.stack(
        [p.wrong[rows_].numpy() for p, rows_ in zip(bench, still_open, strict=True)]
    )
    arrays[f"{noise}/group"] = np.stack(
        [
            np.array([groups.index(str(g)) for g in p.groups[rows_.numpy()]], dtype=np.uint8)
            for p, rows_ in zip(bench, still_open, strict=True)
        ]
    )
    arrays["groups"] = np.array(groups)
    return rows, arrays


@lru_cache(maxsize=len(NOISES))
def stored_scores(noise: int) -> ScoredPairs:
    """The scores of one share of wrong captions, one of `NOISES`.

    Errors: ValueError for another; DataFileError for a missing or damaged file.
    """
    choose("noise", str(noise), map(str, NOISES))
    with np.load(open_checked(SCORES)) as arrays:
        scores = {name: arrays[f"{noise}/{name}"].astype(float) for name in SCORERS}
        wrong, group = arrays[f"{noise}/wrong"], arrays[f"{noise}/group"]
        groups = tuple(str(name) for name in arrays["groups"])
    return ScoredPairs(scores, wrong, group, groups)


@lru_cache(maxsize=1)
def stored_grid() -> pd.DataFrame:
    """The table of recalls; errors as `stored_scores`."""
    return pd.read_csv(open_checked(TABLE))


def grid(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 6,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path(f"data/{TABLE}"),
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 2,
) -> None:
    """Recall for every scorer and share kept, and the scores, for the explorer of lesson 11."""
    parts = run_all(grid_of, [(noise, seeds) for noise in NOISES], jobs, "grid")
    table = pd.DataFrame(row for rows, _ in parts for row in rows)
    arrays = {key: value for _, some in parts for key, value in some.items()}
    np.savez_compressed(out.with_name(SCORES), **arrays)  # type: ignore[arg-type]
    summary = summarise(table, ["noise", "scorer", "kept"], "R@10").round(3)
    store(table, summary.to_string(index=False), out)
