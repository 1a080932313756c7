"""Whom a hand-in is held against on test rows: joint training, the ensemble, one who was told."""

from dataclasses import dataclass

from coursekit.lessons.l18_capstone.answering import read_answering, right_share
from coursekit.lessons.l18_capstone.desk import Desk
from coursekit.lessons.l18_capstone.hidden_recipe import HiddenRecipe
from coursekit.lessons.l18_capstone.report import Report
from coursekit.lessons.l18_capstone.rules import Diagnosis, by_recipe
from coursekit.lessons.l18_capstone.training_log import TrainingLog

POINTS = {"joint": 10.0, "ensemble": 10.0, "best": 20.0}  # 40 in all
BEHIND = 0.1  # so far behind a rival earns nothing of its points


@dataclass(frozen=True)
class Rivals:
    """Test accuracies.  informed: who was told the recipe, and does what the lessons' rules say."""

    joint: float
    ensemble: float
    informed: float

    @property
    def best(self) -> float:
        """The best known of this seed."""
        return max(self.joint, self.ensemble, self.informed)

    def parts(self, accuracy: float) -> dict[str, float]:
        """Marks beside each: 10 for joint training, 10 for the ensemble, 20 for the best.

        In full for who is level with it or above; behind it they fall in a straight line, to
        nothing at `BEHIND`.
        """
        return {
            name: points * min(1.0, max(0.0, 1 - (getattr(self, name) - accuracy) / BEHIND))
            for name, points in POINTS.items()
        }

    def marks(self, accuracy: float) -> float:
        """Of 40, the sum of `parts`."""
        return sum(self.parts(accuracy).values())


def train_rivals(log: TrainingLog, recipe: HiddenRecipe) -> Rivals:
    """Their accuracies on test rows. log: a fresh one of the same data, its budget not asked."""
    log.budget = 100
    case = Desk(log).case()
    joint = case.train()
    a, b = case.train(["A"]), case.train(["B"])
    reports = {
        "joint": Report(models=[joint.number]),
        "ensemble": Report(models=[a.number, b.number]),
        "informed": by_recipe(case, Diagnosis(**vars(recipe))),
    }
    return Rivals(**{name: _test(report, log) for name, report in reports.items()})


def _test(report: Report, log: TrainingLog) -> float:
    how = read_answering(list(report.models), dict(report.without), len(log.models))
    return right_share(how, log.models, log.data.test)
