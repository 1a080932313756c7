"""Shapley values of accuracies: by orders, by axioms, on models whose modalities are known."""

from itertools import combinations, permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.analysis.missing_modality import filled
from coursekit.analysis.shapley_imbalance import (
    chance_level,
    coalition_accuracies,
    imbalance_degree,
    shapley_imbalance,
    shapley_values,
)
from coursekit.data import Modality, Recipe, generate
from coursekit.models import build_classifier
from coursekit.training import Settings, fit
from coursekit.training.evaluate import accuracy, predict


def game(m, seed):
    """Accuracies of all sets of m modalities."""
    rng = torch.Generator().manual_seed(seed)
    sets = [frozenset(s) for k in range(m + 1) for s in combinations("abcdef"[:m], k)]
    return {s: float(torch.rand(1, generator=rng)) for s in sets}


def over_orders(accuracies):
    """The mean of what each modality adds, over all orders."""
    names = sorted(max(accuracies, key=len))
    gains = dict.fromkeys(names, 0.0)
    orders = list(permutations(names))
    for order in orders:
        for i, m in enumerate(order):
            gains[m] += accuracies[frozenset(order[: i + 1])] - accuracies[frozenset(order[:i])]
    return {m: gain / len(orders) for m, gain in gains.items()}


def law(**by):
    return lambda test: settings(derandomize=True, max_examples=20, deadline=None)(
        given(**by)(test)
    )


@law(m=st.integers(1, 6), seed=st.integers(0, 999))
def test_values_are_means_over_orders(m, seed):
    accuracies = game(m, seed)
    values = shapley_values(accuracies)
    if m < 6:  # 720 orders are too many for many examples
        assert values == pytest.approx(over_orders(accuracies), abs=1e-12)
    everyone = max(accuracies, key=len)
    total = accuracies[everyone] - accuracies[frozenset()]
    assert sum(values.values()) == pytest.approx(total, abs=1e-12)


def test_six_modalities_by_all_their_orders():
    accuracies = game(6, 1)
    assert shapley_values(accuracies) == pytest.approx(over_orders(accuracies), abs=1e-12)


@law(m=st.integers(2, 5), seed=st.integers(0, 999), chance=st.floats(0, 1))
def test_the_degree_does_not_hang_on_the_empty_set(m, seed, chance):
    accuracies = game(m, seed)
    degree = imbalance_degree(shapley_values(accuracies))
    other = imbalance_degree(shapley_values({**accuracies, frozenset(): chance}))
    assert other == pytest.approx(degree, abs=1e-12)
    values = over_orders(accuracies).values()
    assert degree == pytest.approx(max(values) - min(values), abs=1e-12)


def test_exchangeable_modalities_are_not_unequal_and_a_dummy_is_worth_nothing():
    by_size = {0: 0.2, 1: 0.4, 2: 0.9}
    even = {frozenset(s): by_size[len(s)] for s in ("", "a", "b", "ab")}
    assert imbalance_degree(shapley_values(even)) == pytest.approx(0, abs=1e-12)
    with_dummy = {s | extra: x for s, x in even.items() for extra in (set(), {"c"})}
    values = shapley_values(with_dummy)
    assert values["c"] == pytest.approx(0, abs=1e-12)
    assert values["a"] == pytest.approx(0.35)
    assert imbalance_degree({"a": -0.2, "b": 0.5, "c": 0.1}) == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("train", "test", "level"),
    [
        ([0, 1, 1, 2], [1, 1, 2, 0], 0.5),
        ([0, 0, 1, 1], [0, 1, 1, 1], 0.25),  # as common: the lower class
        ([2, 2, 2], [0, 1], 0.0),  # what was common is not
        ([0], [0], 1.0),
    ],
)
def test_chance_gives_the_commonest_class_of_the_training_rows(train, test, level):
    assert chance_level(torch.tensor(train), torch.tensor(test), 3) == level


# ---- models ------------------------------------------------------------------------------------


def data_of(modalities, **unique):
    recipe = Recipe(
        {m: Modality() for m in modalities}, unique=unique, train=64, valid=32, test=64
    )  # fmt: skip
    return generate(recipe, seed=0)


@pytest.mark.parametrize("modalities", ["AB", "ABC"])
@pytest.mark.parametrize("fill", ["mean", "zeros"])
@pytest.mark.parametrize("fusion", ["late-linear", "mid-mlp"])
def test_accuracies_of_sets_by_replacing_one_after_the_other(modalities, fill, fusion):
    data = data_of(modalities, A=0.6)
    model = build_classifier(
        data.train.inputs, data.num_classes, fusion=fusion, widths=(8,), seed=1
    )
    fit(model, data.train, data.valid, Settings(epochs=2, batch_size=32, lr=0.1))
    got = coalition_accuracies(model, data.train, data.test, fill)
    assert len(got) == 2 ** len(modalities)
    for present, value in got.items():
        inputs = data.test.inputs
        for m in set(modalities) - present:
            inputs = filled(inputs, m, fill, data.train.inputs)
        if present:
            want = accuracy(predict(model, inputs).joint, data.test.labels)
        else:
            want = chance_level(data.train.labels, data.test.labels, data.num_classes)
        assert value == want
    measured = shapley_imbalance(model, data.train, data.test, fill)
    assert measured.accuracies == got
    assert measured.worth == pytest.approx(over_orders(got), abs=1e-12)
    assert measured.degree == pytest.approx(
        max(measured.worth.values()) - min(measured.worth.values())
    )


def test_the_modality_that_has_it_all_is_worth_it_all():
    data = data_of("AB", A=1.0)
    model = build_classifier(data.train.inputs, data.num_classes, widths=(8,), seed=0)
    with torch.no_grad():
        model.fusion.linear.weight[:, 8:] = 0  # B is not read
    fit(model, data.train, data.valid, Settings(epochs=20, batch_size=32, lr=0.2))
    with torch.no_grad():
        model.fusion.linear.weight[:, 8:] = 0
    measured = shapley_imbalance(model, data.train, data.test)
    assert measured.accuracies[frozenset("AB")] == measured.accuracies[frozenset("A")]
    gain = measured.accuracies[frozenset("A")] - measured.accuracies[frozenset("B")]
    assert gain > 0.2 and measured.degree == pytest.approx(gain)
    assert measured.worth["A"] - measured.worth["B"] == pytest.approx(gain)


def test_models_of_one_or_of_seven_modalities_are_refused():
    seven = {m: torch.randn(4, 2) for m in "ABCDEFG"}
    data = data_of("AB", A=1.0)
    for names in ("A", "ABCDEFG"):
        model = build_classifier({m: seven[m] for m in names}, 6, widths=(2,))
        with pytest.raises(ValueError, match=r"two to 6 modalities were expected"):
            coalition_accuracies(model, data.train, data.test)
    with pytest.raises(ValueError, match=r"one to 6 modalities were expected"):
        shapley_values({frozenset("ABCDEFG"): 1.0})
