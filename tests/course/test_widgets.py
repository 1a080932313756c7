"""Explorers and guesses without a browser: states, codes, newest wish, errors, stored output."""

import asyncio
import random
from dataclasses import replace
from importlib import import_module

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.course import record
from coursekit.course.plots import new_figure
from coursekit.course.widgets import EXPLORERS, Choice, ChoiceGuess, Explorer, NumberGuess, Slider
from coursekit.course.widgets.control_widgets import Knob
from coursekit.course.widgets.controls import start_state
from coursekit.course.widgets.guess import number_score
from coursekit.course.widgets.handout import Handout
from coursekit.course.widgets.share_code import LETTERS, decode, encode

CONTROLS = {
    "height": Slider("height", -4.0, 4.0, 0.5, 0.5, "m", fine=0.01),
    "seed": Slider("seed", 0, 99, 1, 7),
    "mode": Choice("mode", ("flat", "steep"), "flat"),
}


class DotView:
    """One dot whose height is the data."""

    def __init__(self):
        self.figure, (ax,) = new_figure(2, 2, layout=None)
        (self.dot,) = ax.plot([0], [0], marker="o")
        ax.set_ylim(-5, 5)

    def update(self, data):
        self.dot.set_ydata([data])

    def describe(self, data):
        return f"A dot at {data:g}."

    def table(self, data):
        return pd.DataFrame({"height": [data]})


def explorer(compute=lambda height, seed, mode: height, **changes):
    settings = {"presets": {"top": {"height": 4.0}}, **changes}
    return Explorer("dot", "A dot", CONTROLS, compute, DotView, **settings)


def warning(e):
    return e._panel._warning.value


def status(e):
    return e._panel._status.value


# Controls


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"low": 5.0}, "low must be smaller"),
        ({"step": 0.0}, "positive number"),
        ({"step": 0.3, "fine": None}, "high - low is 8; a multiple of 0.3"),
        ({"fine": 0.3}, "step is 0.5; a multiple of 0.3"),
        ({"value": 0.005}, "in steps of 0.01"),
        ({"value": 9.0}, "a number from -4 to 4"),
        ({"value": float("nan")}, "a number from -4 to 4"),
        ({"label": " "}, "visible name"),
    ],
)
def test_a_slider_that_does_not_fit_is_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        replace(CONTROLS["height"], **changes)


def test_whole_steps_give_whole_numbers():
    assert isinstance(CONTROLS["seed"].at(3), int)
    assert CONTROLS["height"].at(1) == -3.99
    assert CONTROLS["height"].name == "height (m)"


def test_a_knob_reports_moves_and_only_moves():
    moves = []
    knob = Knob(CONTROLS["height"], "ck-x", moves.append)
    knob.put(0.68)
    assert knob._field.value == 0.68 and knob._slider.value == 0.5
    knob._slider.value = 0.5000000000000002  # the page's own rounding of 0.5
    assert moves == []
    knob._slider.value = 1.0
    assert moves == [1.0]
    knob.put(1.0)
    knob._field.value = 1.004  # between two values: set right, no move
    assert moves == [1.0] and knob._field.value == 1.0
    knob._field.value = 2.25
    assert moves == [1.0, 2.25]


def test_every_slider_gets_a_name_and_every_field_a_label():
    page = explorer()._panel.box.children[0].value
    assert "height (m)" in page and "noUi-handle" in page
    boxes = [knob.box for knob in explorer()._panel._knobs.values()]
    assert [box.children[0].description for box in boxes] == ["height (m)", "seed", "mode"]


def test_knobs_stand_in_their_groups_and_a_group_without_knobs_is_gone():
    groups = {"Data": ("height",), "Training": ("mode",)}
    e = explorer(groups=groups)
    ungrouped, data, training = e._panel._left.children[:3]
    assert ungrouped.children[0].description == "seed"
    assert [box.children[0].value for box in (data, training)] == [
        '<p class="ck-heading">Data</p>',
        '<p class="ck-heading">Training</p>',
    ]
    assert data.children[1].children[0].description == "height (m)"
    head = e._panel.box.children[0].value
    assert "&quot;aria-label&quot;: &quot;Training&quot;" in head
    e.restore(e.handout(hidden=["mode"]))
    assert training not in e._panel._left.children and data in e._panel._left.children


