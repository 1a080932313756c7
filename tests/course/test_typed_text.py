"""A knob for text: what it keeps, its field, and codes that carry what was typed."""

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.course.plots import new_figure
from coursekit.course.widgets import Choice, Explorer, Slider
from coursekit.course.widgets.control_widgets import Knob
from coursekit.course.widgets.controls import Text
from coursekit.course.widgets.handout import Handout
from coursekit.course.widgets.share_code import LETTERS, decode, encode

QUERY = Text("query", ("red heart", "animal", ""), "animal")
KNOBS = {
    "query": QUERY,
    "seed": Slider("seed", 0, 99, 1, 7),
    "mode": Choice("mode", ("flat", "steep"), "flat"),
    "name": Text("name", ("nobody",), "nobody", most=20),
}
STATE = {"query": "animal", "seed": 3, "mode": "steep", "name": "nobody"}
HOSTILE = (
    "<script>alert(1)</script>",
    "$\\frac{1}{0}$ and ** and `x`",
    "שלום العربية",
    "🙂👩‍🚀 中文",
    "-" * 50,
    "0",
    "code: animal",
    "&amp; &#0;",
    " ".join(f"word{i}" for i in range(500)),
)


def code(state, **handout):
    return encode("dot", KNOBS, Handout(state, **handout))


# What is kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  red \n\t heart ", "red heart"),
        ("a\x00b\x1bc", "abc"),
        ("a \x00 b", "a b"),
        ("\u202etrae\u2066H\u2069", "traeH"),
        ("half \ud83d", "half"),
        ("", ""),
        ("👩‍🚀", "👩‍🚀"),
    ],
)
def test_a_text_is_one_line_of_letters(typed, kept):
    assert QUERY.kept(typed) == kept
    assert QUERY.kept(kept) == kept


@given(st.text())
def test_what_is_kept_is_kept_as_it_is(text):
    assert QUERY.kept(QUERY.kept(text)) == QUERY.kept(text)


def test_what_is_no_text_or_too_long_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="query is 7; a text was expected"):
        QUERY.kept(7)
    with pytest.raises(ValueError, match="name has 21 characters; at most 20"):
        KNOBS["name"].kept("x" * 21)
    with pytest.raises(ValueError, match=r"options has \['two  blanks'\]"):
        Text("query", ("two  blanks",), "two  blanks")
    with pytest.raises(ValueError, match="Did you mean 'animal'"):
        replace(QUERY, value="animla")


# The field


def test_the_field_has_its_label_and_takes_what_is_typed():
    moves = []
    knob = Knob(QUERY, "ck-query", moves.append)
    assert knob._field.description == "query" and knob._slider is None
    assert list(knob._field.options) == list(QUERY.options)
    knob._field.value = "a word of mine"
    knob.put("red heart")
    assert moves == ["a word of mine"] and knob._field.value == "red heart"
    assert ".ck-query input" in knob.attributes


class View:
    """A figure that shows nothing; the text says what was typed."""

    def __init__(self):
        self.figure, _ = new_figure(1, 1, layout=None)

    def update(self, data):
        pass

    def describe(self, data):
        return f"It says: {data}."

    def table(self, data):
        return pd.DataFrame({"text": [data]})


def explorer():
    return Explorer("dot", "A dot", KNOBS, lambda query, seed, mode, name: name + query, View)


def test_typing_too_much_is_answered_beside_the_field_and_changes_nothing():
    e = explorer()
    field = e._panel._knobs["name"]._field
    field.value = "x" * 21
    assert "name has 21 characters" in e._panel._warning.value
    assert field.value == "nobody" == e.state["name"]
    field.value = " me \n too"
    assert field.value == "me too" == e.state["name"] and e._panel._warning.value == ""


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_stays_text_on_the_card(text):
    e = explorer()
    e._panel._as_table.value = True
    e.set(query=text)
    markup = e._panel._image.value + e._panel._table.value
    assert "<script" not in markup and e.state["query"] == text
    assert e.open(e.code).state["query"] == text


# Codes


@given(st.text(max_size=200).map(QUERY.kept), st.text(max_size=20).map(QUERY.kept))
def test_codes_come_back_with_every_text(query, name):
    for handout in (
        Handout({**STATE, "query": query, "name": name}),
        Handout({**STATE, "query": query}, frozenset({"seed"}), frozenset({"mode"})),
    ):
        written = encode("dot", KNOBS, handout)
        assert decode("dot", KNOBS, written) == handout
        assert decode("dot", KNOBS, f" {written.upper().replace('-', ' ')} ") == handout


def test_a_suggestion_costs_no_letters_and_a_text_two_at_most_for_each_of_its_own():
    short = code(STATE)
    assert "0" not in short
    typed = code({**STATE, "query": "xylophones"}).replace("-", "")
    assert len(typed) <= len(short.replace("-", "")) + 2 * len("xylophones") + 5
    long = code({**STATE, "query": HOSTILE[-1]}).replace("-", "")
    assert len(long) < len(HOSTILE[-1])


def test_every_wrong_letter_and_swap_in_a_text_is_refused():
    good = code({**STATE, "query": "zebu"}).replace("-", "")
    place = good.index("0") + 1
    wrong = {good[:i] + c + good[i + 1 :] for i in range(place, len(good) - 1) for c in LETTERS}
    wrong |= {
        good[:i] + good[i + 1] + good[i] + good[i + 2 :] for i in range(place, good.rindex("0") - 1)
    }
    assert len(wrong) > 100
    for each in wrong - {good}:
        with pytest.raises(ValueError, match="does not add up"):
            decode("dot", KNOBS, each)


@pytest.mark.parametrize("end", ["0", "0abc", "00", "0a0b0c", "0zzzzz0"])
def test_what_stands_behind_a_code_and_is_no_text_is_refused(end):
    with pytest.raises(ValueError, match="does not add up"):
        decode("dot", KNOBS, code(STATE) + end)


def test_a_text_that_unpacks_to_gigabytes_is_refused():
    bomb = code({**STATE, "query": "x" * 4000})
    assert len(bomb) < 100
    small = {**KNOBS, "query": replace(QUERY, most=100)}
    with pytest.raises(ValueError, match="query has 401 characters; at most 100"):
        decode("dot", small, bomb)


def test_an_explorer_without_a_text_takes_no_section():
    plain = {name: KNOBS[name] for name in ("seed", "mode")}
    written = encode("dot", plain, Handout({"seed": 3, "mode": "flat"}))
    with pytest.raises(ValueError, match="does not add up"):
        decode("dot", plain, f"{written}0abc")
