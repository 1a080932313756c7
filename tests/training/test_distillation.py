"""Distillation: logits at a temperature, features, a teacher per modality; by loop and by rule."""

import math

import pytest
import torch
from exact_numbers import draw, tensor
from torch.nn import functional as F

from coursekit.training.distillation import (
    feature_distillation,
    logit_distillation,
    teacher_distance,
)


def softmax(row, t):
    powers = [math.exp(x / t) for x in row]
    return [p / sum(powers) for p in powers]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0, 20.0])
@pytest.mark.parametrize("shape", [(1, 2), (4, 3), (3, 7)])
def test_logits_by_loop(shape, temperature):
    student, teacher = draw(shape, shape, seed=shape[1])
    total = 0.0
    for own, other in zip(student.tolist(), teacher.tolist(), strict=True):
        p, q = softmax(own, temperature), softmax(other, temperature)
        total += sum(y * math.log(y / x) for x, y in zip(p, q, strict=True))
    want = temperature**2 * total / len(student)
    assert float(logit_distillation(student, teacher, temperature)) == pytest.approx(want, rel=1e-9)


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_the_gradient_is_the_difference_of_softened_probabilities(temperature):
    student, teacher = (2 * x for x in draw((5, 4), (5, 4)))
    student.requires_grad_()
    logit_distillation(student, teacher, temperature).backward()
    p, q = ((x.detach() / temperature).softmax(1) for x in (student, teacher))
    assert torch.allclose(student.grad, temperature * (p - q) / 5, rtol=0, atol=1e-12)


def test_a_high_temperature_compares_centred_logits():
    """The limit that the paper derives: squared differences of centred logits over 2 C."""
    student, teacher = draw((6, 5), (6, 5))
    centred = [x - x.mean(1, keepdim=True) for x in (student, teacher)]
    want = (centred[0] - centred[1]).square().sum(1).mean() / (2 * 5)
    got = logit_distillation(student, teacher, 1e4)
    assert float(got) == pytest.approx(float(want), rel=1e-3)


def test_the_loss_is_a_divergence():
    student, teacher = (3 * x for x in draw((6, 4), (6, 4)))
    assert float(logit_distillation(student, student)) == pytest.approx(0, abs=1e-12)
    assert logit_distillation(student, teacher) > 0
    moved = logit_distillation(student + 2, teacher - 3)
    assert torch.allclose(moved, logit_distillation(student, teacher))
    certain = tensor([[900.0, 0.0]])  # a probability that is exactly zero
    assert float(logit_distillation(certain, certain, 1.0)) == 0
    assert float(logit_distillation(-certain, certain, 1.0)) == pytest.approx(900)
    by_torch = F.kl_div(student.log_softmax(1), teacher.softmax(1), reduction="batchmean")
    assert torch.allclose(logit_distillation(student, teacher, 1.0), by_torch)


@pytest.mark.parametrize("loss", [logit_distillation, feature_distillation])
def test_no_gradient_flows_into_the_teacher(loss):
    student, teacher = (x.requires_grad_() for x in draw((3, 4), (3, 4)))
    loss(student, teacher).backward()
    assert teacher.grad is None and student.grad.abs().sum() > 0


def test_features_by_loop_for_modalities_of_any_width():
    shapes = [(3, 2), (3, 5), (3, 1)]
    features, teachers = draw(*shapes, seed=1), draw(*shapes, seed=2)
    means = []
    for z, t in zip(features, teachers, strict=True):
        pairs = zip(z.flatten().tolist(), t.flatten().tolist(), strict=True)
        means.append(sum((x - y) ** 2 for x, y in pairs) / z.numel())
        assert float(feature_distillation(z, t)) == pytest.approx(means[-1], rel=1e-12)
    for m in (1, 2, 3):
        got = teacher_distance(features[:m], teachers[:m])
        assert float(got) == pytest.approx(sum(means[:m]), rel=1e-12)
    features = [z.requires_grad_() for z in features]
    teacher_distance(features, [t.requires_grad_() for t in teachers]).backward()
    for z, t in zip(features, teachers, strict=True):
        assert torch.allclose(z.grad, 2 * (z - t).detach() / z.numel()) and t.grad is None


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float64(half):
    student, teacher = (x.to(half) for x in draw((4, 3), (4, 3)))
    calls = (
        lambda s, t: logit_distillation(s, t, 3.0),
        feature_distillation,
        lambda s, t: teacher_distance([s, s[:, :2]], [t, t[:, :2]]),
    )
    for call in calls:
        got = call(student, teacher)
        assert got.dtype == torch.float64
        assert torch.equal(got, call(student.double(), teacher.double()))
        assert torch.equal(got, call(student, teacher.double()))
    far = torch.full((2, 4), 300.0, dtype=half)
    assert float(feature_distillation(far, -far)) == 600.0**2


def test_what_is_too_large_is_said():
    far = torch.full((1, 2), 1e38)
    with pytest.raises(ValueError, match=r"feature_distillation is too large for a number"):
        feature_distillation(far, -far)
    with pytest.raises(ValueError, match=r"features holds 1, teachers 2; as many of one as"):
        teacher_distance([far], [far, far])


@pytest.mark.parametrize("temperature", [4.0, 100.0, 1e4])
def test_a_high_temperature_loses_no_digits_in_float32(temperature):
    generator = torch.Generator().manual_seed(0)
    student, teacher = torch.randn(2, 8, 10, generator=generator).double()
    exact = logit_distillation(student, teacher, temperature)
    result = logit_distillation(student.float(), teacher.float(), temperature)
    assert result.dtype == torch.float32
    torch.testing.assert_close(result.double(), exact, rtol=1e-5, atol=0)
