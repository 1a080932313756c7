"""The explorer of cuts: how many captions are wrong, who scores the pairs, how many stay."""

from collections.abc import Generator
from functools import cache, lru_cache

import numpy as np

from coursekit.course.widgets.controls import Choice, Control, Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.data.files import DataFileError
from coursekit.lessons.l11_curating_pairs.cut_results import (
    CURVE,
    dropped_by_score,
    kept_by_score,
    survivors,
)
from coursekit.lessons.l11_curating_pairs.explorer_view import Cut, CutView
from coursekit.lessons.l11_curating_pairs.scorers import SCORERS
from coursekit.lessons.l11_curating_pairs.study_grid import (
    NOISES,
    SHARES,
    stored_grid,
    stored_scores,
)

LEVELS = tuple(f"{noise} %" for noise in NOISES)


@lru_cache(maxsize=len(NOISES) * len(SCORERS))
def curve_of(noise: int, scorer: str) -> np.ndarray:
    """Share of wrong pairs dropped by share of right ones, mean over seeds, (101,)."""
    stored = stored_scores(noise)
    pairs = zip(stored.scores[scorer], stored.wrong, strict=True)
    return np.mean([dropped_by_score(one, wrong) for one, wrong in pairs], axis=0)


@cache
def recalls_of(noise: int, scorer: str, kept: int) -> np.ndarray:
    """Recall@10 by seed of one row of the stored table."""
    table = stored_grid()
    rows = table[(table["noise"] == noise) & (table["scorer"] == scorer) & (table["kept"] == kept)]
    return rows.sort_values("seed")["R@10"].to_numpy()


def cut_at(noise: str, scorer: str, kept: float) -> Generator[Cut, None, Cut]:
    """What a cut finds, recovers and drops; where a file cannot be read, the reason instead."""
    yield Cut(sorry="Opening the stored results …")
    level, percent = NOISES[LEVELS.index(noise)], int(kept)
    try:
        stored = stored_scores(level)
        untouched = "as they are", 100
        by_row = {
            "as they are": untouched,
            "this cut": (scorer, percent) if percent < 100 else untouched,
            "cut at random": ("random", percent) if percent < 100 else untouched,
            "cut by the truth": ("truth", 100),
            "all right": ("all right", 100),
        }
        recalls = {name: recalls_of(level, *row) for name, row in by_row.items()}
        curve = curve_of(level, scorer)
    except DataFileError as error:
        return Cut(sorry=str(error))
    stays = kept_by_score(stored.scores[scorer], percent / 100)
    right, wrong = ~stored.wrong, stored.wrong
    return Cut(
        noise=level,
        scorer=scorer,
        kept=percent,
        curve=np.stack([CURVE, curve]),
        dropped_right=float(np.mean((~stays & right).sum(1) / right.sum(1))),
        dropped_wrong=float(np.mean((~stays & wrong).sum(1) / wrong.sum(1))),
        recalls=recalls,
        survivors=survivors(stays, stored.wrong, stored.group, stored.groups),
    )


@put_off()
def curating_explorer() -> Explorer:
    """Lesson 11: what does a filter find, what does it win back, whom does it drop?"""
    scorers = tuple(SCORERS)
    knobs: dict[str, Control] = {
        "noise": Choice("captions exchanged", LEVELS, LEVELS[1]),
        "scorer": Choice("scored by", scorers, scorers[2]),
        "kept": Slider("open pairs kept, %", SHARES[0], 100, 10, 60),
    }
    return Explorer(
        key="curating",
        title="What does a filter throw away?",
        question=(
            "With 40 % exchanged: at which share kept does each scorer recover most, and is it the "
            "share of right pairs, 60 %? With 20 %: is there a cut that beats doing nothing, and "
            "by how much does it beat the random one? Who searches many settings on the same six "
            "seeds finds one that helps by luck: how many do you see? Which group loses the "
            "largest share of its right pairs, and does another scorer spare it?"
        ),
        controls=knobs,
        compute=cut_at,
        make_view=CutView,
        presets={
            "own model, late": {"noise": "40 %", "scorer": "own, late", "kept": 60},
            "own model, early": {"noise": "40 %", "scorer": "own, early", "kept": 60},
            "a gentle cut": {"noise": "40 %", "scorer": "own, early", "kept": 80},
            "few wrong": {"noise": "20 %", "scorer": "cross-fitted", "kept": 80},
            "the control": {"noise": "40 %", "scorer": "random", "kept": 60},
        },
        busy="reading …",
    )
