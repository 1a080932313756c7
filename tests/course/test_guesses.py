"""Guesses beyond the single number: sketched curves, and what the record keeps of skips."""

import asyncio
import json
from importlib import import_module

import pandas as pd
import pytest

from coursekit.course import record
from coursekit.course.plots.curve_guess import SketchView, sketch_and_truth
from coursekit.course.plots.guesses import headed
from coursekit.course.plots.style import new_figure
from coursekit.course.widgets import ChoiceGuess, NumberGuess
from coursekit.course.widgets.after_choices import LATE
from coursekit.course.widgets.curve_guess import SHAPES, CurveGuess, curve_score

XS = [1, 5, 10, 15, 20]


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSEKIT_RECORD", str(tmp_path))
    return tmp_path


@pytest.fixture
def shown(monkeypatch):
    texts = []
    module = import_module("coursekit.course.widgets.guess")
    monkeypatch.setattr(module, "show", lambda figure, alt, *_: texts.append(alt))
    return texts


@pytest.fixture
def pictures(monkeypatch):
    figures = []
    module = import_module("coursekit.course.widgets.guess")
    monkeypatch.setattr(module, "show", lambda figure, alt, *_: figures.append(figure))
    return figures


def sketch():
    return CurveGuess("05-curve", "How does it go?", XS, 0.0, 1.0, names=("epoch", "accuracy"))


def number():
    return NumberGuess("05-drop", "How many points are lost?", 0.0, 20.0, 0.5, "points")


def test_a_sketch_is_committed_from_its_sliders_and_stands_beside_the_truth(shown):
    guess = sketch()
    guess._sliders[1].value = 0.75
    guess._commit.click()
    assert guess.guess == [0.5, 0.75, 0.5, 0.5, 0.5]
    truth = pd.Series([0.5] * 20, index=range(1, 21))
    guess.reveal(truth, within=0.0)
    guess.reveal(truth, within=0.0)
    assert "The true curve: 0.5 at 1, 0.5 at 5" in shown[0]
    assert "The sketch: 0.5 at 1, 0.75 at 5" in shown[0]
    assert "Score: 80 of 100." in shown[0]  # a mean miss of 0.05, zero at 0.25
    (entry,) = record.read()
    assert entry["guess"] == guess.guess and entry["truth"] == [0.5] * 5 and entry["score"] == 80


def test_a_kept_sketch_is_read_again(shown):
    first = sketch()
    first.commit([0.0, 0.25, 0.5, 0.75, 1.0])
    first.reveal(dict(zip(XS, [0.0, 0.25, 0.5, 0.75, 1.0], strict=True)), 0.0)
    sketch().reveal(dict(zip(XS, [0.0, 0.25, 0.5, 0.75, 1.0], strict=True)), 0.0)
    assert shown[0] == shown[1] and "Score: 100 of 100." in shown[0]
    assert len(record.read()) == 1


def test_a_sketch_kept_with_other_points_is_not_used(shown):
    record.append("guess", key="05-curve", guess=[0.1, 0.2])
    sketch().reveal(dict.fromkeys(XS, 0.5), 0.1)
    assert shown[0].endswith("No guess was made.")


def test_a_sketch_is_kept_with_its_points_and_not_used_at_others(shown):
    truth = dict.fromkeys([*XS, 2, 3], 0.5)
    first = sketch()
    first.commit([0.0, 0.25, 0.5, 0.75, 1.0])
    first.reveal(truth, 0.0)
    (entry,) = record.read()
    assert entry["xs"] == XS
    other = CurveGuess("05-curve", "How?", [1, 2, 3, 15, 20], 0.0, 1.0, names=("epoch", "accuracy"))
    other.reveal(truth, 0.0)
    assert other.guess is None
    assert "made at another form of this question. No guess was made." in shown[-1]
    again = sketch()
    again.reveal(truth, 0.0)
    assert again.guess == first.guess and shown[-1] == shown[0]
    assert len(record.read()) == 1


def test_a_sketch_of_an_early_record_without_points_is_used(shown):
    record.append("guess", key="05-curve", guess=[0.5] * 5, truth=[0.5] * 5, score=100)
    sketch().reveal(dict.fromkeys(XS, 0.5), 0.1)
    assert "Score: 100 of 100." in shown[0]


