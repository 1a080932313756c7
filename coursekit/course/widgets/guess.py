"""Guess first, then look: a committed guess, later set against the truth and scored."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import uuid4

import ipywidgets as W
import pandas as pd

from coursekit.course import record
from coursekit.course.plots.display import show
from coursekit.course.plots.guesses import headed, number_line, option_line
from coursekit.course.widgets.after_choices import after_choices
from coursekit.course.widgets.control_widgets import Knob
from coursekit.course.widgets.controls import Slider
from coursekit.course.widgets.css import OWN_ARROWS, alert, paragraph, style_with_names
from coursekit.utils.checks import choose, require, require_not_negative

Made = float | str | list[float] | None  # what a learner can commit; None = nothing

ZERO_AT = 0.5  # share of the scale by which a number guess must miss for a score of 0


def number_score(guess: float, truth: float, within: float, span: float) -> int:
    """100 for a guess off by at most ``within``, then falling evenly to 0 at half the scale."""
    miss = max(0.0, abs(guess - truth) - within)
    return round(100 * max(0.0, 1 - miss / (ZERO_AT * span)))


class Guess:
    """What all kinds of guess share: the card, commit and skip, the record."""

    def __init__(self, key: str, question: str) -> None:
        require(key[:2].isdigit(), f"key is {key!r}; it begins with the lesson's two digits.")
        self.key, self.question = key, question
        self.skipped = False
        self._made: Made = None
        self._answer = W.HTML()
        self._commit = W.Button(description="Commit my guess").add_class("ck-main")
        self._skip = W.Button(description="Skip").add_class("ck-plain")
        self._commit.on_click(lambda _: after_choices(self._on_commit))
        self._skip.on_click(lambda _: self.skip())
        self._class = f"ck-{uuid4().hex[:8]}"

    def _card(self, scale: W.Widget, attributes: dict[str, dict[str, str]]) -> W.Widget:
        names = {
            f".{self._class}": {"role": "group", "aria-label": self.question},
            f".{self._class}-answer": {"role": "status", "aria-live": "polite"},
            **attributes,
        }
        self._answer.add_class(f"{self._class}-answer").add_class("ck-status")
        head = W.HTML(style_with_names(names) + paragraph(self.question, "ck-title"))
        buttons = W.HBox([self._commit, self._skip]).add_class("ck-buttons")
        card = W.VBox([head, scale, buttons, self._answer])
        return card.add_class("ck-card").add_class(self._class)

    @property
    def guess(self) -> Any:
        """The committed guess: this session's, else the one the record kept; None without any.

        One that was kept for other options or points than there are now is none.
        """
        if self._made is not None or self.skipped:
            return self._made
        last = self._recorded()[-1:]
        return last[0].get("guess") if last and self._fits(last[0]) else None

    def _fits(self, entry: Mapping[str, Any]) -> bool:
        """Whether the guess of an entry can be a guess at this question, as it is by now."""
        raise NotImplementedError

    def _asked(self) -> dict[str, Any]:
        """What the record keeps besides, to know later what the guess was about."""
        return {}

    def _outdated(self) -> bool:
        """Whether the record has a guess that does not fit any more, and there is no other one."""
        if self._made is not None or self.skipped:
            return False
        made = [e for e in self._recorded()[-1:] if e.get("guess") is not None]
        return bool(made) and not self._fits(made[0])

    def skip(self) -> None:
        """Go on without a guess; the record keeps that it was skipped, once."""
        self._made, self.skipped = None, True
        failed = ""
        if not any(entry.get("skipped") for entry in self._recorded()[-1:]):
            failed = record.keep("guess", key=self.key, skipped=True, question=self.question)
        words = "Skipped. The answer will be shown without a score. " + failed
        self._answer.value = paragraph(words.strip(), "")

    def _was_skipped(self) -> bool:
        """Whether the last thing done with this guess was to skip it, now or in the record."""
        if self._made is not None or self.skipped:
            return self.skipped
        return any(entry.get("skipped", False) for entry in self._recorded()[-1:])

    def _take(self, value: Made, words: str) -> None:
        self._made, self.skipped = value, False
        text = (
            f"Your guess: {words}. Run the next cells to see the answer; you can still change it."
        )
        self._answer.value = paragraph(text, "")

    def _on_commit(self) -> None:
        raise NotImplementedError

    def _recorded(self) -> list[dict[str, Any]]:
        try:
            entries = record.read()
        except OSError:
            return []
        return [e for e in entries if e["kind"] == "guess" and e.get("key") == self.key]

    def _reveal(
        self,
        truth: float | str | list[float],
        words: str,
        draw: Callable[..., str],
        score: int | None,
        height: float,
    ) -> None:
        """Show guess and truth in one picture, and write a guess of this session to the record."""
        ending = f"Score: {score} of 100."
        if score is None:
            ending = "No guess was made."
            if self._was_skipped():
                ending = f"Skipped. {ending}"
            elif self._outdated():
                ending = (
                    f"The guess in your record was made at another form of this question. {ending}"
                )
        figure, ax = headed(self.question, f"{words} {ending}", height)
        alt = f"{self.question} {draw(ax)} {ending}"
        entry = {"key": self.key, "guess": self._made, "truth": truth, "score": score}
        entry |= self._asked()
        recorded = [{name: e.get(name) for name in entry} for e in self._recorded()[-1:]]
        if self._made is not None and [entry] != recorded:  # a cell run twice is one guess
            failed = record.keep("guess", **entry, question=self.question)
            if failed:
                print(failed)
        show(figure, alt, self._numbers(truth))

    def _numbers(self, truth: Made) -> dict[str, pd.DataFrame] | None:
        """Truth and guess as a table; those of a curve are read from its picture."""
        if isinstance(truth, list):
            return None
        guess = "none" if self.guess is None else self.guess
        return {"": pd.DataFrame({"what": ["truth", "your guess"], "answer": [truth, guess]})}

    def __repr__(self) -> str:
        return f"Guess {self.key}: {self.question}"

    def _bundle(self, card: W.Widget) -> dict[str, Any]:
        bundle = dict(card._repr_mimebundle_())
        note = "Open this notebook with a kernel and run the cell to commit a guess."
        bundle["text/html"] = paragraph(self.question, "") + paragraph(note, "")
        bundle["text/plain"] = repr(self)
        return bundle


class NumberGuess(Guess):
    """A guess on a scale from ``low`` to ``high`` in steps of ``step``.

    ``key`` begins with the lesson's two digits ("05-drop"). Display it, then call `reveal`.
    """

    def __init__(
        self, key: str, question: str, low: float, high: float, step: float, unit: str = ""
    ) -> None:
        super().__init__(key, question)
        steps = round((high - low) / step)
        middle = Slider("Your guess", low, high, step, high, unit).at(steps // 2)
        self._scale = Slider("Your guess", low, high, step, middle, unit)
        self._at = middle
        knob = Knob(self._scale, f"{self._class}-scale", self._move)
        knob.box.add_class("ck-scale").add_class("ck-knobs")
        self.widget = self._card(knob.box, knob.attributes)

    def commit(self, value: float) -> None:
        """Commit ``value``. Errors: ValueError when it is not on the scale."""
        value = self._scale.at(self._scale.index(value))
        self._take(value, self._with_unit(value))

    def reveal(self, truth: float, within: float) -> None:
        """Show guess and truth on one number line; a guess off by at most ``within`` scores 100.

        Without a guess the truth stands alone and the picture says so.
        Errors: ValueError when truth is not finite or ``within`` is negative.
        """
        require(math.isfinite(truth), f"truth is {truth}; a finite number was expected.")
        require_not_negative("within", within)
        truth, guess = float(truth), self.guess
        scale = self._scale
        span = scale.high - scale.low
        score = None
        if guess is not None:
            guess = float(guess)
            score = number_score(guess, truth, within, span)
        words = f"Truth {self._with_unit(truth)}"
        words += "." if guess is None else f", your guess {self._with_unit(guess)}."
        ends = (scale.low, scale.high)
        draw = partial(
            number_line, truth=truth, guess=guess, within=within, ends=ends, unit=scale.unit
        )
        self._reveal(truth, words, draw, score, height=1.5)

    def _fits(self, entry: Mapping[str, Any]) -> bool:
        value = entry.get("guess")
        return isinstance(value, int | float) and math.isfinite(value)

    def _with_unit(self, x: float) -> str:
        return f"{x:.4g} {self._scale.unit}".strip()

    def _move(self, value: float | str) -> None:
        self._at = float(value)

    def _on_commit(self) -> None:
        self.commit(self._at)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self._bundle(self.widget)


class ChoiceGuess(Guess):
    """A guess among ``options``; nothing is chosen at first. ``key`` as in `NumberGuess`."""

    def __init__(self, key: str, question: str, options: tuple[str, ...]) -> None:
        super().__init__(key, question)
        require(len(set(options)) == len(options) > 1, "options must be two or more names.")
        self.options = tuple(options)
        self._radio = W.RadioButtons(options=list(options), value=None)
        box_class = f"{self._class}-options"
        self._radio.add_class(box_class)
        # One name makes them one group of the browser's: one stop for Tab, arrow keys within.
        names = {
            f".{box_class}": {"role": "radiogroup", "aria-label": question},
            f".{box_class} input": {"name": box_class, **OWN_ARROWS},
        }
        self.widget = self._card(self._radio.add_class("ck-scale"), names)

    def commit(self, option: str) -> None:
        """Commit ``option``. Errors: ValueError when there is no such option."""
        self._take(choose("option", option, self.options), option)

    def reveal(self, truth: str) -> None:
        """Show which option is true and which was guessed; the right one scores 100, else 0.

        Errors: ValueError when ``truth`` is none of the options.
        """
        choose("truth", truth, self.options)
        guess = self.guess
        score = None if guess is None else 100 * int(guess == truth)
        words = f"Truth: {truth}."
        if guess is not None:
            words += f" Your guess: {guess}."
        height = 0.1 + 0.32 * len(self.options)  # inches: one row per option
        draw = partial(option_line, options=self.options, truth=truth, guess=guess)
        self._reveal(truth, words, draw, score, height)

    def _fits(self, entry: Mapping[str, Any]) -> bool:
        return entry.get("guess") in self.options

    def _on_commit(self) -> None:
        if self._radio.value is None:
            self._answer.value = alert("Choose one of the options first, or skip.")
        else:
            self.commit(self._radio.value)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self._bundle(self.widget)
