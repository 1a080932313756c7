"""A control as widgets: its label, a field for the exact value and, for numbers, a slider."""

from collections.abc import Callable

import ipywidgets as W

from coursekit.course.widgets.controls import Choice, Control, Slider, Text
from coursekit.course.widgets.css import OWN_ARROWS

Edit = Callable[[float | str], None]


class Knob:
    """The widgets of one control.

    ``box`` is what is shown; ``edit(value)`` is called when the learner moves something to a new
    value, one the control can take. The number field carries the label, tied to it; the slider's
    name is set in the page (see ``look``), on the elements that ``attributes`` selects.
    """

    def __init__(self, control: Control, css_class: str, edit: Edit) -> None:
        self._control, self._edit, self._class = control, edit, css_class
        self._value = control.kept(control.value)
        self._field, self._slider = _widgets(control)
        self._field.observe(lambda change: self._field_moved(change["new"]), "value")
        parts = [self._field]
        if self._slider is not None:
            self._slider.observe(lambda change: self._slider_moved(change["new"]), "value")
            parts.append(self._slider)
        self.box = W.VBox(parts).add_class(css_class)

    @property
    def attributes(self) -> dict[str, dict[str, str]]:
        """Attributes to set in the page: CSS selector → name → value."""
        if isinstance(self._control, Text):  # what is typed is no prose to be corrected
            return {f".{self._class} input": {"spellcheck": "false", "autocomplete": "off"}}
        if isinstance(self._control, Choice):
            return {f".{self._class} select": {**OWN_ARROWS}}
        named = {"aria-label": self._control.name, "data-decimals": str(self._control.decimals)}
        return {f".{self._class} .noUi-handle": named}

    def put(self, value: float | str) -> None:
        """Show ``value`` in every part; ``edit`` is not called."""
        self._value = value
        self._field.value = value
        if isinstance(self._control, Slider) and self._slider is not None:
            step = self._control.nearest_step(float(value))
            # Left alone when it stands there already: a page that is some key presses ahead would
            # be set back, and 0.7999999999999998, what the browser makes of 0.8, sent for ever.
            if self._control.nearest_step(self._slider.value) != step:
                self._slider.value = _as_in_the_page(self._control, step)

    def disable(self, disabled: bool) -> None:
        """Grey it, or make it work again."""
        for part in self.box.children:
            part.disabled = disabled

    def _field_moved(self, new: float | str) -> None:
        control = self._control
        value = control.nearest(float(new)) if isinstance(control, Slider) else new
        if value != self._value:
            self._moved(value)
        elif new != value:  # between two values and closest to the present one
            self._field.value = value

    def _slider_moved(self, new: float) -> None:
        assert isinstance(self._control, Slider)
        # The page reports the nearest step when a value between two steps was set: no move.
        step = self._control.nearest_step(new)
        if step != self._control.nearest_step(float(self._value)):
            self._moved(step)

    def _moved(self, value: float | str) -> None:
        self.put(value)  # field and slider stay together, whatever the owner makes of it
        self._edit(value)


def _widgets(control: Control) -> tuple[W.Widget, W.Widget | None]:
    """The field with the label and, for a number, its slider."""
    fit = {"description_width": "initial"}
    first = control.kept(control.value)
    options = list(control.options) if isinstance(control, Choice) else []
    if isinstance(control, Text):
        typed = W.Combobox(
            options=options, value=first, description=control.name, style=fit,
            continuous_update=False, placeholder="type, or choose",
        )  # fmt: skip
        return typed.add_class("ck-typed"), None
    if isinstance(control, Choice):
        return W.Dropdown(options=options, value=first, description=control.name, style=fit), None
    number, slide = (
        (W.BoundedIntText, W.IntSlider) if control.whole else (W.BoundedFloatText, W.FloatSlider)
    )
    ends = {"min": control.low, "max": control.high}
    step = _as_in_the_page(control, control.nearest_step(float(first)))
    return (
        number(**ends, value=first, step=control.grid, description=control.name, style=fit),
        slide(**ends, value=step, step=control.step, readout=False),
    )


def _as_in_the_page(control: Slider, value: float) -> float:
    """The number the page's slider makes of ``value``: it goes by per cent of the whole way.

    Told 1.3 on a way from -4 to 4 it answers 1.2999999999999998, at once and unasked. While a cell
    with an ``await`` runs, such a message makes ipykernel 7.4 send the next cell's end under the
    number of the cell before, and the page waits for ever. Told its own number it is silent.
    """
    if control.whole:
        return value
    way = control.high - control.low
    step = control.step * 100 / way
    return round((value - control.low) * 100 / way / step) * step * way / 100 + control.low
