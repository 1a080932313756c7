"""Mean ranks against a table of a textbook example, and what "clearly ahead" counts."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from coursekit.compare.ranks import (
    clearly_ahead,
    critical_difference,
    mean_ranks,
    scores_of,
)


def test_mean_ranks_against_scipy_with_ties():
    rng = np.random.default_rng(0)
    scores = pd.DataFrame(rng.integers(0, 5, (7, 6)) / 5, columns=list("abcdef"))
    ours = mean_ranks(scores).set_index("method")["mean"]
    theirs = np.mean([rankdata(-row) for row in scores.to_numpy()], axis=0)
    assert np.allclose(ours[list("abcdef")], theirs, atol=1e-12)
    assert math.isclose(ours.sum(), 6 * 7 / 2)


def test_ranks_do_not_hang_on_scale_or_order():
    rng = np.random.default_rng(1)
    scores = pd.DataFrame(rng.random((5, 4)), columns=list("abcd"))
    moved = (3 * scores + 1).sample(frac=1, random_state=2)[list("dbca")]
    pd.testing.assert_frame_equal(mean_ranks(scores), mean_ranks(moved))


@pytest.mark.parametrize(("k", "q"), [(2, 1.960), (3, 2.343), (5, 2.728), (10, 3.164)])
def test_critical_difference_against_the_published_quantiles(k, q):
    """Table 5 of Demšar 2006, three digits."""
    assert critical_difference(k, 14) == pytest.approx(
        q * math.sqrt(k * (k + 1) / (6 * 14)), rel=5e-4
    )


def rows(shift):
    """A method that is better than the ensemble by ``shift`` on one of two data sets."""
    noise = np.random.default_rng(5).normal(0, 0.01, (2, 10))
    table = []
    for d, data in enumerate(("one", "two")):
        for s in range(10):
            level = 0.7 + noise[d, s]
            for fusion, method, test in (
                ("none", "ensemble", level),
                ("none", "unimodal A", 0.5),
                ("none", "unimodal B", 0.6),
                ("late-linear", "joint", level - 0.1),
                ("late-linear", "mine", level + (shift if d == 0 else 0) + 1e-4 * (-1) ** s),
            ):
                table.append((data, fusion, method, 100 + s, test, test))
    return pd.DataFrame(table, columns=["data", "fusion", "method", "seed", "valid", "test"])


@pytest.mark.parametrize(("shift", "ahead", "behind"), [(0.05, 1, 0), (-0.05, 0, 1), (0.0, 0, 0)])
def test_clearly_ahead_counts_intervals(shift, ahead, behind):
    counted = clearly_ahead(rows(shift)).set_index("method")
    assert tuple(counted.loc["mine", ["ahead", "behind", "open"]]) == (
        ahead,
        behind,
        2 - ahead - behind,
    )
    assert tuple(counted.loc["joint", ["ahead", "behind"]]) == (0, 2)
    assert (counted["places"] == 2).all() and "unimodal A" not in counted.index


def test_scores_have_one_column_for_single_models():
    scores = scores_of(rows(0.0))
    assert list(scores.columns) == ["best unimodal", "ensemble", "joint", "mine"]
    assert (scores["best unimodal"] == 0.6).all()


def test_a_late_transformer_is_a_rival_where_there_is_one():
    table = rows(0.0)
    late = table[table["method"] == "joint"].assign(fusion="transformer", test=0.9)
    with_it = pd.concat([table, late])
    scores = scores_of(with_it)
    assert (scores["late transformer"] == 0.9).all() and (scores["joint"] < 0.9).all()
    assert "late transformer" not in scores_of(with_it, fusion="transformer")
    of_one = pd.concat([table, late[late["data"] == "one"]])  # a rival here and there is none
    assert "late transformer" not in scores_of(of_one)
    with pytest.raises(ValueError, match="fusion is 'film'"):
        scores_of(with_it, fusion="film")


def test_parts_that_were_put_together_may_share_their_index():
    """Whose single model is best must not hang on the numbers of rows."""
    table = rows(0.0)
    of_b = (table["data"] == "two") & (table["method"] == "unimodal A")
    table.loc[of_b, ["valid", "test"]] = 0.9
    parts = [part.reset_index(drop=True) for _, part in table.groupby("data")]
    pd.testing.assert_frame_equal(scores_of(pd.concat(parts)), scores_of(table))
    assert list(scores_of(table)["best unimodal"].round(9)) == [0.6, 0.9]


def test_a_name_that_only_begins_like_a_single_model_is_a_method():
    table = rows(0.0)
    more = table[table["method"] == "mine"].assign(method="unimodal-kd", valid=0.99, test=0.99)
    scores = scores_of(pd.concat([table, more], ignore_index=True))
    assert (scores["best unimodal"].round(9) == 0.6).all()
    assert (scores["unimodal-kd"].round(9) == 0.99).all()


def test_a_method_without_any_figure_is_not_dropped():
    table = rows(0.0)
    lost = table.assign(test=table["test"].mask(table["method"] == "mine"))
    assert scores_of(lost)["mine"].isna().all()
    with pytest.raises(ValueError, match=r"no finite number everywhere for \['mine'\]"):
        mean_ranks(scores_of(lost))


@pytest.mark.parametrize("shift", [100, 9])
def test_who_has_no_seed_in_common_with_the_base_is_named(shift):
    table = rows(0.0)
    moved = table.assign(seed=table["seed"].mask(table["method"] == "mine", table["seed"] + shift))
    if shift == 9:  # one seed in common: no interval, and open
        assert clearly_ahead(moved).set_index("method").loc["mine", "open"] == 2
        return
    with pytest.raises(ValueError, match="no seed of one mine, two mine on which 'ensemble' has"):
        clearly_ahead(moved)


def test_the_best_single_model_is_chosen_by_what_there_is():
    table = rows(0.0)
    without = table.assign(valid=table["valid"].mask(table["method"] == "unimodal A"))
    with pytest.raises(ValueError, match="table has no valid for one unimodal A, two unimodal A"):
        scores_of(without)
    with pytest.raises(ValueError, match=r"table has \['x'\] in the column valid"):
        scores_of(table.assign(valid="x"))


def test_what_cannot_be_ranked_is_refused():
    for scores, sentence in (
        (pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}), r"everywhere for \['a'\]"),
        (pd.DataFrame([[1, 2, 3], [3, 2, 1]], columns=list("aab")), r"methods \['a'\] twice"),
    ):
        with pytest.raises(ValueError, match=f"scores has .*{sentence}"):
            mean_ranks(scores)
    scores = pd.DataFrame({"a": [0.1, 0.2], "b": [0.3, math.nan]})
    with pytest.raises(ValueError, match=r"no finite number everywhere for \['b'\]"):
        mean_ranks(scores)
    with pytest.raises(ValueError, match=r"shape \(1, 2\)"):
        mean_ranks(scores[:1])
    with pytest.raises(TypeError, match="scores is a list"):
        mean_ranks([[1.0]])
    with pytest.raises(ValueError, match=r"level is 1\.0"):
        critical_difference(3, 4, 1.0)
    with pytest.raises(ValueError, match="methods is 1"):
        critical_difference(1, 4)
