"""The gate at the fusion level: shares that are left alone, and what goes on behind a stage."""

import pytest
import torch
from exact_numbers import draw, tensor

from coursekit.layers.skip_gate import first_alone_shares, joined


def test_shares_by_loop():
    gate = draw((6, 5))[0].softmax(1)
    shares = first_alone_shares(gate)
    for row, s in zip(gate.tolist(), shares.tolist(), strict=True):
        assert s == pytest.approx([sum(row[:k]) for k in range(1, 5)])
        assert s[-1] == pytest.approx(1 - row[-1])


@pytest.mark.parametrize("branch", range(4))
def test_a_hard_gate_joins_at_the_first_stages_of_its_branch(branch):
    gate = torch.eye(4)[[branch]]
    first, second = torch.ones(1, 2, 3), torch.full((1, 2, 3), 10.0)
    shares = first_alone_shares(gate)
    behind = [float(joined(first, second, shares[:, k])[0, 0, 0]) for k in range(3)]
    assert behind == [11.0 if k < branch else 1.0 for k in range(3)]


def test_between_by_loop():
    first, second = draw((3, 2, 2), (3, 2, 2))
    alone = tensor([0.0, 0.3, 1.0])
    out = joined(first, second, alone)
    assert torch.allclose(out[0], first[0] + second[0])
    assert torch.allclose(out[1], first[1] + 0.7 * second[1])
    assert torch.equal(out[2], first[2])


def test_where_the_second_is_not_needed_it_learns_nothing():
    first, second = (x.requires_grad_() for x in draw((2, 3), (2, 3)))
    joined(first, second, tensor([1.0, 0.25])).sum().backward()
    assert second.grad.tolist() == [[0.0] * 3, [0.75] * 3]
    assert first.grad.tolist() == [[1.0] * 3] * 2


def test_shares_beyond_one_are_refused():
    x = torch.ones(2, 3)
    with pytest.raises(ValueError, match=r"alone lies in 0\.\d* to 1\.5; shares from 0 to 1"):
        joined(x, x, torch.tensor([0.5, 1.5]))
    with pytest.raises(ValueError, match="gate has 1 branch; two or more"):
        first_alone_shares(torch.ones(3, 1))
