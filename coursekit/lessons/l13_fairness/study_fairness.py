"""What a dependence in the training data does, and what each cure does to it."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import pandas as pd
import typer

from coursekit.analysis.fresh_probes import SIZES
from coursekit.analysis.intervals import summarise
from coursekit.compare.stored_tables import store
from coursekit.compare.tuning import fresh_seeds, run_all
from coursekit.lessons.l13_fairness.role_data import CLEAN, NOISY, Setting, role_data
from coursekit.lessons.l13_fairness.role_figures import changed_by_swap, figures, probed
from coursekit.lessons.l13_fairness.role_training import PLAIN, Cure, train
from coursekit.utils.threads import threads

CURES: Mapping[str, Cure] = MappingProxyType(
    {
        "plain": PLAIN,
        "sampling": Cure(sampling=True),
        "reweighing": Cure(reweighing=True),
        "adversary .3": Cure(adversary=0.3),
        "adversary 1": Cure(adversary=1.0),
        "adversary 3": Cure(adversary=3.0),
        "reweighing, adversary 1": Cure(reweighing=True, adversary=1.0),
        "projected .1": Cure(projection=0.1),
        "projected 1": Cure(projection=1.0),
    }
)
CONTROLS: Mapping[str, Cure] = MappingProxyType(
    {
        f"{name}, shuffled": replace(CURES[name], shuffled=True)
        for name in ("sampling", "reweighing", "adversary 1", "projected .1")
    }
)
PRONOUN = replace(NOISY, words="he or she")
# What is read, and how often the words also name the role.
TEXTS: Mapping[str, Setting] = MappingProxyType(
    {
        "they": replace(NOISY, words="they"),
        "he or she": PRONOUN,
        "they, role in half": replace(NOISY, words="they", named=0.5),
        "he or she, role in half": replace(PRONOUN, named=0.5),
        "words alone: he or she": replace(PRONOUN, pictures=False),
        "words alone: they, role in half": replace(NOISY, words="they", named=0.5, pictures=False),
        "words alone: he or she, role in half": replace(PRONOUN, named=0.5, pictures=False),
    }
)
WITH_CURES = ("he or she", "he or she, role in half")


def plan() -> list[tuple[str, Setting, str, Cure]]:
    """What is read, its setting, the cure's name, the cure."""
    cases = [("noisy pictures", NOISY, n, c) for n, c in {**CURES, **CONTROLS}.items()]
    cases += [("clean pictures", CLEAN, n, c) for n, c in CURES.items()]
    for read, setting in TEXTS.items():
        names = ("plain", "sampling", "adversary 1") if read in WITH_CURES else ("plain",)
        cases += [(read, setting, name, CURES[name]) for name in names]
    return cases


def rows_of(read: str, setting: Setting, name: str, cure: Cure, seeds: int) -> pd.DataFrame:
    """One training of all seeds at once: a row per seed (4 digits).

    input …: the same fresh probes on what the network reads.  swapped: share of answers that change
    with the pronoun, empty where there is none.  seconds: of processor time for training, all seeds
    together.
    """
    with threads(1):
        data = role_data(setting, list(fresh_seeds(seeds)))
        begun = time.process_time()
        trained = train(data, cure)
        seconds = time.process_time() - begun
        rows = figures(data, trained, SIZES)
        if name == "plain":
            seen = probed(data, data.audit.inputs, data.test.inputs, SIZES)
            rows = pd.concat([rows, seen.add_prefix("input ")], axis=1)
        if "he or she" in read:
            rows["swapped"] = changed_by_swap(data, trained)
    rows.insert(0, "read", read)
    rows.insert(1, "cure", name)
    rows["seconds"] = round(seconds, 1)
    return rows.round(4)


def fairness(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 8,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/fairness.csv"),
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 1,
) -> None:
    """Measure gap, accuracy and leakage of plain training and of every cure."""
    work = [(*case, seeds) for case in plan()]
    table = pd.concat(run_all(rows_of, work, jobs, "fairness"), ignore_index=True)
    summary = pd.concat(
        [
            summarise(table, ["read", "cure"], column).set_index(["read", "cure"])["mean"]
            for column in ("accuracy", "gap", "probe", "adversary")
        ],
        axis=1, keys=("accuracy", "gap", "probe", "adversary"),
    )  # fmt: skip
    store(table, summary.round(3).to_string(), out)
