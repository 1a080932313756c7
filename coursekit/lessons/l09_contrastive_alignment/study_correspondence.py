"""What unlabelled pairs of picture and sound are worth, on synthesised and on recorded voices."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from coursekit.analysis.intervals import summarise
from coursekit.compare.stored_tables import store
from coursekit.compare.tuning import run_all
from coursekit.lessons.l09_contrastive_alignment.without_labels import by_labels, pairs_of
from coursekit.utils.stepwise import drive
from coursekit.utils.threads import threads

SPEECH = ("synth", "fsdd")


def rows_of(speech: str, seed: int) -> pd.DataFrame:
    """`by_labels` of one group of speakers."""
    with threads(1):
        return drive(by_labels(pairs_of(seed, speech), seed)).assign(speech=speech)


def correspondence(
    seeds: Annotated[int, typer.Option(min=2, max=6, help="groups of speakers")] = 6,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/correspondence.csv"),
) -> None:
    """Learn from pictures and sounds that occur together, and count what labels add."""
    plan = [(speech, seed) for speech in SPEECH for seed in range(seeds)]
    table = pd.concat(run_all(rows_of, plan, 2, "pictures and sounds"), ignore_index=True)
    by = ["speech", "features", "modality", "labels"]
    store(table, summarise(table, by, "accuracy").round(3).to_string(index=False), out)
