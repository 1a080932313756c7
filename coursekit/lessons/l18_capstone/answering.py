"""What a hand-in answers on rows: the mean of its trainings, others where a modality is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from coursekit.analysis.costs import parameters
from coursekit.data.multimodal import Split
from coursekit.lessons.l18_capstone.case import without_rows
from coursekit.lessons.l18_capstone.hidden_recipe import MODALITIES
from coursekit.models import MultimodalClassifier
from coursekit.training import accuracy, predict
from coursekit.utils.checks import choose, require, require_count

ByNumber = Mapping[int, MultimodalClassifier] | Sequence[MultimodalClassifier]


@dataclass(frozen=True)
class Answering:
    """Trainings by number: for complete rows, and by the modality that is missing."""

    models: tuple[int, ...]
    without: Mapping[str, tuple[int, ...]]

    @property
    def used(self) -> tuple[int, ...]:
        """All of them, each once."""
        every = [self.models, *self.without.values()]
        return tuple(sorted({number for part in every for number in part}))


def read_answering(models: Any, without: Any, trained: int) -> Answering:
    """The numbers of a report, checked.

    Errors: TypeError or ValueError in a sentence, for what are no numbers of trainings.
    """
    own = _numbers("models", models, trained)
    if not isinstance(without, Mapping):
        raise TypeError("without is no dictionary; trainings by modality were expected.")
    parts = {
        choose("without", m, MODALITIES): _numbers(f"without[{m!r}]", part, trained)
        for m, part in without.items()
    }
    return Answering(own, parts)


def _numbers(name: str, given: Any, trained: int) -> tuple[int, ...]:
    if not isinstance(given, list | tuple):
        raise TypeError(f"{name} is {given!r:.60}; numbers of trainings that the case made, in a "
                        "list, were expected.")  # fmt: skip
    require(len(given) > 0, f"{name} is empty; the number of a training was expected.")
    require(len(given) <= trained, f"{name} has {len(given)} entries, for {trained} trainings.")
    for number in given:
        require_count(f"a number in {name}", number, 0, trained - 1)
    return tuple(given)


def mean_answer(models: Sequence[MultimodalClassifier], split: Split) -> Tensor:
    """(n, C) mean of the models' probabilities."""
    return torch.stack([predict(m, split.inputs).joint.softmax(1) for m in models]).mean(0)


def answers(how: Answering, models: ByNumber, split: Split) -> Tensor:
    """(n, C) probabilities of a hand-in. models: those that were trained, by number."""
    probabilities = mean_answer([models[k] for k in how.models], split)
    for m, numbers in how.without.items():
        lacks = without_rows(split, m)
        if bool(lacks.any()):
            probabilities[lacks] = mean_answer([models[k] for k in numbers], split.part(lacks))
    return probabilities


def right_share(how: Answering, models: ByNumber, split: Split) -> float:
    """Accuracy of a hand-in on a split."""
    return accuracy(answers(how, models, split), split.labels)


def size(how: Answering, models: ByNumber) -> int:
    """Parameters of all trainings that a hand-in uses."""
    return sum(parameters(models[k]) for k in how.used)
