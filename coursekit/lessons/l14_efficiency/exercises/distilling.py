"""Lesson 14, the exercise about a student's loss: the labels, and a teacher's soft answers."""

from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Case = tuple[Array, Array, Array, float, float]


def _log_softmax(x: Array) -> Array:
    shifted = x - x.max(1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))


def _kl(student: Array, teacher: Array, t: float) -> Array:
    """KL(teacher ‖ student), softened by t, per row and class."""
    p, q = _log_softmax(teacher / t), _log_softmax(student / t)
    return np.exp(p) * (p - q)


def _reversed(student: Array, teacher: Array, t: float) -> Array:
    return _kl(teacher, student, t)


def _soft_cross_entropy(student: Array, teacher: Array, t: float) -> Array:
    return -np.exp(_log_softmax(teacher / t)) * _log_softmax(student / t)


def _sharp_student(student: Array, teacher: Array, t: float) -> Array:
    p, q = _log_softmax(teacher / t), _log_softmax(student)
    return np.exp(p) * (p - q)


def _probabilities(student: Array, teacher: Array, t: float) -> Array:
    """The student's probabilities where its log-probabilities belong."""
    p, q = _log_softmax(teacher / t), _log_softmax(student / t)
    return np.exp(p) * (p - np.exp(q))


def _with(
    distance: Callable[[Array, Array, float], Array] = _kl,
    factor: Callable[[float], float] = lambda t: t * t,
    reduce: Callable[[Array], float] = lambda terms: float(terms.sum(1).mean()),
    softened: bool = False,
    mixed: Callable[[float, float, float], float] = lambda own, soft, mix: (
        (1 - mix) * own + mix * soft
    ),
) -> Callable[..., float]:
    """The student's loss, or what a slip makes of it.

    softened: the cross-entropy with the labels at the temperature, too.
    """

    def answer(student: Array, teacher: Array, labels: Array, t: float, mix: float) -> float:
        rows = np.arange(len(labels))
        own = -_log_softmax(student / t if softened else student)[rows, labels].mean()
        return float(mixed(own, factor(t) * reduce(distance(student, teacher, t)), mix))

    return answer


_loss = _with()


def _cases(rng: np.random.Generator) -> list[Case]:
    """Several temperatures and mixes, two to seven classes, large logits as well."""
    plan = (
        (4, 3, 2.0, 0.7), (6, 5, 4.0, 0.5), (3, 7, 3.0, 0.9), (5, 2, 1.5, 0.3),
        (4, 4, 0.5, 0.6), (3, 3, 2.0, 0.0), (3, 3, 2.5, 1.0), (4, 3, 1.2345, 0.3217),
        (5, 4, 3.7, 0.0124), (5, 4, 7.5, 0.8006),
    )  # fmt: skip
    cases: list[Case] = []
    for n, classes, t, mix in plan:
        student, teacher = rng.normal(0, 2, (2, n, classes))
        cases.append((student, teacher, rng.integers(0, classes, n), t, mix))
    small = np.array([[0.011, 0.032, -0.04], [0.048, -0.013, 0.019]])
    cases.append((small, small[:, ::-1].copy(), np.array([0, 2]), 0.05, 0.9))
    cases.append((small + np.array([0.1, -0.1, 0.0]), small, np.array([0, 2]), 1.0, 1.0))
    student, teacher = 400 * rng.normal(size=(2, 3, 4))
    student[0, 0] = teacher[1, 1] = 1000.0  # exp of it is no number
    student[2] = 2000.0, 0.0, 0.0, 0.0  # where the teacher says 1, exp gives 0, whose log is none
    teacher[2] = 0.0, 0.0, 2000.0, 0.0
    return [*cases, (student, teacher, rng.integers(0, 4, 3), 2.0, 0.4)]


student_loss = Exercise(
    key="14-distil",
    points=2,
    task="Return a student's loss: (1 − mix) · cross-entropy + mix · T² KL(teacher ‖ student).",
    reference=_loss,
    cases=_cases,
    absolute=1e-6,  # float32 is precise enough where two distributions nearly agree
    misconceptions=(
        Misconception(
            "no T²",
            _with(factor=lambda t: 1.0),
            "T² is missing. Without it the gradient of the soft part fades as 1/T².",
        ),
        Misconception(
            "T in place of T²",
            _with(factor=lambda t: t),
            "You multiply by T. Both softmaxes divide by T, so that the gradient fades twice: T².",
        ),
        Misconception(
            "mean over classes too",
            _with(reduce=lambda terms: float(terms.mean())),
            "You take the mean over rows *and* classes. Sum over classes, mean over rows.",
        ),
        Misconception(
            "sum over rows",
            _with(reduce=lambda terms: float(terms.sum())),
            "You sum over rows. Take the mean over rows, as in the cross-entropy.",
        ),
        Misconception(
            "the other way round",
            _with(_reversed),
            "That is KL(student ‖ teacher). The teacher's probabilities weigh.",
        ),
        Misconception(
            "soft cross-entropy",
            _with(_soft_cross_entropy),
            "That is the cross-entropy with soft targets: the same gradient, but the KL has the "
            "teacher's own entropy taken off.",
        ),
        Misconception(
            "student not softened",
            _with(_sharp_student),
            "The student's logits are divided by T too in the soft part.",
        ),
        Misconception(
            "probabilities for logarithms",
            _with(_probabilities),
            "You subtract the student's probability. The KL has log p − log q; yours can even be "
            "negative.",
        ),
        Misconception(
            "labels at the temperature",
            _with(softened=True),
            "The cross-entropy with the labels has no temperature.",
        ),
        Misconception(
            "mix exchanged",
            _with(mixed=lambda own, soft, mix: mix * own + (1 - mix) * soft),
            "You exchanged them: mix belongs to the teacher's part.",
        ),
        Misconception(
            "both whole",
            _with(mixed=lambda own, soft, mix: own + mix * soft),
            "The labels' part has 1 − mix.",
        ),
    ),
    hints=(
        "Log-softmax: x − max, then minus log of the sum of exp. Once for the labels, without T.",
        "Soft: p = log-softmax(teacher / T), q = log-softmax(student / T); terms exp(p) · (p − q).",
        "Sum over classes, mean over rows, times T²; then (1 − mix) and mix.",
    ),
)