def test_a_group_that_does_not_fit_is_refused_at_once():
    with pytest.raises(ValueError, match="Did you mean 'height'"):
        explorer(groups={"Data": ("heigt",)})
    with pytest.raises(ValueError, match="each knob stands once"):
        explorer(groups={"Data": ("seed",), "Training": ("seed",)})


def test_many_knobs_stand_in_groups():
    for make in EXPLORERS.values():
        panel = make()._panel
        named = [name for names in panel._groups.values() for name in names]
        assert sorted(named) == sorted(panel._knobs)
        if len(named) > 5:
            assert len(panel._group_boxes) >= 2


# Codes

STATES = st.fixed_dictionaries(
    {name: st.integers(0, control.count - 1).map(control.at) for name, control in CONTROLS.items()}
)


@given(STATES)
def test_codes_come_back(state):
    code = encode("dot", CONTROLS, Handout(state))
    assert decode("dot", CONTROLS, code) == Handout(state)
    assert decode("dot", CONTROLS, f" {code.upper().replace('-', ' ')} ") == Handout(state)


@given(STATES, st.data())
def test_one_wrong_letter_or_a_swap_is_found(state, data):
    handout = data.draw(st.sampled_from([Handout(state), Handout(state, frozenset({"seed"}))]))
    code = encode("dot", CONTROLS, handout).replace("-", "")
    letters = list(code[3:])
    place = data.draw(st.integers(0, len(letters) - 1))
    if data.draw(st.booleans()) and place + 1 < len(letters):
        letters[place : place + 2] = reversed(letters[place : place + 2])
    else:
        letters[place] = data.draw(st.sampled_from(LETTERS))
    changed = "dot" + "".join(letters)
    if changed != code:
        with pytest.raises(ValueError, match="does not add up"):
            decode("dot", CONTROLS, changed)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("", "empty"),
        ("lines-abc", "begin with 'dot'"),
        ("dot-ab1", "contains '1'"),
        ("dot-abc", "3 letters"),
    ],
)
def test_a_wrong_code_is_a_sentence_and_changes_nothing(code, sentence):
    e = explorer()
    before = e.state, e.picture
    with pytest.raises(ValueError, match=sentence):
        e.restore(code)
    e.enter_code(code)  # as in the widget
    assert 'role="alert"' in warning(e)
    assert (e.state, e.picture) == before
    e.set(seed=1)
    assert warning(e) == ""


def test_codes_of_other_knobs_are_refused():
    other = {**CONTROLS, "seed": Slider("seed", 0, 98, 1, 7)}
    code = encode("dot", other, Handout(start_state(other)))
    with pytest.raises(ValueError, match="does not add up"):
        decode("dot", CONTROLS, code)


# States and pictures


def test_set_preset_reset_restore():
    e = explorer()
    start = e.code
    e.set(height=-1.25, mode="steep")
    assert e.state == {"height": -1.25, "seed": 7, "mode": "steep"}
    assert e.alt == "A dot at -1.25."
    code = e.code
    e.preset("top")
    assert e.state["height"] == 4.0 and e.state["mode"] == "steep"
    e.reset()
    assert e.code == start
    e.restore(code)
    assert e.alt == "A dot at -1.25."
    assert list(e.table()["height"]) == [-1.25]


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"heigth": 1.0}, "Did you mean 'height'"),
        ({"height": 0.005}, "nearest: 0"),
        ({"height": "high"}, "a number from -4 to 4"),
        ({"mode": "stepe"}, "Did you mean 'steep'"),
        ({"height": 1.0, "seed": 100}, "a number from 0 to 99"),
    ],
)
def test_a_wrong_state_is_a_sentence_and_changes_nothing(state, sentence):
    e = explorer()
    before = e.code
    with pytest.raises(ValueError, match=sentence):
        e.set(**state)
    assert e.code == before


