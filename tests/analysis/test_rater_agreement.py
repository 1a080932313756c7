"""Agreement of raters: against statsmodels, scikit-learn and pairs counted one by one."""

import math
from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import aggregate_raters
from statsmodels.stats.inter_rater import fleiss_kappa as fleiss_of_statsmodels

from coursekit.analysis.krippendorff_alpha import SCALES, alpha_interval, krippendorff_alpha
from coursekit.analysis.rater_agreement import (
    cohen_kappa,
    fleiss_kappa,
    randolph_kappa,
    raw_agreement,
)

SHAPES = st.tuples(st.integers(2, 4), st.integers(2, 6))
COMPLETE = arrays(float, SHAPES, elements=st.sampled_from([1.0, 2.0, 3.0, 5.0]))
GAPPY = arrays(float, SHAPES, elements=st.sampled_from([1.0, 2.0, 3.0, 5.0, math.nan]))
NAN = math.nan
EXAMPLE = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]  # Krippendorff's own


def is_defined(ratings):
    """Whether the units with two ratings or more have more than one value."""
    paired = ratings[:, (~np.isnan(ratings)).sum(0) > 1]
    return len(np.unique(paired[~np.isnan(paired)])) > 1


def alpha_by_pairs(ratings, scale):
    """Every pair of ratings looked at by itself, in its unit and in all."""
    units = [column[~np.isnan(column)] for column in np.asarray(ratings, float).T]
    units = [unit for unit in units if len(unit) > 1]
    pool = np.concatenate(units)

    def distance(c, k):
        if scale == "nominal":
            return float(c != k)
        if scale == "ordinal":
            low, high = min(c, k), max(c, k)
            between = sum(low <= g <= high for g in pool)
            return (between - (sum(pool == c) + sum(pool == k)) / 2) ** 2 if c != k else 0.0
        return (c - k) ** 2 if scale == "interval" else ((c - k) / (c + k)) ** 2

    within = sum(
        sum(distance(c, k) for c, k in permutations(unit, 2)) / (len(unit) - 1) for unit in units
    )
    expected = sum(distance(c, k) for c, k in permutations(pool, 2)) / (len(pool) - 1)
    return 1 - within / expected


@settings(max_examples=40)
@given(GAPPY, st.sampled_from(SCALES))
def test_alpha_is_what_all_pairs_give(ratings, scale):
    assume(is_defined(ratings))
    expected = alpha_by_pairs(ratings, scale)
    assert krippendorff_alpha(ratings, scale) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_krippendorff_s_own_example():
    for scale, value in zip(SCALES, (0.743, 0.815, 0.849, 0.797), strict=True):
        assert krippendorff_alpha(EXAMPLE, scale) == pytest.approx(value, abs=5e-4)


@settings(max_examples=40)
@given(GAPPY, st.sampled_from(SCALES), st.randoms(use_true_random=False))
def test_neither_names_of_raters_nor_the_order_of_units_matter(ratings, scale, rng):
    """Who gave which rating of a unit does not matter either."""
    assume(is_defined(ratings))
    mixed = np.array([rng.sample(column, len(column)) for column in ratings.T.tolist()]).T
    mixed = mixed[:, rng.sample(range(mixed.shape[1]), mixed.shape[1])]
    before = krippendorff_alpha(ratings, scale)
    assert krippendorff_alpha(mixed, scale) == pytest.approx(before, abs=1e-9)


@settings(max_examples=40)
@given(GAPPY)
def test_each_scale_has_the_relabelling_that_it_does_not_see(ratings):
    assume(is_defined(ratings))
    any_names = np.select([ratings == 1, ratings == 2, ratings == 3, ratings == 5],
                          [7, 0, 9, 4], NAN)  # fmt: skip
    for scale, relabelled in (
        ("nominal", any_names), ("ordinal", ratings**3), ("interval", 3 * ratings - 8),
        ("ratio", 3 * ratings),
    ):  # fmt: skip
        before = krippendorff_alpha(ratings, scale)
        assert krippendorff_alpha(relabelled, scale) == pytest.approx(before, abs=1e-9)


