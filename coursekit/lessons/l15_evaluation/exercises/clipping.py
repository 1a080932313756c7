"""Lesson 15, the exercise about clipped matches: a word counts as often as one reference has it."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from coursekit.course.exercises.drawing import until_refused
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Case = tuple[list[str], list[list[str]], int]
Counts = Counter[tuple[str, ...]]


def _counts(words: Sequence[str], n: int) -> Counts:
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def _by(
    limit: Callable[[list[Counts]], Counts],
    n_of: Callable[[int], int] = lambda n: n,
    distinct: bool = False,
) -> Callable[..., tuple[int, int]]:
    """Matches and total; limit: of the references' counts.  distinct: each n-gram once."""

    def answer(candidate: list[str], references: list[list[str]], n: int) -> tuple[int, int]:
        own = _counts(candidate, n_of(n))
        if distinct:
            own = Counter(dict.fromkeys(own, 1))
        most = limit([_counts(reference, n_of(n)) for reference in references])
        return sum(min(count, most[gram]) for gram, count in own.items()), sum(own.values())

    return answer


def _most(counts: list[Counts]) -> Counts:
    most: Counts = Counter()
    for one in counts:
        most |= one
    return most


def _sum(counts: list[Counts]) -> Counts:
    return sum(counts, Counter())


def _any(counts: list[Counts]) -> Counts:
    return Counter(dict.fromkeys(_sum(counts), 10**6))


def _all(counts: list[Counts]) -> Counts:
    least = counts[0]
    for one in counts[1:]:
        least = least & one
    return least


_clipped = _by(_most)


def _best_reference(candidate: list[str], references: list[list[str]], n: int) -> tuple[int, int]:
    return max(_clipped(candidate, [reference], n) for reference in references)


def _last_run_missing(candidate: list[str], references: list[list[str]], n: int) -> tuple[int, int]:
    return _clipped(candidate[:-1], [reference[:-1] for reference in references], n)


def _total_of_references(
    candidate: list[str], references: list[list[str]], n: int
) -> tuple[int, int]:
    matches, _ = _clipped(candidate, references, n)
    return matches, max(sum(_counts(r, n).values()) for r in references)


def _as_words(candidate: list[str], references: list[list[str]], n: int) -> tuple[int, int]:
    matches, _ = _clipped(candidate, references, n)
    return matches, len(candidate)


FIXED: tuple[tuple[str, tuple[str, ...], int], ...] = (
    ("the the the the", ("the cat is on the mat", "there is a cat on the mat"), 1),
    ("the the the the", ("the cat is on the mat", "there is a cat on the mat"), 2),
    ("a cat and a cat and a cat", ("a cat and a dog", "a cat sat"), 2),
    ("a b a b a b", ("a b a b", "b a b a b"), 2),
    ("a b a b a b", ("a b a b", "b a b a b"), 3),
    ("red", ("red red", "blue"), 1),
    ("red", ("red red",), 2),
    ("red", ("red red",), 3),
    ("", ("a cat",), 1),
    ("", ("a cat",), 4),
    ("a a b", ("a", "a", "b"), 1),
    ("ab c", ("a bc", "ab c d"), 1),
    ("cat", ("cats concatenate",), 1),
    ("one two three four five", ("one two three four five",), 4),
    ("one two three", ("three two one", "two three one"), 2),
    ("a cat", ("a", "a cat a cat"), 2),
)


def _cases(rng: np.random.Generator) -> list[Case]:
    """The fixed ones, and drawn ones from few words, so that runs repeat."""

    def draw(generator: np.random.Generator) -> list[Case]:
        cases: list[Case] = [(c.split(), [r.split() for r in rs], n) for c, rs, n in FIXED]
        for n in (1, 2, 3, 2):
            texts = [generator.choice(list("abc"), int(k)).tolist() for k in (9, 6, 7, 5)]
            cases.append((texts[0], texts[1:], n))
        return cases

    return until_refused(draw, rng, _clipped, [m.function for m in clipped.misconceptions])


clipped = Exercise(
    key="15-clip",
    points=2,
    task="Return how many n-grams of a candidate count as matches, and how many it has.",
    reference=_clipped,
    cases=_cases,
    misconceptions=(
        Misconception(
            "not clipped",
            _by(_any),
            "Every repetition counts in yours: “the the the the” would be perfect. An n-gram "
            "counts at most as often as the reference that has most of it.",
        ),
        Misconception(
            "limit over all references",
            _by(_sum),
            "You add the references' counts up. The limit is the largest count in any *one*.",
        ),
        Misconception(
            "each n-gram once",
            _by(_most, distinct=True),
            "You count each different n-gram once. One that a reference has twice may count twice.",
        ),
        Misconception(
            "in every reference",
            _by(_all),
            "An n-gram need not stand in all references: the one that has most of it decides.",
        ),
        Misconception(
            "first reference only",
            _by(lambda counts: counts[0]),
            "You look at the first reference only. Look at all and take the largest count.",
        ),
        Misconception(
            "last reference only",
            _by(lambda counts: counts[-1]),
            "You look at the last reference only. Look at all and take the largest count.",
        ),
        Misconception(
            "best reference",
            _best_reference,
            "You take the one reference with the most matches. The limit is taken for each n-gram "
            "by itself: another one may have more of the next.",
        ),
        Misconception(
            "last run missing",
            _last_run_missing,
            "The last run of n words is missing: a text of L words has L − n + 1 of them.",
        ),
        Misconception(
            "single words",
            _by(_most, lambda n: 1),
            "You count single words whatever n is. Take runs of n words.",
        ),
        Misconception(
            "one word too long",
            _by(_most, lambda n: n + 1),
            "Your runs have n + 1 words.",
        ),
        Misconception(
            "total of the references",
            _total_of_references,
            "Precision divides by what the *candidate* has, not by what the references have.",
        ),
        Misconception(
            "words as total",
            _as_words,
            "A candidate of L words has L − n + 1 runs of n words, not L.",
        ),
    ),
    hints=(
        "Make all runs of n words of the candidate, and count each different one.",
        "For each: at most as often as the one reference that has most of it.",
        "matches = Σ min(count in candidate, max over references of count); total = "
        "max(0, len(candidate) − n + 1).",
    ),
)