@pytest.mark.parametrize(
    ("make", "kept", "truth"),
    [
        (lambda: ChoiceGuess("05-w", "Why?", ("a", "b")), "an option that is gone", ("a",)),
        (number, "five", (5.0, 1.0)),
        (number, [5.0], (5.0, 1.0)),
        (sketch, 0.5, (dict.fromkeys(XS, 0.5), 0.1)),
    ],
)
def test_a_kept_guess_that_is_no_answer_any_more_stops_nobody(make, kept, truth, pictures):
    guess = make()
    record.append("guess", key=guess.key, guess=kept)
    guess.reveal(*truth)
    assert guess.guess is None
    (figure,) = pictures
    assert "The guess in your record was made" in " ".join(figure.texts[1].get_text().split())
    made = {"a": "a", 5.0: 5.0}.get(truth[0]) if not isinstance(truth[0], dict) else [0.5] * 5
    guess.commit(made)
    guess.reveal(*truth)
    assert make().guess == made and record.read()[-1]["score"] == 100


def test_every_move_redraws_the_sketch_with_its_numbers():
    guess = sketch()
    before = guess._picture.value
    guess._sliders[0].value = 0.05
    assert guess._picture.value != before
    assert 'alt="Your sketch: 0.05 at 1, 0.5 at 5' in guess._picture.value
    for name in SHAPES:
        guess.shape(name)
    assert guess.heights == [0.0, 0.5, 1.0, 0.5, 0.0]


def test_every_slider_of_a_sketch_has_a_name_and_shows_its_place():
    guess = sketch()
    head = guess.widget.children[0].value
    row = guess.widget.children[1].children[-1]
    for x, column in zip(XS, row.children, strict=True):
        assert f"accuracy at epoch {x}" in head
        assert f"epoch {x}<" in column.children[1].value


def test_a_name_that_begins_small_keeps_its_other_letters(pictures):
    guess = CurveGuess("08-pace", "How?", XS, 0.0, 8.0, names=("N", "k of A"))
    guess.reveal(dict.fromkeys(XS, 1.0), 0.1)
    assert pictures[0].texts[1].get_text() == "K of A by N. No guess was made."


LONG = "Where does this voter see Clinton, and where does the same voter see the other man? " * 3


@pytest.mark.parametrize(
    ("make", "truth"),
    [
        (lambda: NumberGuess("01-x", LONG, 0.0, 1.0, 0.1), 0.5),
        (lambda: NumberGuess("01-x", LONG, 0.0, 1.0, 0.1, "points"), 0.5),
        (lambda: ChoiceGuess("01-x", LONG, (LONG[:56], LONG[57:110])), LONG[:56]),
        (
            lambda: CurveGuess("01-x", LONG, XS, 0.0, 1.0, names=("N", "m")),
            dict.fromkeys(XS, 0.5),
        ),
    ],
)
def test_a_picture_shows_its_question_and_nothing_collides(make, truth, pictures):
    within = () if isinstance(truth, str) else (0.1,)
    make().reveal(truth, *within)
    (figure,) = pictures
    question, words = figure.texts
    assert question.get_text().split() == LONG.split() and question.get_weight() == "bold"
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in (question, words)]
    assert boxes[0].y0 > boxes[1].y1 and boxes[1].y0 > figure.axes[0].get_tightbbox().y1
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)
    assert boxes[0].y1 <= figure.bbox.y1


def test_the_head_grows_with_the_question_and_leaves_the_axes_their_height():
    heights = []
    for question in ("Why?", LONG):
        figure, ax = headed(question, "Truth 1.", 1.5)
        figure.draw_without_rendering()
        heights.append((figure.get_figheight(), ax.get_window_extent().height))
    assert heights[1][0] > heights[0][0] + 0.3
    assert heights[1][1] == pytest.approx(heights[0][1], abs=1)


def test_a_number_line_has_an_axis_label_with_and_without_a_unit(pictures):
    number().reveal(12.0, 1.0)
    NumberGuess("05-x", "How many?", 0.0, 1.0, 0.1).reveal(0.5, 0.1)
    assert [f.axes[0].get_xlabel() for f in pictures] == ["answer (points)", "answer"]


@pytest.mark.parametrize(
    ("off", "within", "score"), [(0.0, 0.0, 100), (0.1, 0.1, 100), (0.125, 0.0, 50), (0.4, 0.1, 0)]
)
def test_the_score_of_a_sketch_falls_with_the_mean_miss(off, within, score):
    assert curve_score([0.5 + off, 0.5 - off], [0.5, 0.5], within, 1.0) == score


