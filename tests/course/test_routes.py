"""The routes through the lessons name what there is, and the map draws and says all of it."""

import re

import numpy as np
import pytest
from matplotlib.colors import to_hex

from coursekit.course.authoring.sources import name_of, scripts
from coursekit.course.plots import new_figure
from coursekit.course.registry import rooms
from coursekit.course.routes import PARTS, ROUTES, in_words, ranges
from coursekit.lessons.l00_start_here.route_map import draw_routes


@pytest.mark.parametrize(
    ("lessons", "text"),
    [
        (["00", "01", "02", "03"], "00–03"),
        (["00", "05", "07", "08", "14", "15", "16"], "00, 05, 07, 08, 14–16"),
        (["04"], "04"),
        ([], ""),
    ],
)
def test_runs_of_three_and_more_become_a_range(lessons, text):
    assert ranges(lessons) == text


@pytest.mark.parametrize("name", ROUTES)
def test_a_route_stops_at_lessons_and_sections_that_there_are(name):
    texts = {name_of(script): script.read_text(encoding="utf-8") for script in scripts()}
    route = ROUTES[name]
    assert route.stops[0] == "00" and set(route.stops) <= set(texts)
    assert list(route.whole) == sorted(set(route.whole) - set(route.in_part))
    for lesson, section in route.in_part.items():
        assert re.search(rf"^# ## {re.escape(section)}$", texts[lesson], re.M), (lesson, section)


def test_each_part_begins_with_a_lesson():
    assert list(PARTS) == sorted(PARTS) and set(PARTS) < set(rooms())


def test_the_hours_are_those_of_the_whole_lessons():
    minutes = dict.fromkeys(rooms(), 60)
    assert "00–08, about 9 hours." in in_words("The arc", minutes)
    assert "about 9 hours." in in_words("Alignment", minutes)  # 04 in part is not counted


def test_the_map_draws_what_it_says():
    _, (ax,) = new_figure(10.4, 4.6)
    text = draw_routes(ax)
    for row, (name, route) in enumerate(ROUTES.items()):
        assert f"{name} stops at {ranges(route.whole)}" in text
        height = len(ROUTES) - 1 - row
        marks = [line for line in ax.lines if len(line.get_xdata()) == 1]
        drawn = {
            sorted(rooms())[int(line.get_xdata()[0])]: to_hex(line.get_markerfacecolor())
            for line in marks
            if np.isclose(line.get_ydata()[0], height)
        }
        assert sorted(drawn) == route.stops
        assert {n for n, face in drawn.items() if face == "#ffffff"} == set(route.in_part)
    assert [t.get_text()[:2] for t in ax.get_xticklabels()] == sorted(rooms())
