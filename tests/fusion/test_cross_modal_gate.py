"""Cross-modal gates: the equation by loops, branches that know each other by their gates alone."""

import math

import pytest
import torch
from exact_numbers import draw
from hypothesis import given
from hypothesis import strategies as st

from coursekit import fusion
from coursekit.fusion.cross_modal_gate import cross_modal_gates, through_gate
from coursekit.layers.initialise import initialise

WIDTHS = {"A": 3, "B": 2, "C": 4}


def features(rows=5, seed=0):
    return dict(zip(WIDTHS, draw(*((rows, d) for d in WIDTHS.values()), seed=seed), strict=True))


def made(seed=1):
    """In float64, with weights everywhere, gates too."""
    gate = fusion.build("cross-modal-gate", WIDTHS, 6).double()
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in gate.parameters():
            p.copy_(torch.randn(p.shape, generator=rng, dtype=torch.float64))
    return gate


@given(places=st.integers(1, 3), seed=st.integers(0, 50))
def test_gates_by_loops(places, seed):
    """Of feature maps, which are squeezed to their means, and of two widths."""
    a, b, w, bias, wa, wb, ba, bb = draw(
        (4, 2, places), (4, 3, places), (3, 5), (3,), (2, 3), (3, 3), (2,), (3,), seed=seed
    )
    gates = cross_modal_gates([a, b], w, bias, [wa, wb], [ba, bb])
    for i in range(4):
        squeezed = [sum(row) / places for x in (a, b) for row in x[i].tolist()]
        s = [
            max(0.0, sum(float(w[h, j]) * squeezed[j] for j in range(5)) + float(bias[h]))
            for h in range(3)
        ]
        for gate, weight, own, width in ((gates[0], wa, ba, 2), (gates[1], wb, bb, 3)):
            for d in range(width):
                e = sum(float(weight[d, h]) * s[h] for h in range(3)) + float(own[d])
                assert float(gate[i, d]) == pytest.approx(2 / (1 + math.exp(-e)), abs=1e-12)


def test_through_a_gate_by_loops():
    x, gate, one = draw((2, 3, 4), (2, 3), (3,))
    for of, at in ((gate, lambda b, d: gate[b, d]), (one, lambda b, d: one[d])):
        passed = through_gate(x, of)
        for b in range(2):
            for d in range(3):
                assert torch.equal(passed[b, d], x[b, d] * at(b, d))


def test_it_starts_as_the_mean_of_branches_that_know_nothing_of_each_other():
    gate = fusion.build("cross-modal-gate", WIDTHS, 6).double()
    initialise(gate, seed=0)
    z = features()
    assert all(torch.equal(g, torch.ones_like(g)) for g in gate.gates(z).values())
    votes = [vote(x) for vote, x in zip(gate.votes, z.values(), strict=True)]
    assert torch.allclose(gate(z), sum(votes) / 3, atol=1e-12)
    assert gate.squeeze.weight.shape == (4, 9)  # half of all features
    narrow = fusion.cross_modal_gate.CrossModalGate(WIDTHS, 6, hidden=2)
    assert narrow.squeeze.weight.shape == (2, 9)


def test_the_operator_is_its_equations():
    gate, z = made(), features()
    layers = list(gate.gating)
    expected = cross_modal_gates(
        list(z.values()),
        gate.squeeze.weight,
        gate.squeeze.bias,
        [layer.weight for layer in layers],
        [layer.bias for layer in layers],
    )
    gates = gate.gates(z)
    assert all(torch.equal(g, e) for g, e in zip(gates.values(), expected, strict=True))
    branches = gate.branches(z, gates)
    for i, m in enumerate(WIDTHS):
        assert torch.equal(branches[m], gate.votes[i](through_gate(z[m], gates[m])))
    assert torch.allclose(gate(z), sum(branches.values()) / 3, atol=1e-12)


def test_a_gate_may_be_replaced_by_one_for_all_samples():
    gate, z = made(), features()
    gates = gate.gates(z)
    average = gates["B"].mean(0)
    branches, live = gate.branches(z, {**gates, "B": average}), gate.branches(z, gates)
    assert torch.equal(branches["B"], gate.votes[1](z["B"] * average))
    assert torch.equal(branches["A"], live["A"]) and torch.equal(branches["C"], live["C"])


def test_alone_a_gate_sees_its_own_modality_and_averages():
    gate, z = made(), features()
    averages = {m: x.mean(0) for m, x in features(seed=9).items()}
    alone = gate.gates_alone(z, averages)
    for m in WIDTHS:
        for row in range(5):
            seen = {k: (z[k][row] if k == m else averages[k])[None] for k in WIDTHS}
            assert torch.allclose(alone[m][row], gate.gates(seen)[m][0], atol=1e-12)
    changed = {m: x if m == "A" else -x for m, x in z.items()}
    assert torch.equal(gate.gates_alone(changed, averages)["A"], alone["A"])
    assert not torch.allclose(gate.gates(changed)["A"], gate.gates(z)["A"])


X, Y = torch.ones(2, 3), torch.ones(2, 4)
W, B = torch.ones(5, 7), torch.ones(5)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"features": [X, Y[:1]]}, r"features\[1\] has shape \(1, 4\)"),
        ({"squeeze_weight": W[:, :6]}, r"squeeze_weight has shape \(5, 6\); \(hidden, 7\)"),
        ({"squeeze_bias": B[:4]}, r"squeeze_bias has shape \(4,\); \(5,\) was"),
        ({"gate_weights": [torch.ones(3, 5)]}, "gate_weights holds 1; 2, one per modality"),
        ({"gate_weights": [torch.ones(3, 5)] * 2}, r"gate_weights\[1\] has shape \(3, 5\); \(4, 5"),
        ({"gate_biases": [torch.ones(3), torch.ones(3)]}, r"gate_biases\[1\] has shape \(3,\)"),
    ],
)
def test_what_does_not_fit_is_refused(changes, sentence):
    good = {
        "features": [X, Y],
        "squeeze_weight": W,
        "squeeze_bias": B,
        "gate_weights": [torch.ones(3, 5), torch.ones(4, 5)],
        "gate_biases": [torch.ones(3), torch.ones(4)],
    }
    assert len(cross_modal_gates(**good)) == 2
    with pytest.raises(ValueError, match=sentence):
        cross_modal_gates(**{**good, **changes})
    with pytest.raises(ValueError, match=r"gate has shape \(4,\); \(2, 3\) or \(3,\) was expected"):
        through_gate(X, torch.ones(4))
    with pytest.raises(ValueError, match="cross-modal-gate fusion needs 2 or more"):
        fusion.build("cross-modal-gate", {"A": 3}, 2)
