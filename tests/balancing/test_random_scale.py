"""Random scale: MLB's curve on a ratio that is drawn, 1 on average."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from coursekit import balancing
from coursekit.balancing.random_scale import random_scales
from coursekit.data import load_preset
from coursekit.models import build_classifier
from coursekit.training import Settings, epochs


def by_loop(m, spread, beta_max, seed):
    """The same draws, one modality after the other, and MLB's curve written out."""
    draw = torch.Generator().manual_seed(seed)
    z = torch.randn(m, generator=draw, dtype=torch.float64).tolist()
    u = torch.rand(m, generator=draw, dtype=torch.float64).tolist()
    k = []
    for a, b in zip(z, u, strict=True):
        away = min(1.0, spread * abs(a))
        sign, reach = (1, beta_max - 1) if b < 1 / beta_max else (-1, 1)
        k.append(1 + sign * reach * math.tanh(2 * away))
    return k


@given(
    m=st.integers(1, 5),
    spread=st.floats(0, 4),
    beta_max=st.floats(1.01, 10),
    seed=st.integers(0, 99),
)
def test_it_is_mlb_s_curve_of_what_was_drawn(m, spread, beta_max, seed):
    k = random_scales(m, spread, beta_max, torch.Generator().manual_seed(seed))
    assert k.tolist() == pytest.approx(by_loop(m, spread, beta_max, seed), abs=1e-9)
    assert bool((k >= 0).all() and (k <= beta_max).all())


@pytest.mark.parametrize("beta_max", [1.0, 2.0, 8.0])
@pytest.mark.parametrize("spread", [0.1, 0.5, 2.0])
def test_the_mean_is_one_whatever_the_spread(spread, beta_max):
    k = random_scales(40_000, spread, beta_max, torch.Generator().manual_seed(0))
    within = 5 * float(k.std()) / 200  # five standard errors
    assert float(k.mean()) == pytest.approx(1, abs=within + 1e-12)


def test_without_spread_every_k_is_one_to_the_bit():
    assert random_scales(5, 0.0, 8.0).tolist() == [1.0] * 5


def test_every_batch_and_modality_has_a_draw_of_its_own():
    data = load_preset("starve", 1, train=60, valid=20, test=20)
    model, runs = build_classifier(data.train.inputs, 6, widths=(4,)), []
    how = Settings(epochs=2, batch_size=20)
    method = balancing.build("random-scale", spread=0.1)
    list(epochs(model, data.train, data.valid, how, method=method, watch=runs.append))
    drawn = [row["scale"] for row in runs[-1].trace if "scale" in row]
    assert len(drawn) == len(set(drawn)) == 2 * 3 * 2
