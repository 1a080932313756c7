"""Captioners that guess the person from the thing, and what the Equalizer changes.

python -m coursekit actors
"""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from coursekit.compare.stored_tables import store
from coursekit.compare.tuning import fresh_seeds
from coursekit.data.actor_captions import ActorScenes, draw_actor_scenes
from coursekit.lessons.l12_unimodal_bias.actor_captioners import (
    TRAININGS,
    amplification_of,
    figures_of,
    train_captioners,
)
from coursekit.utils.threads import threads

TRAIN, TEST, SHARE = 3000, 1000, 0.9
Parts = tuple[list[ActorScenes], list[ActorScenes], list[ActorScenes]]


def scenes_of(seeds: range) -> Parts:
    """Scenes per seed that train, nine to one; a balanced test; a test with training's pairing."""
    train = [draw_actor_scenes(TRAIN, seed, "train", SHARE) for seed in seeds]
    balanced = [draw_actor_scenes(TEST, seed, "test") for seed in seeds]
    paired = [draw_actor_scenes(TEST, seed, "test", SHARE) for seed in seeds]
    return train, balanced, paired


def rows_of(name: str, seeds: range, parts: Parts) -> list[dict[str, object]]:
    """A row per seed: one training and all its figures, 4 digits."""
    train, balanced, paired = parts
    networks = train_captioners(train, seeds, TRAININGS[name])
    rows: list[dict[str, object]] = []
    pairs = zip(seeds, figures_of(networks, balanced), amplification_of(networks, train, paired),
                strict=True)  # fmt: skip
    for seed, figures, amplified in pairs:
        every = {**figures, "amplification": amplified}
        rounded = {key: round(value, 4) for key, value in every.items()}
        rows.append({"training": name, "seed": seed, **rounded})
    return rows


def actors(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 8,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/actors.csv"),
) -> None:
    """Train captioners of lesson 12 on scenes in which persons and things go together."""
    chosen = fresh_seeds(seeds)
    rows: list[dict[str, object]] = []
    with threads(1):
        parts = scenes_of(chosen)
        for name in TRAININGS:
            rows += rows_of(name, chosen, parts)
            typer.echo(name)
    table = pd.DataFrame(rows)
    means = table.groupby("training", sort=False).mean().drop(columns="seed").round(3)
    store(table, means.to_string(), out)
