"""The gate explorer: what a charge and a temperature make of a gate, taught anew at every move."""

from collections.abc import Generator

import pandas as pd

from coursekit.course.widgets.controls import Choice, Control, Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.lessons.l16_dynamic_fusion.experts import stored_experts
from coursekit.lessons.l16_dynamic_fusion.explorer_view import GateView, Routed
from coursekit.lessons.l16_dynamic_fusion.gates import choices, teach
from coursekit.lessons.l16_dynamic_fusion.rivals import (
    at_random,
    cascade,
    oracle,
    routed,
    shares_by_kind,
    static,
)

SEEDS = tuple(range(100, 104))
STEPS = 200
MIXES = {"as many need A as B": "balanced", "most show it twice": "easy"}
TEMPERATURES = {"1": 1.0, "0.3": 0.3, "0.1": 0.1, "0.01": 0.01, "0.001": 0.001}
COLUMNS = ["policy", "seed", "accuracy", "cost"]
SOFT, HARD = "soft", "hard, straight-through"


def route(
    charge: float, temperature: str, learning: str, threshold: float, mix: str
) -> Generator[None, None, Routed]:
    """Teach gates of all seeds with this charge; what they and their rivals reach and cost."""
    stored = stored_experts(MIXES[mix], SEEDS)
    yield
    gates = yield from teach(
        stored, [charge], TEMPERATURES[temperature], learning == HARD, steps=STEPS
    )
    choice = choices(gates, stored, 1, "test")[0]
    own = routed(stored, choice, "gate")
    curve = cascade(stored, [*(round(0.2 + 0.05 * i, 2) for i in range(16)), threshold])
    return Routed(
        own=own,
        random=at_random(stored, choice, "random gate"),
        rivals=pd.concat([static(stored), oracle(stored)])[COLUMNS],
        curve=curve,
        threshold=threshold,
        shares=shares_by_kind(stored, choice),
        charge=charge,
    )


@put_off()
def gate_explorer() -> Explorer:
    """Lesson 16: whom does a gate send where, and does it beat a cascade?"""
    knobs: dict[str, Control] = {
        "charge": Slider("charge λ", 0.0, 3.0, 0.1, 0.3),
        "temperature": Choice("temperature τ", tuple(TEMPERATURES), "1"),
        "learning": Choice("gate while learning", (SOFT, HARD), SOFT),
        "threshold": Slider("cascade's threshold", 0.2, 0.99, 0.01, 0.7),
        "mix": Choice("samples", tuple(MIXES), next(iter(MIXES))),
    }
    return Explorer(
        key="gates",
        title="Who needs both?",
        question=(
            "From which λ on is nobody sent to both? Which kind of sample is sent wrongly first "
            "as λ grows? Make τ small: when does the gate stop learning, and where does it stay? "
            "Then set the threshold so that the cascade costs what the gate costs: who is ahead?"
        ),
        controls=knobs,
        compute=route,
        make_view=GateView,
        presets={
            "a fair price": {"charge": 0.3, "temperature": "1", "learning": SOFT},
            "for nothing": {"charge": 0.0, "temperature": "1", "learning": SOFT},
            "too dear": {"charge": 3.0, "temperature": "1", "learning": SOFT},
            "frozen": {"charge": 0.3, "temperature": "0.001", "learning": SOFT},
            "straight-through": {"charge": 0.3, "temperature": "1", "learning": HARD},
        },
        busy="teaching four gates …",
    )
