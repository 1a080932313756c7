"""What a game is: cases whose truth the generator knows, evidence that costs points, an answer."""

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from coursekit.data.synthetic import Recipe
from coursekit.training import Settings
from coursekit.utils.checks import require_count

CASES = 100  # in a deck, numbered from 1
FREE = ("A", "B", "joint")  # models whose accuracy is told for nothing
CURVES, PROBES = "curves", "probes"

Answer = str | float


@dataclass(frozen=True)
class Case:
    """What is drawn and trained; its repr tells the number only.

    truth: of the recipe, known before anything is trained.
    """

    number: int
    truth: Answer = field(repr=False)
    recipe: Recipe = field(repr=False)
    settings: Settings = field(repr=False, default_factory=Settings)


@dataclass(frozen=True)
class Evidence:
    """What the trained models show.

    accuracy: model → test accuracy.  history: model, epoch, split, accuracy.  probes: modality,
    trained ("alone" or "joint"), accuracy. The tables are empty where nothing of the kind is known.
    """

    accuracy: Mapping[str, float]
    history: pd.DataFrame = field(default_factory=pd.DataFrame)
    probes: pd.DataFrame = field(default_factory=pd.DataFrame)

    def only(self, orders: Collection[str]) -> "Evidence":
        """What somebody knows who gave these orders: a model's name, "curves" or "probes"."""
        nothing = pd.DataFrame()
        return replace(
            self,
            accuracy={m: x for m, x in self.accuracy.items() if m in FREE or m in orders},
            history=self.history if CURVES in orders else nothing,
            probes=self.probes if PROBES in orders else nothing,
        )

    def has(self, order: str) -> bool:
        """Whether what this order brings is here."""
        tables = {CURVES: self.history, PROBES: self.probes}
        return not tables[order].empty if order in tables else order in self.accuracy


@dataclass(frozen=True)
class Scale:
    """Answers that are numbers: ``low`` to ``high`` in steps.

    Off by ``within`` is right; from there the points fall, to none at ``worthless``.
    """

    low: float
    high: float
    step: float
    within: float
    worthless: float


@dataclass(frozen=True)
class Game:
    """A deck of cases and how they are played.

    key: begins with the lesson's two digits; the cases are drawn from it, and answers are recorded
    under it, so a deck whose cases change gets another key ("-2", …): an answer to a case of the
    old deck says nothing of the case that has its number now.
    orders: evidence that can be had → points it costs.
    answers: the options, or a `Scale`.  models: names by model, in the order of the picture.
    draw(rng, number) → the case.  train(case) → `Evidence`, pausing wherever it may be abandoned.
    rule(evidence) → what the lesson's own rule answers.  explain(evidence) → why, with its numbers.
    """

    key: str
    title: str
    question: str
    orders: Mapping[str, int]
    answers: Sequence[str] | Scale
    models: Mapping[str, str]
    draw: Callable[[np.random.Generator, int], Case] = field(repr=False)
    train: Callable[[Case], Generator[None, None, Evidence]] = field(repr=False)
    rule: Callable[[Evidence], Answer] = field(repr=False)
    explain: Callable[[Evidence], str] = field(repr=False)

    def case(self, number: int) -> Case:
        """Case ``number`` of the deck, 1 to `CASES`; the same on every machine."""
        require_count("number", number, 1, CASES)
        return self.draw(np.random.default_rng([*self.key.encode(), number]), number)

    def right(self, answer: Answer, truth: Answer) -> bool:
        """Whether ``answer`` counts as right."""
        if isinstance(self.answers, Scale):
            return abs(float(answer) - float(truth)) <= self.answers.within + 1e-9
        return answer == truth

    def verdict(self, evidence: Evidence, truth: Answer) -> str:
        """Why, with the numbers; and that they mislead, where the lesson's rule is wrong."""
        reason = self.explain(evidence)
        rule = self.rule(evidence)
        if self.right(rule, truth):
            return reason
        answer = f"{rule:.2f}" if isinstance(rule, float) else rule
        return f"{reason} Here the numbers mislead: they point to {answer}. One seed is one seed."
