"""The widgets of a game around its picture; they know nothing of cases, truth or score."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

import ipywidgets as W

from coursekit.course.games import CASES, Answer, Game
from coursekit.course.widgets.css import alert, paragraph, style_with_names
from coursekit.course.widgets.game_answer import make_answer


class Moves(Protocol):
    """What the player can do in the page."""

    def pressed_order(self, name: str) -> None:
        """Order evidence."""

    def pressed_commit(self) -> None:
        """Give the answer that stands in the card."""

    def pressed_next(self) -> None:
        """Go to another case."""

    def entered_case(self, number: int) -> None:
        """Open the case with this number."""


class Card:
    """Case number, orders, answer and buttons left; picture, verdict, total and tables right."""

    def __init__(self, css_class: str, game: Game, moves: Moves) -> None:
        self._game = game
        self.answer = make_answer(game.answers, game.question, f"{css_class}-answer")
        # Every label is shown whole: 1 to CASES, the number a class shares.
        self._number = W.BoundedIntText(
            min=1, max=CASES, value=1, description=f"Case (1 to {CASES})",
            style={"description_width": "initial"},
        )  # fmt: skip
        self._silent = False
        self._number.observe(lambda change: self._entered(moves, change["new"]), "value")
        self._orders = {n: _button(partial(moves.pressed_order, n)) for n in game.orders}
        self._image, self._status, self._warning = W.HTML(), W.HTML(), W.HTML()
        self._busy, self._table = W.HTML(), W.HTML()
        self._make_table: Callable[[], str] = str
        self._as_table = W.Checkbox(description="Show as table", indent=False)
        self._as_table.observe(lambda _: self._fill_table(), "value")
        commit = _button(moves.pressed_commit, "Commit my answer").add_class("ck-main")
        next_ = _button(moves.pressed_next, "Next case").add_class("ck-plain")
        left = W.VBox(
            [
                self._number,
                W.VBox(list(self._orders.values())).add_class("ck-buttons"),
                self.answer.box,
                W.HBox([commit, next_]).add_class("ck-buttons"),
                self._busy,
                self._warning,
            ]
        )
        right = W.VBox([self._image, self._status, self._as_table, self._table])
        row = W.HBox([left.add_class("ck-knobs"), right.add_class("ck-picture")])
        self._status.add_class(f"{css_class}-status")
        names = {
            f".{css_class}": {"role": "group", "aria-label": game.title},
            f".{css_class}-status": {"role": "status", "aria-live": "polite"},
            **self.answer.attributes,
        }
        head = style_with_names(names) + paragraph(game.title, "ck-title")
        head += paragraph(game.question, "ck-question")
        self.box = W.VBox([W.HTML(head), row.add_class("ck-row")])
        self.box.add_class("ck-card").add_class(css_class)

    def put(self, number: int, answer: Answer | None, *, open_: bool) -> None:
        """Show another case: its number, and the answer that was given, None = none yet."""
        self._silent = True
        try:
            self._number.value = number
        finally:
            self._silent = False
        self.answer.put(answer, open_=open_)
        self.warn("")

    def put_orders(self, states: Mapping[str, str]) -> None:
        """What every order's button says."""
        for name, words in states.items():
            self._orders[name].description = words

    def show(self, image: str, make_table: Callable[[], str]) -> None:
        """Replace the picture, and the tables if they are open."""
        self._image.value = image
        self._make_table = make_table
        self._fill_table()

    def say(self, *sentences: str) -> None:
        """What is read out below the picture, one paragraph per sentence."""
        self._status.value = "".join(paragraph(sentence, "") for sentence in sentences)

    def busy(self, on: bool) -> None:
        """Whether models are being trained."""
        self._busy.value = paragraph("training …", "ck-status") if on else ""

    def warn(self, sentence: str) -> None:
        """A sentence that must not be missed; "" takes it away."""
        self._warning.value = alert(sentence)

    def _entered(self, moves: Moves, number: int) -> None:
        if not self._silent:
            moves.entered_case(number)

    def _fill_table(self) -> None:
        self._table.value = self._make_table() if self._as_table.value else ""


def _button(act: Callable[[], None], words: str = "") -> W.Widget:
    button = W.Button(description=words)
    button.on_click(lambda _: act())
    return button
