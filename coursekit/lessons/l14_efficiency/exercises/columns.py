"""Lesson 14, the exercise about which columns moved: what was done to this network?"""

from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.drawing import until_told_apart
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Case = tuple[Array, Array]
OPTIONS = ("sharing", "masks", "rebuilt", "fewer bits", "bf16", "checkpointing")
# parameters, stored bytes, compressed, activations, multiply-adds of a training step
PATTERNS = {
    "sharing": (-1, -1, -1, 0, 0),
    "masks": (0, 0, -1, 0, 0),
    "rebuilt": (-1, -1, -1, -1, -1),
    "fewer bits": (0, -1, -1, 0, 0),
    "bf16": (0, 0, 0, -1, 0),
    "checkpointing": (0, 0, 0, -1, 1),
}
Rule = Callable[[Array], str]


def _moves(before: Array, after: Array) -> Array:
    """−1, 0 or 1 per column: two per cent or less is the same."""
    ratio = np.asarray(after, dtype=float) / np.asarray(before, dtype=float)
    return (ratio > 1.02).astype(int) - (ratio < 0.98).astype(int)


def _by(rule: Rule) -> Callable[[Array, Array], str]:
    return lambda before, after: rule(_moves(before, after))


def _named(moves: Array) -> str:
    return next(name for name, pattern in PATTERNS.items() if pattern == tuple(moves))


def _unless(condition: Callable[[Array], bool], name: str) -> Rule:
    return lambda moves: name if condition(moves) else _named(moves)


def _exact(before: Array, after: Array) -> str:
    """Without a tolerance: anything that is not equal has moved."""
    moves = np.sign(np.asarray(after, dtype=float) - np.asarray(before, dtype=float)).astype(int)
    fitting = [sum(m == p for m, p in zip(moves, PATTERNS[n], strict=True)) for n in OPTIONS]
    return OPTIONS[int(np.argmax(fitting))]


BEFORE = np.array([40_000, 160_000, 150_000, 6_000_000, 2_400_000])
# How much activations fall does not tell one from the other: bf16, and checkpointing.
BY_THE_WORK = tuple(
    (BEFORE, (BEFORE * np.array([1, 1, 1, *moved])).round()) for moved in ((0.45, 1), (0.6, 1.3))
)


def _narrow(name: str) -> list[Case]:
    """Moves of 2.1 per cent beside columns that stay within 1.9 per cent, up or down."""
    pattern = np.array(PATTERNS[name])
    return [
        (BEFORE, (BEFORE * np.select([pattern < 0, pattern > 0], [0.979, 1.021], stays)).round())
        for stays in (0.981, 1.019)
    ]


def _cases(rng: np.random.Generator) -> list[Case]:
    """Each technique several times, on networks of several sizes; files differ by a per cent."""

    def draw(generator: np.random.Generator) -> list[Case]:
        cases: list[Case] = []
        for name in [*OPTIONS, *generator.permutation([*OPTIONS, *OPTIONS])]:
            n = int(generator.integers(20_000, 90_000))
            before = np.array([n, 4.1 * n, 3.8 * n, generator.integers(2, 9) * 1e6, 60.0 * n])
            pattern = np.array(PATTERNS[name])
            moved = np.where(pattern < 0, generator.uniform(0.35, 0.75, 5), 1.0)
            moved = np.where(pattern > 0, generator.uniform(1.2, 1.4, 5), moved)
            slack = np.where(pattern == 0, generator.uniform(0.99, 1.01, 5), 1.0)
            cases.append((before.round(), (before * moved * slack).round()))
        return [*cases, *BY_THE_WORK, *(case for name in OPTIONS for case in _narrow(name))]

    return until_told_apart(draw, rng, lambda: technique.misconceptions)


technique = Exercise(
    key="14-columns",
    points=2,
    task="Return what was done to a network whose columns were measured before and after.",
    reference=_by(_named),
    cases=_cases,
    options=OPTIONS,
    misconceptions=(
        Misconception(
            "masks make a file smaller",
            _by(_unless(lambda m: m[1] < 0 and m[0] == 0, "masks")),
            "A masked weight is stored like any other: the plain file stays. Where the file is "
            "smaller and no number less is in it, the numbers have fewer bits.",
        ),
        Misconception(
            "masks are fewer parameters",
            _by(lambda m: "rebuilt" if m[2] < 0 and m[1] == 0 else _named(m)),
            "Only the compressed file is smaller: all weights are still there, many of them zero.",
        ),
        Misconception(
            "fewer parameters, so rebuilt",
            _by(_unless(lambda m: m[0] < 0, "rebuilt")),
            "Fewer parameters, but as many multiply-adds: one module was used twice.",
        ),
        Misconception(
            "fewer parameters, so shared",
            _by(_unless(lambda m: m[0] < 0, "sharing")),
            "Sharing saves no multiply-add, each modality still runs through the encoder. Here "
            "they fell too: units are gone.",
        ),
        Misconception(
            "activations halve, so bf16",
            _by(_unless(lambda m: m[3] < 0 and m[0] == 0, "bf16")),
            "A step has *more* multiply-adds than before: something is computed twice.",
        ),
        Misconception(
            "activations go, so checkpointing",
            _by(_unless(lambda m: m[3] < 0 and m[0] == 0, "checkpointing")),
            "Nothing is computed twice here: the activations have fewer bits.",
        ),
        Misconception(
            "bf16 halves the file",
            _by(lambda m: {"fewer bits": "bf16"}.get(_named(m), _named(m))),
            "Under autocast the weights stay in 32 bits, and so does the file. It is the "
            "activations that have fewer.",
        ),
        Misconception(
            "compressed file alone",
            _by(_unless(lambda m: m[2] < 0, "masks")),
            "A smaller compressed file alone is masks. Look at the columns to its left, too.",
        ),
        Misconception(
            "no tolerance",
            _exact,
            "Two per cent up or down is no move: files and activations vary by as much.",
        ),
    ),
    hints=(
        "after / before per column: below 0.98 it fell, above 1.02 it rose, else it stayed.",
        "Fewer parameters: did the multiply-adds fall with them? If not, an encoder is used twice.",
        "As many parameters: file smaller → fewer bits; compressed file alone → masks; activations "
        "→ bf16, or checkpointing where multiply-adds rose.",
    ),
)
