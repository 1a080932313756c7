"""Lesson 10, the exercise about momentum distillation: targets that a teacher has softened."""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception
from coursekit.course.exercises.softmax import softmax

Array = np.ndarray


def _same(rows: Array, columns: Array) -> Array:
    """Which captions belong to which picture, as numbers 0 and 1."""
    return (rows[:, None] == columns[None, :]).astype(float)


def _even(rows: Array, columns: Array) -> Array:
    """One per picture, spread evenly over its captions."""
    same = _same(rows, columns)
    return same / same.sum(axis=1, keepdims=True)


def _first(rows: Array, columns: Array) -> Array:
    """One per picture, on the first of its captions."""
    return np.eye(len(columns))[_same(rows, columns).argmax(axis=1)]


def _own_place(rows: Array, columns: Array) -> Array:
    """A one on the diagonal, whatever the ids."""
    return np.eye(len(rows), len(columns))


def _mixed(soft: Array, hard: Array, share: float) -> Array:
    return share * soft + (1 - share) * hard


def _targets(
    similarity: Array, rows: Array, columns: Array, temperature: float, share: float
) -> Array:
    return _mixed(softmax(similarity / temperature), _even(rows, columns), share)


# Teacher's similarities, ids of pictures and captions, temperature, share: two captions of one
# picture; a teacher as sure as can be, of the wrong one; all alike; one picture; shares of nothing
# and of all; a very low temperature and a high one, with a share that is almost nothing.
FIXED = (
    ([[0.9, 0.2, 0.8], [0.1, 0.7, 0.0]], [4, 7], [4, 7, 4], 0.1, 0.4),
    ([[1, -1, 1, -1], [-1, -1, 1, -1]], [2, 1], [2, 1, 3, 1], 0.001, 0.4),
    ([[-1, 1], [1, -1]], [0, 1], [1, 0], 0.001, 0.3),
    (np.zeros((3, 5)), [8, 3, 8], [8, 3, 8, 3, 3], 0.07, 0.25),
    ([[9, -9, 0.01, 6.5]], [5], [6, 5, 5, 6], 3.0, 0.6),
    ([[0.5, -0.2], [0.03, 0.3]], [1, 2], [1, 2], 0.5, 0.0),
    ([[1, 0.999], [-1, -0.999]], [1, 2], [1, 2], 0.001, 0.4),  # level but for one after dividing
    ([[0.5, -0.2], [0.03, 0.3]], [1, 2], [1, 2], 0.5, 1.0),
    ([[0.51, 0.5, 0.52], [0.3, 0.32, 0.29]], [1, 2], [1, 2, 1], 0.0137, 0.3),
    ([[9, -7, 0.5], [-8, 3, 7]], [6, 5], [5, 6, 5], 8.0, 0.0123),
)


def _cases(rng: np.random.Generator) -> list[tuple[Array, Array, Array, float, float]]:
    """The fixed ones, and more captions than pictures, each picture with one at least."""
    cases = [
        (np.array(s, dtype=float), np.array(rows), np.array(columns), temperature, share)
        for s, rows, columns, temperature, share in FIXED
    ]
    for pictures, captions, temperature in ((3, 7, 0.3), (4, 6, 1.7), (5, 5, 0.6)):
        rows = rng.permutation(20)[:pictures]
        more = rng.choice(np.append(rows, 99), captions - pictures)
        columns = np.concatenate([rows, more])
        if captions == pictures:  # two rows of one picture, so that both have two captions
            rows[1] = columns[1] = rows[0]
        similarity = rng.uniform(-1, 1, (pictures, captions))
        cases.append((similarity, rows, columns, temperature, float(rng.uniform(0.15, 0.45))))
    return cases


distilled_targets = Exercise(
    key="10-targets",
    points=2,
    task="Return the targets of each picture: the teacher's share of its softmax, the rest even "
    "over the picture's own captions.",
    reference=_targets,
    cases=_cases,
    misconceptions=(
        Misconception(
            "shares exchanged",
            lambda s, r, c, t, a: _targets(s, r, c, t, 1 - a),
            "The teacher has the wrong share: α is the teacher's, 1 − α that of the captions.",
        ),
        Misconception(
            "ids not looked at",
            lambda s, r, c, t, a: _mixed(softmax(s / t), _own_place(r, c), a),
            "You put the one on the diagonal. A caption belongs to a picture where their ids are "
            "the same, wherever it stands.",
        ),
        Misconception(
            "first caption only",
            lambda s, r, c, t, a: _mixed(softmax(s / t), _first(r, c), a),
            "The first caption of a picture gets all. The others are as right: spread the one "
            "evenly over them.",
        ),
        Misconception(
            "a one for each caption",
            lambda s, r, c, t, a: _mixed(softmax(s / t), _same(r, c), a),
            "Each of a picture's captions gets a whole one, so that targets sum to more than one. "
            "Divide by how many there are.",
        ),
        Misconception(
            "teacher alone",
            lambda s, r, c, t, a: softmax(s / t),
            "That is the teacher's opinion alone. It gets the share α; the rest goes to the "
            "picture's own captions.",
        ),
        Misconception(
            "no teacher",
            lambda s, r, c, t, a: _even(r, c),
            "The teacher has no say. It gets the share α of each target.",
        ),
        Misconception(
            "no temperature",
            lambda s, r, c, t, a: _targets(s, r, c, 1.0, a),
            "The temperature is missing: divide the similarities by it before the softmax.",
        ),
        Misconception(
            "times the temperature",
            lambda s, r, c, t, a: _targets(s, r, c, 1 / t, a),
            "Similarities are divided by the temperature: a low one makes the teacher surer.",
        ),
        Misconception(
            "softmax of columns",
            lambda s, r, c, t, a: _mixed(softmax(s / t, axis=0), _even(r, c), a),
            "Your softmax goes down the columns. A picture, a row, chooses among the captions.",
        ),
        Misconception(
            "softmax of everything",
            lambda s, r, c, t, a: _mixed(softmax(s / t, axis=None), _even(r, c), a),
            "Your softmax is over the whole matrix. Each row is a choice by itself.",
        ),
        Misconception(
            "even over the pictures",
            lambda s, r, c, t, a: _mixed(softmax(s / t), _over_pictures(r, c), a),
            "You spread a caption over its pictures. Spread a picture over its captions: divide "
            "by the sum of the row.",
        ),
        Misconception(
            "both added",
            lambda s, r, c, t, a: softmax(s / t) + _even(r, c),
            "You added both. They are mixed: α of the one and 1 − α of the other, so that each "
            "row sums to one.",
        ),
        Misconception(
            "half and half",
            lambda s, r, c, t, a: _targets(s, r, c, t, 0.5),
            "You mixed them half and half. The teacher's share is the argument α.",
        ),
    ),
    hints=(
        "Two matrices, rows of each sum to one: what the teacher thinks, and what is written.",
        "rows[:, None] == columns[None, :] says which caption belongs to which picture; divide "
        "by the sum of each row.",
        "share * softmax(similarity / temperature) + (1 - share) * same / same.sum(1, "
        "keepdims=True); take the largest of a row away before exp, or exp(1000) overflows.",
    ),
)


def _over_pictures(rows: Array, columns: Array) -> Array:
    same = _same(rows, columns)
    return same / np.maximum(same.sum(axis=0, keepdims=True), 1)
