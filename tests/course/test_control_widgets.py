"""A knob's field and slider, where nobody else keeps them together."""

import pytest

from coursekit.course.widgets import NumberGuess
from coursekit.course.widgets.control_widgets import Knob
from coursekit.course.widgets.controls import Slider
from coursekit.course.widgets.gallery import EXPLORERS


def test_field_and_slider_move_together_whatever_the_owner_does():
    moves = []
    knob = Knob(Slider("share", 0.0, 1.0, 0.1, 0.5), "share", moves.append)
    field, slider = knob.box.children
    slider.value = 0.7
    assert field.value == 0.7
    field.value = 0.2
    assert slider.value == 0.2
    slider.value = 0.5  # back where it began, which is a move too
    assert moves == [0.7, 0.2, 0.5]


@pytest.mark.parametrize("part", [0, 1])
def test_a_guess_that_was_moved_there_and_back_is_the_one_that_is_shown(part):
    guess = NumberGuess("00-height", "How high?", 0.0, 10.0, 0.5)
    knob = guess.widget.children[1].children
    knob[part].value = 6.0
    knob[part].value = 5.0
    guess._commit.click()
    assert guess.guess == 5.0 and knob[1 - part].value == 5.0


@pytest.mark.parametrize("key", EXPLORERS)
def test_a_slider_is_told_the_number_that_its_page_makes_of_it(key):
    """Else the page answers with its own; its arithmetic is that of noUiSlider, in per cent."""
    panel = EXPLORERS[key]()._panel
    for knob in panel._knobs.values():
        control, slider = knob._control, knob._slider
        if slider is None or control.whole:
            continue
        way = control.high - control.low
        steps = range(round(way / control.step) + 1)
        for value in [control.nearest_step(control.low + n * control.step) for n in steps]:
            knob.put(value)
            percent = (slider.value - control.low) * 100 / way
            grid = control.step * 100 / way
            assert round(percent / grid) * grid * way / 100 + control.low == slider.value
            assert slider.value == pytest.approx(value, abs=1e-9)
            assert control.nearest_step(slider.value) == value


def test_a_slider_at_a_tenth_says_what_the_browser_says():
    knob = EXPLORERS["lines"]()._panel._knobs["w3"]
    assert knob._slider.value == 1.2999999999999998 and knob._field.value == 1.29
