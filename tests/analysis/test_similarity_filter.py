"""Filters by similarity: exact shares, ties, rules of thumb, CLIPScore."""

import itertools

import pytest
import torch

from coursekit.analysis.similarity_filter import (
    chance_to_be_kept,
    clip_score,
    keep_as_released,
    keep_share,
    pair_cosines,
    passes_basic_rules,
    reference_clip_score,
    reference_score,
)
from coursekit.utils.share_counts import count_of


def test_a_share_is_rounded_down_and_whole_numbers_are_exact():
    assert [count_of(share, 100) for share in (0.29, 0.57, 0.58, 0.999, 1.0, 0.0)] == [
        *(29, 57, 58, 99, 100, 0)
    ]
    for rows in (7, 99, 1141):
        assert [count_of(k / rows, rows) for k in range(rows + 1)] == list(range(rows + 1))


def test_ties_at_the_cut_go_by_order_or_share_the_places():
    scores = torch.tensor([0.2, 0.5, 0.2, 0.2, 0.1, 0.9])
    assert keep_share(scores, 0.5).nonzero().flatten().tolist() == [0, 1, 5]
    expected = torch.tensor([1 / 3, 1, 1 / 3, 1 / 3, 0, 1], dtype=torch.float64)
    torch.testing.assert_close(chance_to_be_kept(scores, 0.5), expected)


def test_chances_are_the_mean_over_all_orders():
    scores = torch.tensor([0.3, 0.1, 0.3, 0.2, 0.3])
    for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        kept = torch.zeros(5, dtype=torch.float64)
        orders = list(itertools.permutations(range(5)))
        for order in orders:
            rows = torch.tensor(order)
            kept[rows] += keep_share(scores[rows], share).double()
        torch.testing.assert_close(chance_to_be_kept(scores, share), kept / len(orders))


def test_the_released_rule_keeps_one_more_and_has_no_place_for_all():
    scores = torch.linspace(0, 1, 10)
    assert int(keep_share(scores, 0.3).sum()) == 3
    assert int(keep_as_released(scores, 0.3).sum()) == 4
    with pytest.raises(ValueError, match="share is 1"):
        keep_as_released(scores, 1.0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_any_precision_keeps_the_same(dtype):
    scores = torch.tensor([0.5, 0.25, 0.75, -0.5]).to(dtype)
    assert keep_share(scores, 0.5).tolist() == [True, False, True, False]
    assert chance_to_be_kept(scores, 0.5).tolist() == [1, 0, 1, 0]


def test_one_pair():
    one = torch.tensor([0.3])
    assert keep_share(one, 1.0).tolist() == [True] and keep_share(one, 0.9).tolist() == [False]


@pytest.mark.parametrize(
    ("text", "width", "height", "language", "stays"),
    [
        ("a red dog", 200, 600, "en", True),
        ("a red dog", 200, 601, "en", False),
        ("a red dog", 199, 300, "en", False),
        ("a red dog", 600, 200, "en", True),
        ("a red dog", 300, 300, "de", False),
        ("red dog", 300, 300, "en", False),
        ("a b cd", 300, 300, "en", True),
        ("a b c", 300, 300, "en", False),
        ("  red   dog  ", 300, 300, "en", False),
        ("", 300, 300, "en", False),
    ],
)
def test_rules_of_thumb_at_their_bounds(text, width, height, language, stays):
    assert passes_basic_rules(text, width, height, language) is stays


def test_scores_of_captions():
    pictures, captions = torch.randn(2, 5, 4).double()
    cosine = torch.nn.functional.cosine_similarity(pictures, captions)
    torch.testing.assert_close(pair_cosines(pictures, 3 * captions), cosine)
    torch.testing.assert_close(clip_score(pictures, captions), 2.5 * cosine.clamp(min=0))
    references = [torch.randn(n, 4).double() for n in (1, 2, 3, 1, 2)]
    best = [
        max(float(torch.cosine_similarity(c, r, dim=0)) for r in own)
        for c, own in zip(captions, references, strict=True)
    ]
    torch.testing.assert_close(reference_score(captions, references), torch.tensor(best).double())


def test_the_harmonic_mean_of_nothing_is_nothing():
    east, west = torch.tensor([[1.0, 0.0]]), torch.tensor([[-1.0, 0.0]])
    assert reference_clip_score(east, west, [east]).item() == 0
    assert reference_clip_score(east, east, [west]).item() == 0
    assert reference_clip_score(east, east, [east], weight=1.0).item() == pytest.approx(1)


def test_the_released_rule_rounds_as_it_was_released():
    scores = torch.arange(100.0)
    assert int(0.29 * 100) == 28  # 28.999…
    assert keep_as_released(scores, 0.29).sum() == 29 and keep_share(scores, 0.29).sum() == 29
    assert keep_as_released(scores, 0.3).sum() == 31
