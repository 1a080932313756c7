"""The page of all explorers, without a browser: nothing early, every code, every explorer."""

import re

import pytest
from ipywidgets.widgets.widget import _instances

from coursekit.course.authoring.sources import NOTEBOOKS, scripts
from coursekit.course.widgets import EXPLORERS, explorers_page
from coursekit.course.widgets.explorers_page import Opener, Shelf, code_in_address

PAGE = (NOTEBOOKS / "source" / "explorers.py").read_text(encoding="utf-8")
SECTION = re.compile(
    r'^# ## (.+)\n#\n# \*\*Lessons? ([\d and]+)\.\*\* .+\n(?:# .+\n)*\n# %%\nShelf\("(\w+)"\)$',
    re.M,
)


def test_the_page_has_every_explorer_with_its_title_and_its_lessons():
    listed = {key: (title, lessons.split(" and ")) for title, lessons, key in SECTION.findall(PAGE)}
    shown = {key: [] for key in EXPLORERS}
    for script in scripts():
        for key in re.findall(r'^EXPLORERS\["(\w+)"\]\(\)', script.read_text("utf-8"), re.M):
            shown[key].append(script.stem[:2])
    assert listed == {key: (EXPLORERS[key]().title, lessons) for key, lessons in shown.items()}


@pytest.fixture
def counted(monkeypatch):
    """How often the explorer "lines" was made."""
    made = []
    build = EXPLORERS["lines"]
    monkeypatch.setattr(explorers_page, "EXPLORERS", {"lines": lambda: made.append(1) or build()})
    return made


def test_an_explorer_is_made_when_it_is_opened_and_once(counted):
    one = Shelf("lines")
    assert counted == [] and not one.is_open and one._button.description == "Open “lines”"
    one._button.click()
    assert counted == [1] and one.is_open and one._button.description == "Close “lines”"
    assert one._place.children == (one.explorer.widget,)
    one.explorer.set(seed=5)
    one._button.click()
    assert not one.is_open and one._place.children == ()
    assert one.open().state["seed"] == 5 and counted == [1]


def test_closing_stops_a_film_that_plays():
    one = Shelf("film")
    stopped = []
    one.open().player.pause = lambda: stopped.append(1)
    one.close()
    assert stopped == [1]


def test_an_unknown_key_is_answered_in_a_sentence():
    with pytest.raises(ValueError, match="Did you mean 'lines'"):
        Shelf("linse")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", ""),
        ("token=abc", ""),
        ("token=abc&code=lines-x", "lines-x"),
        ("code=lines+x&code=second", "lines x"),
        ("code=%3Cb%3E", "<b>"),
    ],
)
def test_the_code_in_the_address_is_found(query, code):
    assert code_in_address({"QUERY_STRING": query}) == code
    assert code_in_address({}) == ""


def test_a_code_opens_its_explorer_and_a_handout_with_its_knobs_closed(monkeypatch):
    teacher = EXPLORERS["lines"]()
    teacher.set(w3=2.5, seed=3)
    monkeypatch.setenv("QUERY_STRING", f"code={teacher.handout(locked=['w1'], hidden=['noise'])}")
    opener = Opener()
    explorer = opener.explorer
    assert explorer.state == teacher.state
    assert opener._place.children == (explorer.widget,)
    with pytest.raises(ValueError, match="cannot be turned"):
        explorer.set(w1=0.0)
    assert "Opened below: One slope or two?" in opener._says.value


def test_another_code_takes_the_place_of_the_first_and_leaves_no_widget_behind():
    opener = Opener("")
    assert opener.explorer is None and opener._says.value == ""
    teacher = EXPLORERS["lines"]()
    opener.open(teacher.code)
    held = len(_instances)
    for seed in (4, 5, 6):
        teacher.set(seed=seed)
        opener._field.value = teacher.code
        assert opener.explorer.state["seed"] == seed
    assert len(opener._place.children) == 1
    # An empty note is on no card: it stays, with its layout and style. An explorer has some ninety.
    assert len(_instances) <= held + 3 * 3


@pytest.mark.parametrize("code", ["nonsense", "lines-aaaa", "<script>alert(1)</script>"])
def test_a_wrong_code_is_read_out_and_what_is_open_stays(code):
    opener = Opener(EXPLORERS["lines"]().code)
    before = opener.explorer
    opener._field.value = code
    assert 'role="alert"' in opener._says.value and "The code" in opener._says.value
    assert "<script>" not in opener._says.value
    assert opener.explorer is before and opener._place.children == (before.widget,)
    opener._field.value = " "
    assert opener._says.value == ""


def test_without_a_kernel_a_sentence_stands_there():
    for shown in (Shelf("lines"), Opener("")):
        bundle = shown._repr_mimebundle_()
        assert "Open this notebook with a kernel" in bundle["text/html"]
        assert "application/vnd.jupyter.widget-view+json" in bundle and bundle["text/plain"]
