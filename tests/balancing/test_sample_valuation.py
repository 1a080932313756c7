"""Valuation of samples: values by orders of arrival, copies, and what each row of a batch shows."""

import math
from itertools import combinations, permutations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from watched_fusion import watched

from coursekit import balancing
from coursekit.balancing.sample_valuation import (
    SampleValuation,
    contributions,
    extra_copies,
    resampled,
)
from coursekit.data import Modality, Recipe, generate
from coursekit.models import build_classifier
from coursekit.training import Settings, epochs, fit


def sets_of(m):
    return [frozenset(s) for r in range(1, m + 1) for s in combinations(range(m), r)]


@given(m=st.integers(2, 4), seed=st.integers(0, 99))
def test_contributions_are_means_over_orders_of_arrival(m, seed):
    draw = torch.Generator().manual_seed(seed)
    right = {s: torch.rand(5, generator=draw) < 0.5 for s in sets_of(m)}
    phi = contributions(right)
    for n in range(5):
        worth = {frozenset(): 0, **{s: len(s) * int(x[n]) for s, x in right.items()}}
        for one in range(m):
            gains = []
            for order in permutations(range(m)):
                before = frozenset(order[: order.index(one)])
                gains.append(worth[before | {one}] - worth[before])
            assert float(phi[n, one]) == pytest.approx(sum(gains) / math.factorial(m))
    whole = m * right[frozenset(range(m))].double()
    assert torch.allclose(phi.sum(1), whole)


def test_copies_of_two_modalities_and_of_three():
    phi = torch.tensor([[1.5, 0.5], [0.0, -0.5], [1.0, 1.0]])
    assert extra_copies(phi).tolist() == [[0, 1], [2, 3], [0, 0]]
    thirds = torch.tensor([[1 / 3, 2 / 3, 5 / 6], [-1.0, 1.0, 7 / 6]], dtype=torch.float64)
    assert extra_copies(thirds).tolist() == [[2, 1, 1], [4, 0, 0]]


@given(n=st.integers(1, 6), m=st.integers(2, 3), seed=st.integers(0, 50))
def test_every_row_comes_whole_and_as_often_alone_as_it_is_due(n, m, seed):
    copies = torch.randint(0, 4, (n, m), generator=torch.Generator().manual_seed(seed))
    rows, kept = resampled(copies)
    shown = [(row, tuple(mask)) for row, mask in zip(rows.tolist(), kept.tolist(), strict=True)]
    assert shown[:n] == [(row, (1.0,) * m) for row in range(n)]
    for row in range(n):
        for i in range(m):
            alone = tuple(float(i == j) for j in range(m))
            assert shown[n:].count((row, alone)) == int(copies[row, i])
    assert len(shown) == n + int(copies.sum())


def test_sets_that_are_missing_are_told():
    right = {s: torch.tensor([True]) for s in sets_of(3)[:-2]}
    with pytest.raises(ValueError, match="right holds 5 sets; 7 were expected"):
        contributions(right)


# ---- in a training -----------------------------------------------------------------------------


def data_of(modalities="AB"):
    recipe = Recipe({m: Modality() for m in modalities}, redundant=0.6, train=40, valid=20, test=20)
    return generate(recipe, seed=1)


class Watched(SampleValuation):
    """Keeps what the fusion sees of each batch of the last epoch."""

    name = "watched"

    def begin(self, run):
        super().begin(run)
        self.seen, self.parts, self.due = [], [], None

    def batches(self, run, order):
        self.due, self.seen = self.copies, []
        self.parts = super().batches(run, order)
        self.masks = self.kept
        return self.parts

    def predict(self, run, inputs):
        forward = super().predict
        prediction, shown = watched(run, lambda: forward(run, inputs))
        self.seen.append((prediction.features, shown))
        return prediction


@pytest.mark.parametrize("fusion", ["late-linear", "mid-mlp"])
@pytest.mark.parametrize("modalities", ["AB", "ABC"])
def test_each_row_of_a_batch_shows_what_it_is_due(modalities, fusion):
    data = data_of(modalities)
    model = build_classifier(
        data.train.inputs, data.num_classes, widths=(8, 4), fusion=fusion, seed=2
    )
    method = Watched(warm_up=1)
    fit(model, data.train, data.valid, Settings(epochs=2, batch_size=16), method=method)
    counts, whole = torch.zeros_like(method.due), torch.zeros(40)
    for rows, kept, (features, shown) in zip(method.parts, method.masks, method.seen, strict=True):
        assert len(rows) <= 16
        for i, (m, z) in enumerate(features.items()):
            assert torch.equal(shown[m], z * kept[:, i, None])
        for row, mask in zip(rows.tolist(), kept.tolist(), strict=True):
            if sum(mask) == len(mask):
                whole[row] += 1
            else:
                assert sum(mask) == 1
                counts[row, mask.index(1.0)] += 1
    assert whole.tolist() == [1.0] * 40 and torch.equal(counts, method.due)
    assert int(method.due.sum()) > 0


def test_rows_are_valued_with_absent_features_zero():
    data = data_of()
    model = build_classifier(data.train.inputs, data.num_classes, widths=(8, 4), seed=2)
    expected = {}
    with torch.no_grad():
        z = model.encode(data.train.inputs)
        nothing = torch.zeros_like(z["A"])
        shown = {(0, 1): z, (0,): {**z, "B": nothing}, (1,): {**z, "A": nothing}}
        for key, features in shown.items():
            expected[frozenset(key)] = model.fusion(features).argmax(1) == data.train.labels
    method = Watched(warm_up=0)
    fit(model, data.train, data.valid, Settings(epochs=1, batch_size=16), method=method)
    assert torch.equal(method.due, extra_copies(contributions(expected)))


def test_an_epoch_has_as_many_batches_as_its_copies_need():
    data, runs = data_of(), []
    model = build_classifier(data.train.inputs, data.num_classes, widths=(8, 4), seed=2)
    method = balancing.build("sample-valuation", warm_up=1, repeats=2)
    how = Settings(epochs=3, batch_size=16)
    steps = epochs(model, data.train, data.valid, how, method=method, watch=runs.append)
    list(steps)
    batches = {e: max(r["batch"] for r in runs[-1].trace if r["epoch"] == e) for e in (1, 2, 3)}
    assert batches[1] == 3 and batches[2] > 3 and batches[3] > 3
    assert method.copies is None and method.kept == []
