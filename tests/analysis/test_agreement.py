"""Agreement of unimodal models on samples, and where a joint model is right."""

import math

import pytest
import torch

from coursekit.analysis.agreement import agreement


def test_agreement_by_hand():
    labels = torch.tensor([0, 0, 0, 0, 1, 1])
    first = torch.tensor([0, 0, 0, 1, 0, 0])
    second = torch.tensor([0, 1, 1, 0, 0, 0])
    model = torch.tensor([0, 0, 1, 0, 0, 1])
    figures = agreement(model, [first, second], labels)
    expected = {
        "share_all": 1 / 6, "share_none": 2 / 6, "share_1": 2 / 6, "share_2": 1 / 6,
        "right_all": 1.0, "right_none": 0.5, "right_1": 0.5, "right_2": 1.0,
    }  # fmt: skip
    assert figures == pytest.approx(expected)


def test_an_empty_group_has_no_accuracy():
    answers = torch.tensor([0, 1])
    figures = agreement(answers, [answers, answers], answers)
    assert math.isnan(figures["right_none"]) and figures["share_none"] == 0


def test_labels_that_are_no_classes_are_refused():
    answers = torch.tensor([0, 1])
    with pytest.raises(TypeError, match=r"labels is torch.*; classes as int64"):
        agreement(answers, [answers, answers], answers + 0.5)
