"""One model under several conditions by several measures: a table with intervals, never a number.

Intervals are percentiles of a bootstrap over units (pictures, questions, rows of a test), so they
say how much hangs on which units were tested. What hangs on the training is told by seeds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coursekit.analysis.bleu import bleu_parts
from coursekit.analysis.caption_ngrams import Tokens
from coursekit.analysis.cider import cider_d, document_frequencies
from coursekit.utils.checks import (
    require,
    require_callable,
    require_count,
    require_instance,
    require_mapping,
)
from coursekit.utils.row_values import numbers_of

Numbers = NDArray[np.float64]


def _mean(sums: Numbers, units: int) -> Numbers:
    return sums[:, 0] / units


@dataclass(frozen=True)
class Measure:
    """How outputs become a figure: numbers of each unit, their sums over units, and a rule.

    per_unit: a model's outputs → (U,), or (U, K) where the figure is made of K sums.
    combined: sums (D, K) of D draws of units, and how many units each has → the figures (D,); the
    mean of the first where it is not given.
    """

    per_unit: Callable[[Any], Any]
    combined: Callable[[Numbers, int], Numbers] = _mean

    def __post_init__(self) -> None:
        require_callable("per_unit", self.per_unit)
        require_callable("combined", self.combined)


@dataclass(frozen=True)
class Suite:
    """What a model is asked.

    conditions: name → what the model is given; the same units in all of them.
    measures: name → `Measure`, two or more, since one number has no opposite.
    Errors: TypeError for other types; ValueError for fewer than two measures, or no condition.
    """

    conditions: Mapping[str, Any]
    measures: Mapping[str, Measure]

    def __post_init__(self) -> None:
        require_mapping("conditions", self.conditions, "what the model is given")
        require_mapping("measures", self.measures, "measures")
        for name, measure in self.measures.items():
            require_instance(f"measures[{name!r}]", measure, Measure)
        only = ", ".join(self.measures)
        sentence = f"measures has one, {only}; two or more were expected, which can disagree."
        require(len(self.measures) > 1, sentence)


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` gives.  table: condition, measure, units, value, low, high."""

    table: pd.DataFrame

    def __float__(self) -> NoReturn:
        measures = ", ".join(dict.fromkeys(self.table["measure"]))
        conditions = self.table["condition"].nunique()
        raise TypeError(
            f"An evaluation is no single number: it has {measures} under {conditions} "
            "condition(s). Take rows of its table, and say which."
        )

    __int__ = __float__

    def __lt__(self, other: object) -> bool:
        raise TypeError(
            "Evaluations have no order: a model can be ahead by one measure and behind by "
            "another. Compare rows of their tables, paired."
        )

    __gt__ = __le__ = __ge__ = __lt__

    def _repr_html_(self) -> str:
        return self.table.round(3).to_html(index=False)


def evaluate(
    model: Callable[[Any], Any], suite: Suite, *, draws: int = 500, seed: int = 0
) -> Evaluation:
    """All measures of ``suite`` of what ``model`` answers under each of its conditions.

    model: what a condition gives → outputs, once per condition.  draws: of the bootstrap; all
    conditions and measures see the same ones, drawn by ``seed``.
    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 13.3.
    Errors: TypeError for other types; ValueError where a measure's units are fewer than two, NaN,
    or not as many as before.
    """
    require_callable("model", model)
    require_instance("suite", suite, Suite)
    require_count("draws", draws, 1)
    require_count("seed", seed)
    rows, times = [], None
    for condition, given in suite.conditions.items():
        outputs = model(given)
        for name, measure in suite.measures.items():
            numbers = _per_unit(name, measure, outputs)
            if times is None:
                times = _times(len(numbers), draws, seed)
            units = times.shape[1]
            sentence = f"measures[{name!r}] has {len(numbers)} units under {condition!r}, {units}"
            require(len(numbers) == units, f"{sentence} elsewhere; the same were expected.")
            values = measure.combined(times @ numbers, units)
            low, high = np.quantile(values[1:], [0.025, 0.975])
            rows.append((condition, name, units, float(values[0]), float(low), float(high)))
    columns = ["condition", "measure", "units", "value", "low", "high"]
    return Evaluation(pd.DataFrame(rows, columns=columns))


def bleu_measure(references: list[list[Tokens]], n: int = 4) -> Measure:
    """BLEU-n of the whole corpus; outputs are a list of words per image.

    Errors: as in `bleu_parts`, and of the call where the images are others.
    """
    require_count("n", n, 1)
    bleu_parts([own[0] for own in _checked(references)], references, n)

    def per_unit(captions: list[Tokens]) -> Numbers:
        parts = bleu_parts(captions, references, n)
        lengths = parts.lengths[:, None], parts.reference_lengths[:, None]
        return np.hstack([parts.matches, parts.totals, *lengths]).astype(float)

    def combined(sums: Numbers, units: int) -> Numbers:
        matches, totals, own, other = sums[:, :n], sums[:, n : 2 * n], sums[:, -2], sums[:, -1]
        shares = matches / np.maximum(totals, 1)
        with np.errstate(divide="ignore"):
            means = np.exp(np.log(shares).mean(1))
        return np.minimum(1, np.exp(1 - other / np.maximum(own, 1))) * means

    return Measure(per_unit, combined)


def cider_measure(references: list[list[Tokens]]) -> Measure:
    """CIDEr-D, with the document frequencies of all these references in every draw.

    Errors: as in `cider_d`, and of the call where the images are others.
    """
    frequencies = document_frequencies(_checked(references))
    cider_d([own[0] for own in references], references)
    return Measure(
        lambda captions: cider_d(captions, references, frequencies=frequencies).per_image
    )


def _checked(references: list[list[Tokens]]) -> list[list[Tokens]]:
    document_frequencies(references)
    return references


def _per_unit(name: str, measure: Measure, outputs: Any) -> Numbers:
    numbers = numbers_of(f"measures[{name!r}]", measure.per_unit(outputs))
    numbers = numbers[:, None] if numbers.ndim == 1 else numbers
    fits = numbers.ndim == 2 and len(numbers) > 1 and bool(np.isfinite(numbers).all())
    shape = f"measures[{name!r}] gives shape {numbers.shape}"
    require(fits, f"{shape} or NaN; a finite number per unit, of two or more, was expected.")
    return numbers


def _times(units: int, draws: int, seed: int) -> Numbers:
    """How often each draw has each unit, (1 + D, U); the first has each once."""
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(units, np.full(units, 1 / units), draws).astype(float)
    return np.vstack([np.ones(units), drawn])
