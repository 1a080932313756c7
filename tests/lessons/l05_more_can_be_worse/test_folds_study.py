"""The fold study: its stored table shows what it is for, and can be measured again."""

import os
import random
from pathlib import Path

import pandas as pd
import pytest
from joblib.externals.loky import get_reusable_executor
from threadpoolctl import threadpool_limits
from typer.testing import CliRunner

from coursekit.__main__ import app
from coursekit.compare.seeds import cures
from coursekit.compare.stored_tables import machine
from coursekit.data.files import DATA_FOLDER, open_checked
from coursekit.data.preset_recipes import preset
from coursekit.lessons.l05_more_can_be_worse import study_cures as cure_study
from coursekit.lessons.l05_more_can_be_worse import study_folds as fold_study

RECORDINGS = Path(os.environ.get("COURSEKIT_DATA", "")) / "fsdd" / "recordings"
SETTINGS = ["one speaker", "two speakers, stretched"]


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(open_checked("av_fsdd_folds.csv"))


def test_every_fold_and_seed_is_there(table):
    counts = table.groupby(["setting", "fold", "seed"]).size()
    assert len(counts) == 2 * 6 * 10
    assert set(counts) == {8}  # four models, and two encoders probed twice
    assert list(dict.fromkeys(table["setting"])) == SETTINGS
    assert not table.duplicated(["setting", "fold", "seed", "measure", "model", "trained"]).any()
    assert table["accuracy"].between(0, 1).all()


def test_each_speaker_trains_once_alone_and_twice_in_a_pair(table):
    trained = table.groupby(["setting", "fold"], sort=False)["trained_on"].unique()
    assert all(len(names) == 1 for names in trained)
    alone = [names[0] for names in trained["one speaker"]]
    pairs = [
        name for names in trained["two speakers, stretched"] for name in names[0].split(" and ")
    ]
    assert sorted(alone) == list(fold_study.SPEAKERS)
    assert sorted(pairs) == sorted([*alone, *alone])


def test_one_speaker_shows_the_paradox_and_two_show_imbalance(table):
    means = fold_study.fold_summary(table).groupby("setting").mean(numeric_only=True)
    assert means.loc["one speaker", "joint − best"] <= -0.03
    assert means.loc["two speakers, stretched", "joint − best"] >= 0.04
    assert means.loc["two speakers, stretched", "probe of image"] <= -0.04


def test_the_summary_is_the_mean_of_differences_by_seed():
    rows = [
        ("test accuracy", "image", "alone", (0.5, 0.8)),
        ("test accuracy", "audio", "alone", (0.6, 0.2)),
        ("test accuracy", "joint", "joint", (0.7, 0.5)),
        ("probe", "image", "alone", (0.5, 0.5)),
        ("probe", "image", "joint", (0.4, 0.2)),
        ("probe", "audio", "alone", (0.1, 0.1)),
        ("probe", "audio", "joint", (0.1, 0.3)),
    ]
    made = pd.DataFrame(
        [
            {
                "setting": "s",
                "fold": 0,
                "trained_on": "x",
                "seed": seed,
                "measure": measure,
                "model": model,
                "trained": trained,
                "accuracy": accuracies[seed],
            }
            for measure, model, trained, accuracies in rows
            for seed in (0, 1)
        ]
    )
    (row,) = fold_study.fold_summary(made).to_dict("records")
    assert row["joint − best"] == pytest.approx((0.1 - 0.3) / 2)
    assert row["probe of image"] == pytest.approx(-0.2)
    assert row["probe of audio"] == pytest.approx(0.1)


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="COURSEKIT_DATA names no recorded speech")
def test_two_rows_drawn_at_random_are_measured_again(table):
    """On the machine of the card to the last digit; elsewhere rounding may lead training astray."""
    draw = random.SystemRandom().randrange(10**6)
    print(f"The rows are drawn with seed {draw}.")
    rng = random.Random(draw)
    card = (DATA_FOLDER / "av_fsdd_folds.md").read_text(encoding="utf-8")
    same = f"- Made with: {machine()}\n" in card
    for setting in SETTINGS:
        fold, seed = rng.randrange(6), rng.randrange(10)
        with threadpool_limits(1):  # like the processes that made the table
            again = fold_study.fold_rows(setting, fold, [seed])
        here = (table["setting"] == setting) & (table["fold"] == fold) & (table["seed"] == seed)
        stored = table[here].reset_index(drop=True)
        pd.testing.assert_frame_equal(
            again.drop(columns="accuracy"), stored.drop(columns="accuracy")
        )
        off = (again["accuracy"] - stored["accuracy"]).abs().max()
        assert off <= (1e-9 if same else 0.05), (draw, setting, fold, seed, same)


