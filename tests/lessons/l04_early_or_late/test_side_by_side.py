"""Networks that share a loop learn what each learns alone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from coursekit.data.synthetic import generate
from coursekit.data.timeline import on_timeline
from coursekit.lessons.l04_early_or_late.side_by_side import train_side_by_side
from coursekit.lessons.l04_early_or_late.study import valid_curve
from coursekit.lessons.l04_early_or_late.study_data import timed_recipe
from coursekit.models.fusion_stage import PLACES, build_alone, build_depth
from coursekit.training import Settings, epochs
from coursekit.utils.stepwise import drive

SETTINGS = Settings(epochs=4, batch_size=50, optimizer="adam", lr=5e-3, keep_best=True)


def data():
    recipe = replace(timed_recipe(0.5, 200), valid=100, test=50)
    return on_timeline(generate(recipe, 3), 4, 1.0, 3)


def networks(data):
    made = {m: build_alone(m, data.train.inputs, data.num_classes, seed=3) for m in data.modalities}
    return made | {p: build_depth(p, data.train.inputs, data.num_classes, seed=3) for p in PLACES}


@pytest.mark.parametrize("changes", [{}, {"clip": None, "keep_best": False, "optimizer": "sgd"}])
def test_networks_learn_side_by_side_what_each_learns_alone(changes):
    drawn, settings = data(), replace(SETTINGS, **changes)
    together = networks(drawn)
    curves = drive(train_side_by_side(together, drawn, settings, seed=3))
    assert list(curves) == list(together)
    for name, model in networks(drawn).items():
        history = [row for rows in epochs(model, drawn.train, drawn.valid, settings, seed=3)
                   for row in rows]  # fmt: skip
        np.testing.assert_allclose(curves[name], valid_curve(pd.DataFrame(history)), atol=1e-9)
        for one, other in zip(model.parameters(), together[name].parameters(), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_it_pauses_after_every_epoch_and_says_whose_loss_is_lost():
    drawn = data()
    assert len(list(train_side_by_side(networks(drawn), drawn, SETTINGS, seed=0))) == 4
    broken = networks(drawn)
    with torch.no_grad():
        next(broken["late"].encoders["A"].parameters()).fill_(1e30)
        next(broken["late"].fusion.parameters()).fill_(1e30)
    with pytest.raises(FloatingPointError, match="late"):
        drive(train_side_by_side(broken, drawn, replace(SETTINGS, clip=None), seed=0))
