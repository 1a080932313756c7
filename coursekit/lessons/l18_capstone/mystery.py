"""`mystery(seed)`: a case to practise on, judged at once."""

from functools import lru_cache

from coursekit.data.multimodal import MultimodalData
from coursekit.lessons.l18_capstone.case import Case
from coursekit.lessons.l18_capstone.desk import Desk
from coursekit.lessons.l18_capstone.hidden_recipe import HiddenRecipe, draw_recipe, hidden_data
from coursekit.lessons.l18_capstone.judge import Verdict, judge_report
from coursekit.lessons.l18_capstone.report import Report, plain
from coursekit.lessons.l18_capstone.rivals import Rivals, train_rivals
from coursekit.lessons.l18_capstone.training_log import BUDGET, TrainingLog


class Mystery(Case):
    """A case whose judge sits in the same process: whoever looks there finds the recipe."""

    def __init__(self, seed: int, budget: int = BUDGET) -> None:
        """seed: which mystery.  budget: trainings."""
        data, self._recipe = made(seed)
        self._desk, self._seed = Desk(TrainingLog(data, budget)), seed
        case = self._desk.case()
        super().__init__(case.train_rows, case.valid_rows, case.classes, budget, self._desk.answer)

    def judge(self, report: Report) -> Verdict:
        """Marks of a report; the rivals are trained for that, about three seconds.

        Errors: TypeError for what is no report.
        """
        return judge_report(plain(report), self._desk, self._recipe, rivals_of(self._seed))


def mystery(seed: int) -> Mystery:
    """Train and valid of a data set whose recipe is hidden, and eight trainings."""
    return Mystery(seed)


def made(seed: int) -> tuple[MultimodalData, HiddenRecipe]:
    """A seed's data, all of them, and what they hide."""
    recipe = draw_recipe(seed)
    return hidden_data(recipe, seed), recipe


@lru_cache(maxsize=16)
def rivals_of(seed: int) -> Rivals:
    """The rivals of a seed."""
    data, recipe = made(seed)
    return train_rivals(TrainingLog(data), recipe)
