"""A knob's field and slider, where nobody else keeps them together."""

import pytest

from coursekit.course.widgets import NumberGuess
from coursekit.course.widgets.control_widgets import Knob
from coursekit.course.widgets.controls import Slider


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