def test_a_preset_that_does_not_fit_is_refused_at_once():
    with pytest.raises(ValueError, match="Did you mean 'height'"):
        explorer(presets={"bad": {"heigt": 1.0}})


@pytest.mark.parametrize("key", ["lines", "symptoms"])  # the stress test asks it of all views
def test_a_picture_and_its_text_depend_on_the_state_alone(key):
    e = EXPLORERS[key]()
    first = e.picture, e.alt
    rng = random.Random(0)
    for _ in range(2):  # a past that must not show
        e.set(**{n: c.at(rng.randrange(c.count)) for n, c in e.controls.items()})
    assert e.render(**e.state) == e.picture
    assert e.picture != first[0] and e.alt != first[1]
    assert any(c.isdigit() for c in e.alt)


def test_going_back_gives_the_first_picture_again():
    e = EXPLORERS["lines"]()
    first, alt = e.picture, e.alt
    for name in e.presets:
        e.preset(name)
    assert e.picture != first
    e.reset()
    assert (e.picture, e.alt) == (first, alt)


def test_lines_fit_recovers_what_was_put_in():
    e = EXPLORERS["lines"]()
    e.set(w1=0.68, w2=-2.94, w3=1.29, noise=0.0)
    assert e.data.interaction == pytest.approx((5.79, 0.68, -2.94, 1.29))
    assert e.data.r2_interaction == pytest.approx(1.0)
    assert e.data.r2_additive < 0.99
    e.set(w3=0.0)
    assert e.data.additive == pytest.approx((5.79, 0.68, -2.94))
    e.set(w1=0.0, w2=0.0)  # nothing varies: no R² to speak of, and no warning
    assert e.data.r2_additive == 0.0


def test_stored_output_is_an_image_with_its_text():
    e = explorer()
    bundle = e._repr_mimebundle_()
    assert f'alt="{e.alt}"' in bundle["text/html"]
    assert 'data-explorer="dot"' in bundle["text/html"] and e.code in bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "\n" not in bundle["text/plain"] and e.alt in bundle["text/plain"]


def test_the_table_follows_the_picture():
    e = explorer()
    e._panel._as_table.value = True
    assert "<td>0.500</td>" in e._panel._table.value
    e.set(height=1.0)
    assert "<td>1.000</td>" in e._panel._table.value
    e._panel._as_table.value = False
    assert e._panel._table.value == ""


# The newest wish


def run(scenario):
    return asyncio.run(asyncio.wait_for(scenario(), 10))


def test_in_a_loop_only_the_newest_state_is_shown():
    computed = []

    def compute(height, seed, mode):
        computed.append(seed)
        return height

    e = explorer(compute)

    async def scenario():
        for seed in range(20):
            e.set(seed=seed, height=1.0)
        assert e.state["seed"] == 19 and e.shown["seed"] == 7  # nothing has run yet
        await e.settle()

    run(scenario)
    assert computed == [7, 19]
    assert e.shown == e.state and e.alt == "A dot at 1."


def test_a_training_is_abandoned_between_two_steps():
    steps, closed = [], []

    def train(height, seed, mode):
        try:
            for epoch in range(5):
                steps.append((seed, epoch))
                yield
            return height
        except GeneratorExit:
            closed.append(seed)
            raise

    e = explorer(train)
    steps.clear()

    async def scenario():
        e.set(seed=1)
        while not steps:
            await asyncio.sleep(0)
        e.set(seed=2, height=3.0)
        await e.settle()

    run(scenario)
    assert closed == [1]
    assert len([s for s, _ in steps if s == 1]) < 5
    assert [epoch for s, epoch in steps if s == 2] == list(range(5))
    assert e.alt == "A dot at 3."


