"""Handouts: knobs that are locked or hidden, in a code that anybody may enter."""

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.course.plots import new_figure
from coursekit.course.widgets import EXPLORERS, Choice, Explorer, Slider, explorer_from_code
from coursekit.course.widgets.handout import Handout
from coursekit.course.widgets.share_code import decode, encode

CONTROLS = {
    "height": Slider("height", -4.0, 4.0, 0.5, 0.5, "m", fine=0.01),
    "seed": Slider("seed", 0, 99, 1, 7),
    "mode": Choice("mode", ("flat", "steep"), "flat"),
    "n": Slider("n", 0, 20, 1, 3),
}
NAMES = st.sets(st.sampled_from(list(CONTROLS)))
STATES = st.fixed_dictionaries(
    {name: st.integers(0, control.count - 1).map(control.at) for name, control in CONTROLS.items()}
)


class SumView:
    """A dot; its text names n."""

    writes = frozenset({"n"})

    def __init__(self):
        self.figure, (ax,) = new_figure(2, 2, layout=None)
        (self.dot,) = ax.plot([0], [0], marker="o")
        ax.set_ylim(-5, 5)

    def update(self, data):
        self.dot.set_ydata([data[0]])

    def describe(self, data):
        return f"A dot, n {data[1]}."

    def table(self, data):
        return pd.DataFrame({"n": [data[1]]})


def explorer():
    presets = {"top": {"height": 4.0}, "luck": {"seed": 77}}
    return Explorer("dot", "A dot", CONTROLS, lambda height, seed, mode, n: (height, n),
                    SumView, presets)  # fmt: skip


@given(STATES, NAMES, NAMES)
def test_a_handout_comes_back_with_every_knob(state, locked, hidden):
    handout = Handout(state, frozenset(locked - hidden), frozenset(hidden))
    assert decode("dot", CONTROLS, encode("dot", CONTROLS, handout)) == handout


@pytest.mark.parametrize("key", EXPLORERS)
def test_a_handout_of_any_explorer_is_short(key):
    controls = EXPLORERS[key]().controls
    state = {name: control.at(control.count - 1) for name, control in controls.items()}
    plain = encode(key, controls, Handout(state))
    handed = encode(key, controls, Handout(state, frozenset(controls)))
    assert len(plain) < len(handed) <= len(plain) + 6 < 36


def test_one_hidden_step_changes_the_whole_code():
    codes = []
    for seed in (7, 8):
        e = explorer()
        e.set(seed=seed)
        codes.append(e.handout(hidden=["seed"]).replace("-", "")[3:])
    assert sum(a == b for a, b in zip(*codes, strict=True)) <= 3


def handed():
    teacher = explorer()
    teacher.set(height=-1.25, seed=42, mode="steep")
    return explorer().open(teacher.handout(locked=["mode"], hidden=["seed"]))


def test_locked_knobs_are_grey_and_hidden_ones_are_gone():
    e = handed()
    assert e.state == {"height": -1.25, "seed": 42, "mode": "steep", "n": 3}
    boxes = [getattr(box.children[0], "description", "") for box in e._panel._left.children[1:4]]
    assert boxes == ["height (m)", "mode", "n"]
    assert e._panel._knobs["mode"].box.children[0].disabled
    assert not e._panel._knobs["height"].box.children[0].disabled
    assert "1 knob of this explorer cannot be seen" in e._panel._note.value
    for change in ({"mode": "flat"}, {"seed": 1}, {"seed": 42}):
        with pytest.raises(ValueError, match="cannot be turned"):
            e.set(**change)
    e.set(height=1.0)
    assert e.state["height"] == 1.0 and e.state["seed"] == 42


def test_a_hidden_value_stands_nowhere_on_the_card():
    e = handed()
    e._panel._as_table.value = True
    bundle = e._repr_mimebundle_()
    # Without the moment it was drawn at, whose digits are anybody's.
    moment = re.compile(r' data-(time|started)="[^"]*"')
    images = [bundle["text/html"], e._panel._image.value]
    images = [moment.sub("", image.split("src=")[0]) for image in images]
    widgets = [e._panel._table.value, e._panel._code.value]
    for text in (repr(e), bundle["text/plain"], *images, *widgets):
        assert "42" not in text
    fields = [e._panel._knobs["seed"].box.children[i].value for i in (0, 1)]
    assert 42 not in fields  # a widget's values travel to the page even when it is not displayed
    assert "seed" not in repr(e) and "mode=steep" in repr(e)


def test_presets_and_reset_respect_it():
    e = handed()
    start = e.code
    assert [b.description for b in e._panel._buttons.children] == ["top", "Reset"]
    with pytest.raises(ValueError, match="cannot be turned"):
        e.preset("luck")
    e.preset("top")
    assert e.code != start
    e.reset()
    assert e.code == start and e.state["height"] == -1.25


def test_its_code_goes_on_handing_out_and_a_plain_one_does_not_open_it():
    e = handed()
    e.set(height=2.0)
    again = explorer().open(e.code)
    assert again.state == e.state and [*again._handed.hidden] == ["seed"]
    before = again.state
    again.enter_code(explorer().code)
    assert 'role="alert"' in again._panel._warning.value and again.state == before
    more = explorer().open(again.handout(locked=["height"]))
    assert more._handed == Handout(again.state, frozenset({"mode", "height"}), frozenset({"seed"}))


@pytest.mark.parametrize(
    ("closed", "error", "sentence"),
    [
        ({}, ValueError, "name a knob"),
        ({"locked": "seed"}, TypeError, r"a list of knobs such as \['seed'\]"),
        ({"locked": ["sead"]}, ValueError, "Did you mean 'seed'"),
        ({"hidden": ["n"]}, ValueError, "the picture itself writes out; lock it"),
    ],
)
def test_what_cannot_be_handed_out_is_refused(closed, error, sentence):
    with pytest.raises(error, match=sentence):
        explorer().handout(**closed)


def test_a_code_finds_its_explorer():
    teacher = EXPLORERS["lines"]()
    teacher.set(w3=2.5, seed=3)
    e = explorer_from_code(teacher.handout(hidden=["w3"]))
    assert e.key == "lines" and e.state == teacher.state and e.picture == teacher.picture
    assert explorer_from_code(f" {teacher.code.upper()} ").state == teacher.state
    with pytest.raises(ValueError, match="is of no explorer; codes begin with one of"):
        explorer_from_code("lyne-abc")
