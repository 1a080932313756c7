"""Every state of the explorer, trained beforehand: dependence, noise, words, cure and strength."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import pandas as pd
import typer

from coursekit.analysis.intervals import summarise
from coursekit.compare.stored_tables import store
from coursekit.compare.tuning import fresh_seeds, run_all
from coursekit.lessons.l13_fairness.role_data import NOISY, WORDS, role_data
from coursekit.lessons.l13_fairness.role_figures import figures
from coursekit.lessons.l13_fairness.role_training import PLAIN, Cure, train
from coursekit.utils.threads import threads

SHARES = (0.5, 0.6, 0.7, 0.8, 0.9)
NOISES = (0.0, 0.6, 1.25)
STRENGTHS = (0.1, 0.3, 1.0, 3.0)
CURES: Mapping[str, Cure] = MappingProxyType(
    {
        "none": PLAIN,
        "balanced sampling": Cure(sampling=True),
        "reweighing": Cure(reweighing=True),
        "adversary": Cure(adversary=1.0),
        "reweighing and adversary": Cure(reweighing=True, adversary=1.0),
    }
)
COLUMNS = ("seed", "accuracy", "typical", "counter", "men", "women", "gap", "probe", "adversary")


def strengths_of(cure: Cure) -> tuple[float, ...]:
    """Strengths of the adversary that are trained; 0 where the cure has none."""
    return STRENGTHS if cure.adversary else (0.0,)


def rows_of(share: float, noise: float, words: str, seeds: int) -> pd.DataFrame:
    """All cures on the same data: a row per cure, strength and seed (3 digits)."""
    parts = []
    with threads(1):
        setting = replace(NOISY, share=share, noise=noise, words=words)
        data = role_data(setting, list(fresh_seeds(seeds)))
        for name, cure in CURES.items():
            for strength in strengths_of(cure):
                trained = train(data, replace(cure, adversary=strength))
                rows = figures(data, trained)[list(COLUMNS)]
                parts.append(
                    rows.assign(share=share, noise=noise, words=words, cure=name, strength=strength)
                )
    table = pd.concat(parts, ignore_index=True)
    return table[["share", "noise", "words", "cure", "strength", *COLUMNS]].round(3)


def grid(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 8,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/fairness_grid.csv"),
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 1,
) -> None:
    """Train every state that the explorer of lesson 13 shows."""
    work = [(*case, seeds) for case in product(SHARES, NOISES, WORDS)]
    table = pd.concat(run_all(rows_of, work, jobs, "fairness grid"), ignore_index=True)
    by = ["share", "noise", "words", "cure", "strength"]
    store(table, summarise(table, by, "gap").round(3).to_string(index=False), out)