def test_wrong_sketches_are_refused():
    with pytest.raises(ValueError, match="four to eight"):
        CurveGuess("05-x", "?", [1, 2, 3], 0.0, 1.0, names=("a", "b"))
    with pytest.raises(ValueError, match="rising"):
        CurveGuess("05-x", "?", [1, 2, 2, 3, 4], 0.0, 1.0, names=("a", "b"))
    with pytest.raises(ValueError, match="5 were expected"):
        sketch().commit([0.5])
    with pytest.raises(ValueError, match=r"0\.52"):
        sketch().commit([0.52] * 5)
    with pytest.raises(ValueError, match=r"no value at \[20\]"):
        sketch().reveal(dict.fromkeys(XS[:-1], 0.5), 0.1)
    with pytest.raises(ValueError, match="not finite"):
        sketch().reveal(dict.fromkeys(XS, float("nan")), 0.1)
    with pytest.raises(ValueError, match="within"):
        sketch().reveal(dict.fromkeys(XS, 0.5), -0.1)


def test_truth_and_sketch_differ_in_colour_marker_and_line():
    _, (ax,) = new_figure()
    sketch_and_truth(ax, dict.fromkeys(XS, 2.0), [0.5] * 5, XS, 0.1, (0.0, 1.0), ("epoch", "k"))
    truth, guess = ax.lines
    for part in ("color", "marker", "linestyle"):
        assert getattr(truth, f"get_{part}")() != getattr(guess, f"get_{part}")()
    assert ax.get_ylim()[1] > 2.0  # a truth beyond the scale stays in the picture


def test_equal_sketches_give_equal_texts():
    view = SketchView(XS, (0.0, 1.0), ("epoch", "accuracy"))
    assert (
        view.describe([0.5] * 5)
        == "Your sketch: 0.5 at 1, 0.5 at 5, 0.5 at 10, 0.5 at 15, 0.5 at 20."
    )


@pytest.mark.parametrize("make", [sketch, number, lambda: ChoiceGuess("05-w", "Why?", ("a", "b"))])
def test_a_skip_is_recorded_once(make):
    guess = make()
    guess._skip.click()
    guess._skip.click()
    (entry,) = record.read()
    assert entry["kind"] == "guess" and entry["skipped"] is True and entry["key"] == guess.key
    json.dumps(entry)
    assert guess.guess is None and make().guess is None


def test_a_skipped_guess_says_so_also_after_a_restart(shown):
    guess = number()
    guess.skip()
    guess.reveal(12.0, 1.0)
    number().reveal(12.0, 1.0)
    assert all(alt.endswith("Skipped. No guess was made.") for alt in shown)
    assert len(record.read()) == 1


def test_a_guess_after_a_skip_counts_and_a_skip_after_a_guess(shown):
    guess = number()
    guess.skip()
    guess.commit(6.0)
    guess.reveal(12.0, 1.0)
    assert number().guess == 6.0 and "Score: 50" in shown[-1]
    row = record.progress().iloc[0]
    assert (row["guesses"], row["skipped"]) == (1, 0)
    guess.skip()
    assert number().guess is None
    row = record.progress().iloc[0]
    assert (row["guesses"], row["skipped"]) == (0, 1)


def test_a_skip_that_cannot_be_kept_says_so(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("a file where the folder should be")
    monkeypatch.setenv("COURSEKIT_RECORD", str(blocked))
    guess = number()
    guess.skip()
    assert "could not be written" in guess._answer.value


def test_options_share_one_name_so_that_arrow_keys_move_among_them():
    guess = ChoiceGuess("05-w", "Why?", ("a", "b"))
    assert (
        f"input&quot;: {{&quot;name&quot;: &quot;{guess._class}-options"
        in guess.widget.children[0].value
    )


def test_the_table_of_a_reveal_says_truth_and_guess(monkeypatch):
    tables = []
    module = import_module("coursekit.course.widgets.guess")
    monkeypatch.setattr(module, "show", lambda figure, alt, numbers: tables.append(numbers))
    g = NumberGuess("05-drop", "How much?", 0, 10, 1)
    g.reveal(4.0, within=0.5)
    g.commit(7)
    g.reveal(4.0, within=0.5)
    assert [t[""]["answer"].tolist() for t in tables] == [[4.0, "none"], [4.0, 7.0]]


def test_a_choice_that_arrives_after_the_press_of_commit_counts():
    g = ChoiceGuess("05-which", "Which one?", ("one", "other"))

    async def scenario():
        g._radio.value = "one"
        g._commit.click()
        g._radio.value = "other"
        assert g.guess is None
        await asyncio.sleep(LATE + 0.1)

    asyncio.run(scenario())
    assert g.guess == "other"
