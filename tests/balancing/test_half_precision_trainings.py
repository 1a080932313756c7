"""Models in half precision: every method takes its steps with them, past its warm-up."""

from dataclasses import replace

import pytest
import torch
from method_fusions import fusion_of

from coursekit import balancing
from coursekit.data import load_preset
from coursekit.models import build_classifier
from coursekit.training import Settings, fit

AT_ONCE = {  # so that a method acts within two epochs
    "gblend-offline": {"epochs": 1},
    "gblend-online": {"epochs": 1},
    "g2d": {"epochs": 1, "share": 1.0},
    "greedy": {"tolerance": 0.0, "start": 1},
    "mslr": {"memory": 1},
    "opm": {"warm_up": 0, "p_exe": 1.0},
    "pdmp": {"epochs": 1},
    "reconboost": {"boosting": 1, "rectifying": 1},
    "relearning": {"every": 1},
    "remix": {"warm_up": 0},
    "sample-valuation": {"warm_up": 0},
    "umt": {"epochs": 1},
}
HOW = Settings(epochs=2, batch_size=20, lr=0.01)


@pytest.fixture(scope="module")
def data():
    return load_preset("starve", 1, train=40, valid=20, test=10)


@pytest.mark.filterwarnings("ignore::coursekit.balancing.reconboost.NeverJoins")
@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("usual", ["late-linear", "mid-mlp"])
@pytest.mark.parametrize("name", balancing.names())
def test_every_method_trains_a_model_in_half_precision(data, name, usual, half):
    splits = (data.train, data.valid)
    train, valid = (
        replace(split, inputs={m: x.to(half) for m, x in split.inputs.items()}) for split in splits
    )
    kind = fusion_of(name, usual)
    model = build_classifier(data.train.inputs, 6, widths=(8, 4), fusion=kind, seed=1).to(half)
    before = [p.clone() for p in model.encoders.parameters()]
    method = balancing.build(name, **AT_ONCE.get(name, {}))
    history = fit(model, train, valid, HOW, method=method)
    assert history["loss"].notna().all()
    assert {p.dtype for p in model.parameters()} == {half}
    after = model.encoders.parameters()
    assert any(not torch.equal(p, q) for p, q in zip(before, after, strict=True))
