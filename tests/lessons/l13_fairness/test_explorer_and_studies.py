"""The explorer looks up what was trained; the studies' rows; the audit; the pictures."""

import pandas as pd
import pytest

from coursekit.analysis.intervals import interval
from coursekit.course.plots.style import new_figure
from coursekit.data.emoji_people import open_emoji_people
from coursekit.data.files import DataFileError, open_checked
from coursekit.lessons.l13_fairness import explorer, study_fairness, study_grid
from coursekit.lessons.l13_fairness.drawing_audit import nearer_to_man
from coursekit.lessons.l13_fairness.explorer import fairness_explorer, look
from coursekit.lessons.l13_fairness.explorer_view import FairnessView
from coursekit.lessons.l13_fairness.plots import calibration_by_group, in_rows
from coursekit.lessons.l13_fairness.role_data import Setting
from coursekit.lessons.l13_fairness.role_training import PLAIN

START = {
    "share": 0.9, "pictures": "noisy", "words": "none", "cure": "none", "strength": "1",
    "margin": 0.05,
}  # fmt: skip


def state(**knobs):
    steps = look(**{**START, **knobs})
    try:
        while True:
            next(steps)
    except StopIteration as end:
        return end.value


def test_every_state_was_trained_with_every_seed():
    grid = explorer.stored_grid()
    for share in study_grid.SHARES:
        for noise in study_grid.NOISES:
            for words in study_grid.WORDS:
                for name, cure in study_grid.CURES.items():
                    for strength in study_grid.strengths_of(cure):
                        rows = grid[share, noise, words, name, strength]
                        assert rows["seed"].tolist() == list(range(100, 108))
    assert len(grid) == 5 * 3 * 3 * 11


def test_what_is_shown_is_what_was_stored():
    view, data = FairnessView(), state(cure="adversary", strength="3")
    view.update(data)
    table = view.table(data).set_index(["what", "training"])["mean"]
    rows = explorer.stored_grid()[0.9, 1.25, "none", "adversary", 3.0]
    assert table["gap", "with the cure"] == pytest.approx(rows["gap"].mean())
    assert "λ = 3" in view.describe(data) and "The cure changes" in view.describe(data)
    assert len(view.more_tables(data)["Gap by share"]) == 5


def test_without_a_cure_nothing_is_shown_twice():
    view, data = FairnessView(), state()
    view.update(data)
    assert set(view.table(data)["training"]) == {"plain"}
    assert "cure changes" not in view.describe(data)
    assert "cure's own" not in set(view.table(state(cure="reweighing"))["what"])


def test_the_margin_decides_whether_it_is_read():
    reads = state().of("plain", "probe").mean - 0.5
    assert state(margin=round(reads - 0.01, 2)).readable
    data = state(margin=round(reads + 0.02, 2))
    assert not data.readable and "does not read" in FairnessView().describe(data)


def test_a_damaged_file_is_said(monkeypatch):
    def damaged(name):
        raise DataFileError(f"{name} is damaged.")

    explorer.stored_grid.cache_clear()
    monkeypatch.setattr(explorer, "open_checked", damaged)
    view, data = FairnessView(), state()
    view.update(data)
    assert view.describe(data) == "fairness_grid.csv is damaged." and view.table(data).empty
    explorer.stored_grid.cache_clear()


def test_presets_and_question_are_of_this_explorer():
    made = fairness_explorer()
    assert {"plain", "clean, adversary", "he or she"} <= set(made.presets)


def test_a_row_of_each_study_has_the_columns_of_its_table(monkeypatch):
    stored = pd.read_csv(open_checked("fairness.csv"))
    monkeypatch.setattr(study_fairness, "SIZES", (0,))
    small = Setting(roles=6, words="he or she", noise=0.0)
    rows = study_fairness.rows_of("he or she", small, "plain", PLAIN, 2)
    assert set(rows) <= set(stored) and rows["seed"].tolist() == [100, 101]
    assert rows["swapped"].notna().all() and rows["input probe"].notna().all()
    names = {(read, name) for read, _, name, _ in study_fairness.plan()}
    assert names == set(zip(stored["read"], stored["cure"], strict=True))


def test_controls_do_what_their_cures_do_for_shuffled_genders():
    for name, control in study_fairness.CONTROLS.items():
        assert control.shuffled and name.removesuffix(", shuffled") in study_fairness.CURES


def test_the_default_person_is_a_man_by_one_artist():
    people = open_emoji_people()
    by_artist = {artist: interval(nearer_to_man(people, artist)) for artist in people.pictures}
    assert by_artist["twemoji"].low > 0.7
    assert by_artist["google"].low < 0.5 < by_artist["google"].high


def test_pictures_say_what_they_draw():
    _, (ax,) = new_figure()
    alt = in_rows(ax, {"plain": {"one": interval([0.4, 0.6])}}, "share", 0.5)
    assert alt.startswith("plain: one 0.50 [") and ax.get_legend() is None
    with pytest.raises(ValueError, match="series has 5 entries"):
        in_rows(ax, {key: {"one": interval([0.4, 0.6])} for key in "abcde"}, "share")
    with pytest.raises(ValueError, match="series is empty"):
        in_rows(ax, {}, "share")
    table = pd.DataFrame({"group": ["a"], "probability": [0.4], "share": [0.5], "n": [4]})
    assert "0.40 given, 0.50 positive, n = 4" in calibration_by_group(ax, table)
