"""Gates and shifts: FiLM, Kiela's gate, GMU, the hard gate and MAG, against oracles."""

import math

import pytest
import torch
from exact_numbers import draw
from hypothesis import given
from hypothesis import strategies as st

from coursekit import fusion
from coursekit.fusion import gated, modality_shift, straight_through
from coursekit.fusion.film import film
from coursekit.fusion.gmu import gmu


def close(a, b):
    return torch.allclose(a, b, rtol=0, atol=1e-9)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


# ---- FiLM ------------------------------------------------------------------------------------


def test_film_by_loops():
    x, gamma, beta = draw((2, 3, 4), (2, 3), (2, 3))
    modulated = film(x, gamma, beta)
    for b in range(2):
        for d in range(3):
            for t in range(4):
                expected = float(gamma[b, d]) * float(x[b, d, t]) + float(beta[b, d])
                assert float(modulated[b, d, t]) == pytest.approx(expected, abs=1e-12)


def test_film_conditions_the_last_modality_on_all_others():
    made = fusion.build("film", {"A": 3, "B": 2, "C": 4}, 5).double()
    a, b, c = draw((6, 3), (6, 2), (6, 4))
    condition = torch.cat([a, b], dim=1)
    expected = made.linear(made.gamma(condition) * c + made.beta(condition))
    assert close(made({"C": c, "A": a, "B": b}), expected)


# ---- Kiela's gate and GMU --------------------------------------------------------------------


def test_gated_by_loops():
    x, gate = draw((3, 4), (3, 4))
    opened = gated(x, gate)
    for b in range(3):
        expected = [sigmoid(float(g)) * float(v) for g, v in zip(gate[b], x[b], strict=True)]
        assert opened[b].tolist() == pytest.approx(expected, abs=1e-12)


def test_gmu_by_loops():
    visual, text, w = draw((3, 2), (3, 2), (2, 4))
    fused = gmu(visual, text, w)
    for b in range(3):
        both = [*visual[b].tolist(), *text[b].tolist()]
        for d in range(2):
            z = sigmoid(sum(float(w[d, i]) * both[i] for i in range(4)))
            expected = z * math.tanh(both[d]) + (1 - z) * math.tanh(both[2 + d])
            assert float(fused[b, d]) == pytest.approx(expected, abs=1e-12)


def test_gmu_of_three_gates_each_by_itself():
    made = fusion.build("gmu", {"A": 3, "B": 2, "C": 4}, 5).double()
    features = dict(zip("ABC", draw((6, 3), (6, 2), (6, 4)), strict=True))
    h = [v(z) for v, z in zip(made.projections, features.values(), strict=True)]
    total = sum(
        torch.sigmoid(gate(torch.cat(h, dim=1))) * torch.tanh(x)
        for gate, x in zip(made.gates, h, strict=True)
    )
    assert len(made.gates) == 3
    assert close(made(features), made.linear(total))


# ---- the hard gate ---------------------------------------------------------------------------


@given(rows=st.integers(1, 5), m=st.integers(1, 4), tau=st.floats(0.1, 5), seed=st.integers(0, 99))
def test_straight_through_is_one_hot_with_the_gradient_of_softmax(rows, m, tau, seed):
    logits, upstream = draw((rows, m), (rows, m), seed=seed)
    hard, soft = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    chosen = straight_through(hard, tau)
    assert close(chosen, torch.nn.functional.one_hot(logits.argmax(1), m).double())
    (chosen * upstream).sum().backward()
    (torch.softmax(soft / tau, dim=1) * upstream).sum().backward()
    assert close(hard.grad, soft.grad)


def test_the_hard_gate_lets_one_modality_through():
    made = fusion.build("hard-gate", {"A": 3, "B": 2}, 4).double()
    a, b = draw((20, 3), (20, 2))
    chosen = made.gate(torch.cat([a, b], dim=1)).argmax(1)
    assert set(chosen.tolist()) == {0, 1}  # both occur
    values = [v(z) for v, z in zip(made.values, (a, b), strict=True)]
    expected = made.linear(torch.where(chosen[:, None] == 0, *values))
    assert close(made({"A": a, "B": b}), expected)


# ---- MAG -------------------------------------------------------------------------------------


@given(beta=st.floats(0, 3), scale=st.floats(1e-3, 1e3), seed=st.integers(0, 99))
def test_a_shift_is_never_longer_than_beta_times_what_it_shifts(beta, scale, seed):
    primary, h = draw((4, 5), (4, 5), seed=seed)
    shift = modality_shift(primary, scale * h, beta) - primary
    longest = beta * primary.norm(dim=1)
    assert (shift.norm(dim=1) <= longest * (1 + 1e-9) + 1e-12).all()
    free = (scale * h).norm(dim=1) + 1e-6 < longest  # short enough: added as it is
    assert close(shift[free], (scale * h)[free])


def test_no_displacement_leaves_the_primary_as_it_is():
    (primary,) = draw((4, 5))
    assert torch.equal(modality_shift(primary, torch.zeros_like(primary)), primary)


# ---- refusals --------------------------------------------------------------------------------

X, Y = torch.ones(2, 3), torch.ones(2, 4)
NAN = torch.full((2, 3), math.nan)


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: film(X, X[:1], X), ValueError, "gamma has shape (1, 3); (2, 3) was expected"),
        (lambda: film(X, X, Y), ValueError, "beta has shape (2, 4); (2, 3) was expected"),
        (lambda: film(NAN, X, X), ValueError, "x contains NaN"),
        (lambda: film(X[0], X, X), ValueError, "x has shape (3,); (any, any) was expected"),
        (lambda: film(X.long(), X, X), TypeError, "x has dtype torch.int64"),
        (lambda: gated(X, Y), ValueError, "gate_logits has shape (2, 4); (2, 3) was expected"),
        (lambda: gmu(X, Y, X), ValueError, "text has shape (2, 4); (2, 3) was expected"),
        (lambda: gmu(X, X, Y), ValueError, "gate_weight has shape (2, 4); (3, 6) was expected"),
        (lambda: gmu(X, X, NAN), ValueError, "gate_weight contains NaN"),
        (lambda: straight_through(X, 0.0), ValueError, "temperature is 0.0; a positive number"),
        (lambda: straight_through(X[0]), ValueError, "logits has shape (3,)"),
        (lambda: modality_shift(X, Y), ValueError, "displacement has shape (2, 4); (2, 3) was"),
        (lambda: modality_shift(X, X, -1.0), ValueError, "beta is -1.0; zero or a positive"),
        *(
            (lambda n=n: fusion.build(n, {"A": 3}, 2), ValueError, f"{n} fusion needs 2 or more")
            for n in ("film", "kiela-gate", "gmu", "hard-gate", "mag")
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refusals(call, error, sentence):
    with pytest.raises(error) as caught:
        call()
    assert sentence in str(caught.value)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("tau", [1e-3, 1e-40, 1e-310, 1e30])
def test_straight_through_has_a_value_at_every_temperature(dtype, tau):
    logits = torch.tensor([[30.0, 100], [-70, -80], [1, 1.0078125]], dtype=dtype)
    logits.requires_grad_()
    chosen = straight_through(logits, tau)
    expected = torch.tensor([[0.0, 1], [1, 0], [0, 1]], dtype=dtype)
    torch.testing.assert_close(chosen.detach(), expected, rtol=0, atol=0)
    soft = straight_through(logits, tau, hard=False).detach()
    torch.testing.assert_close(soft.sum(1), torch.ones(3, dtype=dtype), rtol=0, atol=1e-2)
    chosen[:, 0].sum().backward()
    assert bool(logits.grad.isfinite().all())