def test_stop_goes_back_to_the_picture_before_and_the_work_can_be_gone_on_with(monkeypatch):
    monkeypatch.setattr("coursekit.course.widgets.latest_wins.QUIET", 0.0)
    steps = []

    def train(height, seed, mode):
        for epoch in range(5):
            steps.append((seed, epoch))
            yield
        return height

    e = explorer(train, busy=lambda state: f"for {state['height']:g} s")
    before, alt = e.state, e.alt

    async def scenario():
        e.set(height=2.0, seed=1)
        while (1, 1) not in steps:
            await asyncio.sleep(0)
        assert status(e) == "for 2 s" and e._panel._stop.layout.display == ""
        e._panel._stop.click()
        assert e.state == before and e._panel._knobs["seed"].box.children[0].value == before["seed"]
        await e.settle()
        assert status(e) == "" and e._panel._stop.layout.display == "none"
        assert e.alt == alt and (1, 4) not in steps
        e.set(height=2.0, seed=1)
        await e.settle()

    run(scenario)
    assert [epoch for seed, epoch in steps if seed == 1] == list(range(5))
    assert e.alt == "A dot at 2."


@pytest.mark.parametrize(
    ("key", "state", "long"),
    [
        ("race", {"fusion": "transformer", "lane_1": "agm", "epochs": 40}, True),
        ("race", {"fusion": "late-linear", "lane_1": "agm", "epochs": 40}, False),
        ("film", {"fusion": "transformer", "method": "gblend-online", "samples": 1500}, True),
        ("film", {}, False),
    ],
)
def test_what_takes_long_says_so_beforehand(key, state, long):
    e = EXPLORERS[key]()
    e._state = {**e.state, **state}
    e._latest._busy(True)
    assert ("about" in status(e)) == long and status(e).startswith("training")


def test_a_wish_during_the_last_step_is_not_lost():
    e = None

    def compute(height, seed, mode):
        if seed == 1:
            e.set(seed=2)
        return height

    e = explorer(compute)

    async def scenario():
        e.set(seed=1)
        await e.settle()

    run(scenario)
    assert e.shown["seed"] == 2


def test_slow_work_says_so_quietly_and_stops_saying_it(monkeypatch):
    monkeypatch.setattr(import_module("coursekit.course.widgets.latest_wins"), "QUIET", 0.0)
    sentences = []

    def train(height, seed, mode):
        for _ in range(3):
            yield
            sentences.append(status(e) if seed == 1 else "")
        return height

    e = None
    e = explorer(train, busy="training …")

    async def scenario():
        e.set(seed=1)
        await e.settle()

    run(scenario)
    assert "training …" in sentences
    assert status(e) == ""


def test_an_error_is_a_sentence_and_the_last_picture_stays():
    def compute(height, seed, mode):
        if seed == 13:
            raise ZeroDivisionError("no spread <at> all")
        return height

    e = explorer(compute)
    before = e.picture, e.alt, e._panel._image.value
    e.set(seed=13, height=1.0)
    assert (e.picture, e.alt, e._panel._image.value) == before
    assert 'role="alert"' in warning(e) and "no spread &lt;at&gt; all" in warning(e)
    e.set(seed=14)
    assert warning(e) == "" and e.alt == "A dot at 1."

    async def scenario():
        e.set(seed=13)
        await e.settle()
        assert "no spread" in warning(e)
        e.set(seed=15)
        await e.settle()

    run(scenario)
    assert e.shown["seed"] == 15 and warning(e) == ""


def test_an_error_at_the_start_is_the_authors_to_see():
    def compute(**state):
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        explorer(compute)


def test_a_key_that_codes_cannot_carry_is_refused():
    with pytest.raises(ValueError, match="letters and digits"):
        Explorer("two words", "t", CONTROLS, lambda **s: 0.0, DotView)


# Guesses


