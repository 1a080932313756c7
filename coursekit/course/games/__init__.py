"""Diagnosis games: cases trained live, whose truth the generator knows.

``game("illness").case(17)`` is a case, ``game("illness").train(case)`` a generator that returns
its evidence. Nothing here knows of widgets; the card is `coursekit.course.widgets.game`.
"""

from collections.abc import Iterable

import pandas as pd
from joblib import Parallel, delayed

from coursekit.course import registry
from coursekit.course.games.deck import CASES, Answer, Case, Evidence, Game, Scale
from coursekit.utils.checks import choose
from coursekit.utils.stepwise import drive

__all__ = [
    "CASES",
    "Answer",
    "Case",
    "Evidence",
    "Game",
    "Scale",
    "check_rule",
    "game",
    "games",
]


def games() -> dict[str, Game]:
    """Every game by name."""
    return {name: make() for name, make in registry.games().items()}


def game(name: str) -> Game:
    """One game; an unknown name is refused with the nearest right one."""
    known = games()
    return known[choose("game", name, known)]


def check_rule(name: str, numbers: Iterable[int], *, jobs: int = 1) -> pd.DataFrame:
    """The lesson's own rule on these cases: case, truth, rule, right.

    Trains each of them.  jobs: processes that share the work; their start takes as long as twenty
    cases. Whoever still wants to play should look at the sum of the last column only.
    """
    rows = Parallel(n_jobs=jobs)(delayed(_checked)(name, number) for number in numbers)
    return pd.DataFrame(rows)


def _checked(name: str, number: int) -> dict[str, object]:
    played = game(name)
    case = played.case(number)
    answer = played.rule(drive(played.train(case)))
    right = played.right(answer, case.truth)
    return {"case": number, "truth": case.truth, "rule": answer, "right": right}
