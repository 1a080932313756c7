"""What the knobs of contrastive training do: negatives, temperature and rate, artists, changes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from coursekit.analysis.intervals import summarise
from coursekit.analysis.modality_gap import cone, modality_gap
from coursekit.compare.stored_tables import store
from coursekit.compare.tuning import fresh_seeds, run_all
from coursekit.data.emoji import ARTISTS
from coursekit.data.multimodal import Split
from coursekit.lessons.l09_contrastive_alignment.emoji_training import (
    EPOCHS,
    RATE,
    emoji,
    joined,
    places,
    retrieval,
    settings_for,
    train_on,
)
from coursekit.models import MultimodalClassifier
from coursekit.utils.threads import threads

KNOBS = ("negatives", "temperature", "artists", "changes")
NEGATIVES = (1, 7, 31, 127)
INVERSE_TEMPERATURES = (1, 5, 14, 50, 100)
SLOW = 5e-4  # a sixth of the lesson's rate
SHORT = 10  # epochs where a knob is turned
NONE: Mapping[str, float] = {"shift": 0, "brightness": 0.0, "word_dropout": 0.0}


def both_artists(name: str) -> Split:
    """A split of both artists' pictures, each picture with its text."""
    one, other = (emoji(artist).split(name) for artist in ARTISTS)
    return joined(one, other)


def trial(knob: str, value: float, rate: float, seed: int) -> MultimodalClassifier:
    """The model of one setting of one knob.

    value: how many negatives; 1/τ; how many artists draw; whether pairs are changed, 0 or 1.
    """
    data = emoji()
    train, valid = data.train, data.valid
    count, own = SHORT, dict[str, Any]()
    if knob == "negatives":
        own = {"negatives": int(value)}
    elif knob == "temperature":
        own = {"temperature": 1 / value}
    elif knob == "changes":
        count, own = EPOCHS, {} if value else dict(NONE)
    else:  # twice the pictures for half as long: as many steps
        count = EPOCHS // int(value)
        train = both_artists("train") if value == 2 else train
    with threads(1):
        return train_on(train, valid, seed, settings_for(count, rate), **own)


def rows_of(knob: str, value: float, rate: float, seed: int) -> list[dict[str, object]]:
    """Recall on the test split of each artist, and where both modalities lie (4 digits)."""
    model = trial(knob, value, rate, seed)
    rows = []
    for artist in ARTISTS:
        test = emoji(artist).test
        lie, result = places(model, **test.inputs), retrieval(model, test)
        picture, text = lie["picture"], lie["text"]
        figures = {f"R@{k}": result.recall(k) for k in (1, 5, 10)} | {
            "gap": float(modality_gap(picture, text).norm()),
            "cone of pictures": float(cone(picture)),
            "cone of texts": float(cone(text)),
        }
        head = {"knob": knob, "value": value, "rate": rate, "seed": seed, "artist": artist}
        rows.append({**head, "pool": result.pool, **{k: round(v, 4) for k, v in figures.items()}})
    return rows


def plan(seeds: int) -> list[tuple[str, float, float, int]]:
    """Every setting of every knob, over seeds on which nothing was chosen."""
    settings = [("negatives", float(n), RATE) for n in NEGATIVES]
    settings += [("temperature", float(t), r) for r in (RATE, SLOW) for t in INVERSE_TEMPERATURES]
    settings += [("artists", 1.0, RATE), ("artists", 2.0, RATE)]
    settings += [("changes", 0.0, RATE)]
    return [(*one, seed) for one in settings for seed in fresh_seeds(seeds)]


def alignment_study(seeds: int, jobs: int = 2) -> pd.DataFrame:
    """`rows_of` for everything in `plan`."""
    parts = run_all(rows_of, plan(seeds), jobs, "knobs of alignment")
    return pd.DataFrame([row for part in parts for row in part])


def alignment(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 5,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/alignment.csv"),
) -> None:
    """Align emoji and texts with other negatives, temperatures, artists and changes."""
    table = alignment_study(seeds)
    summary = summarise(table, ["knob", "value", "rate", "artist"], "R@10").round(3)
    store(table, summary.to_string(index=False), out)