def test_the_command_writes_the_table_and_renews_the_card(tmp_path, monkeypatch, table):
    parts = [part for _, part in table.groupby(["setting", "fold"], sort=False)]
    asked = []
    monkeypatch.setattr(fold_study, "folds", lambda *a: asked.append(a) or iter(parts))
    out = tmp_path / "table.csv"
    out.with_suffix(".md").write_text("# Card\n\n- Made with: an abacus\n- Licence: MIT\n", "utf-8")
    done = CliRunner().invoke(app, ["folds", "--seeds", "10", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert asked == [("fsdd", 10)]
    assert out.read_bytes() == (DATA_FOLDER / "av_fsdd_folds.csv").read_bytes()
    line = f"- Made with: {machine()}"
    assert out.with_suffix(".md").read_text("utf-8") == f"# Card\n\n{line}\n- Licence: MIT\n"
    assert "-0.369" in done.output  # the fold that falls furthest is not hidden in a mean


def test_without_recordings_the_command_says_where_it_looked(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path))
    monkeypatch.setattr("coursekit.data.fsdd.cache_folder", lambda: tmp_path)
    get_reusable_executor().shutdown(wait=True)  # workers of other tests have another environment
    done = CliRunner().invoke(app, ["folds", "--seeds", "1", "--out", str(tmp_path / "t.csv")])
    assert done.exit_code == 2
    assert "looked in" in done.stderr and str(tmp_path) in done.stderr
    assert not (tmp_path / "t.csv").exists()


@pytest.fixture(scope="module")
def cured():
    return pd.read_csv(open_checked("cures.csv"))


def test_every_cure_is_there_for_every_seed(cured):
    names = {"A", "B", "joint", "ensemble"}
    for (data, train), rows in cured.groupby(["data", "train"]):
        own = train == preset(data).recipe.train
        assert set(rows["model"]) == names | (set(cures()) if own else set())
        assert set(rows.groupby("model")["seed"].apply(tuple)) == {tuple(range(100, 110))}
    assert set(cured.loc[cured["data"] == "starve", "train"]) == set(cure_study.SIZES)


def test_a_balancing_method_feeds_the_starved_and_does_not_help_the_overfitted(cured):
    own = cured[cured["train"] == cured["data"].map(lambda name: preset(name).recipe.train)]
    means = own.groupby(["data", "model"])["accuracy"].mean()
    assert means["overfit", "multi-loss"] <= means["overfit", "joint"] + 0.02
    assert means["starve", "multi-loss"] >= means["starve", "joint"] + 0.015


def test_a_cured_row_drawn_at_random_is_measured_again(cured):
    """On the machine of the card to the last digit; elsewhere rounding may lead training astray."""
    draw = random.SystemRandom().randrange(10**6)
    print(f"The row is drawn with seed {draw}.")
    rng = random.Random(draw)
    name, seed = rng.choice(["starve", "overfit"]), rng.randrange(100, 110)
    again = cure_study.cure_rows(name, [seed])
    size = preset(name).recipe.train
    here = (cured["data"] == name) & (cured["train"] == size) & (cured["seed"] == seed)
    stored = cured[here].reset_index(drop=True)
    pd.testing.assert_frame_equal(again.drop(columns="accuracy"), stored.drop(columns="accuracy"))
    card = (DATA_FOLDER / "cures.md").read_text(encoding="utf-8")
    same = f"- Made with: {machine()}\n" in card
    off = (again["accuracy"] - stored["accuracy"]).abs().max()
    assert off <= (1e-9 if same else 0.05), (draw, name, seed, same)


def test_the_cures_command_writes_what_the_study_gives(tmp_path, monkeypatch, cured):
    parts = [part for _, part in cured.groupby(["data", "train"], sort=False)]
    monkeypatch.setattr(cure_study, "cure_study", lambda seeds: iter(parts))
    out = tmp_path / "cures.csv"
    done = CliRunner().invoke(app, ["cures", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert out.read_bytes() == (DATA_FOLDER / "cures.csv").read_bytes()


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="Did you mean 'one speaker'"):
        fold_study.fold_rows("one speakr", 0, [0])
    with pytest.raises(ValueError, match="Did you mean 'fsdd'"):
        fold_study.fold_rows("one speaker", 0, [0], speech="fsd")
