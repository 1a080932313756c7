"""The explorer of lesson 15: how often each face of a die shows."""

import numpy as np

from coursekit.course.widgets.controls import Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.lessons.l15_evaluation.explorer_view import FACES, DiceView


def throw(n: int, seed: int) -> np.ndarray:
    """Share of each face, (6,), in ``n`` throws of a fair die."""
    faces = np.random.default_rng(int(seed)).integers(0, FACES, int(n))
    return np.bincount(faces, minlength=FACES) / int(n)


@put_off()
def dice() -> Explorer:
    """Lesson 15: when is it even?"""
    return Explorer(
        key="dice15",
        title="Throw dice",
        question="TODO(author): what to try with the knobs, and what to look at meanwhile.",
        controls={
            "n": Slider("throws", 1, 200, 1, 60),
            "seed": Slider("seed", 0, 99, 1, 0),
        },
        compute=throw,
        make_view=DiceView,
        presets={"few": {"n": 12}, "many": {"n": 200}},
    )
