"""The imbalance explorer: three models retrain at every move of a knob."""

from collections.abc import Generator
from dataclasses import replace

from coursekit.compare.quick import quick_comparison
from coursekit.course.widgets.common_controls import ADAM, OPTIMISERS, PRESETS, SGD
from coursekit.course.widgets.controls import Choice, Control, Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.data.preset_recipes import preset
from coursekit.data.synthetic import Modality, Recipe, ceiling, generate
from coursekit.lessons.l05_more_can_be_worse.explorer_view import ImbalanceView, Retrained
from coursekit.training import Settings

YES, NO = "yes", "no"


def recipe_of(
    both: float, only_a: float, only_b: float, buried: float, linear: str, signal: float,
    noise_b: float, n: float,
) -> Recipe:  # fmt: skip
    """The generator's recipe for the knobs; shares that sum to more than one are scaled to one."""
    total = max(1.0, both + only_a + only_b)
    return Recipe(
        {
            "A": Modality(4.0, linear=float(linear == YES), nuisance_std=buried),
            "B": Modality(signal, distractors=int(noise_b)),
        },
        redundant=both / total,
        unique={"A": only_a / total, "B": only_b / total},
        train=int(n),
    )


def retrain(
    both: float, only_a: float, only_b: float, buried: float, linear: str, signal: float,
    noise_b: float, n: float, epochs: float, optimiser: str, seed: float,
) -> Generator[None, None, Retrained]:  # fmt: skip
    """Draw the data and train A, B and the joint model, pausing after every epoch."""
    recipe = recipe_of(both, only_a, only_b, buried, linear, signal, noise_b, n)
    data = generate(recipe, int(seed))
    yield
    settings = Settings(epochs=int(epochs), **OPTIMISERS[optimiser])
    results = yield from quick_comparison(data, settings, seed=int(seed))
    ceilings = {"A": ceiling(recipe, ("A",)), "B": ceiling(recipe, ("B",))}
    ceilings["joint"] = ceiling(recipe)
    chance = 1 / recipe.num_classes
    used = (recipe.redundant, recipe.unique["A"], recipe.unique["B"])
    scaled = both + only_a + only_b > 1 + 1e-9
    shares = dict(zip(("both", "only A", "only B"), used, strict=True)) if scaled else {}
    return Retrained(results, ceilings, int(epochs), chance, shares)


def knobs_of(name: str) -> dict[str, float | str]:
    """A preset of the generator as values of the knobs."""
    chosen = preset(name)
    a, b = chosen.recipe.modalities["A"], chosen.recipe.modalities["B"]
    training = Settings(**chosen.training)
    return {
        "both": chosen.recipe.redundant,
        "only_a": chosen.recipe.unique.get("A", 0.0),
        "only_b": chosen.recipe.unique.get("B", 0.0),
        "buried": a.nuisance_std,
        "linear": YES if a.linear == 1 else NO,
        "signal": b.amplitude,
        "noise_b": b.distractors,
        "n": chosen.recipe.train,
        "epochs": training.epochs,
        "optimiser": ADAM if training.optimizer == "adam" else SGD,
    }


@put_off()
def imbalance() -> Explorer:
    """Lesson 05: which illness is this?"""
    start = knobs_of("starve")
    knobs: dict[str, Control] = {
        "both": Slider("both show it", 0.0, 1.0, 0.05, 0.0, "share"),
        "only_a": Slider("only A shows it", 0.0, 0.8, 0.05, 0.0, "share"),
        "only_b": Slider("only B shows it", 0.0, 0.8, 0.05, 0.0, "share"),
        "buried": Slider("nuisance around A", 0.0, 6.0, 0.5, 0.0, "sd"),
        "linear": Choice("A is linear", (YES, NO), YES, noun="answer"),
        "signal": Slider("B's signal", 1.0, 8.0, 0.5, 5.0, "sd"),
        "noise_b": Slider("noise dimensions of B", 0, 300, 10, 0),
        "n": Slider("training samples", 250, 4000, 250, 1000),
        "epochs": Slider("epochs", 5, 40, 5, 20),
        "optimiser": Choice("optimiser", tuple(OPTIMISERS), SGD),
        "seed": Slider("seed", 0, 99, 1, 0),
    }
    knobs |= {name: replace(knobs[name], value=value) for name, value in start.items()}  # type: ignore[arg-type]
    return Explorer(
        key="imbalance",
        title="One network, two modalities: which illness?",
        question=(
            "Start from “starve” and cure A without touching B: which knob does it, and at which "
            "value does the joint model overtake A? Then start from “overfit”, where A is not ill: "
            "what lets the joint model catch up there?"
        ),
        controls=knobs,
        compute=retrain,
        make_view=ImbalanceView,
        presets={name: knobs_of(name) for name in PRESETS},
        busy="training …",
        groups={
            "Data": ("both", "only_a", "only_b", "buried", "linear", "signal", "noise_b", "n"),
            "Training": ("epochs", "optimiser", "seed"),
        },
    )
