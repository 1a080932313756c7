"""The explorer of cuts and the stored tables: what it shows is what the files say."""

import shutil

import numpy as np
import pandas as pd
import pytest

from coursekit.analysis.intervals import interval
from coursekit.course.widgets import EXPLORERS
from coursekit.data.files import CHECKSUMS, DATA_FOLDER, open_checked
from coursekit.lessons.l11_curating_pairs import explorer, study_grid
from coursekit.lessons.l11_curating_pairs.cut_results import (
    CURVE,
    dropped_by_score,
    kept_by_score,
    survivors,
)
from coursekit.lessons.l11_curating_pairs.explorer import cut_at
from coursekit.lessons.l11_curating_pairs.explorer_view import GROUPS, CutView
from coursekit.lessons.l11_curating_pairs.noisy_emoji import noisy_pairs
from coursekit.lessons.l11_curating_pairs.scorers import SCORERS, SecondOpinion, at_random
from coursekit.lessons.l11_curating_pairs.study_curating import NOISES, rows_of
from coursekit.lessons.l11_curating_pairs.study_grid import stored_grid, stored_scores
from coursekit.utils.stepwise import drive


def shown(noise="40 %", scorer="own, early", kept=60):
    return drive(cut_at(noise, scorer, kept))


# Curves and groups


def test_a_curve_by_hand():
    scores, wrong = np.array([0.1, 0.2, 0.3, 0.4]), np.array([True, False, True, False])
    curve = dropped_by_score(scores, wrong)
    assert curve[CURVE == 0][0] == 0.5 and curve[CURVE == 0.5][0] == 1 and curve[-1] == 1


def test_scores_that_are_all_equal_are_the_diagonal_and_the_truth_is_the_corner():
    wrong = np.array([True, False, True, False, False])
    np.testing.assert_allclose(dropped_by_score(np.zeros(5), wrong), CURVE)
    np.testing.assert_allclose(dropped_by_score(-wrong.astype(float), wrong), 1)
    with pytest.raises(ValueError, match="wrong holds one kind only"):
        dropped_by_score(np.arange(3.0), np.zeros(3, dtype=bool))


def test_the_area_below_a_curve_is_the_auc():
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    wrong = rng.random(400) < 0.4
    scores = rng.normal(size=400) - wrong
    area = np.trapezoid(dropped_by_score(scores, wrong), CURVE)
    assert area == pytest.approx(roc_auc_score(~wrong, scores), abs=0.005)


def test_survivors_are_counted_among_right_pairs():
    kept = np.array([[True, False, True, True]])
    wrong = np.array([[False, False, True, False]])
    table = survivors(kept, wrong, np.array([[0, 0, 1, 2]]), ("a", "b", "c"))
    assert table.to_dict("list") == {
        "group": ["a", "c"],
        "seed": [0, 0],
        "right": [2, 1],
        "kept": [0.5, 1.0],
    }


# What is shown


def test_numbers_are_those_of_the_files():
    data = shown()
    stored, table = stored_scores(40), stored_grid()
    rows = table[(table["noise"] == 40) & (table["scorer"] == "own, early") & (table["kept"] == 60)]
    assert data.intervals["this cut"] == interval(rows.sort_values("seed")["R@10"])
    kept = kept_by_score(stored.scores["own, early"], 0.6)
    assert kept.sum(1).tolist() == [int(0.6 * kept.shape[1])] * len(kept)
    caught = [(~k)[w].mean() for k, w in zip(kept, stored.wrong, strict=True)]
    assert data.dropped_wrong == pytest.approx(np.mean(caught))
    point = np.interp(data.dropped_right, *data.curve)
    assert point == pytest.approx(data.dropped_wrong, abs=0.02)
    assert set(data.by_group) == set(GROUPS)


@pytest.mark.parametrize("scorer", SCORERS)
def test_everything_kept_is_the_pairs_as_they_are(scorer):
    data = shown(scorer=scorer, kept=100)
    assert data.dropped_right == data.dropped_wrong == 0 and data.recovery == 0
    assert data.intervals["this cut"] == data.intervals["as they are"]
    view = CutView()
    view.update(data)
    assert "no cut" in view.describe(data)


def test_the_random_cut_is_its_own_control():
    data = shown(scorer="random")
    assert data.skill.mean == 0 and "not told from a random cut" in CutView().describe(data)


def test_words_go_by_the_paired_interval():
    assert "it helps" in CutView().describe(shown())
    assert "it hurts" in CutView().describe(shown(kept=20, scorer="random", noise="20 %"))


