"""The blend explorer: the heads train alone at every move, and their losses make the weights."""

from collections.abc import Generator
from dataclasses import replace
from types import MappingProxyType

from coursekit.course.widgets.controls import Choice, Control, Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.data.preset_recipes import load_preset, preset
from coursekit.lessons.l06_gradient_blending.explorer_view import MOST_EPOCHS, Blended, BlendView
from coursekit.lessons.l06_gradient_blending.head_losses import RULES, estimate, head_losses
from coursekit.training import Settings

PRESETS = ("starve", "imbalance", "overfit", "balanced")
OPTIMISERS = MappingProxyType(
    {
        "SGD, rate 0.1": ("sgd", 0.1),
        "AdaGrad, rate 0.01": ("adagrad", 0.01),
        "Adam, rate 0.001": ("adam", 1e-3),
    }
)
SGD, ADAGRAD, ADAM = OPTIMISERS


def blend(
    data: str, samples: float, optimiser: str, window: float, held: float, rule: str, seed: float
) -> Generator[None, None, Blended]:
    """Draw the data, train each head alone for ``window`` epochs, estimate the blend."""
    drawn = load_preset(data, int(seed), train=int(samples))
    yield
    name, rate = OPTIMISERS[optimiser]
    settings = Settings(**preset(data).training)
    settings = replace(settings, epochs=int(window), optimizer=name, lr=rate)
    losses = yield from head_losses(drawn, settings, held=held, seed=int(seed), together=True)
    return Blended(losses, estimate(losses, int(window), rule), int(window), rule)


@put_off()
def blending() -> Explorer:
    """Lesson 06: which weights, and when to trust them?"""
    controls: dict[str, Control] = {
        "data": Choice("data", PRESETS, "starve"),
        "samples": Slider("training samples", 250, 1500, 250, 1000),
        "optimiser": Choice("optimiser", tuple(OPTIMISERS), SGD),
        "window": Slider("N, epochs of the estimate", 1, MOST_EPOCHS, 1, 10),
        "held": Slider("held rows", 0.05, 0.5, 0.05, 0.25, "share"),
        "rule": Choice("rule", RULES, "paper"),
        "seed": Slider("seed", 0, 99, 1, 0),
    }
    return Explorer(
        key="blend",
        title="Two arrows per head, one weight each",
        question=(
            "In “starve”, from which N on does A get the largest weight, and what do the curves "
            "show there that was not to be seen before? Then take “no gain” and hold back less: "
            "how far can the seed alone move the weights?"
        ),
        controls=controls,
        compute=blend,
        make_view=BlendView,
        presets={
            "starve": {"data": "starve", "samples": 1000, "optimiser": SGD, "window": 10},
            "too short": {"data": "starve", "samples": 1000, "optimiser": SGD, "window": 1},
            "no overfitting": {"data": "balanced", "samples": 1500, "optimiser": SGD, "window": 2},
            "no gain": {"data": "overfit", "samples": 500, "optimiser": ADAM, "window": 20},
        },
        busy="training …",
        groups={
            "Data": ("data", "samples"),
            "Training": ("optimiser", "seed"),
            "Estimate": ("window", "held", "rule"),
        },
    )
