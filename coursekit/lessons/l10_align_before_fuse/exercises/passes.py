"""Lesson 10, the exercise about the price of a pass: two towers, one stream, or both in turn?"""

from collections.abc import Mapping

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

STREAMS = ("dual", "single", "rerank", "none")
Recall = Mapping[str, float]
Case = tuple[int, int, int, int, Recall]


def _passes(pictures: int, texts: int, k: int) -> dict[str, int]:
    """Passes through a network until every picture has its texts in order."""
    return {
        "dual": pictures + texts,
        "single": pictures * texts,
        "rerank": pictures + texts + pictures * min(k, texts),
    }


def _best(passes: Mapping[str, int], budget: int, recall: Recall) -> str:
    """The highest recall that is within the budget; of equal ones that with fewer passes."""
    affordable = [name for name in passes if passes[name] <= budget]
    if not affordable:
        return "none"
    return max(affordable, key=lambda name: (recall[name], -passes[name]))


def _choose(pictures: int, texts: int, k: int, budget: int, recall: Recall) -> str:
    return _best(_passes(pictures, texts, k), budget, recall)


def _with(n: int, m: int, k: int, budget: int, recall: Recall, **other: int) -> str:
    """The same with other numbers of passes."""
    return _best({**_passes(n, m, k), **other}, budget, recall)


def _no_cap(n: int, m: int, k: int, budget: int, recall: Recall) -> str:
    return _with(n, m, k, budget, recall, rerank=n + m + n * k)


def _dearest_of_equals(n: int, m: int, k: int, budget: int, recall: Recall) -> str:
    passes = _passes(n, m, k)
    affordable = [name for name in passes if passes[name] <= budget]
    if not affordable:
        return "none"
    return max(affordable, key=lambda name: (recall[name], passes[name]))


def _cheapest(n: int, m: int, k: int, budget: int, recall: Recall) -> str:
    passes = _passes(n, m, k)
    name = min(passes, key=lambda each: passes[each])
    return name if passes[name] <= budget else "none"


def _in_order(n: int, m: int, k: int, budget: int, recall: Recall) -> str:
    """One stream where it can be paid, else reranking, else two towers."""
    passes = _passes(n, m, k)
    return next((s for s in ("single", "rerank", "dual") if passes[s] <= budget), "none")


def _never_none(n: int, m: int, k: int, budget: int, recall: Recall) -> str:
    word = _choose(n, m, k, budget, recall)
    return "dual" if word == "none" else word


USUAL = {"dual": 0.62, "single": 0.81, "rerank": 0.8}
LEVEL = {"dual": 0.7, "single": 0.7, "rerank": 0.7}
TWO_LEVEL = {"dual": 0.6, "single": 0.8, "rerank": 0.8}
HAIR = {"dual": 0.81003, "single": 0.81004, "rerank": 0.81}
NOTHING = {"dual": 0.0, "single": 0.0, "rerank": 0.0}
UNALIGNED = {"dual": 0.11, "single": 0.45, "rerank": 0.52}
EASY = {"dual": 0.97, "single": 0.9, "rerank": 0.96}
CLOSE = {"dual": 0.8101, "single": 0.8104, "rerank": 0.8103}
LOW = {"dual": 0.011, "single": 0.013, "rerank": 0.012}
# Pictures, texts, k, which recall, and beside the three prices, at each of which and one below it
# is asked: pools of equal and of unequal sizes, a k beyond the pool, one picture, recalls that are
# level or in another order.
POOLS = (
    (100, 100, 8, USUAL),
    (20, 300, 10, USUAL),
    (300, 20, 10, UNALIGNED),
    (50, 6, 8, USUAL),
    (50, 6, 8, LEVEL),
    (40, 40, 4, LEVEL),
    (1, 500, 16, LEVEL),
    (50, 6, 8, TWO_LEVEL),
    (90, 80, 3, TWO_LEVEL),
    (70, 50, 4, HAIR),
    (3, 1, 4, LEVEL),
    (30, 20, 4, NOTHING),
    (40, 40, 4, EASY),
    (1, 500, 16, USUAL),
    (60, 60, 5, UNALIGNED),
    (2, 3, 1, UNALIGNED),
    (30, 4, 9, UNALIGNED),
    (40, 30, 3, CLOSE),
    (200, 200, 12, LOW),
)


