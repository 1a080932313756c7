"""Objectives that align, in mixed precision, in parts, and resumed in either."""

import pytest
import torch

from coursekit.analysis.retrieval import both_ways
from coursekit.data.multimodal import Split
from coursekit.models import build_classifier
from coursekit.training import Settings, epochs, fit, predict
from coursekit.training.alignment import build

pytest.importorskip("lightning_fabric")
objectives = pytest.mark.parametrize("name", ["contrastive", "correspondence"])


def pairs(n=96):
    """Two views of the same hidden numbers."""
    torch.manual_seed(0)
    hidden = torch.randn(n, 4)
    views = {"A": hidden @ torch.randn(4, 6), "B": hidden @ torch.randn(4, 8)}
    return Split(views, (hidden[:, 0] > 0).long(), torch.arange(n))


def new_model():
    return build_classifier(pairs().inputs, 2, widths=(16, 16))


def how(count, **more):
    return Settings(epochs=count, batch_size=32, optimizer="adam", lr=0.01, **more)


def trained(name, count, **more):
    model, data = new_model(), pairs()
    history = fit(model, data, data, how(count, **more), method=build(name))
    return model, history


def recall(model):
    data = pairs()
    with torch.no_grad():
        places = model.fusion.aligned(predict(model, data.inputs).features)
    return both_ways(places["A"] @ places["B"].T)[0].recall(1)


@objectives
def test_mixed_precision_aligns_and_leaves_whole_weights(name):
    mixed, history = trained(name, 30, precision="bf16-mixed")
    plain, _ = trained(name, 30)
    assert {p.dtype for p in mixed.parameters()} == {torch.float32}
    assert not torch.equal(*(next(m.encoders.parameters()) for m in (mixed, plain)))
    assert history["loss"].notna().all()
    assert recall(mixed) > 0.3 > 1 / 96 and abs(recall(mixed) - recall(plain)) < 0.35


@objectives
def test_parts_and_recomputed_activations_change_nothing_but_rounding(name):
    whole, _ = trained(name, 3)
    parts, _ = trained(name, 3, accumulate=3, checkpointing=True)
    for p, q in zip(whole.parameters(), parts.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-3, atol=1e-4)


@objectives
@pytest.mark.parametrize("more", [{"precision": "bf16-mixed"}, {"accumulate": 2}])
def test_a_training_goes_on_where_it_was_stopped(name, more, tmp_path):
    data = pairs()
    straight, _ = trained(name, 3, **more)
    stopped = new_model()
    begun = epochs(
        stopped, data, data, how(3, **more), method=build(name), checkpoints=tmp_path
    )  # fmt: skip
    next(begun)
    begun.close()
    again = new_model()
    list(epochs(again, data, data, how(3, **more), method=build(name), checkpoints=tmp_path))
    for p, q in zip(straight.parameters(), again.parameters(), strict=True):
        assert torch.equal(p, q)


@objectives
def test_a_model_in_double_precision_stays_in_it(name):
    data = pairs()
    double = Split({m: x.double() for m, x in data.inputs.items()}, data.labels, data.group)
    model = new_model().double()
    fit(model, double, double, how(1), method=build(name))
    assert {p.dtype for p in model.parameters()} == {torch.float64}