@pytest.mark.parametrize("noise", explorer.LEVELS)
def test_every_interval_lies_on_the_axis(noise):
    low, high = CutView().figure.axes[1].get_xlim()
    for scorer in SCORERS:
        for kept in (*study_grid.SHARES, 100):
            for one in shown(noise, scorer, kept).intervals.values():
                assert low < one.low and one.high < high


def test_a_missing_file_is_said(tmp_path, monkeypatch):
    for file in (CHECKSUMS, "curating_grid.csv"):
        shutil.copy(DATA_FOLDER / file, tmp_path)
    monkeypatch.setattr(study_grid, "open_checked", lambda name: open_checked(name, tmp_path))
    for cached in (study_grid.stored_scores, study_grid.stored_grid, explorer.curve_of):
        cached.cache_clear()
    data = shown()
    assert "curating_scores.npz is missing" in data.sorry
    view = CutView()
    view.update(data)
    assert view.describe(data) == data.sorry and not view.more_tables(data)
    assert EXPLORERS["curating"]().presets


# The stored tables


def test_the_stored_truth_is_that_of_the_seeds():
    stored = stored_scores(20)
    pairs = noisy_pairs(102, 0.2)
    still_open = (~pairs.known).numpy()
    assert np.array_equal(stored.wrong[2], pairs.wrong.numpy()[still_open])
    names = [stored.groups[g] for g in stored.group[2]]
    assert names == pairs.groups[still_open].tolist()
    random = at_random([pairs], [102])[0].half().double().numpy()[still_open]
    np.testing.assert_array_equal(stored.scores["random"][2], random)


def test_the_grid_agrees_with_the_study_where_both_have_trained():
    study, grid = pd.read_csv(open_checked("curating.csv")), stored_grid()
    for percent in (20, 40):
        kind = study[(study["noise"] == f"{percent}% exchanged") & (study["seed"] < 106)]
        for arm, scorer in (("as they are", "as they are"), ("cut, truth", "truth"),
                            ("all right", "all right")):  # fmt: skip
            one = kind[kind["arm"] == arm].sort_values("seed")["R@10"].to_numpy()
            rows = grid[(grid["noise"] == percent) & (grid["scorer"] == scorer)]
            other = rows.sort_values("seed")["R@10"].to_numpy()
            np.testing.assert_allclose(one, other, atol=0.02)


def test_every_arm_has_every_seed_once():
    table = pd.read_csv(open_checked("curating.csv"))
    assert not table.duplicated(["noise", "arm", "seed"]).any()
    assert set(table.groupby(["noise", "arm"])["seed"].nunique()) == {8}
    assert list(table["noise"].unique()) == list(NOISES)


def test_a_row_of_the_study_has_the_stored_columns(monkeypatch):
    from coursekit.lessons.l11_curating_pairs import study_curating

    noise = study_curating.NOISES["20% exchanged"]
    few = {"quick": study_curating.Noise(noise.pairs, noise.share, ("as they are", "cut, truth"))}
    monkeypatch.setattr(study_curating, "NOISES", few)
    monkeypatch.setattr(
        study_curating, "train", lambda parts, seeds, **_: QUICK(parts, seeds, steps=4)
    )
    nobody = {name: at_random for name in SCORERS}
    monkeypatch.setattr(study_curating, "SCORERS", nobody)
    monkeypatch.setattr(
        study_curating,
        "second_opinion",
        lambda bench, seeds: SecondOpinion(*[at_random(bench, seeds)] * 3),
    )
    rows = rows_of("quick", 2)
    assert len(rows) == 4 and rows[2]["caught"] == 1
    stored = pd.read_csv(open_checked("curating.csv"))
    assert list(rows[0]) == list(stored.columns)


QUICK = study_grid.train


def test_a_row_of_the_grid_has_the_stored_columns_and_arrays(monkeypatch):
    monkeypatch.setattr(study_grid, "SCORERS", {"random": at_random})
    monkeypatch.setattr(study_grid, "SHARES", (50,))
    monkeypatch.setattr(study_grid, "train", lambda parts, seeds: QUICK(parts, seeds, steps=2))
    rows, arrays = study_grid.grid_of(20, 2)
    assert [row["scorer"] for row in rows][::2] == ["as they are", "truth", "all right", "random"]
    assert list(rows[0]) == list(stored_grid().columns)
    assert arrays["20/random"].shape == arrays["20/wrong"].shape == arrays["20/group"].shape
