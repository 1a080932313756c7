"""Lesson 18, the exercise about symptoms: which illness do they speak of?"""

from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.drawing import until_told_apart
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

ILLNESSES = ("A starves", "B starves", "interaction", "overfitting", "nothing")
STARVED, GAP, DROP = -0.08, 0.08, -0.02
Case = tuple[float, float, float, float, float, float, float]
# Alone A, alone B, joint, probe change of A, of B, product, its additive part.


def _illness(
    a: float, b: float, joint: float, probe_a: float, probe_b: float, product: float,
    additive: float,
    starved: Callable[..., tuple[bool, bool]] = lambda a, b, j, pa, pb: (
        pa < STARVED and pa <= pb, pb < STARVED),
    interacts: Callable[..., bool] = lambda j, p, e, best: p - e > GAP,
    drops: Callable[..., bool] = lambda a, b, j: j - max(a, b) < DROP,
    first: str = "starves",
) -> str:  # fmt: skip
    hungry_a, hungry_b = starved(a, b, joint, probe_a, probe_b)
    needs = interacts(joint, product, additive, max(a, b))
    if first == "interaction" and needs:
        return "interaction"
    if hungry_a:
        return "A starves"
    if hungry_b:
        return "B starves"
    if first == "overfitting" and drops(a, b, joint):
        return "overfitting"
    if needs:
        return "interaction"
    return "overfitting" if drops(a, b, joint) else "nothing"


def _plainly(*case: float) -> str:
    a, b, joint, probe_a, probe_b, product, additive = case
    return _illness(a, b, joint, probe_a, probe_b, product, additive)


def _but(**other: object) -> Callable[..., str]:
    return lambda *case: _illness(*case, **other)  # type: ignore[arg-type]


FIXED: tuple[Case, ...] = (
    (0.87, 0.80, 0.84, -0.20, -0.02, 0.91, 0.90),  # A starves, in sight
    (0.80, 0.87, 0.90, -0.01, -0.15, 0.91, 0.90),  # B starves, hidden: joint is no worse
    (0.80, 0.87, 0.84, -0.03, -0.20, 0.91, 0.90),
    (0.55, 0.57, 0.58, -0.12, -0.02, 0.76, 0.55),  # starves, with an interaction
    (0.60, 0.58, 0.65, -0.01, -0.01, 0.84, 0.60),  # interaction
    (0.60, 0.58, 0.82, -0.01, -0.01, 0.84, 0.60),  # interaction, that the joint model has
    (0.60, 0.58, 0.55, -0.01, -0.01, 0.84, 0.60),  # interaction, and the joint model loses
    (0.60, 0.58, 0.86, -0.01, -0.01, 0.84, 0.60),  # interaction, the joint model ahead of both
    (0.84, 0.83, 0.80, -0.01, -0.02, 0.92, 0.90),  # product ahead of joint, yet additive
    (0.84, 0.70, 0.80, -0.01, -0.02, 0.85, 0.84),  # overfitting
    (0.84, 0.40, 0.85, -0.01, -0.02, 0.85, 0.84),  # weak B, nothing
    (0.84, 0.83, 0.93, -0.01, -0.02, 0.92, 0.91),  # nothing
    (0.84, 0.83, 0.93, 0.10, -0.02, 0.92, 0.91),  # an encoder that is better than alone
    (0.84, 0.83, 0.90, -0.12, -0.25, 0.92, 0.91),  # both: the lower
    (0.84, 0.83, 0.90, -0.25, -0.12, 0.92, 0.91),
    (0.84, 0.83, 0.83, -0.05, -0.06, 0.85, 0.84),  # between the thresholds
    (0.50, 0.49, 0.52, -0.03, -0.03, 0.56, 0.50),  # a gap that says nothing
    (0.70, 0.72, 0.78, -0.02, -0.02, 0.70, 0.80),  # the additive part is better
    (0.30, 0.84, 0.85, -0.02, -0.01, 0.86, 0.84),  # weak A, nothing
    (0.84, 0.30, 0.74, -0.04, -0.09, 0.86, 0.84),
    (0.82, 0.81, 0.81, -0.02, -0.02, 0.83, 0.82),  # behind, by less than 0.02
    (0.62, 0.81, 0.78, -0.02, -0.02, 0.79, 0.78),
    (0.60, 0.58, 0.55, -0.10, -0.01, 0.58, 0.57),
    (0.84, 0.80, 0.795, -0.02, -0.02, 0.83, 0.82),
    (0.84, 0.83, 0.90, -0.20, -0.20, 0.92, 0.91),  # both alike: A
    # Next to the thresholds.
    (0.84, 0.83, 0.90, -0.0801, -0.02, 0.92, 0.91),
    (0.84, 0.83, 0.90, -0.0799, -0.02, 0.92, 0.91),
    (0.84, 0.83, 0.90, -0.02, -0.0801, 0.92, 0.91),
    (0.84, 0.83, 0.90, -0.02, -0.0799, 0.92, 0.91),
    (0.70, 0.70, 0.80, -0.02, -0.02, 0.8801, 0.80),
    (0.70, 0.70, 0.80, -0.02, -0.02, 0.8799, 0.80),
    (0.70, 0.70, 0.80, -0.02, -0.02, 0.88, 0.7999),
    (0.84, 0.50, 0.81998, -0.02, -0.02, 0.83, 0.82),
    (0.84, 0.50, 0.82002, -0.02, -0.02, 0.83, 0.82),
    (0.84002, 0.50, 0.82, -0.02, -0.02, 0.83, 0.82),
    (0.50, 0.84002, 0.82, -0.02, -0.02, 0.83, 0.82),
    (0.8396, 0.50, 0.8197, -0.02, -0.02, 0.83, 0.82),
    (0.50, 0.8396, 0.8197, -0.02, -0.02, 0.83, 0.82),
)


