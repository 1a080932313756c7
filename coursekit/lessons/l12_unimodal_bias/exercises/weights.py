"""Lesson 12, the exercise about counting against a prior: weights 1/n of key and answer."""

from collections import Counter
from collections.abc import Hashable, Sequence
from functools import partial

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Words = list[str]


def _inverse(names: Sequence[Hashable]) -> Array:
    counts = Counter(names)
    return np.array([1 / counts[name] for name in names])


def _mean_one(weights: Array) -> Array:
    return np.asarray(weights / weights.mean())


def _pairs(keys: Words, answers: Words) -> list[Hashable]:
    return list(zip(keys, answers, strict=True))


def _weights(keys: Words, answers: Words) -> Array:
    return _mean_one(_inverse(_pairs(keys, answers)))


def _counts(keys: Words, answers: Words) -> Array:
    return np.asarray(1 / _inverse(_pairs(keys, answers)))


def _less_its_share(keys: Words, answers: Words) -> Array:
    """One minus the share of the answer among its key's questions."""
    share = _inverse(keys) / _inverse(_pairs(keys, answers))
    return np.asarray(1 - share)


def _of_the_key(keys: Words, answers: Words) -> Array:
    """One over the share of the answer among its key's questions."""
    return _mean_one(_inverse(_pairs(keys, answers)) / _inverse(keys))


def _joined(keys: Words, answers: Words, sign: str = "") -> Array:
    names = [key + sign + answer for key, answer in zip(keys, answers, strict=True)]
    return _mean_one(_inverse(names))


# One question; all alike; all different; an answer that two keys share; words that run together
# when they are written one after the other, also with a sign between; rare pairs; a frequent one
# among many rare ones; more than a hundred answers, and more than a hundred keys, each with two of
# the other, so that a number made of both is another pair's too.
SIGNS = (" ", "|", "_", "-", "/", ",", ";", ":", ".", "+", "&", "#", "\t", "\n", ", ", " | ", "::")
MANY = [f"thing {i}" for i in range(105)]
FIXED: tuple[tuple[Words, Words], ...] = (
    (["red"], ["yes"]),
    (["red"] * 4, ["yes"] * 4),
    (["red", "blue", "teal"], ["yes", "no", "yes"]),
    (["red"] * 4 + ["blue"] * 2, ["yes", "yes", "yes", "no", "yes", "no"]),
    (["a", "ab", "ab", "a"], ["bc", "c", "c", "c"]),
    (
        [key for sign in SIGNS for key in (f"a{sign}b", "a", "a")],
        [answer for sign in SIGNS for answer in ("c", f"b{sign}c", f"b{sign}c")],
    ),
    (["red", "blue", "blue"], ["blue", "red", "red"]),
    (["Red", "red", "red"], ["yes"] * 3),
    (["not red"] * 9 + ["red"], ["no"] * 8 + ["yes", "no"]),
    (["red"] * 40, ["yes"] * 39 + ["no"]),
    (["red"] * 250 + [f"thing {i}" for i in range(250)], ["yes"] * 500),
    (["red"] * 105 + ["blue"] * 105, MANY * 2),
    (MANY * 2, ["yes"] * 105 + ["no"] * 105),
)


def _cases(rng: np.random.Generator) -> list[tuple[Words, Words]]:
    """The fixed ones in another order each time, and questions with a strong prior."""
    cases = []
    for keys, answers in FIXED:
        order = rng.permutation(len(keys))
        cases.append(([keys[i] for i in order], [answers[i] for i in order]))
    for count in (12, 25):
        keys = [str(k) for k in rng.choice(["red", "blue", "not red"], count, p=[0.5, 0.3, 0.2])]
        likely = {"red": 0.8, "blue": 0.3, "not red": 0.9}
        cases.append((keys, ["yes" if rng.random() < likely[k] else "no" for k in keys]))
    return cases


inverse_weights = Exercise(
    key="12-weights",
    points=2,
    task="Return weights 1/n of each question's key and answer, with mean one.",
    reference=_weights,
    cases=_cases,
    misconceptions=(
        Misconception(
            "by answer",
            lambda k, a: _mean_one(_inverse(a)),
            "You count answers without their keys: “yes” may be rare for one key and frequent "
            "for another. Count pairs of key and answer.",
        ),
        Misconception(
            "by key",
            lambda k, a: _mean_one(_inverse(k)),
            "You count keys. That makes all keys weigh alike, and leaves each key's prior as it "
            "was.",
        ),
        Misconception(
            "both counted apart",
            lambda k, a: _mean_one(_inverse(k) * _inverse(a)),
            "You multiply two counts. What has to be counted is the pair.",
        ),
        Misconception(
            "mean not one",
            lambda k, a: _inverse(_pairs(k, a)),
            "Right but for the scale: with a mean below one every step is shorter, and the "
            "comparison with plain training unfair. Divide by the mean.",
        ),
        Misconception(
            "sum one",
            lambda k, a: _inverse(_pairs(k, a)) / _inverse(_pairs(k, a)).sum() / (len(k) > 0),
            "Your weights sum to one; their mean should be one.",
        ),
        Misconception(
            "frequent ones first",
            lambda k, a: _mean_one(_counts(k, a)),
            "You weight by n: the frequent pair counts even more.",
        ),
        Misconception(
            "one less the share",
            _less_its_share,
            "That is one minus the share of the answer, the weight of Clark's reweighting. Asked "
            "is 1/n, with mean one.",
        ),
        Misconception(
            "within the key",
            _of_the_key,
            "You divide by the share within the key, so that a frequent key still counts more. "
            "Divide by the number of the pair.",
        ),
        Misconception(
            "root",
            lambda k, a: _mean_one(np.sqrt(_inverse(_pairs(k, a)))),
            "You take the root of the count; that evens out half of the prior only.",
        ),
        Misconception(
            "written together",
            _joined,
            "You write key and answer one after the other, so “a” with “bc” becomes “ab” with "
            "“c”. Count pairs: zip(keys, answers).",
        ),
        *(
            Misconception(
                f"written together with {sign!r}",
                partial(_joined, sign=sign),
                "You make one word of key and answer, with a sign between. A name may hold that "
                "sign, and then two pairs become one. Count pairs: zip(keys, answers).",
            )
            for sign in SIGNS
        ),
    ),
    hints=(
        "What is counted: how often does this key stand beside this answer?",
        "Counter(zip(keys, answers)) counts pairs.",
        "w = np.array([1 / n[pair] for pair in zip(keys, answers)]); w / w.mean()",
    ),
)
