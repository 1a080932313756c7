"""Hinges with a margin per pair, against loops."""

import pytest
import torch

from coursekit.training.noisy_correspondence import (
    hardest_loss,
    hinges,
    per_pair_loss,
    predicted_labels,
    soft_margins,
    warm_up_loss,
)


def batch(rows=5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(rows, rows, generator=generator).double()


def by_loop(s, margins):
    """Both directions, the asking pair's own margin."""
    rows = range(len(s))
    to_caption = [
        [max(0, margins[i] + s[i, j] - s[i, i]) if i != j else 0 for j in rows] for i in rows
    ]
    to_picture = [
        [max(0, margins[j] + s[i, j] - s[j, j]) if i != j else 0 for j in rows] for i in rows
    ]
    return torch.tensor(to_caption).double(), torch.tensor(to_picture).double()


def test_each_query_has_its_own_margin():
    s, margins = batch(), torch.tensor([0.2, 0.0, 0.1, 0.05, 0.15]).double()
    expected = by_loop(s, margins)
    for value, want in zip(hinges(s, margins), expected, strict=True):
        torch.testing.assert_close(value, want)
    total = expected[0].max(1).values.sum() + expected[1].max(0).values.sum()
    torch.testing.assert_close(hardest_loss(s, margins), total)


def test_the_released_margin_is_the_rows():
    s, margins = batch(), torch.tensor([0.2, 0.0, 0.1, 0.05, 0.15]).double()
    ours, released = hinges(s, margins)[1], hinges(s, margins, row_margin=True)[1]
    transposed = hinges(s.T.contiguous(), margins)[0].T
    torch.testing.assert_close(ours, transposed)
    assert not torch.allclose(ours, released)
    same = torch.full_like(margins, 0.2)
    torch.testing.assert_close(hinges(s, same)[1], hinges(s, same, row_margin=True)[1])


def test_warm_up_counts_the_diagonals_zero():
    s = batch(4)
    to_caption, to_picture = by_loop(s, [0.2] * 4)
    torch.testing.assert_close(per_pair_loss(s), to_caption.sum(1) / 4 + to_picture.sum(0) / 4)
    torch.testing.assert_close(warm_up_loss(s), per_pair_loss(s).sum())


def test_labels_where_nothing_seems_right_are_zero():
    hopeless = 1 - torch.eye(4).double()
    assert predicted_labels(hopeless).tolist() == [0] * 4
    assert predicted_labels(torch.eye(4).double()).tolist() == [1] * 4


def test_the_best_tenth_sets_the_scale():
    s = batch(25)
    kept = (0.2 - per_pair_loss(s) / 2).clamp(0, 0.2)
    best = kept.sort(descending=True).values[:3].mean()
    torch.testing.assert_close(predicted_labels(s), (kept / best).clamp(0, 1))


@pytest.mark.parametrize("form", ["linear", "exponential", "sin"])
def test_margins_rise_from_nothing_to_all(form):
    margins = soft_margins(torch.linspace(0, 1, 11).double(), 0.3, form)
    assert margins[0] == pytest.approx(0) and margins[-1] == pytest.approx(0.3)
    assert (margins.diff() > 0).all()


def test_one_pair_has_no_wrong_partner():
    one = torch.tensor([[0.3]])
    assert hardest_loss(one, torch.tensor([0.2])).item() == 0
    assert predicted_labels(one).tolist() == [1]


def test_gradients_flow_and_half_precision_is_widened():
    s = batch().requires_grad_()
    hardest_loss(s, torch.full((5,), 0.2).double()).backward()
    assert s.grad.abs().sum() > 0
    half = batch().half()
    wide = warm_up_loss(half.double())
    torch.testing.assert_close(warm_up_loss(half), wide)
