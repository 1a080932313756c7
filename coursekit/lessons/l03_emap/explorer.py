"""The EMAP explorer: late-linear and the mid-MLP retrain, and the latter is projected."""

from collections.abc import Generator

from torch import Tensor

from coursekit.course.widgets.controls import Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.data.multimodal import MultimodalData
from coursekit.data.synthetic import ceiling, generate
from coursekit.lessons.l03_emap.interaction import (
    ADDITIVE,
    INTERACTING,
    Projected,
    projected,
    train_together,
    with_synergy,
)
from coursekit.lessons.l03_emap.plots import KINDS, EmapView, Explored
from coursekit.models import build_classifier
from coursekit.training import Settings, accuracy, predict

TESTED = 1000  # samples; the projection looks at a million pairs of them
VALID = 50  # nothing is chosen here, so few will do


def explore(
    synergy: float, noise: float, n: float, epochs: float, seed: float
) -> Generator[None, None, Explored]:
    """Draw the data, train both heads, project the second, pausing after every epoch."""
    recipe = with_synergy(synergy, noise=noise, train=int(n), valid=VALID, test=TESTED)
    data = generate(recipe, int(seed))
    yield
    additive, interacting = (
        build_classifier(data.train.inputs, data.num_classes, fusion=name, seed=int(seed))
        for name in (ADDITIVE, INTERACTING)
    )
    settings = Settings(epochs=int(epochs))
    yield from train_together((additive, interacting), data, settings, seed=int(seed))
    free = projected(interacting, data.test)
    return Explored(
        accuracy(predict(additive, data.test.inputs).joint, data.test.labels),
        free.accuracy,
        free.projected,
        accuracies_by_kind(free, data),
        ceiling(recipe),
        synergy,
    )


def accuracies_by_kind(
    model: Projected, data: MultimodalData
) -> dict[str, tuple[float, float, int]]:
    """Accuracy before and after on the test samples without and with synergy, and their number."""
    assert data.kind is not None
    synergistic = data.kind[data.splits["test"]] == data.kind_names.index("synergistic")
    rows = dict(zip(KINDS, (~synergistic, synergistic), strict=True))
    labels = model.labels
    return {
        kind: (_right(model.before, labels, at), _right(model.after, labels, at), int(at.sum()))
        for kind, at in rows.items()
    }


def _right(logits: Tensor, labels: Tensor, rows: Tensor) -> float:
    hits = (logits.argmax(1) == labels)[rows]
    return float(hits.double().mean()) if len(hits) else float("nan")


@put_off()
def emap_explorer() -> Explorer:
    """Lesson 03: what does the projection take away?"""
    return Explorer(
        key="emap",
        title="Before and after the projection",
        question=(
            "First press “no synergy”: what must the projection cost, and does it? Raise the share "
            "until it costs more. Then find a setting with much synergy in which it costs nothing: "
            "what went wrong?"
        ),
        controls={
            "synergy": Slider("synergistic samples", 0.0, 0.9, 0.05, 0.4, "share"),
            "noise": Slider("noise", 0.5, 4.0, 0.25, 1.0, "sd"),
            "n": Slider("training samples", 200, 1600, 100, 1000),
            "epochs": Slider("epochs", 2, 30, 2, 14),
            "seed": Slider("seed", 0, 99, 1, 0),
        },
        compute=explore,
        make_view=EmapView,
        presets={
            "no synergy": {"synergy": 0.0, "noise": 1.0, "n": 1000, "epochs": 14},
            "much synergy": {"synergy": 0.8, "noise": 1.0, "n": 1000, "epochs": 14},
            "too few samples": {"synergy": 0.4, "noise": 1.0, "n": 200, "epochs": 14},
            "stopped early": {"synergy": 0.4, "noise": 1.0, "n": 1000, "epochs": 2},
        },
        busy="training …",
        groups={"Data": ("synergy", "noise", "n"), "Training": ("epochs", "seed")},
    )
