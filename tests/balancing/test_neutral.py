"""Switched off, a method does nothing: its training is that of what it is built on, bit for bit."""

import importlib
import inspect
from functools import cache
from pathlib import Path

import pytest
import torch

from coursekit import balancing
from coursekit.balancing.unimodal_signals import Listening
from coursekit.data import Modality, Recipe, generate
from coursekit.models import build_classifier
from coursekit.training import Settings, fit
from coursekit.training.method import Method, Neutral

ROOT = Path(__file__).parents[2]
KNOWN = balancing.registry()
SWITCHED_OFF = [name for name, cls in KNOWN.items() if cls.neutral is not None]
NEVER = [name for name, cls in KNOWN.items() if cls.neutral is None]
FUSIONS = ("late-linear", "film")
SETTINGS = {
    "sgd": Settings(epochs=2, batch_size=24),
    "adam": Settings(epochs=2, batch_size=24, optimizer="adam", lr=0.01, scale="gradient"),
}


@pytest.fixture(scope="module")
def data():
    """64 rows; the last batch of 24 has 16."""
    parts = {"A": Modality(), "B": Modality(distractors=2)}
    recipe = Recipe(parts, redundant=0.6, train=64, valid=20, test=20)
    return generate(recipe, seed=2)


def trained(data, method, fusion, settings):
    """Weights and history."""
    inputs = data.train.inputs
    model = build_classifier(inputs, data.num_classes, fusion=fusion, widths=(8, 6), seed=1)
    history = fit(model, data.train, data.valid, settings, seed=5, method=method)
    return model.state_dict(), history


@pytest.fixture(scope="module")
def base(data):
    """What training the base gives; trained once, for all methods that are held against it."""
    return cache(lambda name, fusion, settings: trained(data, KNOWN[name](), fusion, settings))


def differing(cls, ours, plain):
    """Weights that joint answers come from and that differ; heads are trained by some bases only.

    Where the base does not train them, a head that listens is no effect of the method.
    """
    own = [k for k in ours if k.startswith(("encoders.", "fusion."))]
    own += [k for k in ours if k.startswith("heads.") and cls.neutral.base != "joint"]
    assert own
    return [k for k in own if k not in plain or not torch.equal(ours[k], plain[k])]


def places():
    return [
        (name, fusion)
        for name in SWITCHED_OFF
        for fusion in FUSIONS
        if KNOWN[name].fusions is None or fusion in KNOWN[name].fusions
    ] + [
        (name, fusion)
        for name in SWITCHED_OFF
        for fusion in KNOWN[name].fusions or ()
        if fusion not in FUSIONS
    ]


@pytest.mark.parametrize("how", SETTINGS)
@pytest.mark.parametrize(("name", "fusion"), places())
def test_neutral_means_neutral(name, fusion, how, data, base):
    cls = KNOWN[name]
    ours, history = trained(data, cls(**cls.neutral.settings), fusion, SETTINGS[how])
    plain, expected = base(cls.neutral.base, fusion, SETTINGS[how])
    assert not differing(cls, ours, plain)
    assert history.equals(expected)


@pytest.mark.parametrize("name", [n for n in SWITCHED_OFF if KNOWN[n].neutral.settings])
def test_its_usual_settings_do_something(name, data, base):
    """Else the test above could not fail."""
    cls = KNOWN[name]
    fusion = (cls.fusions or ("late-linear",))[0]
    settings = Settings(epochs=12, batch_size=24, lr=0.2)
    ours, _ = trained(data, cls(), fusion, settings)
    plain, _ = base(cls.neutral.base, fusion, settings)
    assert differing(cls, ours, plain)


def test_heads_that_listen_are_no_effect(data, base):
    """The test before must not pass by what trains no encoder."""

    class OnlyListens(Listening):
        neutral = Neutral({})

    ours, _ = trained(data, OnlyListens(), "film", SETTINGS["sgd"])
    plain, _ = base("joint", "film", SETTINGS["sgd"])
    assert any(not torch.equal(ours[k], plain[k]) for k in plain)
    assert not differing(OnlyListens, ours, plain)


def test_all_have_a_base_that_is_known():
    for name in SWITCHED_OFF:
        neutral = KNOWN[name].neutral
        assert isinstance(neutral, Neutral) and neutral.base in ("joint", "multi-loss"), name
        known = inspect.signature(KNOWN[name]).parameters
        assert set(neutral.settings) <= set(known), name
        stated = "neutral" in vars(KNOWN[name])
        assert stated, f"{name} takes over what its parent states; state its own."


@pytest.mark.parametrize("name", NEVER)
def test_what_has_no_such_setting_says_why_and_names_its_test(name):
    cls = KNOWN[name]
    own = {"neutral", "never_neutral", "identity_test"} <= set(vars(cls))
    assert own, f"{name} takes over what its parent states; state its own."
    assert cls.never_neutral.endswith(".") and cls.never_neutral.count(".") == 1
    path, _, test = cls.identity_test.partition("::")
    assert (ROOT / path).is_file()
    module = importlib.import_module(Path(path).stem)
    assert test.startswith("test_") and inspect.isfunction(getattr(module, test))


def test_ten_at_most_have_no_such_setting():
    assert len(NEVER) <= 10


def test_joint_training_is_its_own_base():
    assert Method.neutral == Neutral({}, "joint")
