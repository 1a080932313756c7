"""The race explorer: three methods and the ensemble train side by side while one watches."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from types import MappingProxyType

from coursekit import balancing
from coursekit.compare.protocol import UNIMODAL, explorable_fusions
from coursekit.compare.race import ENSEMBLE, Entrant, Race, race
from coursekit.course.widgets.common_controls import OPTIMISERS, PRESETS, SGD, training_words
from coursekit.course.widgets.controls import Choice, Control, Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.data.preset_recipes import load_preset
from coursekit.lessons.l07_gradient_modulation.explorer_view import LANES, RaceView, Shown
from coursekit.training import Settings
from coursekit.training.method import JOINT
from coursekit.utils.checks import require
from coursekit.utils.stepwise import mapped

NOBODY = "nobody"
SAMPLES = 1000  # to train on, in the largest preset
SCALES = ("step", "gradient")
FIRST = (JOINT, "ogm", "mlb")  # who runs at first
NO_EXTRA: Mapping[str, Entrant] = MappingProxyType({})
State = dict[str, float | str]


def runners(extra: Mapping[str, Entrant] = NO_EXTRA) -> dict[str, Entrant]:
    """Who may run: every method but the ensemble, which always does, its parts, and ``extra``."""
    known: dict[str, Entrant] = dict(balancing.registry())
    taken = sorted({*extra} & {*known, NOBODY})
    require(not taken, f"extra names {taken}, which others are called; choose another name.")
    return {**extra, **{n: m for n, m in known.items() if n not in (ENSEMBLE, UNIMODAL)}}


def make_run(extra: Mapping[str, Entrant] = NO_EXTRA) -> Callable[..., object]:
    """The compute of the explorer, for these entrants besides the registry's."""
    known = runners(extra)

    def run(
        lane_1: str, lane_2: str, lane_3: str, data: str, fusion: str, optimiser: str,
        rate: float, scale: str, epochs: float, seed: float,
    ) -> Generator[Shown, None, Shown]:  # fmt: skip
        wanted = [n for n in dict.fromkeys((lane_1, lane_2, lane_3)) if n != NOBODY]
        out = [n for n in wanted if fusion not in (getattr(known[n], "fusions", None) or (fusion,))]
        entries = {n: known[n] for n in wanted if n not in out}
        settings = Settings(epochs=int(epochs), scale=scale, **OPTIMISERS[optimiser])
        settings = replace(settings, lr=settings.lr * rate)
        left_out = f"{', '.join(out)}: not defined for {fusion}." if out else ""
        names = (*entries, ENSEMBLE)
        running = race(
            load_preset(data, seed=int(seed)), entries, settings, fusion=fusion, seed=int(seed),
            together=True,
        )  # fmt: skip

        def shown(so_far: Race) -> Shown:
            return Shown(so_far, names, settings.epochs, left_out)

        return (yield from mapped(running, shown))

    return run


def presets() -> dict[str, State]:
    """Races that show something."""
    starve: State = {"data": "starve", "fusion": "late-linear", "optimiser": SGD, "scale": "step"}
    adam = {**starve, "optimiser": list(OPTIMISERS)[1], "epochs": 30}
    return {
        "brake or speed up": {**starve, **_lanes(JOINT, "ogm", "mlb"), "epochs": 15},
        "weights": {**starve, **_lanes("gblend-offline", "gradnorm", "multi-loss"), "epochs": 15},
        "Adam, k on the gradient": {**adam, **_lanes(JOINT, "multi-loss", "mlb")}
        | {"scale": "gradient"},
        "overfit": {**adam, **_lanes(JOINT, "multi-loss", "mlb"), "data": "overfit"},
        "balanced": {**starve, **_lanes(JOINT, "ogm", "mlb"), "data": "balanced", "epochs": 15},
    }


def _lanes(*names: str) -> State:
    return {f"lane_{i}": name for i, name in enumerate(names, 1)}


def _words(state: Mapping[str, float | str]) -> str:
    lanes = {str(state[f"lane_{i}"]) for i in range(1, LANES + 1)} - {NOBODY}
    return training_words(str(state["fusion"]), lanes, float(state["epochs"]), SAMPLES)


@put_off()
def race_explorer(extra: Mapping[str, Entrant] = NO_EXTRA) -> Explorer:
    """Lesson 07: who wins, and why?

    extra: name → a method class of your own (or whatever makes a fresh one); it takes the first
    lane at once.
    """
    options = (*runners(extra), NOBODY)
    at_first = [*extra, "mlb", JOINT][:LANES] if extra else list(FIRST)
    at_first += [n for n in FIRST if n not in at_first][: LANES - len(at_first)]
    knobs: dict[str, Control] = {
        f"lane_{i}": Choice(f"lane {i}", options, name, noun="method")
        for i, name in enumerate(at_first, 1)
    }
    knobs |= {
        "data": Choice("data", PRESETS, "starve"),
        "fusion": Choice("fusion", explorable_fusions(), "late-linear"),
        "optimiser": Choice("optimiser", tuple(OPTIMISERS), SGD),
        "rate": Slider("learning rate", 0.25, 2.0, 0.25, 1.0, "× usual"),
        "scale": Choice("k multiplies the", SCALES, "step", noun="place for k"),
        "epochs": Slider("epochs", 5, 40, 5, 10),
        "seed": Slider("seed", 0, 99, 1, 0),
    }
    return Explorer(
        key="race",
        title="The race: who feeds the slow encoder?",
        question=(
            "In “brake or speed up”, which lane's k goes above 1, and whose encoder A gains most? "
            "Then find a method that beats the ensemble here, and see whether it still does on "
            "“balanced” and on “overfit”."
        ),
        controls=knobs,
        compute=make_run(extra),
        make_view=RaceView,
        presets=presets(),
        busy=_words,
        groups={
            "Methods": tuple(knobs)[:LANES],
            "Data": ("data",),
            "Training": ("fusion", "optimiser", "rate", "scale", "epochs", "seed"),
        },
    )
