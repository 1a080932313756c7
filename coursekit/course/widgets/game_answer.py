"""How a game is answered, among options or on a scale, and what an answer is worth."""

from collections.abc import Mapping, Sequence

import ipywidgets as W

from coursekit.course.games import Answer, Game, Scale
from coursekit.course.widgets.control_widgets import Knob
from coursekit.course.widgets.controls import Slider
from coursekit.course.widgets.css import OWN_ARROWS
from coursekit.utils.checks import choose

Names = Mapping[str, Mapping[str, str]]  # CSS selector → attribute → value, set in the page


class Options:
    """Radio buttons; nothing is chosen at first."""

    empty = "Choose one of the options first."

    def __init__(self, options: Sequence[str], question: str, css_class: str) -> None:
        self._options = tuple(options)
        self._radio = W.RadioButtons(options=list(options), value=None)
        self.box = self._radio.add_class(css_class).add_class("ck-scale")
        # One name makes them one group of the browser's: one stop for Tab, arrow keys within. The
        # other attribute is JupyterLab's: else it takes the arrow keys and moves to another cell.
        self.attributes: Names = {
            f".{css_class}": {"role": "radiogroup", "aria-label": question},
            f".{css_class} input": {"name": css_class, **OWN_ARROWS},
        }

    @property
    def value(self) -> Answer | None:
        """What is chosen."""
        chosen: str | None = self._radio.value
        return chosen

    def checked(self, answer: Answer) -> Answer:
        """``answer`` if it is an option. Errors: ValueError in a sentence."""
        return choose("answer", str(answer), self._options)

    def put(self, answer: Answer | None, *, open_: bool) -> None:
        """Show ``answer``, None = nothing; only an open question can be changed."""
        self._radio.value = answer
        self._radio.disabled = not open_


class Number:
    """A slider with a field, in the middle at first."""

    empty = ""

    def __init__(self, scale: Scale, question: str, css_class: str) -> None:
        del question  # the handle and the field have the knob's own name
        name, ends = "Your answer", (scale.low, scale.high, scale.step)
        middle = Slider(name, *ends, scale.low)
        self._middle = middle.at((middle.count - 1) // 2)
        self._slider = Slider(name, *ends, self._middle, "share")
        self._at = self._middle
        self._knob = Knob(self._slider, css_class, self._move)
        self.box = self._knob.box
        self.attributes: Names = self._knob.attributes

    @property
    def value(self) -> Answer | None:
        """Where the slider stands."""
        return self._at

    def checked(self, answer: Answer) -> Answer:
        """``answer`` if it is on the scale. Errors: ValueError in a sentence."""
        return self._slider.at(self._slider.index(answer))

    def put(self, answer: Answer | None, *, open_: bool) -> None:
        """Show ``answer``, None = the middle; only an open question can be changed."""
        self._at = self._middle if answer is None else float(answer)
        self._knob.put(self._at)
        self._knob.disable(not open_)

    def _move(self, value: float | str) -> None:
        self._at = float(value)


def make_answer(answers: Sequence[str] | Scale, question: str, css_class: str) -> Options | Number:
    """The right one for these answers."""
    if isinstance(answers, Scale):
        return Number(answers, question, css_class)
    return Options(answers, question, css_class)


def full_score(played: Game, answer: Answer, truth: Answer) -> int:
    """Points of an answer before the evidence is paid: 100 for a right one.

    Among options a wrong one has 0; on a scale the points fall to 0 at `Scale.worthless`.
    """
    scale = played.answers
    if isinstance(scale, Scale):
        off = abs(float(answer) - float(truth))
        part = (scale.worthless - off) / (scale.worthless - scale.within)
        return round(100 * min(max(part, 0.0), 1.0))
    return 100 * int(answer == truth)
