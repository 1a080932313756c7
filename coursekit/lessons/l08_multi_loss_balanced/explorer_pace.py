"""The pace explorer: MLB's curve k(r) and the batches of a real run on it; nothing is trained."""

from collections.abc import Generator
from dataclasses import replace
from functools import lru_cache

import pandas as pd

from coursekit.course.widgets.controls import Choice, Control, Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.data.preset_recipes import load_preset, preset
from coursekit.lessons.l08_multi_loss_balanced.explorer_pace_view import Paced, PaceView
from coursekit.lessons.l08_multi_loss_balanced.pace import paces, run_scores
from coursekit.training import Settings

DATA = ("starve", "imbalance", "overfit", "balanced")
EPOCHS = 20


@lru_cache(maxsize=len(DATA))
def scores_of(name: str) -> pd.DataFrame:
    """Scores of one multi-loss run, trained when they are first asked for."""
    settings = replace(Settings(**preset(name).training), epochs=EPOCHS)
    return run_scores(load_preset(name, seed=0), settings, alpha=0.0, seed=0)


@lru_cache(maxsize=1)
def paces_of(data: str, alpha: float, beta_max: float) -> pd.DataFrame:
    """The run's scores with what this curve makes of them; the knob of epochs changes neither."""
    return paces(scores_of(data), alpha, beta_max)


def place(data: str, epoch: float, alpha: float, beta_max: float) -> Generator[None, None, Paced]:
    """The chosen curve, applied to the scores of the run on ``data``."""
    yield
    return Paced(paces_of(data, alpha, beta_max), int(epoch), alpha, beta_max)


@put_off()
def pace_explorer() -> Explorer:
    """Lesson 08: who is braked, who is sped up, and when does it end?"""
    knobs: dict[str, Control] = {
        "alpha": Slider("α: how sharply", 0.2, 4.0, 0.1, 2.0),
        "beta_max": Slider("β_max: the largest k", 1.0, 10.0, 0.5, 8.0),
        "data": Choice("data", DATA, "starve"),
        "epoch": Slider("epoch", 1, EPOCHS, 1, 4),
    }
    return Explorer(
        key="pace",
        title="MLB: how fast may each modality move?",
        question=(
            "In which epoch of “starve” is the slow encoder A sped up most, and what does "
            "“brake only” leave of it? Then take “overfit”: which modality does MLB hurry there, "
            "and is that a good idea?"
        ),
        controls=knobs,
        compute=place,
        make_view=PaceView,
        presets={
            "defaults": {"alpha": 2.0, "beta_max": 8.0},
            "released runs": {"alpha": 0.8, "beta_max": 2.0},
            "brake only": {"beta_max": 1.0},
            "tenfold": {"beta_max": 10.0},
        },
        busy="training once …",
    )
