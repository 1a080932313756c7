"""What a learner has of a mystery: rows to train and to choose on, and trainings to ask for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from coursekit.data.multimodal import Split
from coursekit.lessons.l18_capstone.report import Report, bounded, plain
from coursekit.models import MultimodalClassifier
from coursekit.training import predict
from coursekit.utils.checks import require_instance


class BudgetSpent(RuntimeError):
    """One more training was asked for than there are."""


Ask = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Trained:
    """A training that was asked for: its number, by which it is handed in, and the model."""

    number: int
    model: MultimodalClassifier

    def probabilities(self, split: Split) -> Tensor:
        """(n, C) of a split's rows."""
        return predict(self.model, split.inputs).joint.softmax(1)


class Case:
    """Rows of a mystery, with as many trainings as the judge allows.

    train, valid: splits; ``group`` is each row's type.  Whoever trains is the judge: `train` asks.
    """

    def __init__(self, train: Split, valid: Split, classes: int, budget: int, ask: Ask) -> None:
        """ask: a question in plain values → the judge's answer."""
        self.train_rows, self.valid_rows = train, valid
        self.classes, self.left = classes, budget
        self._ask = ask

    def train(
        self,
        use: Iterable[str] = ("A", "B"),
        *,
        fusion: str = "late-linear",
        method: str = "joint",
        rows: Tensor | Iterable[int] | None = None,
        start: Iterable[Trained] = (),
        rate: float = 0.1,
        seed: int = 0,
    ) -> Trained:
        """One training, 20 epochs, the best of them by the validation rows.

        use: modalities.  fusion, method: `FUSIONS` and `METHODS` of
        `coursekit.lessons.l18_capstone.training_log`.  rate: the learning rate.
        rows: numbers of training rows, as often as they stand there; all without it.  start:
        earlier trainings; each encoder begins with the last of them that has it.
        Errors: BudgetSpent; TypeError or ValueError for what cannot be trained; it costs nothing.
        """
        listed = rows.tolist() if isinstance(rows, Tensor) else rows
        begun = _listed("start", start, "earlier trainings")
        for trained in begun:
            require_instance("an entry of start", trained, Trained)
        asked: dict[str, Any] = {
            "use": bounded(_listed("use", use, "modalities")),
            "fusion": bounded(fusion), "method": bounded(method), "rate": bounded(rate),
            "seed": bounded(seed),
            "rows": None if listed is None else bounded(_listed("rows", listed, "row numbers")),
            "start": [trained.number for trained in begun],
        }  # fmt: skip
        answer = self._answer({"ask": "train", "options": asked})
        return Trained(answer["number"], answer["model"])

    def file(self, report: Report) -> None:
        """Leave a report with the judge; the last one counts if time runs out or an error ends you.

        Errors: TypeError for what is no report.
        """
        self._answer({"ask": "file", "report": plain(report)})

    def _answer(self, question: dict[str, Any]) -> Mapping[str, Any]:
        answer = self._ask(question)
        self.left = answer["left"]
        if "spent" in answer:
            raise BudgetSpent(answer["spent"])
        if "refused" in answer:
            raise ValueError(answer["refused"])
        return answer


def _listed(name: str, values: Any, what: str) -> list[Any]:
    """The entries of a list, an array, or whatever else has some."""
    if not isinstance(values, Iterable):
        raise TypeError(f"{name} is {values!r:.60}; {what} in a list were expected.")
    return list(values)


def without_rows(split: Split, modality: str) -> Tensor:
    """(n,) whether a row lacks the modality: all of its numbers are 0."""
    return (split.inputs[modality] == 0).flatten(1).all(1)
