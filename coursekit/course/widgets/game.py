"""A game on its card, and without a page: ``order("probes")``, ``answer("none")``, ``next()``."""

import html
from collections.abc import Awaitable, Callable, Generator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import pandas as pd

from coursekit.course import record, registry
from coursekit.course.games import CASES, Answer, Case, Evidence, Game, game
from coursekit.course.plots.display import image_html, pixels, png
from coursekit.course.plots.game import GameView, Played, in_words
from coursekit.course.widgets.after_choices import after_choices
from coursekit.course.widgets.computed_data import Computed
from coursekit.course.widgets.game_answer import full_score
from coursekit.course.widgets.game_card import Card
from coursekit.course.widgets.latest_wins import Latest, Steps
from coursekit.course.widgets.picture_on_card import tables, tables_html
from coursekit.utils.checks import choose, require, require_count
from coursekit.utils.stepwise import drive


class GameCard:
    """One game: a case at a time, evidence to order, an answer, the truth beside it.

    case: number to open; None = the first one that the record has no answer for. An answered case
    stays answered, so that nobody scores with a truth already seen.
    Displayed with a kernel it is a widget; stored in a notebook it is an image with its text.
    """

    def __init__(self, played: Game, case: int | None = None) -> None:
        self._game = played
        self._ordered: dict[int, list[str]] = {}
        self._view = GameView(played)
        self._computed = Computed(self._train)
        self._picture, self._alt = b"", ""
        self._card = Card(f"ck-{uuid4().hex[:8]}", played, self)
        self._answered = self._recorded()
        self._latest: Latest[int] = Latest(self._work, self._card.busy)
        self._number = self._unanswered(1) if case is None else case
        require_count("case", self._number, 1, CASES)
        self._put()
        self._draw()  # at once, and an error here is the author's to see

    @property
    def case(self) -> int:
        """Number of the case on the card."""
        return self._number

    @property
    def orders(self) -> list[str]:
        """Evidence ordered for this case, in the order of asking."""
        entry = self._answered.get(self._number)
        return list(entry["orders"] if entry else self._ordered.get(self._number, []))

    @property
    def score(self) -> int | None:
        """Points for this case; None before the answer."""
        entry = self._answered.get(self._number)
        return int(entry["score"]) if entry else None

    @property
    def total(self) -> tuple[int, int]:
        """Points so far and cases answered."""
        return sum(int(e["score"]) for e in self._answered.values()), len(self._answered)

    @property
    def alt(self) -> str:
        """The text of the picture."""
        return self._alt

    @property
    def picture(self) -> bytes:
        """The picture, PNG."""
        return self._picture

    def tables(self) -> dict[str, pd.DataFrame]:
        """The numbers of the picture: caption → table."""
        return tables(self._view, self._data())

    def order(self, name: str) -> None:
        """Have evidence of this case shown; it costs points. Ordered twice it is paid once.

        Errors: ValueError for what cannot be ordered, or once the case is answered.
        """
        choose("name", name, self._game.orders)
        self._require_open()
        if name not in self.orders:
            self._ordered.setdefault(self._number, []).append(name)
        self._draw()

    def answer(self, answer: Answer) -> None:
        """Commit an answer; the truth, the score and the reason appear.

        Errors: ValueError for what is no answer, or once the case is answered.
        """
        answer = self._card.answer.checked(answer)
        self._require_open()
        truth, orders = self._of().truth, self.orders
        score = max(0, full_score(self._game, answer, truth) - self._cost(orders))
        entry: dict[str, Any] = {"case": self._number, "answer": answer, "truth": truth}
        entry |= {"score": score, "orders": orders}
        failed = record.keep("game", key=self._game.key, **entry)
        self._answered[self._number] = entry
        self._put()
        self._draw()
        self._card.warn(failed)

    def next(self) -> None:
        """Go to the next case that is not answered yet."""
        self.open(self._unanswered(self._number % CASES + 1))

    def open(self, number: int) -> None:
        """Go to case ``number``. Errors: TypeError or ValueError when there is no such case."""
        require_count("number", number, 1, CASES)
        self._number = int(number)
        self._put()
        self._card.say(f"Case {self._number} is being trained.")
        self._latest.ask(self._number)

    def settle(self) -> Awaitable[None]:
        """``await game.settle()`` until the newest case is shown; without a loop it is."""
        return self._latest.settle()

    # What the card calls.

    def pressed_order(self, name: str) -> None:
        """The button of an order."""
        self._try(partial(self.order, name))

    def pressed_commit(self) -> None:
        """Commit what stands in the card, once the page has told all of it.

        Quick keys overtake: the page holds back what was chosen until the kernel has taken in the
        choice before it, and sends the press of a button at once.
        """
        after_choices(partial(self._commit_for, self._number))

    def _commit_for(self, number: int) -> None:
        value = self._card.answer.value
        if number != self._number:
            return
        if value is None:
            self._card.warn(self._card.answer.empty)
        else:
            self._try(partial(self.answer, value))

    def pressed_next(self) -> None:
        """The button of the next case."""
        self.next()

    def entered_case(self, number: int) -> None:
        """A number was entered."""
        self._try(partial(self.open, number))

    def _try(self, act: Callable[[], None]) -> None:
        self._card.warn("")
        try:
            act()
        except ValueError as error:
            self._card.warn(str(error))

    # From a case to its picture.

    def _of(self) -> Case:
        return self._game.case(self._number)

    def _train(self, number: int) -> Generator[None, None, Evidence]:
        return (yield from self._game.train(self._game.case(number)))

    def _evidence(self) -> Evidence:
        """All of this case; a training under way is brought to its end."""
        evidence: Evidence = drive(self._computed.steps({"number": self._number}))
        return evidence

    def _data(self) -> Played:
        entry = self._answered.get(self._number)
        if entry is None:  # the view never gets what was not paid for
            return Played(self._number, self._evidence().only(self.orders))
        return Played(self._number, self._evidence(), entry["answer"], entry["truth"])

    def _work(self, number: int) -> Steps:
        try:
            yield from self._computed.steps({"number": number})
            self._draw()
        except Exception as error:  # whatever the training raises
            self._card.warn(f"Case {number} could not be shown ({type(error).__name__}: {error}).")

    def _draw(self) -> None:
        data = self._data()
        self._view.update(data)
        self._picture, self._alt = png(self._view.figure), self._view.describe(data)
        self._card.show(self._image(), lambda: tables_html(self._view, data))
        self._card.put_orders({name: self._order_words(name) for name in self._game.orders})
        self._card.say(*self._sentences())

    def _put(self) -> None:
        entry = self._answered.get(self._number)
        self._card.put(self._number, entry["answer"] if entry else None, open_=entry is None)

    def _sentences(self) -> list[str]:
        entry, (points, cases) = self._answered.get(self._number), self.total
        total = f"In all: {points} of {100 * cases} points, cases answered: {cases}."
        if entry is None:
            worth = 100 - self._cost(self.orders)
            return [f"Case {self._number}: a right answer is worth {worth} points.", total]
        answer, truth = entry["answer"], entry["truth"]
        full, cost = full_score(self._game, answer, truth), self._cost(entry["orders"])
        right = "Right" if self._game.right(answer, truth) else "Not right"
        return [
            f"{right}. Your answer: {in_words(answer)}. The truth: {in_words(truth)}.",
            f"Score: {full} for the answer, less {cost} for evidence: {entry['score']} of 100.",
            self._game.verdict(self._evidence(), truth),
            total,
        ]

    def _order_words(self, name: str) -> str:
        label = self._game.models.get(name, name)
        if name in self.orders:
            return f"{label}: ordered (−{self._game.orders[name]})"
        if self.score is not None:
            return f"{label}: not ordered"
        return f"Order {label} (−{self._game.orders[name]})"

    def _cost(self, orders: list[str]) -> int:
        return sum(self._game.orders[name] for name in orders)

    def _require_open(self) -> None:
        sentence = f"Case {self._number} is answered; press “Next case” or open another number."
        require(self._number not in self._answered, sentence)

    def _unanswered(self, first: int) -> int:
        """The first case from ``first`` on, round and round, that waits for an answer."""
        numbers = [(first - 1 + i) % CASES + 1 for i in range(CASES)]
        return next((n for n in numbers if n not in self._answered), first)

    def _recorded(self) -> dict[int, dict[str, Any]]:
        """Case → the first answer to it in the record."""
        try:
            entries = record.read()
        except OSError:
            return {}
        answers: dict[int, dict[str, Any]] = {}
        for entry in entries:
            mine = entry["kind"] == "game" and entry.get("key") == self._game.key
            if mine and self._can_be_shown(entry):
                answers.setdefault(entry["case"], entry)
        return answers

    def _can_be_shown(self, entry: Mapping[str, Any]) -> bool:
        """Whether an entry is whole: a record may have been edited, or be of another version."""
        try:
            require_count("case", entry["case"], 1, CASES)
            require_count("score", entry["score"], 0, 100)
            for name in ("answer", "truth"):
                self._card.answer.checked(entry[name])
            return set(entry["orders"]) <= set(self._game.orders)
        except (KeyError, TypeError, ValueError):
            return False

    def _image(self) -> str:
        size = pixels(self._view.figure)
        return image_html(self._picture, self._alt, size, game=self._game.key, case=self._number)

    def __repr__(self) -> str:
        return f"Game {self._game.key}. {self._alt}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """The widget for a page with a kernel; for one without, the picture with its text."""
        bundle = dict(self._card.box._repr_mimebundle_())
        head = f"<p><b>{html.escape(self._game.title)}</b> {html.escape(self._game.question)}</p>"
        note = "<p>Open this notebook with a kernel and run the cell to play.</p>"
        bundle["text/html"] = head + self._image() + note
        bundle["text/plain"] = repr(self)
        return bundle


def _opener(name: str) -> Callable[..., GameCard]:
    def open_game(case: int | None = None) -> GameCard:
        return GameCard(game(name), case)

    return open_game


# ``GAMES["illness"]()`` opens the first case without an answer, ``GAMES["illness"](17)`` case 17.
GAMES: Mapping[str, Callable[..., GameCard]] = MappingProxyType(
    {name: _opener(name) for name in registry.games()}
)
