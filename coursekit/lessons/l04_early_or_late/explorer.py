"""Lesson 04's explorer: early, intermediate and late fusion retrain at every move of a knob."""

from collections.abc import Generator
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from coursekit.course.widgets.controls import Control, Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.data.multimodal import MultimodalData
from coursekit.data.synthetic import ceiling, generate
from coursekit.data.timeline import on_timeline
from coursekit.lessons.l04_early_or_late.explorer_view import DepthView, Retrained
from coursekit.lessons.l04_early_or_late.study import valid_curve
from coursekit.lessons.l04_early_or_late.study_data import timed_recipe
from coursekit.models.fusion_stage import (
    PLACES,
    DepthClassifier,
    build_alone,
    build_depth,
    parameters,
)
from coursekit.training import Settings, accuracy, epochs, predict
from coursekit.utils.threads import threads

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
        epochs=EPOCHS, batch_size=-(-n // BATCHES), optimizer="adam", lr=5e-3, keep_best=True,
        measure_train=False,  # no picture shows it
    )  # fmt: skip
    accuracies: dict[str, float] = {}
    curves, counts, shares = {}, {}, []
    for name in (*data.modalities, *PLACES):
        build = build_alone if name in data.modalities else build_depth
        model = build(
            name, data.train.inputs, data.num_classes, budget=int(capacity), seed=int(seed)
        )
        logits, curves[name] = yield from _train(model, data, settings, int(seed))
        accuracies[name] = accuracy(logits, data.test.labels)
        if name in data.modalities:
            shares.append(logits.softmax(1))
        else:
            counts[name] = parameters(model)
    best = max(data.modalities, key=lambda m: curves[m].max())  # chosen on validation
    accuracies["single"], curves["single"] = accuracies[best], curves[best]
    accuracies["ensemble"] = accuracy(torch.stack(shares).sum(0), data.test.labels)
    return Retrained(accuracies, curves, ceiling(recipe), 1 / recipe.num_classes, counts)


def _train(
    model: DepthClassifier, data: MultimodalData, settings: Settings, seed: int
) -> Generator[None, None, tuple[Tensor, np.ndarray]]:
    """Test logits and the validation accuracy by epoch of one model."""
    history: list[dict[str, object]] = []
    for rows in epochs(model, data.train, data.valid, settings, seed=seed):
        history += rows
        yield
    with threads(settings.threads):
        logits = predict(model, data.test.inputs).joint
    return logits, valid_curve(pd.DataFrame(history))


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
