"""OPM: rates by loop, what is lost and what stays, and the step that sees less."""

import math

import pytest
import torch
from exact_numbers import draw, tensor
from hypothesis import assume, given
from hypothesis import strategies as st

from coursekit import balancing
from coursekit.balancing import opm
from coursekit.balancing.unimodal_scores import true_class_scores
from coursekit.data import load_preset
from coursekit.models import build_classifier
from coursekit.training import Settings, epochs
from coursekit.training.loop import begin

SCORES = st.lists(st.floats(0.05, 20), min_size=2, max_size=5)


def by_loop(scores, q_base, strength):
    rates = []
    for m, own in enumerate(scores):
        others = [s for i, s in enumerate(scores) if i != m]
        lead = math.tanh(max(0.0, own / (sum(others) / len(others)) - 1))
        rates.append(min(1.0, q_base * (1 + strength * lead)) if lead > 1e-12 else 0.0)
    return rates


@given(scores=SCORES, q_base=st.floats(0, 1), strength=st.floats(0, 4))
def test_rates_by_loop(scores, q_base, strength):
    means = [(sum(scores) - s) / (len(scores) - 1) for s in scores]
    # Else rounding decides who is ahead.
    assume(all(abs(s / mean - 1) > 1e-9 for s, mean in zip(scores, means, strict=True)))
    q = opm.drop_rates(tensor(scores), q_base, strength)
    assert q.tolist() == pytest.approx(by_loop(scores, q_base, strength))
    assert float(q.min()) == 0  # whoever is last is never dropped


@pytest.mark.parametrize("scores", [[2.0, 2.0], [1.0, 1.0, 1.0], [0.0, 0.0]])
def test_nobody_is_dropped_at_a_tie(scores):
    assert opm.rates(tensor(scores), 0.5, 0.5).tolist() == [0.0] * len(scores)


def test_a_score_of_zero_has_its_limit():
    assert opm.rates(tensor([0.0, 3.0]), 0.5, 0.6).tolist() == pytest.approx([0.0, 0.8])
    with pytest.raises(ValueError, match=r"scores holds 0\.0; positive numbers"):
        opm.drop_rates(tensor([0.0, 3.0]), 0.5, 0.6)


@given(seed=st.integers(0, 99), m=st.integers(2, 4))
def test_what_is_left_by_loop(seed, m):
    features = list(draw(*((3, d + 1) for d in range(m)), seed=seed))
    rng = torch.Generator().manual_seed(seed)
    q = torch.rand(m, generator=rng, dtype=torch.float64)
    keep = torch.rand(3, m, generator=rng) < 0.6
    widths = [z.shape[1] for z in features]
    theta = opm.lost_share(q, widths)
    expected = sum(w * float(x) for w, x in zip(widths, q, strict=True)) / sum(widths)
    assert float(theta) == pytest.approx(expected)
    for i, (z, left) in enumerate(zip(features, opm.thinned(features, keep, theta), strict=True)):
        for b in range(3):
            wanted = [float(x) / (1 - expected) if keep[b, i] else 0.0 for x in z[b]]
            assert left[b].tolist() == pytest.approx(wanted)


def test_on_average_the_fusion_sees_as_much_as_without():
    """Of one modality dropped with q, the mean over draws of what is left is the feature."""
    z, q = torch.ones(200_000, 1, dtype=torch.float64), tensor([0.4])
    keep = torch.rand(len(z), 1, generator=torch.Generator().manual_seed(0)) >= 0.4
    (left,) = opm.thinned([z], keep, opm.lost_share(q, [1]))
    assert float(left.mean()) == pytest.approx(1, abs=0.01)


# ---- in a training -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data():
    return load_preset("starve", 1, train=60, valid=20, test=20)


def seen_by_the_fusion(data, fusion="late-linear", **own):
    """Features that reach the fusion in training, (whole, left) by modality, one pair per step."""
    model = build_classifier(data.train.inputs, 6, widths=(8, 4), fusion=fusion, seed=2)
    method, pairs, runs = balancing.build("opm", **own), [], []
    predict = method.predict

    def watched(run, inputs):
        kept = []
        hook = model.fusion.register_forward_pre_hook(lambda _, given: kept.append(given[0]))
        prediction = predict(run, inputs)
        hook.remove()
        pairs.append((run.epoch, prediction.features, kept[-1]))
        return prediction

    method.predict = watched
    how = Settings(epochs=2, batch_size=30, lr=0.3)
    list(epochs(model, data.train, data.valid, how, method=method, watch=runs.append))
    return pairs


@pytest.mark.parametrize("fusion", ["late-linear", "mid-mlp"])
def test_only_the_leader_is_dropped_and_all_is_divided_alike(data, fusion):
    for _, whole, left in seen_by_the_fusion(data, fusion, warm_up=0, p_exe=1.0, q_base=0.7):
        lost = {m: (z == 0).all(1) & (whole[m] != 0).any(1) for m, z in left.items()}
        assert sum(bool(x.any()) for x in lost.values()) == 1
        ratios = torch.cat([(left[m] / z)[~lost[m]].flatten() for m, z in whole.items()])
        ratios = ratios[ratios.isfinite()].detach()
        factor = float(ratios[0])
        assert factor > 1 and torch.allclose(ratios, torch.full_like(ratios, factor))


def test_the_rates_are_of_the_very_batch(data):
    """Held against scores from the labels of the rows that the batch has."""
    model = build_classifier(data.train.inputs, 6, widths=(8, 4), seed=2)
    method = balancing.build("opm", warm_up=0, p_exe=1.0)
    run = begin(model, data.train, data.valid, Settings(batch_size=60), 0)
    run.epoch = run.batch = 1
    method.begin(run)
    (rows,) = method.batches(run, torch.Generator().manual_seed(5))
    run.rows = rows
    inputs = {m: x[rows] for m, x in data.train.inputs.items()}
    z = model.encode(inputs)
    weight, bias = model.fusion.linear.weight, model.fusion.linear.bias
    own = [x @ w.T + bias / 2 for x, w in zip(z.values(), weight.split(4, dim=1), strict=True)]
    scores = true_class_scores(own, data.train.labels[rows])
    q = opm.drop_rates(scores, 0.5, 0.5)
    kept = []
    model.fusion.register_forward_pre_hook(lambda _, given: kept.append(given[0]))
    method.predict(run, inputs)
    factor = 1 / (1 - float(q.sum()) / 2)
    leader, other = ("A", "B") if float(q[0]) > 0 else ("B", "A")
    assert torch.allclose(kept[0][other], z[other] * factor)
    assert not torch.allclose(kept[0][leader], z[leader] * factor)


def test_outside_its_epochs_and_batches_it_is_quiet(data):
    for own in ({"warm_up": 2}, {"warm_up": 0, "p_exe": 0.0}, {"warm_up": 0, "q_base": 0.0}):
        for _, whole, left in seen_by_the_fusion(data, **own):
            assert all(torch.equal(left[m], z) for m, z in whole.items())
    acted = {
        epoch
        for epoch, whole, left in seen_by_the_fusion(data, warm_up=1, p_exe=1.0)
        if any(not torch.equal(left[m], z) for m, z in whole.items())
    }
    assert acted == {2}
