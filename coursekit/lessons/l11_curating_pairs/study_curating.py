"""Every way to deal with wrong captions, over seeds: what it recovers, whom it drops."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import pandas as pd
import torch
import typer
from sklearn.metrics import roc_auc_score
from torch import Tensor

from coursekit.analysis.intervals import summarise
from coursekit.compare.stored_tables import store
from coursekit.compare.tuning import fresh_seeds, run_all
from coursekit.lessons.l11_curating_pairs.arms import Opinion, arms_for
from coursekit.lessons.l11_curating_pairs.noisy_emoji import NoisyPairs, noisy_pairs, user_pairs
from coursekit.lessons.l11_curating_pairs.pair_training import Pairs, recalls, train
from coursekit.lessons.l11_curating_pairs.scorers import SCORERS, second_opinion
from coursekit.utils.threads import threads

MAIN = (
    *("as they are", "cut, truth", "all right", "cut, reference", "cut, own, late"),
    *("cut, own, early", "cut, cross-fitted", "cut, random", "weights"),
    *("check 20%, random", "check 20%, lowest"),
)
USERS = "users' words"


@dataclass(frozen=True)
class Noise:
    """What is wrong with the captions.

    pairs: those of a seed.  share: of the open pairs that a cut keeps, what the truth would keep
    where that is known.  arms: those to try; None for all.
    """

    pairs: Callable[[int], NoisyPairs]
    share: float
    arms: tuple[str, ...] | None = None


NOISES: Mapping[str, Noise] = MappingProxyType(
    {
        "40% exchanged": Noise(partial(noisy_pairs, share=0.4), 0.6),
        "20% exchanged": Noise(partial(noisy_pairs, share=0.2), 0.8, MAIN),
        USERS: Noise(user_pairs, 0.8, MAIN),
    }
)


def opinions_of(
    bench: Sequence[NoisyPairs], seeds: Sequence[int], share: float
) -> tuple[list[Opinion], dict[str, Tensor]]:
    """What all scorers say of the pairs of every seed; scores by name, (K, N).

    share: of the open pairs that is to be kept.
    """
    second = second_opinion(bench, seeds)
    scores = {
        name: second.probability if name == "two networks" else scorer(bench, seeds)
        for name, scorer in SCORERS.items()
    }
    opinions = [
        Opinion(
            {name: each[k] for name, each in scores.items()},
            second.label[k],
            share,
            torch.Generator().manual_seed(seed),
        )
        for k, seed in enumerate(seeds)
    ]
    return opinions, scores


def auc(pairs: NoisyPairs, scores: Tensor) -> float:
    """How probably a right open pair has a higher score than a wrong one, ties half."""
    rows = ~pairs.known
    return float(roc_auc_score(~pairs.wrong[rows], scores[rows]))


def truth_about(pairs: NoisyPairs, part: Pairs) -> dict[str, float]:
    """Of the open pairs: share of the wrong ones that are gone or corrected, of the right kept."""
    as_they_were = torch.zeros(len(pairs), dtype=torch.bool)
    same = (part.captions == pairs.captions[part.rows]).all(1)
    as_they_were[part.rows[same]] = True
    rows = ~pairs.known
    return {
        "caught": round(float((~as_they_were)[rows & pairs.wrong].double().mean()), 4),
        "right kept": round(float(as_they_were[rows & ~pairs.wrong].double().mean()), 4),
    }


def rows_of(name: str, count: int) -> list[dict]:
    """All arms of one kind of noise over ``count`` seeds, side by side; a row per training."""
    seeds = list(fresh_seeds(count))
    noise = NOISES[name]
    with threads(1):
        bench = [noise.pairs(seed) for seed in seeds]
        opinions, scores = opinions_of(bench, seeds, noise.share)
        arms = arms_for(noise.share)
        rows: list[dict] = []
        for arm in noise.arms or arms:
            begun = time.process_time()
            parts = [arms[arm].make(p, o) for p, o in zip(bench, opinions, strict=True)]
            networks = train(parts, seeds, **arms[arm].settings)
            first, tenth = (recalls(networks, bench, k) for k in (1, 10))
            seconds = (time.process_time() - begun) / len(seeds)
            for k, seed in enumerate(seeds):
                rows.append(
                    {
                        "noise": name,
                        "arm": arm,
                        "seed": seed,
                        "pairs": len(parts[k]),
                        **truth_about(bench[k], parts[k]),
                        "R@1": round(first[k], 4),
                        "R@10": round(tenth[k], 4),
                        "AUC": round(auc(bench[k], _score_behind(arm, scores)[k]), 4),
                        "seconds": round(seconds, 2),
                    }
                )
    return rows


def _score_behind(arm: str, scores: Mapping[str, Tensor]) -> Tensor:
    """The scores by which an arm decides; those of chance where it does not."""
    for name, each in scores.items():
        if arm == f"cut, {name}":
            return each
    by_cross_fit = ("weights", "templates", "nearest", "check", "order")
    return scores["cross-fitted" if arm.startswith(by_cross_fit) else "random"]


def curating(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 8,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/curating.csv"),
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 2,
) -> None:
    """Filters, weights, new captions, checks and orders of training against wrong captions."""
    plan = [(noise, seeds) for noise in NOISES]
    table = pd.DataFrame(row for rows in run_all(rows_of, plan, jobs, "curating") for row in rows)
    summary = summarise(table, ["noise", "arm"], "R@10").round(3).to_string(index=False)
    store(table, summary, out)
