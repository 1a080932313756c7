"""A guess on its page: the card that takes the place of its stored output.

What the card does is in ``static/guess.js``; everything it needs stands in its ``data-guess``.
"""

import json
from collections.abc import Callable, Mapping
from html import escape
from types import MappingProxyType

from nbformat import NotebookNode

from coursekit.course.site.stored_guesses import StoredGuess, outcome_cells, stored_guesses
from coursekit.course.widgets.curve_guess import SHAPES

__all__ = ["guess_card", "guess_cells", "outcome_cells"]

SHARES = {name: [shape(0), shape(0.5), shape(1)] for name, shape in SHAPES.items()}


def guess_cells(notebook: NotebookNode) -> dict[int, str]:
    """Number of the cell that shows a guess → the card that replaces its output."""
    return {number: guess_card(guess) for number, guess in stored_guesses(notebook).items()}


def guess_card(guess: StoredGuess) -> str:
    """One guess as HTML; one whose truth cannot be had is a question to read, and says so."""
    question = f'<p class="ck-question" id="guess-{guess.key}-q">{escape(guess.question)}</p>'
    if guess.lacks:
        note = "The page does not know the answer: guess it, and see in the Lab what comes out."
        return f'<div class="ck-card ck-reading">{question}<p class="ck-note">{note}</p></div>'
    data = {
        "key": guess.key, "kind": guess.kind, "truth": guess.truth, "within": guess.within,
        "question": guess.question, **guess.asked,
    }  # fmt: skip
    return (
        f'<div class="ck-card ck-guess" id="guess-{guess.key}" role="group" '
        f'aria-labelledby="guess-{guess.key}-q" data-guess="{escape(json.dumps(data))}">'
        f'<p class="ck-label">Guess first</p>{question}'
        f'<div class="ck-input">{INPUTS[guess.kind](guess)}</div>'
        '<p class="ck-buttons"><button type="button" class="ck-main ck-commit">Commit my guess'
        '</button> <button type="button" class="ck-skip">Skip</button>'
        '<span class="ck-note ck-more">The lesson goes on here once you commit or skip.</span></p>'
        '<p class="ck-alert" role="alert"></p>'
        '<div class="ck-answer" role="status" tabindex="-1"></div><div class="ck-drawn"></div>'
        f'<details class="ck-truth"><summary>The answer, without a guess</summary>'
        f"<p>{escape(truth_in_words(guess))}</p></details></div>"
    )


def truth_in_words(guess: StoredGuess) -> str:
    """The truth as a sentence, with what counts as right."""
    if guess.kind == "choice":
        return f"The truth is: {guess.truth}."
    right = f" Off by {guess.within:.4g} or less is right." if guess.within else ""
    if isinstance(guess.truth, list):
        true = {x: y for x, y in guess.truth}
        points = ", ".join(f"{true[float(x)]:.3g} at {x:g}" for x in guess.asked["xs"])
        return f"The true curve: {points}.{right}"
    return f"The truth is {guess.truth:.4g} {guess.asked['unit']}".rstrip() + f".{right}"


def _number(guess: StoredGuess) -> str:
    asked = guess.asked
    scale = " ".join(
        f'{name}="{asked[key]:g}"'
        for name, key in (("min", "low"), ("max", "high"), ("step", "step"), ("value", "start"))
    )
    unit = f" ({escape(asked['unit'])})" if asked["unit"] else ""
    return (
        f'<label for="guess-{guess.key}-range">Your guess{unit}</label> '
        f'<input type="range" id="guess-{guess.key}-range" class="ck-range" {scale}> '
        f'<input type="number" class="ck-field" aria-label="Your guess{unit}, as a number" {scale}>'
    )


def _choice(guess: StoredGuess) -> str:
    rows = "".join(
        f'<label class="ck-option"><input type="radio" name="guess-{guess.key}" '
        f'value="{escape(option)}"> {escape(option)}</label>'
        for option in guess.asked["options"]
    )
    named = f'role="radiogroup" aria-labelledby="guess-{guess.key}-q"'
    return f'<div class="ck-options" {named}>{rows}</div>'


def _curve(guess: StoredGuess) -> str:
    asked = guess.asked
    across, up = (escape(name) for name in asked["names"])
    shapes = "".join(
        f'<button type="button" class="ck-shape" data-shares="{escape(json.dumps(shares))}">'
        f"{name}</button> "
        for name, shares in SHARES.items()
    )
    middle = (asked["low"] + asked["high"]) / 2
    points = "".join(
        f'<label class="ck-point"><span>{across} {x:g}</span> <input type="range" '
        f'min="{asked["low"]:g}" max="{asked["high"]:g}" step="{asked["step"]:g}" '
        f'value="{middle:g}" aria-label="{up} at {across} {x:g}"> <output></output></label>'
        for x in asked["xs"]
    )
    return (
        f'<p class="ck-buttons" role="group" aria-label="Start from a shape">{shapes}</p>'
        f'<div class="ck-sketch"></div><p class="ck-note">One slider per point: {up} by {across}.'
        f"</p>{points}"
    )


INPUTS: Mapping[str, Callable[[StoredGuess], str]] = MappingProxyType(
    {"number": _number, "choice": _choice, "curve": _curve}
)