@settings(max_examples=40)
@given(COMPLETE, st.sampled_from(SCALES))
def test_units_rated_once_add_nothing(ratings, scale):
    assume(is_defined(ratings))
    lonely = np.full((len(ratings), 1), NAN)
    lonely[0] = 4
    with_one = np.hstack([ratings, lonely])
    before = krippendorff_alpha(ratings, scale)
    assert krippendorff_alpha(with_one, scale) == pytest.approx(before, abs=1e-12)
    assert raw_agreement(with_one) == pytest.approx(raw_agreement(ratings))


@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_ratings_in_a_very_small_or_large_unit_have_the_same_alpha(unit):
    for scale in SCALES:
        same = krippendorff_alpha(unit * np.array(EXAMPLE), scale)
        assert same == pytest.approx(krippendorff_alpha(EXAMPLE, scale), rel=1e-9)


def test_all_equal_is_undefined_not_one():
    for scale in SCALES:
        with pytest.raises(ValueError, match="ratings are all equal, so that alpha is undefined"):
            krippendorff_alpha([[2, 2, NAN], [2, 2, 3]], scale)
    with pytest.raises(ValueError, match="kappa is 0/0"):
        fleiss_kappa([[2, 2], [2, 2]])
    with pytest.raises(ValueError, match="ratings are all equal; with categories"):
        randolph_kappa([[2, 2], [2, 2]])
    assert randolph_kappa([[2, 2], [2, 2]], 3) == 1
    for categories in (None, [1, 2, 3]):
        with pytest.raises(ValueError, match="first and second give all units one category"):
            cohen_kappa([2, 2], [2, 2], categories=categories)


def test_a_ratio_scale_has_no_negative_ratings_and_two_zeros_agree():
    with pytest.raises(ValueError, match="ratings goes down to -1; on a ratio scale"):
        krippendorff_alpha([[-1, 2], [1, 2]], "ratio")
    assert krippendorff_alpha([[0, 2], [0, 2]], "ratio") == 1


@settings(max_examples=40)
@given(COMPLETE)
def test_fleiss_and_randolph_are_those_of_statsmodels(ratings):
    assume(is_defined(ratings))
    table, _ = aggregate_raters(ratings.T)
    for own, method in ((fleiss_kappa, "fleiss"), (randolph_kappa, "randolph")):
        expected = fleiss_of_statsmodels(table, method)
        assert own(ratings) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(max_examples=40)
@given(COMPLETE, st.sampled_from([None, [1.0, 2.0, 3.0, 4.0, 5.0]]))
def test_cohen_is_that_of_scikit_learn(ratings, categories):
    first, second = ratings[:2]
    assume(len(np.unique(ratings[:2])) > 1)
    for weights in ("none", "linear", "quadratic"):
        other = None if weights == "none" else weights
        texts, labels = [list(map(str, row)) for row in (first, second)], categories
        labels = categories and list(map(str, categories))
        expected = cohen_kappa_score(*texts, labels=labels, weights=other)
        own = cohen_kappa(first, second, weights, categories)
        assert own == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(max_examples=40)
@given(COMPLETE)
def test_raw_agreement_counts_pairs(ratings):
    shares = [np.mean([c == k for c, k in permutations(column, 2)]) for column in ratings.T]
    assert raw_agreement(ratings) == pytest.approx(np.mean(shares))


def test_nearly_all_of_one_kind_agrees_at_95_percent_and_not_beyond_chance():
    ratings = np.ones((2, 40))
    ratings[0, 0] = ratings[1, 1] = 2
    assert raw_agreement(ratings) == 0.95
    assert abs(fleiss_kappa(ratings)) < 0.03
    assert abs(cohen_kappa(*ratings)) < 0.03
    assert abs(krippendorff_alpha(ratings)) < 0.03
    assert randolph_kappa(ratings) == pytest.approx(0.9)


def test_a_category_nobody_chose_has_its_place_if_it_is_named():
    first, second = [1, 2, 5, 5], [1, 5, 2, 5]
    by_occurrence = cohen_kappa(first, second, "quadratic")
    by_name = cohen_kappa(first, second, "quadratic", range(1, 6))
    assert by_occurrence != pytest.approx(by_name)
    with pytest.raises(ValueError, match=r"categories lacks \[5.0\], which occur"):
        cohen_kappa(first, second, "linear", [1, 2, 3])
    with pytest.raises(ValueError, match="categories has one twice"):
        cohen_kappa(first, second, "linear", [1, 2, 5, 5])


