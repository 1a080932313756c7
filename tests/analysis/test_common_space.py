"""The gap between modalities, cones, and classes from prompts."""

import math
from itertools import permutations

import pytest
import torch

from coursekit.analysis.modality_gap import cone, matched_cosine, modality_gap, shift
from coursekit.analysis.zero_shot import class_probabilities, class_weights
from coursekit.lessons.l09_contrastive_alignment.nine_points import (
    best_height,
    loss_at,
    nine_points,
)


def test_length_does_not_matter_and_a_rotation_turns_the_gap():
    torch.manual_seed(0)
    u, v = torch.randn(30, 4, dtype=torch.float64), torch.randn(20, 4, dtype=torch.float64) + 1
    gap = modality_gap(u, v)
    long = torch.rand(30, 1, dtype=torch.float64) + 0.5
    torch.testing.assert_close(modality_gap(u * long, v), gap)
    turn = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64)).Q
    torch.testing.assert_close(modality_gap(u @ turn, v @ turn), gap @ turn)


def test_a_cone_is_the_mean_over_all_pairs_of_different_rows():
    torch.manual_seed(1)
    x = torch.randn(9, 5, dtype=torch.float64)
    pairs = [torch.cosine_similarity(x[i], x[j], dim=0) for i, j in permutations(range(9), 2)]
    assert float(cone(x)) == pytest.approx(float(torch.stack(pairs).mean()))
    assert float(cone(x[:1].repeat(4, 1))) == pytest.approx(1)


def test_moving_by_the_gap_does_not_close_it():
    torch.manual_seed(2)
    u, v = torch.randn(40, 3) + 2, torch.randn(40, 3) - 2
    length = float(modality_gap(u, v).norm())
    moved = shift(u, v, length)
    assert 0 < float(modality_gap(*moved).norm()) < length
    assert moved[0].norm(dim=1).tolist() == pytest.approx([1] * 40)
    with pytest.raises(ValueError, match="no gap"):
        shift(u, u, 0.1)


def test_a_gap_pays_with_wrong_pairs_and_low_temperature_only():
    assert [best_height(t) for t in (1, 20, 100)] == [0, 0, 0]
    assert [best_height(t, exchanged=True) for t in (1, 20)] == [0, 0]
    heights = [best_height(t, exchanged=True) for t in (30, 50, 100)]
    assert 0.4 < heights[0] < heights[1] < heights[2] < 0.9


def test_nine_points_lie_on_the_sphere_and_match():
    pictures, texts = nine_points(0.6)
    assert pictures.norm(dim=1).tolist() == pytest.approx([1] * 9)
    assert float(modality_gap(pictures, texts).norm()) == pytest.approx(1.2)
    assert float(matched_cosine(pictures, texts)) == pytest.approx(1 - 2 * 0.36)


def test_a_long_prompt_has_no_more_votes():
    prompts = torch.tensor([[[1.0, 0.0], [0.0, 100.0]]])
    assert class_weights(prompts)[0].tolist() == pytest.approx([math.sqrt(0.5)] * 2)


def test_probabilities_are_a_softmax_of_scaled_cosines():
    pictures, weights = torch.tensor([[3.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    (p,) = class_probabilities(pictures, weights, math.log(2))
    assert p.tolist() == pytest.approx([math.e**2 / (math.e**2 + 1), 1 / (math.e**2 + 1)])


def test_prompts_that_cancel_are_refused():
    with pytest.raises(ValueError, match="zeros"):
        class_weights(torch.tensor([[[1.0, 0.0], [-1.0, 0.0]]]))


def test_pictures_and_classes_of_two_precisions_are_compared_in_the_wider_one():
    torch.manual_seed(5)
    u, w = torch.randn(4, 3), torch.randn(2, 3, dtype=torch.float64)
    whole = class_probabilities(u.double(), w, 2.0)
    torch.testing.assert_close(class_probabilities(u, w, 2.0), whole, rtol=0, atol=1e-6)
    both = matched_cosine(u[:2].double(), w)
    assert float(matched_cosine(u[:2], w)) == pytest.approx(float(both), abs=1e-6)


@pytest.mark.parametrize("log_scale", [100.0, 1000.0])
def test_a_scale_whose_exponential_is_infinite_is_refused(log_scale):
    with pytest.raises(ValueError, match="log_scale is so large"):
        class_probabilities(torch.eye(3), torch.eye(3), log_scale)


def test_nine_points_refuse_what_is_no_height_or_temperature():
    with pytest.raises(ValueError, match="height is 2"):
        nine_points(2.0)
    with pytest.raises(ValueError, match="inverse_temperature is 0"):
        loss_at(0.5, 0.0)
