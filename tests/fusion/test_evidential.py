"""Evidential fusion against Dempster's rule on sets, and what evidence promises."""

import math
from itertools import permutations, product

import pytest
import torch
from exact_numbers import draw, tensor
from hypothesis import given
from hypothesis import strategies as st

from coursekit import fusion
from coursekit.fusion.evidential import combined_evidence, log_concentrations, opinion
from coursekit.layers.initialise import initialise

EVERY = frozenset(range(3))


def masses(evidence):
    """Mass by set of classes: each one alone, and all of them, which is not to know."""
    total = sum(evidence) + len(EVERY)
    alone = {frozenset([c]): e / total for c, e in enumerate(evidence)}
    return {**alone, EVERY: len(EVERY) / total}


def dempster(one, other):
    """Masses meet in what their sets share; what contradicts is shared out again."""
    meeting = {}
    for (a, x), (b, y) in product(one.items(), other.items()):
        meeting[a & b] = meeting.get(a & b, 0.0) + x * y
    conflict = meeting.pop(frozenset(), 0.0)
    return {s: m / (1 - conflict) for s, m in meeting.items()}


def drawn(m, rows=4, seed=0):
    return [x.abs() * 3 for x in draw(*((rows, 3) for _ in range(m)), seed=seed)]


@given(m=st.integers(1, 4), seed=st.integers(0, 99))
def test_together_is_dempster_s_rule_on_sets(m, seed):
    evidences = drawn(m, seed=seed)
    belief, uncertainty = opinion(combined_evidence(evidences))
    for row in range(4):
        together = masses(evidences[0][row].tolist())
        for e in evidences[1:]:
            together = dempster(together, masses(e[row].tolist()))
        expected = [together[frozenset([c])] for c in range(3)]
        assert belief[row].tolist() == pytest.approx(expected, abs=1e-12)
        assert float(uncertainty[row]) == pytest.approx(together[EVERY], abs=1e-12)


@given(seed=st.integers(0, 99))
def test_the_order_does_not_matter_and_nothing_is_lost(seed):
    evidences = drawn(3, seed=seed)
    together = combined_evidence(evidences)
    for order in permutations(evidences):
        assert torch.allclose(combined_evidence(order), together, atol=1e-9)
    assert all((together >= e - 1e-12).all() for e in evidences)
    nothing = torch.zeros_like(evidences[0])
    assert torch.allclose(combined_evidence([*evidences, nothing]), together, atol=1e-9)


@given(seed=st.integers(0, 99))
def test_an_opinion_sums_to_one_and_the_logits_are_the_distribution_s_mean(seed):
    evidences = drawn(2, seed=seed)
    belief, uncertainty = opinion(evidences[0])
    assert torch.allclose(belief.sum(1) + uncertainty, torch.ones(4).double())
    alpha = combined_evidence(evidences) + 1
    mean = alpha / alpha.sum(1, keepdim=True)
    logits = log_concentrations(evidences)
    assert torch.allclose(logits, alpha.log(), atol=1e-12)
    assert torch.allclose(logits.softmax(1), mean, atol=1e-12)


def test_evidence_from_tiny_to_huge_keeps_its_digits():
    tiny, huge = tensor([[1e-12, 0.0]]), tensor([[1e200, 3.0]])
    assert combined_evidence([tiny, tiny])[0].tolist() == pytest.approx([2e-12, 0.0], rel=1e-9)
    assert log_concentrations([tiny, tiny])[0].tolist() == pytest.approx([2e-12, 0.0], rel=1e-9)
    logits = log_concentrations([huge, huge])[0]  # whose evidence is beyond all numbers
    assert logits.tolist() == pytest.approx([400 * math.log(10) - math.log(2), math.log(11.5)])
    with pytest.raises(ValueError, match="combined_evidence is too large for a number"):
        combined_evidence([huge, huge])
    assert float(opinion(torch.zeros(1, 3))[1]) == 1.0  # nothing is known


def test_the_operator_is_its_equations():
    made = fusion.build("evidential", {"A": 3, "B": 2}, 4).double()
    initialise(made, 1)
    z = dict(zip("AB", draw((5, 3), (5, 2)), strict=True))
    votes = [vote(x) for vote, x in zip(made.votes, z.values(), strict=True)]
    evidences = [(1 + v.exp()).log() for v in votes]
    assert all(
        torch.allclose(e, x, atol=1e-12)
        for e, x in zip(made.evidences(z).values(), evidences, strict=True)
    )
    assert torch.allclose(made(z), log_concentrations(evidences), atol=1e-12)
