"""Losses beside a bias model: against sums by hand, at their limits, and of several networks."""

import math

import pytest
import torch
from torch.nn import functional as F

from coursekit.training.bias_ensembles import (
    BiasFactor,
    bias_entropy,
    mixin_loss,
    product_loss,
    reweighted_loss,
)
from coursekit.training.bias_ensembles_several_answers import (
    mixin_loss as mixin_of_several,
)
from coursekit.training.bias_ensembles_several_answers import (
    plain_loss,
)
from coursekit.training.bias_ensembles_several_answers import (
    product_loss as product_of_several,
)
from coursekit.training.rubi import QuestionMask, rubi_loss

torch.manual_seed(0)
LOGITS, Y = torch.randn(5, 4).double(), torch.tensor([0, 1, 2, 3, 0])
BIAS = torch.randn(5, 4).double().softmax(1)
FACTOR = torch.rand(5).double() * 2


def by_hand(logits, bias, factor, labels):
    total = 0.0
    for z, b, g, y in zip(logits.tolist(), bias.tolist(), factor.tolist(), labels, strict=True):
        mass = [math.exp(x) * p**g for x, p in zip(z, b, strict=True)]
        total -= math.log(mass[y] / sum(mass))
    return total / len(labels)


def test_the_product_and_the_mixin_are_what_a_loop_gives():
    ones = torch.ones(5).double()
    expected = by_hand(LOGITS, BIAS, ones, Y)
    assert product_loss(LOGITS, BIAS.log(), Y).item() == pytest.approx(expected, abs=1e-10)
    expected = by_hand(LOGITS, BIAS, FACTOR, Y)
    assert mixin_loss(LOGITS, BIAS.log(), FACTOR, Y).item() == pytest.approx(expected, abs=1e-10)


def test_a_factor_of_one_is_the_product_and_of_zero_plain_training():
    ones, zeros = torch.ones(5).double(), torch.zeros(5).double()
    product = product_loss(LOGITS, BIAS.log(), Y)
    assert torch.isclose(mixin_loss(LOGITS, BIAS.log(), ones, Y), product)
    plain = F.cross_entropy(LOGITS, Y)
    assert torch.isclose(mixin_loss(LOGITS, BIAS.log(), zeros, Y), plain)


def test_entropy_is_largest_where_the_factor_is_zero_and_is_added_with_its_weight():
    zero = bias_entropy(BIAS.log(), torch.zeros(5).double())
    assert zero.item() == pytest.approx(math.log(4))
    assert bias_entropy(BIAS.log(), 30 * torch.ones(5).double()) < 0.2 * zero
    more = mixin_loss(LOGITS, BIAS.log(), FACTOR, Y, 0.36) - mixin_loss(
        LOGITS, BIAS.log(), FACTOR, Y
    )
    assert torch.isclose(more, 0.36 * bias_entropy(BIAS.log(), FACTOR))


def test_reweighting_leaves_out_what_the_bias_is_certain_of():
    certain = torch.tensor([[1.0, 1e-300], [0.5, 0.5]], dtype=torch.float64)
    logits = torch.tensor([[3.0, 0.0], [0.0, 1.0]]).double()
    labels = torch.tensor([0, 1])
    only_second = F.cross_entropy(logits[1:], labels[1:])
    assert torch.isclose(reweighted_loss(logits, certain.log(), labels), only_second)


@pytest.mark.parametrize("loss", [product_loss, reweighted_loss])
def test_networks_in_front_are_each_what_they_are_alone(loss):
    logits, bias = torch.randn(3, 5, 4), torch.randn(3, 5, 4).log_softmax(-1)
    labels = torch.randint(4, (3, 5))
    together = loss(logits, bias, labels)
    alone = [loss(*each) for each in zip(logits, bias, labels, strict=True)]
    assert together.shape == (3,) and torch.allclose(together, torch.stack(alone))


def test_half_precision_one_row_and_the_gradient_into_the_hidden_layer():
    half = product_loss(LOGITS[:1].half(), BIAS[:1].log().half(), Y[:1])
    assert half.dtype == torch.float64
    hidden = torch.randn(1, 6, requires_grad=True)
    factor = BiasFactor(6)(hidden)
    mixin_loss(LOGITS[:1].float(), BIAS[:1].log().float(), factor, Y[:1], 0.1).backward()
    assert factor.shape == (1,) and factor.item() > 0 and hidden.grad.abs().sum() > 0


def test_several_answers_with_one_certain_bias_need_smoothing():
    logits, labels = torch.randn(2, 3), torch.rand(2, 3)
    bias = torch.tensor([[1.0, 0.5, 0.2]] * 2)
    with pytest.raises(ValueError, match="smoothing above 0"):
        product_of_several(logits, bias, labels)
    assert product_of_several(logits, bias, labels, 0.1).isfinite()
    flat = torch.full((2, 3), 0.5)
    assert torch.isclose(product_of_several(logits, flat, labels), plain_loss(logits, labels))
    ones = torch.ones(2)
    mixed = mixin_of_several(logits, bias, ones, labels, 0.1)
    assert torch.isclose(mixed, product_of_several(logits, bias, labels, 0.1))


def test_rubi_keeps_its_gradient_from_the_question_or_not():
    for detach in (True, False):
        torch.manual_seed(1)
        features = torch.randn(5, 6, requires_grad=True)
        mask = QuestionMask(6, 4, detach=detach)
        logits = LOGITS.float().requires_grad_()
        masked, question = mask(features, logits)
        rubi_loss(masked, question, Y).backward()
        assert (features.grad is None) == detach
        assert logits.grad.abs().sum() > 0 and mask.question.weight.grad.abs().sum() > 0
        assert torch.equal(masked.sign(), logits.sign())


def test_rubi_without_the_second_layer_judges_the_first():
    mask = QuestionMask(6, 4, second_layer=False)
    features = torch.randn(5, 6)
    assert torch.equal(mask(features, LOGITS.float())[1], mask.answer(features))


def test_modules_refuse_other_shapes_and_types_in_a_sentence():
    mask, factor = QuestionMask(3, 4), BiasFactor(3)
    features, logits = torch.randn(5, 3), torch.randn(5, 4)
    for wrong, sentence in (
        ((features[:1], logits), r"logits has shape \(5, 4\); \(1, 4\) was expected"),
        ((features, logits[:, :1]), r"logits has shape \(5, 1\); \(5, 4\) was expected"),
        ((features[:, :2], logits), r"features has shape \(5, 2\); \(…, B, 3\) was expected"),
    ):
        with pytest.raises(ValueError, match=sentence):
            mask(*wrong)
    with pytest.raises(TypeError, match=r"features has dtype torch\.float16"):
        mask(features.half(), logits)
    with pytest.raises(TypeError, match=r"hidden has dtype torch\.float16"):
        factor(features.half())
    with pytest.raises(ValueError, match=r"hidden has shape \(5, 4\); \(…, B, 3\)"):
        factor(logits)
    with pytest.raises(ValueError, match="width is 0"):
        BiasFactor(0)
