"""Lesson 06, the exercises about the ratio: G, O and OGR² from losses, and the smallest OGR²."""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray


def parts(tb: Array, vb: Array, ta: Array, va: Array) -> tuple[Array, Array]:
    """G and O, (K,) each, from the losses before and after, fitted (t) and held (v) rows."""
    return vb - va, (va - ta) - (vb - tb)


def _three(g: Array, o: Array) -> Array:
    return np.stack([g, o, (o / g) ** 2])


def _ogr(tb: Array, vb: Array, ta: Array, va: Array) -> Array:
    return _three(*parts(tb, vb, ta, va))


def losses(rng: np.random.Generator, heads: int) -> tuple[Array, Array, Array, Array]:
    """Losses of heads that all gained and overfitted, with a gap already at the first checkpoint.

    Ratios stay near one, so that the answer's tolerance, a share of its largest number, is small.
    """
    gain, overfitting = rng.uniform(0.5, 0.9, heads), rng.uniform(0.3, 0.9, heads)
    gap = rng.uniform(0.1, 0.25, heads)
    valid_before = rng.uniform(1.6, 2.0, heads)
    valid_after = valid_before - gain
    return valid_before - gap, valid_before, valid_after - gap - overfitting, valid_after


# Fitted and held losses, before and after: heads that lost ground; O below zero; gaps below zero;
# large losses; small ones.
OTHER_HEADS = (
    ([1.6, 1.9, 1.2], [1.8, 1.7, 1.4], [1.1, 1.5, 1.0], [2.2, 1.4, 0.9]),
    ([2.0, 1.1], [1.5, 1.3], [1.2, 0.7], [1.0, 1.9]),
    ([9.5, 6.0], [9.0, 7.0], [7.0, 2.0], [8.0, 4.0]),
    ([0.016, 0.012], [0.018, 0.016], [0.002, 0.004], [0.008, 0.012]),
)


def _ogr_cases(rng: np.random.Generator) -> list[tuple[Array, Array, Array, Array]]:
    cases = [losses(rng, heads) for heads in (2, 3, 4, 4, 5)]
    for tb, vb, ta, va in OTHER_HEADS:
        cases.append((np.array(tb), np.array(vb), np.array(ta), np.array(va)))
    return [cases[i] for i in rng.permutation(len(cases))]


ogr = Exercise(
    key="06-ogr",
    points=1,
    task="Return G, O and OGR² of every head, from the losses at two checkpoints.",
    reference=_ogr,
    cases=_ogr_cases,
    misconceptions=(
        Misconception(
            "sign of G",
            lambda tb, vb, ta, va: _three(va - vb, parts(tb, vb, ta, va)[1]),
            "G is how far the loss on held rows fell: before minus after, positive when it got "
            "better.",
        ),
        Misconception(
            "gap at the end only",
            lambda tb, vb, ta, va: _three(vb - va, va - ta),
            "That is the whole gap at the second checkpoint. O is the part of it that came since "
            "the first.",
        ),
        Misconception(
            "sign of O",
            lambda tb, vb, ta, va: _three(vb - va, -parts(tb, vb, ta, va)[1]),
            "The gap is held minus fitted, and O is the gap after minus the gap before.",
        ),
        Misconception(
            "G on the fitted rows",
            lambda tb, vb, ta, va: _three(tb - ta, parts(tb, vb, ta, va)[1]),
            "You took the fall on the rows that were fitted. Only held rows tell what generalised.",
        ),
        Misconception(
            "ratio not squared",
            lambda tb, vb, ta, va: np.stack(
                [vb - va, parts(tb, vb, ta, va)[1], parts(tb, vb, ta, va)[1] / (vb - va)]
            ),
            "The last row is O / G. Asked is its square.",
        ),
        Misconception(
            "ratio upside down",
            lambda tb, vb, ta, va: np.stack(
                [vb - va, parts(tb, vb, ta, va)[1], ((vb - va) / parts(tb, vb, ta, va)[1]) ** 2]
            ),
            "The last row is (G / O)². The ratio is overfitting *to* generalisation.",
        ),
        Misconception(
            "rows exchanged",
            lambda tb, vb, ta, va: _ogr(tb, vb, ta, va)[[1, 0, 2]],
            "The numbers are right, the order is not: G first, then O, then OGR².",
        ),
        Misconception(
            "O as the fall on the fitted rows",
            lambda tb, vb, ta, va: _three(vb - va, tb - ta),
            "O is not how far the fitted loss fell; it is by how much more it fell than the held "
            "one.",
        ),
    ),
    hints=(
        "G looks at the held rows only; O at the gap between held and fitted rows.",
        "gap = valid − train, once before and once after; O is their difference.",
        "G = valid_before - valid_after; O = (valid_after - train_after) - (valid_before - "
        "train_before); OGR² = (O / G) ** 2.",
    ),
)


