"""Marks of statements: how far each is right, and whether the confidences keep what they say."""

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

from coursekit.lessons.l18_capstone.hidden_recipe import MODALITIES, NOBODY, HiddenRecipe
from coursekit.lessons.l18_capstone.report import STATEMENTS

EACH = 6.0  # marks of a statement
SURE = 12.0  # marks of all confidences
NAMES = (*MODALITIES, NOBODY)
NEAR = 0.15  # a share of wrong labels so far off earns nothing
LEAST = 0.5  # confidence; what one holds less likely than not one would not state
KNOWN_TO_SAY = 60  # letters of a wrong value that a sentence quotes


def credit(name: str, value: Any, truth: HiddenRecipe) -> tuple[float, str]:
    """How far one statement is right, in [0, 1], and what is to be said of it.

    A share of wrong labels earns less the further it is off; all others are right or wrong.
    """
    right = getattr(truth, name)
    if name == "wrong_labels":
        number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
        if not number or not 0 <= float(value) <= 1:
            return 0.0, f"wrong_labels is {_short(value)}; a share from 0 to 1 was expected."
        off = abs(float(value) - right)
        return max(0.0, 1 - off / NEAR), f"wrong_labels: {value:.2f} stated, {right:.2f} is true."
    if isinstance(right, bool):
        if not isinstance(value, bool):
            return 0.0, f"{name} is {_short(value)}; True or False was expected."
    elif not (isinstance(value, str) and value in NAMES):
        return 0.0, f"{name} is {_short(value)}; 'A', 'B' or 'none' was expected."
    return float(value == right), f"{name}: {value!r} stated, {right!r} is true."


def confidence_marks(credits: Sequence[float], confidences: Sequence[float]) -> float:
    """12 · (1 − 4 · mean (confidence − credit)²), no less than 0.

    Whoever says 0.5 of everything earns nothing, whoever is right and sure all of it. It is a
    proper score: the most is expected by who says how often they are right.
    Source: Brier (1950), https://doi.org/10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.
    """
    return SURE * max(0.0, 1 - 4 * squared_gap(credits, confidences))


def squared_gap(credits: Sequence[float], confidences: Sequence[float]) -> float:
    """The mean of (confidence − credit)²."""
    gaps = [(c - r) ** 2 for c, r in zip(confidences, credits, strict=True)]
    return sum(gaps) / len(gaps)


def judge_statements(stated: Any, truth: HiddenRecipe) -> tuple[float, float, list[str]]:
    """Marks of statements, of confidences, and sentences: one per statement, last on confidences.

    One that is left out counts as wrong at 0.5; without a confidence from 0.5 to 1 it is at 0.5.
    """
    stated = stated if isinstance(stated, Mapping) else {}
    credits, confidences, sentences = [], [], []
    for name in STATEMENTS:
        earned, sure, sentence = _one(name, stated, truth)
        credits.append(earned)
        confidences.append(sure)
        sentences.append(sentence)
    strange = [str(name)[:KNOWN_TO_SAY] for name in stated if name not in STATEMENTS]
    if strange:
        sentences.append(f"statements name {strange[:3]}; they can be {', '.join(STATEMENTS)}.")
    gap = squared_gap(credits, confidences)
    sentences.append(f"(Confidence − earned)² is {gap:.3f} on average; 0.25 or more earns nothing.")
    return EACH * sum(credits), confidence_marks(credits, confidences), sentences


def _one(name: str, stated: Mapping[str, Any], truth: HiddenRecipe) -> tuple[float, float, str]:
    if name not in stated:
        return 0.0, LEAST, f"{name} is not stated."
    pair = stated[name]
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        return 0.0, LEAST, f"{name} is {_short(pair)}; a value with its confidence was expected."
    earned, sentence = credit(name, pair[0], truth)
    sure = pair[1]
    number = isinstance(sure, Real) and not isinstance(sure, bool)
    if not number or not LEAST <= float(sure) <= 1:
        want = "a number from 0.5 to 1 was expected; it counts as 0.5"
        return earned, LEAST, f"{sentence} Its confidence is {_short(sure)}; {want}."
    return earned, float(sure), sentence


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= KNOWN_TO_SAY else f"{text[:KNOWN_TO_SAY]}…"