def test_measures_that_need_every_rating_say_so():
    for measure in (fleiss_kappa, randolph_kappa):
        with pytest.raises(ValueError, match="ratings lacks 7; as many per unit"):
            measure(EXAMPLE)
    assert fleiss_kappa(torch.tensor([[1, 2, 3], [1, 2, 1]])) < 1


# ---- the interval ----------------------------------------------------------------------------


def drawn(units, seed, noise=0.3):
    """Three raters of a truth in four grades, each wrong with probability ``noise``."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(1, 5, units)
    other = rng.integers(1, 5, (3, units))
    return np.where(rng.random((3, units)) < noise, other, truth).astype(float)


def test_the_interval_has_the_value_in_it_and_narrows_with_units():
    few, many = (alpha_interval(drawn(n, 1), "ordinal", draws=400) for n in (20, 320))
    for ends in (few, many):
        assert ends["low"] < ends["value"] < ends["high"] and ends["undefined"] == 0
    widths = [ends["high"] - ends["low"] for ends in (few, many)]
    assert 2.5 < widths[0] / widths[1] < 6.5  # 4 in the limit
    again = alpha_interval(drawn(20, 1), "ordinal", draws=400)
    assert again == few != alpha_interval(drawn(20, 1), "ordinal", draws=400, seed=1)


def test_the_interval_covers_the_alpha_of_many_units_nearly_as_often_as_it_says():
    truth = krippendorff_alpha(drawn(20000, 9))
    hits = 0
    for seed in range(100):
        ends = alpha_interval(drawn(60, seed), draws=200, level=0.9)
        hits += ends["low"] <= truth <= ends["high"]
    assert 80 <= hits <= 98


def test_units_are_drawn_whole():
    """The same units three times over: half as sure as three times as many would be."""
    ratings = drawn(30, 2)
    tripled = np.vstack([ratings] * 3)  # nine raters, no unit more
    one, three = (alpha_interval(r, draws=400) for r in (ratings, tripled))
    width, other = (e["high"] - e["low"] for e in (one, three))
    assert other > 0.6 * width


def test_groups_of_units_are_drawn_whole():
    """Every unit three times: as three units they look surer, as a group they are as one."""
    once = drawn(40, 3)
    thrice, groups = np.repeat(once, 3, axis=1), np.repeat(np.arange(40), 3).tolist()
    alone = alpha_interval(once, draws=1000)
    apart, whole = (alpha_interval(thrice, groups=g, draws=1000) for g in (None, groups))
    width, narrow, same = (e["high"] - e["low"] for e in (alone, apart, whole))
    assert narrow < 0.7 * width and same == pytest.approx(width, rel=0.1)
    names = [f"unit {u}" for u in range(40)]
    assert alpha_interval(once, groups=names, draws=1000) == alone
    gap = np.where(np.arange(40) == 7, NAN, once)  # a unit that nobody rated is in no group
    assert alpha_interval(gap, groups=names)["value"] == krippendorff_alpha(gap)


def test_draws_without_an_alpha_are_counted():
    ends = alpha_interval([[1, 1, 1, 2], [1, 1, 1, 2]], draws=1000)
    assert ends["value"] == ends["low"] == ends["high"] == 1
    assert ends["undefined"] == pytest.approx(0.75**4 + 0.25**4, abs=0.05)
    with pytest.raises(ValueError, match="ratings has 1 unit with two ratings"):
        alpha_interval([[1, 1], [2, NAN]])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_an_interval_reads_every_tensor_that_alpha_reads(dtype):
    ratings = torch.tensor([[1.0, 2, 3, 3], [1, 2, 2, NAN]], dtype=dtype, requires_grad=True)
    given = {"draws": 50, "groups": [0, 0, 1, 1]}
    expected = alpha_interval(ratings.detach().double().numpy(), **given)
    assert alpha_interval(ratings, **given) == expected


def test_groups_that_name_nothing_are_refused_by_name():
    ratings = [[1, 2, 3], [1, 2, 2]]
    for groups in ([[0], [1], [1]], [0, None, 1], [0, NAN, 1]):
        with pytest.raises((ValueError, TypeError), match=r"^groups "):
            alpha_interval(ratings, groups=groups)
