"""Wrong methods of a learner's own, each with the hint of what it does not meet."""

from collections.abc import Mapping

import torch

from coursekit.balancing.unimodal_scores import rivals, true_class_scores
from coursekit.course.exercises.judging import Misconception
from coursekit.course.exercises.own_method import (
    ARGUMENTS,
    DIVERGES,
    HARMS,
    NAME,
    NAMES,
    NOTHING,
    REPEATED,
    STARVES,
    THREE,
    UNTRAINED,
)
from coursekit.training.method import Method, Run, Step

# None has a name of its own, so that the registry leaves them out.


class _NeedsArgument(Method):
    def __init__(self, alpha: float) -> None:
        self.alpha = alpha


class _ShrinksToNothing(Method):
    def scales(self, step: Step) -> Mapping[str, float]:
        return dict.fromkeys(step.run.model.modalities, float("nan"))


class _KnowsTwoNames(Method):
    def scales(self, step: Step) -> Mapping[str, float]:
        return {"A": 1.0, "B": 0.5}


class _CountsToTwo(Method):
    def scales(self, step: Step) -> Mapping[str, float]:
        first, second = step.run.model.modalities
        return {first: 1.0, second: 0.9}


class _NamesFavourites(Method):
    def scales(self, step: Step) -> Mapping[str, float]:
        return {m: {"A": 2.0, "B": 0.5}.get(m, 1.0) for m in step.run.model.modalities}


class _DrawsFromEverywhere(Method):
    def scales(self, step: Step) -> Mapping[str, float]:
        return {m: 0.5 + float(torch.rand(())) for m in step.run.model.modalities}


class _ReturnsOnes(Method):
    def scales(self, step: Step) -> Mapping[str, float]:
        return dict.fromkeys(step.run.model.modalities, 1.0)


class _MisspellsAHook(Method):
    def scale(self, step: Step) -> Mapping[str, float]:
        return dict.fromkeys(step.run.model.modalities, 0.5)


class _StopsTheFirst(Method):
    def begin(self, run: Run) -> None:
        self.k = {run.model.modalities[0]: 0.0}

    def scales(self, step: Step) -> Mapping[str, float]:
        return self.k


class _BrakesEverything(Method):
    def scales(self, step: Step) -> Mapping[str, float]:
        return dict.fromkeys(step.run.model.modalities, 0.9)


class _HearsUntrainedHeads(Method):
    def scales(self, step: Step) -> Mapping[str, float]:
        heard = step.prediction.unimodal
        scores = true_class_scores(list(heard.values()), step.labels)
        return dict(zip(heard, (rivals(scores) / scores).clamp(0.3, 1.0).tolist(), strict=True))


def slips(*, feeds: bool = False) -> tuple[Misconception, ...]:
    """Wrong answers, each with the hint of what it does not meet."""
    wrong_answers = [
        Misconception("needs an argument", _NeedsArgument, ARGUMENTS),
        Misconception("scales that are no numbers", _ShrinksToNothing, DIVERGES),
        Misconception("knows two names only", _KnowsTwoNames, NAMES),
        Misconception("counts to two", _CountsToTwo, THREE),
        Misconception("names written in", _NamesFavourites, NAME),
        Misconception("draws from the global generator", _DrawsFromEverywhere, REPEATED),
        Misconception("returns ones", _ReturnsOnes, NOTHING),
        Misconception("misspells what it overrides", _MisspellsAHook, NOTHING),
        Misconception("stops the first encoder", _StopsTheFirst, HARMS),
    ]
    if feeds:
        wrong_answers += [
            Misconception("brakes everything alike", _BrakesEverything, STARVES),
            Misconception("hears heads that learn nothing", _HearsUntrainedHeads, UNTRAINED),
        ]
    return tuple(wrong_answers)
