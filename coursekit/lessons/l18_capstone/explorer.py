"""The threshold explorer: where does a symptom begin to count, on which mysteries?"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import pandas as pd

from coursekit.course.widgets.controls import Choice, Control, Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.data.files import DataFileError
from coursekit.lessons.l18_capstone.explorer_view import Symptom, SymptomView
from coursekit.lessons.l18_capstone.hidden_recipe import NOBODY
from coursekit.lessons.l18_capstone.stored_mysteries import (
    CHOOSE_ON,
    REPORT_ON,
    TRUTHS,
    mysteries,
)

EVERY = "all mysteries"
KINDS: Mapping[str, Callable[[pd.DataFrame], pd.Series]] = MappingProxyType(
    {
        EVERY: lambda t: t["seed"] >= 0,
        "an interaction": lambda t: t["true interaction"],
        "no interaction": lambda t: ~t["true interaction"],
        "an encoder starves": lambda t: t["true starves"] != NOBODY,
        "wrong labels": lambda t: t["true wrong_labels"] > 0,
        "biased types": lambda t: t["true biased"],
    }
)


def look(symptom: str, threshold: float, which: str, kind: str) -> Symptom:
    """The mysteries of one kind, and a threshold."""
    try:
        table = mysteries(which)
    except DataFileError as error:
        return Symptom(symptom, threshold, which, kind, sorry=str(error))
    return Symptom(symptom, threshold, which, kind, table[KINDS[kind](table)])


@put_off()
def symptom_explorer() -> Explorer:
    """Lesson 18: where does a symptom begin to count?"""
    knobs: dict[str, Control] = {
        "symptom": Choice("symptom", tuple(TRUTHS), "interaction gap"),
        "threshold": Slider("threshold", -0.1, 0.6, 0.01, 0.08),
        "which": Choice("mysteries", (CHOOSE_ON, REPORT_ON), CHOOSE_ON),
        "kind": Choice("kind of mystery", tuple(KINDS), EVERY),
    }
    return Explorer(
        key="symptoms",
        title="Where does a symptom begin to count?",
        question=(
            "Choose the best threshold for the interaction gap on the sixty mysteries, then turn "
            "to the two hundred: is it as good? Now only those in which an encoder starves: who is "
            "missed, and why would that be? Which symptom needs no threshold at all?"
        ),
        controls=knobs,
        compute=look,
        make_view=SymptomView,
        presets={
            "interaction": {"symptom": "interaction gap", "threshold": 0.08, "kind": EVERY},
            "too eager": {"symptom": "interaction gap", "threshold": 0.0, "kind": EVERY},
            "hidden by hunger": {
                "symptom": "interaction gap", "threshold": 0.08, "kind": "an encoder starves",
            },
            "starving": {"symptom": "probe lost", "threshold": 0.08, "kind": EVERY},
            "wrong labels": {"symptom": "disagreement", "threshold": 0.06, "kind": EVERY},
            "no threshold needed": {"symptom": "rows without", "threshold": 0.1, "kind": EVERY},
        },
        busy="counting …",
    )  # fmt: skip
