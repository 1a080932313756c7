"""Lesson 03, without a grid, and the verdict: a product head in closed form; three accuracies."""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Heads = tuple[Array, Array, Array]


def _hidden(u: Array, v: Array) -> Array:
    mean_u, mean_v = u.mean(axis=0), v.mean(axis=0)
    return u * mean_v + mean_u * v - mean_u * mean_v


def _product_cases(rng: np.random.Generator) -> list[Heads]:
    """Each argument is of the usual size, large and small once at least; so are the logits."""
    sizes = ((3, 2, 2), (5, 4, 3), (8, 3, 4), (6, 6, 2))
    scales = ((1.0, 1.0, 1.0), (9.0, 9.0, 1.0), (0.01, 1.0, 9.0), (1.0, 0.01, 0.01))
    cases = []
    for (n, k, c), (a, b, d) in zip(sizes, scales, strict=True):
        u, v = rng.normal(0.8, 1, (n, k)), rng.normal(-0.6, 1, (n, k))
        cases.append((a * u, b * (v + 0.5 * u), d * rng.normal(0, 1, (k, c))))
    return cases


def _leave_one_out(u: Array, v: Array) -> Array:
    """The hidden units if every sample's partners are the other samples only."""
    n = len(u)
    mean_u, mean_v = (u.sum(axis=0) - u) / (n - 1), (v.sum(axis=0) - v) / (n - 1)
    return u * mean_v + mean_u * v - u.mean(axis=0) * v.mean(axis=0)


def _own_share(u: Array, v: Array) -> Array:
    """What the overall mean of the hidden units loses without the pairs of one sample."""
    return ((u * v).mean(axis=0) - u.mean(axis=0) * v.mean(axis=0)) / (len(u) - 1)


project_product = Exercise(
    key="03-product-head",
    points=2,
    task="Project a head that multiplies, logits (u ∘ v) W, from means alone.",
    reference=lambda u, v, w: _hidden(u, v) @ w,
    cases=_product_cases,
    misconceptions=(
        Misconception(
            "the model itself",
            lambda u, v, w: (u * v) @ w,
            "That is the model on its real pairs. Average over the partners: what stays of v when "
            "it is averaged away?",
        ),
        Misconception(
            "overall mean not subtracted",
            lambda u, v, w: (u * v.mean(axis=0) + u.mean(axis=0) * v) @ w,
            "Both terms are there. The overall mean is in each of them; take it off once.",
        ),
        Misconception(
            "mean of the real products",
            lambda u, v, w: (u * v.mean(axis=0) + u.mean(axis=0) * v - (u * v).mean(axis=0)) @ w,
            "You subtracted the mean over the N real pairs. The overall mean runs over all N² "
            "pairs, where u and v are independent: a product of two means.",
        ),
        Misconception(
            "first modality only",
            lambda u, v, w: (u * v.mean(axis=0)) @ w,
            "That is the term of the first modality. The second has one as well.",
        ),
        Misconception(
            "second modality only",
            lambda u, v, w: (u.mean(axis=0) * v) @ w,
            "That is the term of the second modality. The first has one as well.",
        ),
        Misconception(
            "sums for means",
            lambda u, v, w: (
                (u * v.sum(axis=0) + u.sum(axis=0) * v - u.sum(axis=0) * v.sum(axis=0)) @ w
            ),
            "You used sums. Divide by N: means.",
        ),
        Misconception(
            "overall mean twice",
            lambda u, v, w: (_hidden(u, v) - u.mean(axis=0) * v.mean(axis=0)) @ w,
            "You subtracted the overall mean twice. It has to stay in once.",
        ),
        Misconception(
            "means over the units",
            lambda u, v, w: (
                (
                    u * v.mean(axis=1, keepdims=True)
                    + u.mean(axis=1, keepdims=True) * v
                    - u.mean(axis=1, keepdims=True) * v.mean(axis=1, keepdims=True)
                )
                @ w
            ),
            "You averaged over the units of one sample. Average over samples: axis 0.",
        ),
        Misconception(
            "one mean for all units",
            lambda u, v, w: (u * v.mean() + u.mean() * v - u.mean() * v.mean()) @ w,
            "u.mean() without an axis is one number for all units. Every unit has its own mean: "
            "axis 0.",
        ),
        Misconception(
            "sample itself left out",
            lambda u, v, w: _leave_one_out(u, v) @ w,
            "You left the sample itself out of its means. It is one of its own N partners.",
        ),
        Misconception(
            "all samples themselves left out",
            lambda u, v, w: (_leave_one_out(u, v) + _own_share(u, v)) @ w,
            "You left the sample itself out of its means. It is one of its own N partners.",
        ),
        Misconception(
            "added instead of multiplied",
            lambda u, v, w: (u + v) @ w,
            "That is an additive head. This one multiplies; averaged over the partners, a unit of "
            "u is multiplied by the mean of v.",
        ),
    ),
    hints=(
        "Hold u_i fixed and average u_i ∘ v_j over j. u_i does not depend on j.",
        "The first term is u_i ∘ (mean of v), the second (mean of u) ∘ v_i.",
        "Averages over all pairs (i, j) of a product are the product of the averages.",
    ),
)

WORDS = ("no interaction needed", "used, but not needed by the task", "used, and it pays")


def _verdict(uses: bool, pays: bool) -> str:
    return WORDS[0] if not uses else WORDS[2] if pays else WORDS[1]


def _conclude(before: float, after: float, additive: float, margin: float) -> str:
    return _verdict(before - after > margin, before - additive > margin)


