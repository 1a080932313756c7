import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import research_folders
import torch

from coursekit.course import record
from coursekit.data import load, load_preset
from coursekit.data.research import open_data
from coursekit.data.timeline import on_timeline


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_RECORD", str(tmp_path / "mine"))
    return tmp_path / "mine"


def attempt(outcome="correct", points=1, exercise="01-slope"):
    return record.append("attempt", exercise=exercise, outcome=outcome, points=points, out_of=2)


def test_without_the_variable_the_record_lies_in_the_working_directory(monkeypatch):
    monkeypatch.delenv("COURSEKIT_RECORD")
    assert record.path() == Path("record.jsonl")


def test_entries_come_back_in_order_with_utc_time(folder):
    assert record.read() == []
    attempt("incorrect", 0)
    record.append("guess", key="01-sign", guess=np.float32(0.5), parts=torch.arange(2), none=None)
    entries = record.read()
    assert [e["kind"] for e in entries] == ["attempt", "guess"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", entries[0]["time"])
    assert entries[1]["guess"] == 0.5 and entries[1]["parts"] == [0, 1]
    assert entries[1]["none"] is None
    assert len((folder / "record.jsonl").read_text().splitlines()) == 2


def test_every_line_is_strict_json_even_with_nan(folder):
    record.append("checkpoint", lesson="01", observed={"loss": float("nan"), "gap": np.inf})
    line = (folder / "record.jsonl").read_text()
    entry = json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert entry["observed"] == {"loss": "nan", "gap": "inf"}


def test_a_line_cut_off_by_a_crash_is_kept_reported_and_not_lengthened(folder):
    attempt()
    file = folder / "record.jsonl"
    with file.open("a") as stream:
        stream.write('{"time": "2026-01-01", "kind": "att')
    attempt("incorrect", 0)
    attempt()
    kinds = [e["kind"] for e in record.read()]
    assert kinds == ["attempt", "damaged", "attempt", "attempt"]
    (sentence,) = record.problems()
    assert sentence.startswith("Line 2 of record.jsonl cannot be read")
    assert '"kind": "att\n' in file.read_text()


@pytest.mark.parametrize("line", [b"[1, 2]", b"7", b'{"kind": "party"}', b"\xff\xfe", b"{}"])
def test_lines_that_are_no_entry_are_damaged(folder, line):
    attempt()
    with (folder / "record.jsonl").open("ab") as stream:
        stream.write(line + b"\n")
    assert [e["kind"] for e in record.read()] == ["attempt", "damaged"]
    assert len(record.problems()) == 1


def test_an_unknown_kind_is_refused_and_nothing_is_written():
    with pytest.raises(ValueError, match="Did you mean 'attempt'"):
        record.append("atempt")
    assert not record.path().exists()


def test_progress_counts_and_keeps_the_best(capsys):
    attempt("not attempted", 0)
    attempt("correct", 2)
    attempt("incorrect", 0)
    attempt("incorrect", 0, "01-other")
    record.append("guess", key="01-sign", guess=1)
    record.append("guess", key="05-drop", guess=1)
    record.append("checkpoint", lesson="01", observed={})
    table = record.progress().set_index(["lesson", "exercise"])
    assert list(table.index) == [("01", "01-other"), ("01", "01-slope"), ("05", "")]
    slope = table.loc[("01", "01-slope")]
    assert (slope["points"], slope["best outcome"], slope["attempts"]) == (2, "correct", 2)
    assert slope["guesses"] == 1 and slope["checkpoint"].endswith("+00:00")
    assert table.loc[("05", ""), "guesses"] == 1 and table.loc[("05", ""), "checkpoint"] == ""
    assert capsys.readouterr().out == ""


def test_progress_says_what_it_cannot_read(capsys):
    attempt()
    with record.path().open("a") as stream:
        stream.write("broken\n")
    assert len(record.progress()) == 1
    assert "Line 2" in capsys.readouterr().out


def test_progress_of_nothing_has_its_columns():
    assert list(record.progress().columns)[:3] == ["lesson", "exercise", "points"]


def test_checkpoint_says_and_keeps_the_circumstances(capsys):
    record.checkpoint("01", {"slope": 1.2345678, "verdict": "interaction"}, Path("a") / "b.csv")
    (entry,) = record.read()
    out = capsys.readouterr().out
    for name in ("coursekit", "Python", "torch", "device", "runtime", "data"):
        assert name in entry and str(entry[name]) in out
    assert entry["observed"] == {"slope": 1.2345678, "verdict": "interaction"}
    assert entry["torch"] == torch.__version__
    assert float(entry["runtime"].split()[0]) > 0
    assert "1.235" in out and entry["data"].endswith("b.csv")


STARVE = {"name": "starve", "train": 100}
DATA = {
    "book_reviews, 300 samples in data/book_reviews.csv": lambda: load("book_reviews"),
    "uci_views, 2000 samples in data/uci_views.npz": lambda: load("uci_views"),
    "av_digits (synthesised speech), 1600 samples in data/mnist_5k.npz and "
    "data/spoken_digits_synth.npz": lambda: load("av_digits", n=100),
    "starve, 2600 samples, generated": lambda: load_preset(**STARVE),
    "starve on a timeline, 2600 samples, generated": lambda: on_timeline(load_preset(**STARVE)),
}


@pytest.mark.parametrize("words", DATA)
def test_checkpoint_names_every_file_of_the_data_or_that_they_were_generated(words, capsys):
    data = DATA[words]()
    for used in (data, replace(data, splits=data.splits)):
        record.checkpoint("03", {}, used)
        assert record.read()[-1]["data"] == words
        assert words in capsys.readouterr().out


def test_checkpoint_names_no_file_and_claims_nothing_where_the_learner_made_the_data():
    data = load_preset(**STARVE)
    record.checkpoint("03", {}, replace(data, name="mine", kind=None, kind_names=()))
    assert record.read()[-1]["data"] == "mine, 2600 samples"


def test_checkpoint_names_the_folders_of_research_data(tmp_path, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setattr(Path, "home", lambda: home)
    research_folders.make_cremad(home / "data")
    record.checkpoint("08", {}, open_data("cremad", home / "data"))
    data = record.read()[-1]["data"]
    assert re.fullmatch(r"CREMA-D, \d+ samples in ~/data", data)


def test_data_without_paths_are_refused():
    data = load_preset(**STARVE)
    for wrong in ("data/x.npz", ["data/x.npz"], ("data/x.npz",)):
        with pytest.raises(TypeError, match="files"):
            replace(data, files=wrong)


def test_old_entries_with_another_form_of_data_are_read(folder):
    folder.mkdir()
    old = '{"time": "2026-01-01T00:00:00+00:00", "kind": "checkpoint", "lesson": "03", "data": "x"}'
    (folder / "record.jsonl").write_text(old + "\n")
    assert record.read()[0]["data"] == "x" and record.problems() == []
    assert list(record.progress()["lesson"]) == ["03"]


def test_checkpoint_never_shows_a_home_folder():
    record.checkpoint("01", {}, Path.home() / "course" / "b.csv")
    (entry,) = record.read()
    assert str(Path.home()) not in entry["data"]


def test_a_line_without_a_time_is_damaged_and_does_not_stop_progress(folder, capsys):
    attempt()
    with (folder / "record.jsonl").open("a") as stream:
        stream.write('{"kind": "checkpoint", "lesson": "01"}\n')
    assert [entry["kind"] for entry in record.read()] == ["attempt", "damaged"]
    assert len(record.progress()) == 1
    assert "Line 2 of record.jsonl cannot be read" in capsys.readouterr().out


def test_a_checkpoint_that_cannot_be_kept_says_so_and_goes_on(folder, capsys):
    folder.write_text("a file where the folder should be")
    record.checkpoint("01", {"slope": 1.5})
    out = capsys.readouterr().out
    assert "could not be written to record.jsonl" in out
    assert "kept in" not in out and "1.5" in out