def _cases(rng: np.random.Generator) -> list[Case]:
    """All of them, in another order each time."""

    def draw(generator: np.random.Generator) -> list[Case]:
        return [FIXED[i] for i in generator.permutation(len(FIXED))]

    return until_told_apart(draw, rng, lambda: illness.misconceptions)


illness = Exercise(
    key="18-illness",
    points=2,
    task="Return what the symptoms speak of: an encoder that starves, an interaction, "
    "overfitting of the head, or nothing.",
    reference=_plainly,
    cases=_cases,
    options=ILLNESSES,
    misconceptions=(
        Misconception(
            "starving only where joint loses",
            _but(starved=lambda a, b, j, pa, pb: (
                j < max(a, b) and pa < STARVED and pa <= pb, j < max(a, b) and pb < STARVED)),
            "An encoder may starve while the joint model does not lose. Look at the probes alone.",
        ),
        Misconception(
            "the weaker one starves",
            _but(starved=lambda a, b, j, pa, pb: (a < b - 0.12, b < a - 0.12)),
            "Who is weak alone does not starve: it has nothing more to show. Compare each encoder "
            "with itself, trained alone.",
        ),
        Misconception(
            "a joint model that loses starves somebody",
            _but(starved=lambda a, b, j, pa, pb: (
                (pa < STARVED or j - max(a, b) < DROP) and pa <= pb,
                pb < STARVED or j - max(a, b) < DROP)),
            "A joint model may lose though both encoders are intact: then its head overfits.",
        ),
        Misconception(
            "A first",
            _but(starved=lambda a, b, j, pa, pb: (pa < STARVED, pb < STARVED)),
            "Where both have lost, it is the one that has lost more.",
        ),
        Misconception(
            "the one that lost less",
            _but(starved=lambda a, b, j, pa, pb: (
                pa < STARVED and (pb >= STARVED or pa >= pb), pb < STARVED)),
            "Where both have lost, it is the one that has lost more.",
        ),
        Misconception(
            "signs",
            _but(starved=lambda a, b, j, pa, pb: (
                abs(pa) > -STARVED and abs(pa) >= abs(pb), abs(pb) > -STARVED)),
            "An encoder that reads better than alone does not starve: mind the sign.",
        ),
        Misconception(
            "product against joint",
            _but(interacts=lambda j, p, e, best: p - j > GAP),
            "A product may be ahead of the joint model for other reasons: it began from trained "
            "encoders. Hold it against its own additive part.",
        ),
        Misconception(
            "product against the best alone",
            _but(interacts=lambda j, p, e, best: p - best > GAP),
            "Two modalities that add up are ahead of one alone, too. Hold the product against its "
            "own additive part.",
        ),
        Misconception(
            "any gap",
            _but(interacts=lambda j, p, e, best: p - e > 0),
            "A small gap may be chance: the task gives the threshold.",
        ),
        Misconception(
            "any gap, either way",
            _but(interacts=lambda j, p, e, best: abs(p - e) > GAP),
            "An additive part that is better uses no interaction: mind the sign.",
        ),
        Misconception(
            "interaction first",
            _but(first="interaction"),
            "The order is given: as long as an encoder starves, look at nothing else.",
        ),
        Misconception(
            "overfitting before interaction",
            _but(first="overfitting"),
            "A joint model that adds must lose rows that need both at once. Ask for the "
            "interaction before you call it overfitting.",
        ),
        Misconception(
            "behind the worse one",
            _but(drops=lambda a, b, j: j - min(a, b) < DROP),
            "The rival is the better single model.",
        ),
        Misconception(
            "behind the mean",
            _but(drops=lambda a, b, j: j - (a + b) / 2 < DROP),
            "The rival is the better single model, not the mean of both.",
        ),
        Misconception(
            "any loss is overfitting",
            _but(drops=lambda a, b, j: j < max(a, b)),
            "A loss of less than 0.02 is noise here.",
        ),
        Misconception(
            "the additive part for the joint model",
            lambda a, b, j, pa, pb, p, e: _illness(a, b, e, pa, pb, p, e),
            "The drop is that of the joint model, not of the product's additive part.",
        ),
    ),
    hints=(
        "Three questions in this order; the first that is answered with yes decides.",
        "1. Is the lower of both probe changes below −0.08? 2. Is product − additive above 0.08? "
        "3. Is joint − max(alone) below −0.02?",
        "None of them: 'nothing'.",
    ),
)  # fmt: skip