# Before, after, additive, margin.
EDGES = (
    # At the margin itself, in binary fractions, which subtract without rounding.
    *((0.75, 0.6875, 0.5, 0.0625), (0.75, 0.5, 0.6875, 0.0625), (0.75, 0.5, 0.5, 0.25)),
    # A hair more than the margin, and a hair less: rounding would lose it.
    *((0.7493, 0.6996, 0.5, 0.0496), (0.7493, 0.5, 0.6996, 0.0496)),
    *((0.7507, 0.7003, 0.5, 0.0503), (0.7507, 0.5, 0.7003, 0.0503)),
    *((0.7496, 0.6993, 0.5, 0.0504), (0.7496, 0.5, 0.6993, 0.0504)),
    *((0.9501, 0.45, 0.45, 0.5), (0.9499, 0.45, 0.2, 0.5), (0.9499, 0.2, 0.45, 0.5)),
    # The rival is behind by less than the margin, the projection by little more.
    (0.45, 0.4, 0.44, 0.04),
    # No margin: more than nothing decides.
    *((0.75, 0.75, 0.5, 0.0), (0.75, 0.5, 0.75, 0.0), (0.75, 0.5, 0.7, 0.0)),
    # Margins that no other case has.
    *((0.8, 0.75, 0.5, 0.1), (0.8, 0.6, 0.75, 0.1), (0.8, 0.793, 0.792, 0.005)),
    *((0.8, 0.792, 0.5, 0.01), (0.8, 0.5, 0.792, 0.01)),
)


def _conclude_cases(rng: np.random.Generator) -> list[tuple[float, float, float, float]]:
    """All three answers, in both directions of every comparison, several times."""
    cases = list(EDGES)
    for _ in range(3):
        margin = float(rng.uniform(0.015, 0.04))
        before = float(rng.uniform(0.7, 0.85))
        small, large = rng.uniform(0.1, 0.7) * margin, rng.uniform(1.4, 2.5) * margin
        far = float(rng.uniform(0.12, 0.3))
        cases += [
            (before, before - small, before - large, margin),  # additive rival badly trained
            (before, before - small, before - small / 2, margin),
            (before, before + large, before - small, margin),  # the projection helps
            (before, before + large, before + large, margin),
            (before, before - far, before - small, margin),  # an additive model does as well
            (before, before - large, before + far / 2, margin),  # … or better
            (before, before - far, before - far / 2, margin),
            (before, before - large, before - far, margin),  # rival below the projection
            (before, before - large, before - large * 1.1, margin),
            # The rival beats the projection, though not the model.
            (before, before - far, before - large, margin),
        ]
    return [cases[i] for i in rng.permutation(len(cases))]


conclude = Exercise(
    key="03-conclude",
    points=2,
    task="Return the verdict on a model, from its accuracy, its projection's and a rival's.",
    reference=_conclude,
    cases=_conclude_cases,
    options=WORDS,
    misconceptions=(
        Misconception(
            "drop alone decides",
            lambda b, a, r, m: _verdict(b - a > m, True),
            "A drop says that this model leans on its interactions. Whether the task asks for them "
            "is for the additive model to say, trained directly.",
        ),
        Misconception(
            "rival alone decides",
            lambda b, a, r, m: _verdict(b - r > m, True),
            "You compared with the additive model only. What this model uses, its own projection "
            "tells.",
        ),
        Misconception(
            "rival against the projection",
            lambda b, a, r, m: _verdict(b - a > m, r - a <= m),
            "You set the additive model against the projection. The question is whether it reaches "
            "the unprojected model.",
        ),
        Misconception(
            "any drop counts",
            lambda b, a, r, m: _verdict(b > a, b - r > m),
            "You count the smallest drop. Within the margin it is no drop.",
        ),
        Misconception(
            "any lead counts",
            lambda b, a, r, m: _verdict(b - a > m, b > r),
            "The additive model is as good when it is behind by no more than the margin.",
        ),
        Misconception(
            "a drop of the margin counts",
            lambda b, a, r, m: _verdict(b - a >= m, b - r > m),
            "A drop as large as the margin counts as none: more than the margin is asked for.",
        ),
        Misconception(
            "a lead of the margin counts",
            lambda b, a, r, m: _verdict(b - a > m, b - r >= m),
            "An additive model that is behind by exactly the margin is as good: “by no more than”.",
        ),
        Misconception(
            "both margins count",
            lambda b, a, r, m: _verdict(b - a >= m, b - r >= m),
            "Differences up to the margin count as none, the margin itself among them.",
        ),
        Misconception(
            "size without sign",
            lambda b, a, r, m: _verdict(abs(b - a) > m, b - r > m),
            "A projection that does better than its model is no drop: keep the sign.",
        ),
        Misconception(
            "rival without sign",
            lambda b, a, r, m: _verdict(b - a > m, abs(b - r) > m),
            "An additive model that is better than the model is as good as it: keep the sign.",
        ),
        Misconception(
            "verdicts exchanged",
            lambda b, a, r, m: _verdict(b - a > m, b - r <= m),
            "Your two verdicts on a model that uses interaction have changed places.",
        ),
        Misconception(
            "needed is turned round",
            lambda b, a, r, m: _verdict(b - a <= m, b - r > m),
            "A drop means that the model uses interaction; yours says so where nothing drops.",
        ),
    ),
    hints=(
        "First question: before − after, is it more than the margin?",
        "If not, the verdict is “no interaction needed”, whatever the additive model does.",
        "If so, second question: before − additive, is it more than the margin?",
    ),
)
