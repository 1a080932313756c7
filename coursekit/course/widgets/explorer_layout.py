"""The widgets around an explorer's picture."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Protocol

import ipywidgets as W

from coursekit.course.widgets.control_widgets import Knob
from coursekit.course.widgets.controls import Control, State
from coursekit.course.widgets.css import alert, paragraph, style_with_names
from coursekit.course.widgets.cursor_buttons import Player
from coursekit.course.widgets.handout import HIDDEN, OPEN, Handout


class Actions(Protocol):
    """What the learner can do."""

    def turn(self, name: str, value: float | str) -> None:
        """Turn one knob."""

    def preset(self, name: str) -> None:
        """Choose a preset."""

    def reset(self) -> None:
        """Go back to the start."""

    def enter_code(self, code: str) -> None:
        """Enter a code."""

    def stop(self) -> None:
        """Leave what is being computed."""


class Panel:
    """Knobs, presets, code, status and picture; it knows nothing of how a picture comes about.

    players: for a knob that is a time cursor, what its buttons do.  groups: heading → names of the
    knobs below it, from the top down; knobs that no group names stand above all of them.
    """

    def __init__(
        self,
        css_class: str,
        title: str,
        question: str,
        controls: Mapping[str, Control],
        presets: Sequence[str],
        actions: Actions,
        players: Mapping[str, Player],
        groups: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        self._knobs = {
            name: Knob(control, f"{css_class}-{name}", partial(actions.turn, name))
            for name, control in controls.items()
        }
        self._visible = dict(self._knobs)  # without those that are hidden
        self._rows = {name: _player_row(player) for name, player in players.items()}
        grouped = {name for names in groups.values() for name in names}
        self._groups = {"": [name for name in controls if name not in grouped], **groups}
        self._group_boxes = {
            heading: W.VBox().add_class("ck-group").add_class(f"{css_class}-group-{i}")
            for i, heading in enumerate(groups)
        }
        self._image, self._status, self._warning = W.HTML(), W.HTML(), W.HTML()
        self._status.add_class(f"{css_class}-status").add_class("ck-status")
        self._table = W.HTML()
        self._make_table: Callable[[], str] = str
        self._code = W.Text(description="Code", continuous_update=False)
        self._code.add_class("ck-code")
        self._code.observe(self._code_entered, "value")
        self._silent = False
        self._actions = actions
        self._as_table = W.Checkbox(description="Show as table", indent=False)
        self._as_table.observe(lambda _: self._fill_table(), "value")
        self._presets = {name: _button(name, partial(actions.preset, name)) for name in presets}
        self._reset = _button("Reset", actions.reset).add_class("ck-plain")
        self._buttons = W.HBox().add_class("ck-buttons")
        self._note = W.HTML()
        knobs = W.VBox().add_class("ck-knobs")
        self._left = knobs
        self._arrange(list(presets))
        self._stop = _button("Stop", actions.stop).add_class("ck-plain")
        self._stop.layout.display = "none"  # until there is something to stop
        status = W.HBox([self._status, self._stop]).add_class("ck-buttons")
        right = W.VBox([self._image, status, self._as_table, self._table]).add_class("ck-picture")
        names = {
            f".{css_class}": {"role": "group", "aria-label": title},
            f".{css_class}-status": {"role": "status", "aria-live": "polite"},
        }
        for knob in self._knobs.values():
            names |= knob.attributes
        for i, heading in enumerate(groups):
            names[f".{css_class}-group-{i}"] = {"role": "group", "aria-label": heading}
        head = style_with_names(names) + paragraph(title, "ck-title")
        head += paragraph(question, "ck-question")
        self.box = W.VBox([W.HTML(head), W.HBox([knobs, right]).add_class("ck-row")])
        self.box.add_class("ck-card").add_class(css_class)

    def _arrange(self, presets: Sequence[str]) -> None:
        """Knobs from the top down, the cursor's buttons below their knob, then the rest."""
        self._buttons.children = [*(self._presets[name] for name in presets), self._reset]
        left = [self._note] if self._note.value else []
        for heading, names in self._groups.items():
            rows = [row for name in names if name in self._visible for row in self._knob_rows(name)]
            if rows and heading:
                box = self._group_boxes[heading]
                box.children = [W.HTML(paragraph(heading, "ck-heading")), *rows]
                rows = [box]
            left += rows
        # The warning below the knobs: above, it would push the handle from under the mouse.
        self._left.children = [*left, self._buttons, self._code, self._warning]

    def _knob_rows(self, name: str) -> list[W.Widget]:
        """A knob, and its cursor's buttons below it."""
        return [self._visible[name].box, *([self._rows[name]] if name in self._rows else [])]

    def restrict(self, handout: Handout, presets: Sequence[str]) -> None:
        """Take away the hidden knobs, grey the locked ones, keep only these ``presets``."""
        self._visible = {n: k for n, k in self._knobs.items() if handout.access(n) != HIDDEN}
        for name, knob in self._knobs.items():
            knob.disable(handout.access(name) != OPEN)
        for name, row in self._rows.items():
            for button in row.children:
                button.disabled = handout.access(name) != OPEN
        self._note.value = paragraph(handout.sentence, "ck-question")
        self._arrange(presets)

    def put(self, state: State, code: str) -> None:
        """Show ``state`` in the knobs and its code; an old warning goes.

        Hidden knobs are told nothing: what a widget holds can be read in the page.
        """
        for name, knob in self._visible.items():
            knob.put(state[name])
        self._show_code(code)
        self.warn("")

    def show(self, image: str, make_table: Callable[[], str]) -> None:
        """Replace the picture, and the table if it is open."""
        self._image.value = image
        self._make_table = make_table
        self._fill_table()

    def say(self, sentence: str) -> None:
        """A quiet word below the picture about work under way, which can be stopped; "" = none."""
        self._status.value = sentence
        self._stop.layout.display = "" if sentence else "none"

    def warn(self, sentence: str) -> None:
        """A sentence that must not be missed; "" takes it away."""
        self._warning.value = alert(sentence)

    def _fill_table(self) -> None:
        self._table.value = self._make_table() if self._as_table.value else ""

    def _show_code(self, code: str) -> None:
        self._silent = True
        try:
            self._code.value = code
        finally:
            self._silent = False

    def _code_entered(self, change: dict[str, str]) -> None:
        if not self._silent:
            self._actions.enter_code(change["new"])


def _button(name: str, act: Callable[[], None]) -> W.Widget:
    button = W.Button(description=name)
    button.on_click(lambda _: act())
    return button


def _player_row(player: Player) -> W.Widget:
    """Step back, step on, play; the last one says what it would do."""
    play = _button("Play", player.toggle)

    def say_what_it_does(playing: bool) -> None:
        play.description = "Pause" if playing else "Play"

    player.tell = say_what_it_does
    steps = [_button("Step back", partial(player.step, -1)), _button("Step", player.step)]
    return W.HBox([*steps, play]).add_class("ck-buttons")
