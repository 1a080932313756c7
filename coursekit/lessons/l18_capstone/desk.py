"""The judge's desk: answers a case's questions, counts trainings, keeps the last report."""

import copy
from collections.abc import Mapping
from typing import Any

from coursekit.lessons.l18_capstone.case import BudgetSpent, Case
from coursekit.lessons.l18_capstone.training_log import TrainingLog


class Desk:
    """Questions in plain values → answers; whatever came in is checked here."""

    def __init__(self, log: TrainingLog) -> None:
        self.log = log
        self.filed: Any = None

    def answer(self, question: Any) -> dict[str, Any]:
        """number and model of a training, or a sentence: "spent", "refused"; "left" in any case."""
        try:
            done = self._done(question)
        except BudgetSpent as error:
            done = {"spent": str(error)}
        except Exception as error:  # what was asked may be anything
            done = {"refused": str(error) or type(error).__name__}
        return {**done, "left": self.log.left}

    def _done(self, question: Any) -> dict[str, Any]:
        if not isinstance(question, Mapping):
            raise TypeError(f"a {type(question).__name__} was asked; a question was expected.")
        if question.get("ask") == "file":
            self.filed = question.get("report")
            return {}
        if question.get("ask") != "train" or not isinstance(question.get("options"), Mapping):
            raise ValueError("a training or a report to be filed was expected.")
        options = dict(question["options"])
        for name in ("use", "start"):
            if isinstance(options.get(name), list):
                options[name] = tuple(options[name])
        number, model = self.log.train(options)
        return {"number": number, "model": copy.deepcopy(model)}  # theirs to change

    def case(self) -> Case:
        """A case that asks this desk, in this process."""
        data = self.log.data
        train, valid = copy.deepcopy((data.train, data.valid))  # theirs to change
        return Case(train, valid, data.num_classes, self.log.left, self.answer)
