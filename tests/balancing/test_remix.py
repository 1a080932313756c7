"""Data remixing: divergence by loop, ties, and epochs whose batches are of one modality each."""

import math

import pytest
import torch
from exact_numbers import draw, tensor
from hypothesis import given
from hypothesis import strategies as st
from watched_fusion import watched

from coursekit import balancing
from coursekit.balancing.remix import Remix, bits_from_uniform, least_sure
from coursekit.data import Modality, Recipe, generate
from coursekit.models import build_classifier
from coursekit.training import Settings, epochs, fit


@given(seed=st.integers(0, 99), c=st.integers(2, 6), sharp=st.floats(0, 5))
def test_bits_by_loop(seed, c, sharp):
    (logits,) = draw((4, c), seed=seed)
    p = (sharp * logits).softmax(1)
    by_loop = [sum(x * math.log2(x * c) for x in row) for row in p.tolist()]
    assert bits_from_uniform(p).tolist() == pytest.approx(by_loop, abs=1e-7)
    assert bool((bits_from_uniform(p) <= math.log2(c) + 1e-9).all())


def test_no_idea_is_zero_bits_and_certainty_the_most():
    assert float(bits_from_uniform(torch.full((1, 8), 0.125))) == 0
    assert float(bits_from_uniform(torch.eye(4))[0]) == pytest.approx(2, abs=1e-6)


@pytest.mark.parametrize("total", [0.995, 1.005, 0.9998])
def test_only_half_precision_may_be_off_by_a_hundredth(total):
    p = torch.full((1, 4), total / 4)
    with pytest.raises(ValueError, match="probs has rows that are no probabilities"):
        bits_from_uniform(p)
    for half in (torch.bfloat16, torch.float16):
        assert float(bits_from_uniform(p.to(half))) == pytest.approx(0, abs=0.02)


def test_the_flattest_answer_has_the_sample_and_of_equals_the_last():
    flat, sure = tensor([[0.0, 0.0, 0.0]]), tensor([[5.0, 0.0, 0.0]])
    assert least_sure([flat, sure, sure]).tolist() == [0]
    assert least_sure([sure, flat, sure]).tolist() == [1]
    assert least_sure([flat, sure, flat]).tolist() == [2]
    assert least_sure([sure, sure]).tolist() == [1]


# ---- in a training -----------------------------------------------------------------------------


def data_of(modalities="AB", rows=40):
    recipe = Recipe(
        {m: Modality() for m in modalities}, redundant=0.6, train=rows, valid=20, test=20
    )
    return generate(recipe, seed=1)


class Watched(Remix):
    """Keeps who owns the rows, the batches, and what the fusion sees of them, of the last epoch."""

    name = "watched"

    def batches(self, run, order):
        self.owners, self.seen, self.weighed = self.owner, [], []
        self.parts = super().batches(run, order)
        return self.parts

    def predict(self, run, inputs):
        forward = super().predict
        prediction, shown = watched(run, lambda: forward(run, inputs))
        self.seen.append((prediction.features, shown))
        return prediction

    def weights(self, step):
        weights = super().weights(step)
        self.weighed.append(weights)
        return weights


@pytest.mark.parametrize("fusion", ["late-linear", "mid-mlp"])
@pytest.mark.parametrize("modalities", ["AB", "ABC"])
def test_every_row_comes_once_with_its_owner_alone(modalities, fusion):
    data = data_of(modalities)
    model = build_classifier(
        data.train.inputs, data.num_classes, widths=(8, 4), fusion=fusion, seed=2
    )
    method = Watched(warm_up=0)
    method.begin_epoch = lambda run: setattr(method, "owner", torch.arange(40) % len(modalities))
    fit(model, data.train, data.valid, Settings(epochs=1, batch_size=8), method=method)
    assert sorted(torch.cat(method.parts).tolist()) == list(range(40))
    assert len(method.parts) <= 5 + len(modalities) - 1
    order = []
    for rows, (features, shown), weights in zip(
        method.parts, method.seen, method.weighed, strict=True
    ):
        (place,) = set(method.owners[rows].tolist())
        own = modalities[place]
        order.append(place)
        for m, z in features.items():
            assert torch.equal(shown[m], z if m == own else 0 * z)
        assert weights == {"joint": 1.0, **{m: float(m == own) for m in modalities}}
    assert order == sorted(order, reverse=True) and len(set(order)) > 1


def test_rows_go_to_whose_own_head_is_least_sure():
    data = data_of()
    model = build_classifier(data.train.inputs, data.num_classes, widths=(8, 4), seed=2)
    with torch.no_grad():
        own = list(model(data.train.inputs).unimodal.values())
    method = Watched(warm_up=0)
    fit(model, data.train, data.valid, Settings(epochs=1, batch_size=8), method=method)
    assert torch.equal(method.owners, least_sure(own))


def test_the_warm_up_is_the_multi_loss():
    data, models = data_of(), []
    for name, own in (("multi-loss", {}), ("remix", {"warm_up": 2})):
        model = build_classifier(data.train.inputs, data.num_classes, widths=(8, 4), seed=2)
        fit(model, data.train, data.valid, Settings(epochs=2, batch_size=8),
            method=balancing.build(name, **own))  # fmt: skip
        models.append(model)
    for p, q in zip(*(m.parameters() for m in models), strict=True):
        assert torch.equal(p, q)


def test_a_batch_that_is_too_small_goes_where_most_rows_are():
    data = data_of()
    model = build_classifier(data.train.inputs, data.num_classes, widths=(8, 4), seed=2)
    sizes = []

    class OneRowOfA(Remix):
        name = "one-row"

        def begin_epoch(self, run):
            run.least = 2
            self.owner = torch.ones(40, dtype=torch.int64)
            self.owner[7] = 0

        def batches(self, run, order):
            parts = super().batches(run, order)
            sizes.append(sorted(map(len, parts)))
            return parts

    steps = epochs(model, data.train, data.valid, Settings(epochs=1, batch_size=13),
                   method=OneRowOfA())  # fmt: skip
    list(steps)
    assert sizes == [[13, 13, 14]]