def _cases(rng: np.random.Generator) -> list[Case]:
    """Every pool at each price and one below it; entries of the recall in another order."""
    cases: list[Case] = []
    for pictures, texts, k, recall in POOLS:
        prices = _passes(pictures, texts, k).values()
        budgets = {price + more for price in prices for more in (-1, 0)}
        for budget in sorted(budgets | {10**6}):
            names = [str(name) for name in rng.permutation(list(recall))]
            mixed = {name: recall[name] for name in names}
            cases.append((pictures, texts, k, budget, mixed))
    for _ in range(6):
        n, m, k = (int(x) for x in rng.integers((20, 20, 2), (200, 200, 19)))
        price = int(rng.choice([n + m, n * m, n + m + n * k]))
        scores = rng.permutation([0.31, 0.52, 0.74])
        recall = dict(zip(("dual", "single", "rerank"), map(float, scores), strict=True))
        cases.append((n, m, k, price, recall))
    return [cases[i] for i in rng.permutation(len(cases))]


choose_stream = Exercise(
    key="10-stream",
    points=2,
    task="Return the network with the best recall whose passes are within the budget.",
    reference=_choose,
    cases=_cases,
    options=STREAMS,
    misconceptions=(
        Misconception(
            "below the budget",
            lambda n, m, k, b, r: _choose(n, m, k, b - 1, r),
            "Passes that use up the budget exactly are within it.",
        ),
        Misconception(
            "towers for every pair",
            lambda n, m, k, b, r: _with(n, m, k, b, r, dual=n * m),
            "Two towers encode every picture once and every text once: N + M passes. Comparing "
            "features is no pass.",
        ),
        Misconception(
            "one stream once per item",
            lambda n, m, k, b, r: _with(n, m, k, b, r, single=n + m),
            "One stream reads a picture and a text together: every pair is a pass of its own, "
            "N · M.",
        ),
        Misconception(
            "reranking without the towers",
            lambda n, m, k, b, r: _with(n, m, k, b, r, rerank=n * min(k, m)),
            "Before anything can be reranked the towers have to find the first k: N + M passes "
            "more.",
        ),
        Misconception(
            "one query reranked",
            lambda n, m, k, b, r: _with(n, m, k, b, r, rerank=n + m + min(k, m)),
            "Every picture has k texts of its own reranked: N · k passes, not k.",
        ),
        Misconception(
            "reranking for every text",
            lambda n, m, k, b, r: _with(n, m, k, b, r, rerank=n + m + m * min(k, n)),
            "Pictures ask here: each has k texts reranked, N · k passes.",
        ),
        Misconception(
            "more candidates than there are",
            _no_cap,
            "No more texts can be reranked than there are: with k above M it is N · M passes more.",
        ),
        Misconception(
            "level recalls by price, upwards",
            _dearest_of_equals,
            "Of equal recalls the one with fewer passes is asked for.",
        ),
        Misconception(
            "the cheapest",
            _cheapest,
            "You take the cheapest. Asked is the best recall that can be paid.",
        ),
        Misconception(
            "one stream is best",
            _in_order,
            "You take one stream wherever it can be paid. Which is best, the recalls say.",
        ),
        Misconception(
            "no budget",
            lambda n, m, k, b, r: _choose(n, m, k, 10**9, r),
            "The budget is not looked at.",
        ),
        Misconception(
            "two towers where nothing can be paid",
            lambda n, m, k, b, r: (
                "dual" if _choose(n, m, k, b, r) == "none" else _choose(n, m, k, b, r)
            ),
            "Where not even the cheapest can be paid the answer is “none”.",
        ),
    ),
    hints=(
        "Count the passes of each first; comparing stored features costs none.",
        "dual N + M; single N · M; rerank N + M + N · min(k, M).",
        "Of those with passes <= budget the one with the largest (recall, −passes); “none” where "
        "there is none.",
    ),
)
