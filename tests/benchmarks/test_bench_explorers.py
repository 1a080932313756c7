"""The widgets' benchmark without a browser: what it makes of what it has seen."""

import json

import pytest
from typer.testing import CliRunner

from benchmarks import browser
from benchmarks import explorers as bench
from benchmarks.commands import app
from benchmarks.latency import Watched
from coursekit.course.widgets import EXPLORERS


def watched(*burst):
    return Watched("lines", (90.0, 100.0, 110.0), 0, ("a", "b", "c", "d"), burst)


@pytest.mark.parametrize("burst", [("c", "b", "a"), ("a",), ("c", "a")])
def test_a_burst_may_leave_out_states_but_ends_at_the_last(burst):
    assert watched(*burst).burst_ends_right
    assert watched(*burst).stale == 0


@pytest.mark.parametrize("burst", [("a", "b"), ("b", "c"), ("c", "x"), ()])
def test_a_burst_that_ends_elsewhere_is_noticed(burst):
    assert not watched(*burst).burst_ends_right


@pytest.mark.parametrize("burst", [("a", "b", "a"), ("b", "c", "a"), ("x", "a")])
def test_a_picture_of_an_older_press_is_stale(burst):
    assert watched(*burst).burst_ends_right
    assert watched(*burst).stale >= 1


def test_every_explorer_is_measured_with_a_slider_that_it_has():
    cases = bench.cases()
    assert {case.explorer for case in cases.values()} == set(EXPLORERS)
    for case in cases.values():
        # Few steps tell little of the slowest one in twenty; most sliders have enough.
        assert bench.room(case) >= (8 if case.explorer == "curating" else bench.MOVES)


def test_figures_and_table_say_the_same():
    figures = bench.Figures({"lines": watched("a")}, ["a sentence"], 2 * bench.USUAL_MS)
    assert figures.scale == 2
    row = figures.figures()["explorers"][0]
    assert (row["median"], row["p95"], row["n"]) == (100.0, 110.0, 3)
    assert row["milliseconds"] == [90.0, 100.0, 110.0]
    assert json.dumps(figures.figures())
    assert "lines" in bench.text_of(figures)
    assert "a sentence" in bench.text_of(figures)


def test_wrong_names_and_a_missing_browser_are_answered_in_a_sentence(monkeypatch):
    result = CliRunner().invoke(app, ["explorers", "--explorer", "lies"])
    assert result.exit_code == 2
    assert "lies" in result.output
    monkeypatch.setattr(browser, "browser_path", lambda: None)
    result = CliRunner().invoke(app, ["explorers", "--explorer", "lines"])
    assert result.exit_code == 2
    assert "chromium" in result.output
