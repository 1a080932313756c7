"""The Equalizer's losses: by hand, at their limits, with masks that hold one word or another."""

import math

import pytest
import torch

from coursekit.training.equalizer import (
    appearance_confusion,
    confident_loss,
    confusion_per_position,
    where_any,
)

SETS = ([1, 3], [2, 4])
TARGETS = torch.tensor([[0, 1, 5], [4, 5, 0]])
EVERY = torch.ones(2, 3, dtype=torch.bool)


def test_a_mask_of_two_words_is_not_empty():
    assert where_any(TARGETS, [1, 3], EVERY).tolist() == [[False, True, False], [False] * 3]
    assert where_any(TARGETS, [1, 2, 3, 4], EVERY).sum() == 2
    inside = EVERY.clone()
    inside[0, 1] = False
    assert where_any(TARGETS, [1, 4], inside).sum() == 1


def test_an_empty_mask_is_refused_in_a_sentence_and_allowed_on_demand():
    with pytest.raises(ValueError, match=r"no target is one of words \[3\]"):
        where_any(TARGETS, [3], EVERY)
    assert where_any(TARGETS, [3], EVERY, allow_none=True).sum() == 0
    none = torch.zeros_like(TARGETS)
    logits = torch.zeros(2, 3, 6)
    assert appearance_confusion(logits, none, SETS, EVERY, allow_none=True) == 0
    assert confident_loss(logits, none, SETS, EVERY, allow_none=True) == 0


def test_confusion_is_zero_where_both_sets_are_level_and_one_where_one_has_all():
    level = torch.zeros(2, 3, 6)
    assert appearance_confusion(level, TARGETS, SETS, EVERY) == 0
    sure = level.clone()
    sure[..., 1] = 50
    assert confusion_per_position(sure, SETS).tolist() == [pytest.approx([1.0] * 3)] * 2
    assert appearance_confusion(sure, TARGETS, SETS, EVERY).item() == pytest.approx(2)


def test_confidence_is_the_quotient_of_the_right_side():
    logits = torch.tensor([0.1, 0.4, 0.2, 0.1, 0.1, 0.1]).double().log().expand(2, 3, 6)
    woman, man = 0.5, 0.3
    expected = man / (woman + 1e-5) + woman / (man + 1e-5)
    assert confident_loss(logits, TARGETS, SETS, EVERY).item() == pytest.approx(expected)


def test_half_precision_and_one_caption():
    one = confident_loss(torch.zeros(1, 3, 6).half(), TARGETS[:1], SETS, EVERY[:1])
    assert one.dtype == torch.float64 and math.isfinite(one)


def test_a_word_that_stands_twice_in_a_set_is_refused_everywhere():
    logits = torch.zeros(2, 3, 6)
    with pytest.raises(ValueError, match=r"words has \[1, 1\]; each word once was expected"):
        confusion_per_position(logits, ([1, 1], [2]))
