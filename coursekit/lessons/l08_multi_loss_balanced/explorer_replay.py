"""The film explorer: four linked views of one training, with a time cursor through all of them."""

from collections.abc import Generator, Mapping
from dataclasses import replace

from coursekit import balancing
from coursekit.compare.protocol import UNIMODAL, explorable_fusions
from coursekit.compare.replay import ENSEMBLE, Replay, replay
from coursekit.course.widgets.common_controls import training_words
from coursekit.course.widgets.controls import Choice, Control, Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.data.preset_recipes import load_preset, preset
from coursekit.lessons.l08_multi_loss_balanced.explorer_replay_view import FilmView, Frame, at_epoch
from coursekit.training import Settings
from coursekit.training.method import JOINT
from coursekit.utils.stepwise import mapped

PRESETS = ("starve", "imbalance", "overfit", "balanced")
EPOCHS = 20
TESTED = 1000  # samples
Remarked = tuple[Replay, str]  # a film, and who is left out of it and why


def methods() -> tuple[str, ...]:
    """Every method of the registry but what the film shows beside it, and single modalities."""
    return tuple(n for n in balancing.names() if n not in (JOINT, ENSEMBLE, UNIMODAL))


def shoot(
    method: str, data: str, fusion: str, samples: float, seed: float
) -> Generator[Remarked, None, Remarked]:
    """Train the three entries of the film, pausing after every epoch."""
    defined = balancing.registry()[method].fusions
    used = defined[0] if defined and fusion not in defined else fusion
    left_out = "" if used == fusion else f"{method} is not defined for {fusion}: this is {used}."
    drawn = load_preset(data, int(seed), train=int(samples), test=TESTED)
    settings = replace(Settings(**preset(data).training), epochs=EPOCHS)
    work = replay(drawn, method, balancing.build(method), settings, fusion=used, seed=int(seed))
    return (yield from mapped(work, lambda film: (film, left_out)))


def frame(remarked: Remarked, epoch: float) -> Frame:
    """What the view gets: the film at the cursor."""
    film, left_out = remarked
    return replace(at_epoch(film, epoch), left_out=left_out)


def _words(state: Mapping[str, float | str]) -> str:
    methods = (str(state["method"]), JOINT)
    return training_words(str(state["fusion"]), methods, EPOCHS, float(state["samples"]))


@put_off()
def film_explorer() -> Explorer:
    """Lesson 08: when does the head begin to listen?"""
    knobs: dict[str, Control] = {
        "epoch": Slider("epoch", 1, EPOCHS, 1, EPOCHS),
        "method": Choice("method", methods(), "mlb"),
        "data": Choice("data", PRESETS, "starve"),
        "fusion": Choice("fusion", explorable_fusions(), "late-linear"),
        "samples": Slider("training samples", 250, 1500, 250, 1000),
        "seed": Slider("seed", 0, 99, 1, 0),
    }
    return Explorer(
        key="film",
        title="The film: one training, stopped where you like",
        question=(
            "Play “mlb on starve”. In which epoch does joint training have all it will ever know "
            "of A, and what has MLB's k done to B by then? Step to where the samples that only A "
            "gets right begin to be answered right: is it before or after its probe has risen?"
        ),
        controls=knobs,
        compute=shoot,
        make_view=FilmView,
        presets={
            "mlb on starve": {"method": "mlb", "data": "starve", "epoch": 1},
            "brake only": {"method": "ogm", "data": "starve", "epoch": 1},
            "overfit": {"method": "multi-loss", "data": "overfit", "epoch": EPOCHS},
            "balanced": {"method": "mlb", "data": "balanced", "epoch": EPOCHS},
        },
        busy=_words,
        groups={
            "Data": ("data", "samples"),
            "Training": ("method", "fusion", "seed"),
        },
        cursor="epoch",
        at=frame,
    )