@pytest.fixture
def shown(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSEKIT_RECORD", str(tmp_path))
    texts = []
    module = import_module("coursekit.course.widgets.guess")
    monkeypatch.setattr(module, "show", lambda figure, alt, *_: texts.append(alt))
    return texts


def number_guess():
    return NumberGuess("05-drop", "How many points are lost?", 0.0, 20.0, 0.5, "points")


def test_a_guess_is_shown_scored_and_recorded_once(shown):
    guess = number_guess()
    guess.commit(6.0)
    guess.reveal(truth=12.0, within=1.0)
    guess.reveal(truth=12.0, within=1.0)
    assert "The truth is 12, the guess was 6 points, off by 6." in shown[0]
    assert "Score: 50 of 100." in shown[0]  # five beyond the band of one; zero at ten
    (entry,) = record.read()
    assert entry["key"] == "05-drop" and entry["guess"] == 6.0 and entry["score"] == 50


def test_a_guess_is_remembered_by_the_record(shown):
    first = number_guess()
    first.commit(6.0)
    first.reveal(12.0, 1.0)
    number_guess().reveal(12.0, 1.0)  # as after a restart, run from the top
    assert shown[0] == shown[1]
    assert len(record.read()) == 1


def test_a_guess_that_cannot_be_kept_is_shown_all_the_same(shown, monkeypatch, tmp_path, capsys):
    (tmp_path / "taken").write_text("a file where the folder should be")
    monkeypatch.setenv("COURSEKIT_RECORD", str(tmp_path / "taken"))
    guess = number_guess()
    guess.commit(6.0)
    guess.reveal(12.0, 1.0)
    assert "Score: 50 of 100." in shown[0]
    assert "could not be written to record.jsonl" in capsys.readouterr().out


def test_a_lesson_runs_without_any_guess(shown):
    number_guess().reveal(12.0, 1.0)
    choice = ChoiceGuess("05-why", "Why?", ("capacity", "speed"))
    choice.skip()
    choice.reveal("speed")
    assert all(alt.endswith("No guess was made.") and "Score" not in alt for alt in shown)
    [entry] = record.read()  # only what was skipped on purpose
    assert (entry["key"], entry["skipped"]) == ("05-why", True)
    assert "score" not in entry


@pytest.mark.parametrize(("guess", "score"), [(12, 100), (13, 100), (11, 100), (6, 50), (0, 0)])
def test_scores_fall_evenly_beyond_the_band(guess, score):
    assert number_score(guess, 12.0, 1.0, 20.0) == score


@given(st.floats(-100, 100), st.floats(-100, 100), st.floats(0, 10), st.floats(0.1, 200))
@settings(max_examples=50)
def test_scores_stay_on_their_scale(guess, truth, within, span):
    assert 0 <= number_score(guess, truth, within, span) <= 100


def test_a_choice_is_right_or_wrong(shown):
    guess = ChoiceGuess("05-why", "Why?", ("capacity", "speed"))
    guess._on_commit()
    assert 'role="alert"' in guess._answer.value  # nothing chosen yet
    guess._radio.value = "capacity"
    guess._on_commit()
    guess.reveal("speed")
    assert "The truth is: speed. The guess was: capacity. Score: 0 of 100." in shown[0]
    with pytest.raises(ValueError, match="Did you mean 'speed'"):
        guess.reveal("sped")
    with pytest.raises(ValueError, match="it can be"):
        guess.commit("luck")


def test_the_commit_button_takes_what_the_slider_shows(shown):
    guess = number_guess()
    assert guess.guess is None
    guess.widget.children[1].children[1].value = 8.0  # the slider
    guess._commit.click()
    assert guess.guess == 8.0
    assert "Your guess: 8 points" in guess._answer.value
    guess._skip.click()
    assert guess.guess is None


def test_wrong_truths_are_refused(shown):
    with pytest.raises(ValueError, match="truth is nan"):
        number_guess().reveal(float("nan"), 1.0)
    with pytest.raises(ValueError, match="within is -1"):
        number_guess().reveal(1.0, -1.0)
    with pytest.raises(ValueError, match="two digits"):
        NumberGuess("drop", "?", 0.0, 1.0, 0.1)


def test_a_guess_without_a_kernel_says_what_to_do(shown):
    bundle = number_guess()._repr_mimebundle_()
    assert "How many points are lost?" in bundle["text/html"]
    assert bundle["text/plain"] == "Guess 05-drop: How many points are lost?"
