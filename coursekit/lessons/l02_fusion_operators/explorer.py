"""The surface explorer: an operator is trained anew on a target of one's own at every move."""

from collections.abc import Generator, Mapping
from functools import cache

import pandas as pd

from coursekit import fusion
from coursekit.compare.tuning import best_rates
from coursekit.course.widgets.controls import Choice, Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.data.files import open_checked
from coursekit.lessons.l02_fusion_operators.explorer_view import Fitted, SurfaceView
from coursekit.lessons.l02_fusion_operators.surfaces import (
    ENCODERS,
    RATES,
    SHAPES,
    Target,
    learn_stepwise,
)

TERMS = {"product": "x_A·x_B", "signs": "± do the signs agree", "switch": "x_B where x_A > 0"}
WITH, WITHOUT = "small networks", "none"
ENCODER_OF = {WITH: ENCODERS[1], WITHOUT: ENCODERS[0]}
RATE_OF = {f"{rate:g}": rate for rate in RATES}
TUNED = "its best"


@cache
def tuned_rates() -> Mapping[tuple[str, str], float]:
    """The rate that served best in the stored table, by encoder and operator."""
    stored = pd.read_csv(open_checked("surfaces.csv"))
    best = best_rates(stored, ["encoder", "operator"], "r2")
    return {(str(e), str(n)): float(rate) for e, n, rate in best.to_numpy()}


def formula(w_a: float, w_b: float, w_ab: float, shape: str) -> str:
    """The target in words, without terms of weight zero."""
    terms = ((w_a, "x_A"), (w_b, "x_B"), (w_ab, f"[{TERMS[shape]}]"))
    words = [f"{w:+.1f} {name}" for w, name in terms if w != 0]
    return " ".join(words).removeprefix("+") if words else "0"


def train(
    operator: str, encoder: str, shape: str, w_a: float, w_b: float, w_ab: float, count: float,
    rate: str, seed: float,
) -> Generator[None, None, Fitted]:  # fmt: skip
    """Fit the operator to the knobs' target, pausing every few steps."""
    work = learn_stepwise(
        operator,
        Target(w_a, w_b, w_ab, shape),
        encoder=ENCODER_OF[encoder],
        rate=RATE_OF.get(rate) or tuned_rates().get((ENCODER_OF[encoder], operator), RATES[1]),
        count=int(count),
        seed=int(seed),
    )
    surface = yield from work
    return Fitted(operator, formula(w_a, w_b, w_ab, shape), surface, int(count))


@put_off()
def surface() -> Explorer:
    """Lesson 02: which surfaces can this operator bend itself to?"""
    pure = {"w_a": 0.0, "w_b": 0.0, "w_ab": 1.0, "count": 100}
    plain = {"rate": TUNED, "encoder": WITHOUT}
    return Explorer(
        key="surface",
        title="What can this operator say?",
        question=(
            "1. Start from “product, nothing to multiply with” and raise the weight of x_A to 1. "
            "What does the learnt surface do with the new term? Find an operator that reaches R² "
            "1.00 on this target without encoders. 2. Start from “one at a time” and switch the "
            "encoders to small networks: does any seed take the hard gate past 0.75?"
        ),
        controls={
            "operator": Choice("operator", tuple(fusion.names()), "late-linear"),
            "encoder": Choice("encoders", (WITH, WITHOUT), WITH),
            "shape": Choice("shape", tuple(SHAPES), "product"),
            "w_a": Slider("weight of x_A", -2.0, 2.0, 0.1, 0.5),
            "w_b": Slider("weight of x_B", -2.0, 2.0, 0.1, 0.5),
            "w_ab": Slider("weight of the shape", -2.0, 2.0, 0.1, 1.0),
            "count": Slider("training steps", 10, 300, 10, 100),
            "rate": Choice("learning rate", (TUNED, *RATE_OF), TUNED),
            "seed": Slider("seed", 0, 99, 1, 0),
        },
        compute=train,
        make_view=SurfaceView,
        presets={
            "additive meets product": {**pure, "operator": "late-linear", "encoder": WITH,
                                       "shape": "product", "rate": TUNED},
            "product, nothing to multiply with": {**pure, **plain, "operator": "multiplicative",
                                                  "shape": "product", "count": 200},
            "tensor": {**pure, **plain, "operator": "tensor", "shape": "product", "w_a": 0.5,
                       "w_b": 0.5, "count": 200},
            "one at a time": {**pure, **plain, "operator": "hard-gate", "w_a": 1.0, "w_b": 1.0,
                              "w_ab": 0.0, "count": 200},
            "transformer": {**pure, "operator": "transformer", "encoder": WITH, "shape": "signs",
                            "rate": TUNED},
        },
        busy="training …",
        groups={
            "Target": ("shape", "w_a", "w_b", "w_ab"),
            "Model": ("operator", "encoder"),
            "Training": ("count", "rate", "seed"),
        },
    )  # fmt: skip
