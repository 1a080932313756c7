"""Consistency: a target without gradient, and what collapse looks like."""

import torch
from torch.nn import functional as F

from coursekit.training.consistency import answer_consistency, point_consistency, spread


def two(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (torch.randn(6, 4, generator=generator).double().requires_grad_() for _ in range(2))


def test_no_gradient_flows_into_the_clean_side():
    for loss in (point_consistency, answer_consistency):
        clean, changed = two()
        loss(clean, changed).backward()
        assert clean.grad is None and changed.grad.abs().sum() > 0


def test_points_by_hand():
    clean, changed = two()
    rows = zip(clean.tolist(), changed.tolist(), strict=True)
    by_hand = sum((x - y) ** 2 for a, b in rows for x, y in zip(a, b, strict=True)) / 6
    torch.testing.assert_close(point_consistency(clean, changed).item(), by_hand)
    assert point_consistency(clean, clean).item() == 0


def test_answers_are_least_at_the_targets_entropy():
    clean, changed = two()
    p = clean.softmax(1)
    entropy = -(p * p.log()).sum(1).mean()
    torch.testing.assert_close(answer_consistency(clean, clean), entropy)
    assert answer_consistency(clean, changed) > entropy


def test_what_is_all_alike_has_no_spread():
    features = torch.randn(7, 3).double()
    torch.testing.assert_close(spread(features), features.var(0, correction=0).sum())
    assert spread(features[:1].repeat(5, 1)).item() < 1e-24
    unit = F.normalize(features, dim=1)
    torch.testing.assert_close(spread(unit), 1 - unit.mean(0).square().sum())


def test_half_precision_does_not_overflow():
    for dtype in (torch.float16, torch.bfloat16):
        points = torch.full((2, 4), 300.0, dtype=dtype)
        loss = point_consistency(points, -points)
        assert loss.item() == 4 * 600**2 and loss.dtype == torch.float64
        assert answer_consistency(points, points).dtype == torch.float64