def _minimal(g: Array, o: Array) -> float:
    return float(1 / np.sum((g / o) ** 2))


def _at(w: Array, g: Array, o: Array) -> float:
    return float(np.sum((w * o) ** 2) / np.sum(w * g) ** 2)


def _best(g: Array, o: Array) -> Array:
    w = g / o**2
    return w / w.sum()


# G and O: lost ground and O below zero; little gain and much overfitting, where the head with the
# larger weight has the larger ratio; all large; all small.
OTHER_PARTS = (
    ([0.9, -0.2, 0.5], [0.3, 0.4, -0.6]),
    ([0.2, 0.4], [0.8, 1.2]),
    ([9.0, 6.0], [3.0, 8.0]),
    ([9.0, 8.0], [0.5, 0.4]),
    ([0.01, 0.04, 0.03], [0.03, 0.06, 0.01]),
)


def _minimal_cases(rng: np.random.Generator) -> list[tuple[Array, Array]]:
    """From one head to five; some lost ground, and some have an O below zero."""
    cases = [(rng.uniform(0.3, 1.2, k), rng.uniform(0.1, 0.9, k)) for k in (1, 2, 3, 4, 5)]
    cases += [(np.array(g), np.array(o)) for g, o in OTHER_PARTS]
    return [cases[i] for i in rng.permutation(len(cases))]


minimal_ogr = Exercise(
    key="06-minimal-ogr",
    points=2,
    task="Return OGR² of the best blend of heads with these G and O, errors uncorrelated.",
    reference=_minimal,
    cases=_minimal_cases,
    misconceptions=(
        Misconception(
            "best single head",
            lambda g, o: float(np.min((o / g) ** 2)),
            "That is the best head alone. The blend's errors average out, so it is smaller still.",
        ),
        Misconception(
            "equal weights",
            lambda g, o: _at(np.ones(len(g)), g, o),
            "That is the blend with equal weights. Put the best ones in: w proportional to G/O².",
        ),
        Misconception(
            "not squared",
            lambda g, o: float(_minimal(g, o) ** 0.5),
            "That is OGR. Asked is OGR².",
        ),
        Misconception(
            "overfitting only",
            lambda g, o: float(np.sum((_best(g, o) * o) ** 2)),
            "That is the numerator, the blend's O². Divide by the square of what it gains.",
        ),
        Misconception(
            "gain not squared",
            lambda g, o: float(np.sum((_best(g, o) * o) ** 2) / np.sum(_best(g, o) * g)),
            "The denominator is the square of Σ w G: the ratio O/G is squared as a whole.",
        ),
        Misconception(
            "correlated errors",
            lambda g, o: float(np.sum(_best(g, o) * o) ** 2 / np.sum(_best(g, o) * g) ** 2),
            "You added the errors and squared the sum, as if they were all one error. "
            "Uncorrelated ones add as squares.",
        ),
        Misconception(
            "sum of the ratios",
            lambda g, o: float(np.sum((o / g) ** 2)),
            "Ratios add up *inverted*, as resistors in parallel do: more heads, less OGR².",
        ),
        Misconception(
            "harmonic mean",
            lambda g, o: float(len(g) * _minimal(g, o)),
            "That is the harmonic mean of the ratios. No mean: each further head lowers the sum.",
        ),
        Misconception(
            "upside down",
            lambda g, o: float(np.sum((g / o) ** 2)),
            "That is its inverse.",
        ),
        Misconception(
            "weighted mean of the ratios",
            lambda g, o: float(np.sum(_best(g, o) * (o / g) ** 2)),
            "A weighted mean of the heads' ratios is not the ratio of the blend. Put w into "
            "Σ w²O² / (Σ wG)².",
        ),
    ),
    hints=(
        "Put w = G/O² into OGR² = Σ w²O² / (Σ wG)². Its scale cancels, so leave Z out.",
        "Numerator: Σ G²/O². Denominator: the square of the same sum.",
        "1 / np.sum((g / o) ** 2)",
    ),
)
