"""Lesson 04's explorer: early, intermediate and late fusion retrain at every move of a knob."""

from collections.abc import Generator
from dataclasses import replace

import torch

from coursekit.course.widgets.controls import Control, Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.data.synthetic import ceiling, generate
from coursekit.data.timeline import on_timeline
from coursekit.lessons.l04_early_or_late.explorer_view import DepthView, Retrained
from coursekit.lessons.l04_early_or_late.side_by_side import train_side_by_side
from coursekit.lessons.l04_early_or_late.study_data import timed_recipe
from coursekit.models.fusion_stage import PLACES, build_alone, build_depth, parameters
from coursekit.training import Settings, accuracy, predict

EPOCHS = 10
BATCHES = 6  # an epoch has as many steps with few samples as with many
STEPS = 4  # moments on the timeline


def retrain(
    capacity: float, samples: float, alignment: float, synergy: float, seed: float
) -> Generator[None, None, Retrained]:
    """Draw the data and train both modalities and the three places, pausing after every epoch."""
    n = int(samples)
    recipe = replace(timed_recipe(synergy, n), valid=300, test=1000)
    data = on_timeline(generate(recipe, int(seed)), STEPS, alignment, int(seed))
    settings = Settings(
        epochs=EPOCHS, batch_size=-(-n // BATCHES), optimizer="adam", lr=5e-3, keep_best=True
    )
    models = {
        name: (build_alone if name in data.modalities else build_depth)(
            name, data.train.inputs, data.num_classes, budget=int(capacity), seed=int(seed)
        )
        for name in (*data.modalities, *PLACES)
    }
    curves = yield from train_side_by_side(models, data, settings, seed=int(seed))
    logits = {name: predict(model, data.test.inputs).joint for name, model in models.items()}
    accuracies = {name: accuracy(x, data.test.labels) for name, x in logits.items()}
    counts = {name: parameters(models[name]) for name in PLACES}
    shares = [logits[m].softmax(1) for m in data.modalities]
    best = max(data.modalities, key=lambda m: curves[m].max())  # chosen on validation
    accuracies["single"], curves["single"] = accuracies[best], curves[best]
    accuracies["ensemble"] = accuracy(torch.stack(shares).sum(0), data.test.labels)
    return Retrained(accuracies, curves, ceiling(recipe), 1 / recipe.num_classes, counts)


@put_off()
def depth() -> Explorer:
    """Lesson 04: where should they meet?"""
    controls: dict[str, Control] = {
        "capacity": Slider("parameters of each network", 2000, 12000, 1000, 8000),
        "samples": Slider("training samples", 200, 1200, 100, 600),
        "alignment": Slider("alignment", 0.0, 1.0, 0.1, 1.0, "share"),
        "synergy": Slider("synergy", 0.0, 1.0, 0.1, 0.7, "share"),
        "seed": Slider("seed", 0, 99, 1, 0),
    }
    return Explorer(
        key="depth",
        title="Early, intermediate or late?",
        question=(
            "Both modalities speak once, at one of four moments. Start from “same moment” and let "
            "alignment fall: which network notices, and which do not? Then find a setting in which "
            "the ensemble beats all three, whatever the seed."
        ),
        controls=controls,
        compute=retrain,
        make_view=DepthView,
        presets={
            "same moment": {"alignment": 1.0, "synergy": 0.7},
            "other moment": {"alignment": 0.0, "synergy": 0.7},
            "each for itself": {"alignment": 0.0, "synergy": 0.0},
            "few samples": {"alignment": 1.0, "synergy": 0.2, "samples": 200},
        },
        busy="training …",
        groups={
            "Data": ("samples", "alignment", "synergy"),
            "Networks": ("capacity", "seed"),
        },
    )
