"""What a race and a replay share: entries that train beside one another, epoch by epoch."""

from collections.abc import Iterator, Mapping

from coursekit.analysis.probes import quick_probe
from coursekit.data.multimodal import Split
from coursekit.models import Prediction, build_classifier
from coursekit.training import Settings, epochs
from coursekit.training.method import Method, Run

Splits = tuple[Split, Split, Split]  # train, valid, test
Rows = list[dict[str, object]]
DIVERGED = "The training diverged."  # what is known of one among several


class Lane:
    """One entry on the way: its model, its training, and why that has stopped ("" while it runs).

    All lanes with one ``seed`` start from the same weights and see the same batches.
    """

    def __init__(
        self, name: str, method: Method, splits: Splits, classes: int, settings: Settings,
        fusion: str, seed: int,
    ) -> None:  # fmt: skip
        self.name, self.method, self.splits, self.stopped = name, method, splits, ""
        train, valid, _ = splits
        self.model = build_classifier(train.inputs, classes, fusion=fusion, seed=seed)
        self.training: Iterator[Rows] = epochs(
            self.model, train, valid, settings, seed=seed, method=method, watch=self.look
        )

    def look(self, run: Run) -> None:
        """After every epoch; an entry overrides what it wants to know."""

    def step(self) -> Rows | None:
        """The history's rows of one more epoch; None any more where the training has diverged."""
        if self.stopped:
            return None
        try:
            return next(self.training)
        except FloatingPointError as error:
            self.stopped = str(error)
            return None

    def quick_probes(self, before: Prediction, after: Prediction) -> dict[str, float]:
        """Each encoder's quick probe: features of train and of valid → accuracy by modality."""
        train, valid, _ = self.splits
        return {
            m: quick_probe(before.features[m], train.labels, after.features[m], valid.labels)
            for m in self.model.modalities
        }


def means(run: Run) -> Iterator[tuple[str, str, str, float]]:
    """An epoch's mean scales ("k" by "modality") and loss weights ("w" by "head")."""
    for short, by, value in (("k", "modality", "scale"), ("w", "head", "weight")):
        for of, mean in run.means(by, value).items():
            yield short, by, of, mean


def valid_row(rows: Rows) -> Mapping[str, object]:
    """The history's row of the validation split."""
    return next(row for row in rows if row["split"] == "valid")
