"""Lesson 18, the exercise about reliability: may this table be ranked?"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from coursekit.course.exercises.drawing import until_told_apart
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

FAULTS = ("ensemble", "single models", "budget", "seeds", "none")
Tries = Mapping[str, int]
Seeds = Mapping[str, Sequence[int]]
Case = tuple[Tries, Seeds]
ENSEMBLE, ALONE = "ensemble", "unimodal "


def _tuned(tries: Tries, seeds: Seeds) -> bool:
    names = [f"{ALONE}{m}" for m in "AB"]
    return all(name in seeds and tries.get(name, 0) >= tries["joint"] for name in names)


def _equal(tries: Tries, seeds: Seeds) -> bool:
    together = [m for m in seeds if m != ENSEMBLE and not m.startswith(ALONE)]
    return len({tries.get(m, 0) for m in together}) == 1


def _ten(seeds: Seeds) -> bool:
    wanted = set(seeds["joint"])
    return all(len(set(own)) >= 10 and set(own) == wanted for own in seeds.values())


def _fault(
    tries: Tries, seeds: Seeds,
    singles: Callable[[Tries, Seeds], bool] = _tuned,
    budget: Callable[[Tries, Seeds], bool] = _equal,
    counted: Callable[[Seeds], bool] = _ten,
    ensemble: Callable[[Tries, Seeds], bool] = lambda tries, seeds: ENSEMBLE in seeds,
) -> str:  # fmt: skip
    if not ensemble(tries, seeds):
        return "ensemble"
    if not singles(tries, seeds):
        return "single models"
    if not budget(tries, seeds):
        return "budget"
    return "none" if counted(seeds) else "seeds"


def _plainly(tries: Tries, seeds: Seeds) -> str:
    return _fault(tries, seeds)


def _but(**other: object) -> Callable[..., str]:
    return lambda tries, seeds: _fault(tries, seeds, **other)  # type: ignore[arg-type]


TEN, MORE, OTHER = tuple(range(100, 110)), tuple(range(12)), tuple(range(200, 210))
SAME_SUM = (99, *TEN[1:-1], 110)
ROWS = ("unimodal A", "unimodal B", "joint", "ensemble", "mlb", "ogm")


def _case(
    tries: int = 5, seeds: Sequence[int] = TEN, without: Sequence[str] = (),
    of: Mapping[str, int] | None = None, seeds_of: Seeds | None = None,
) -> Case:  # fmt: skip
    """All rows with as many tries and the same seeds, but for those that are named."""
    rows = [row for row in ROWS if row not in without]
    own = {row: tries for row in rows if row != ENSEMBLE}
    return {**own, **(of or {})}, {row: (seeds_of or {}).get(row, seeds) for row in rows}


FIXED: tuple[Case, ...] = (
    _case(),
    _case(seeds=MORE),
    _case(tries=1),
    _case(without=("ensemble",)),
    _case(without=("ensemble",), of={"mlb": 20}),
    _case(without=("unimodal B",)),
    _case(without=("unimodal A",)),
    _case(of={"unimodal A": 1}),
    _case(of={"unimodal B": 1, "mlb": 20}),
    _case(of={"unimodal A": 30}),  # more is no fault here
    _case(of={"mlb": 20}),
    _case(of={"ogm": 3}),
    _case(of={"ensemble": 40}),  # it has nothing to choose of its own
    _case(of={"mlb": 20}, seeds=(1, 2, 3)),
    _case(of={"joint": 3}),
    _case(of={"joint": 9}),
    _case(seeds=(1, 2, 3)),
    _case(seeds=tuple(range(9))),
    _case(seeds=(1,) * 12),  # one seed, twelve times
    _case(seeds_of={"mlb": OTHER}),
    _case(seeds_of={"ogm": TEN[:9]}),
    _case(seeds_of={"ensemble": TEN[:3]}),
    _case(seeds_of={"unimodal A": OTHER}),
    _case(seeds_of={"mlb": TEN[::-1]}),  # the same ones in another order
    _case(seeds_of={"mlb": (*TEN, 110)}),
    _case(seeds=MORE, seeds_of={"mlb": MORE[:11]}),  # some of joint training's, ten or more
    _case(seeds_of={"mlb": SAME_SUM}),
    _case(of={"unimodal A": 1, "unimodal B": 30}),
    _case(of={"unimodal A": 30, "unimodal B": 1}),
    _case(without=("mlb", "ogm")),
    _case(without=("ensemble",), of={"ensemble": 5}),  # tried, and not in the table
    _case(without=("unimodal B",), of={"unimodal B": 5}),
    _case(without=("unimodal A",), of={"unimodal A": 5}),
)


def _cases(rng: np.random.Generator) -> list[Case]:
    """All of them, in another order each time."""

    def draw(generator: np.random.Generator) -> list[Case]:
        return [FIXED[i] for i in generator.permutation(len(FIXED))]

    return until_told_apart(draw, rng, lambda: may_rank.misconceptions)


may_rank = Exercise(
    key="18-rank",
    points=2,
    task="Return the first fault for which a table may not be ranked, or “none”.",
    reference=_plainly,
    cases=_cases,
    options=FAULTS,
    misconceptions=(
        Misconception(
            "ensemble forgotten",
            _but(ensemble=lambda t, s: True),
            "Everybody forgets the ensemble. Ask for it first.",
        ),
        Misconception(
            "one single model is enough",
            _but(singles=lambda t, s: any(
                f"{ALONE}{m}" in s and t.get(f"{ALONE}{m}", 0) >= t["joint"] for m in "AB")),
            "Both single models have to stand there, tuned: nobody knows beforehand which is best.",
        ),
        Misconception(
            "single models untuned",
            _but(singles=lambda t, s: all(f"{ALONE}{m}" in s for m in "AB")),
            "A single model with fewer tries than joint training is a weak rival.",
        ),
        Misconception(
            "single models exactly as many",
            _but(singles=lambda t, s: all(
                f"{ALONE}{m}" in s and t.get(f"{ALONE}{m}", 0) == t["joint"] for m in "AB")),
            "A rival that got more tries harms nobody's claim: as many as joint training, or more.",
        ),
        Misconception(
            "budget of the single models too",
            _but(budget=lambda t, s: len({t.get(m, 0) for m in s if m != ENSEMBLE}) == 1),
            "Single models may have more; the same number is asked of those of several modalities.",
        ),
        Misconception(
            "tries of the ensemble",
            _but(budget=lambda t, s: len({
                n for m, n in t.items() if not m.startswith(ALONE)}) == 1),
            "The ensemble has nothing to choose of its own: leave its tries out.",
        ),
        Misconception(
            "no more than joint",
            _but(budget=lambda t, s: all(
                t.get(m, 0) <= t["joint"] for m in s if not m.startswith(ALONE))),
            "Fewer tries are unequal, too: the method that got them is judged too harshly.",
        ),
        Misconception(
            "no fewer than joint",
            _but(budget=lambda t, s: all(
                t.get(m, 0) >= t["joint"] for m in s
                if m != ENSEMBLE and not m.startswith(ALONE))),
            "More tries than joint training are no equal budget.",
        ),
        Misconception(
            "seeds counted twice",
            _but(counted=lambda s: all(
                len(x) >= 10 and set(x) == set(s["joint"]) for x in s.values())),
            "A seed that stands there twice is one seed.",
        ),
        Misconception(
            "other seeds",
            _but(counted=lambda s: all(len(set(x)) >= 10 for x in s.values())),
            "Ten seeds, and the same ones in every row: else differences are not paired.",
        ),
        Misconception(
            "seeds in order",
            _but(counted=lambda s: all(
                len(set(x)) >= 10 and tuple(x) == tuple(s["joint"]) for x in s.values())),
            "The order of the seeds says nothing.",
        ),
        Misconception(
            "seeds of joint training only",
            _but(counted=lambda s: len(set(s["joint"])) >= 10),
            "Every row needs its ten seeds, the ensemble's too.",
        ),
        Misconception(
            "exactly ten",
            _but(counted=lambda s: all(
                len(set(x)) == 10 and set(x) == set(s["joint"]) for x in s.values())),
            "Ten or more.",
        ),
        Misconception(
            "more than ten",
            _but(counted=lambda s: all(
                len(set(x)) > 10 and set(x) == set(s["joint"]) for x in s.values())),
            "Ten are enough.",
        ),
        Misconception(
            "seeds before the budget",
            lambda t, s: "seeds" if _fault(t, s) == "budget" and not all(
                len(set(x)) >= 10 for x in s.values()) else _fault(t, s),
            "The order is given: the budget is asked for before the seeds.",
        ),
        Misconception(
            "budget before the single models",
            lambda t, s: "budget" if _fault(t, s) == "single models" and len({
                t.get(m, 0) for m in s if m != ENSEMBLE and not m.startswith(ALONE)}) > 1
            else _fault(t, s),
            "The order is given: single models are asked for before the budget.",
        ),
    ),
    hints=(
        "Four questions in this order: ensemble, single models, budget, seeds.",
        "Single models: both there, each with at least joint training's tries. Budget: all others "
        "but the ensemble have the same number.",
        "Seeds: set(row) has ten or more, and equals set(seeds['joint']).",
    ),
)  # fmt: skip
