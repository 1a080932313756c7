"""Warm-up exercises of lesson 00: the two baselines that every result is held against."""

from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

NAMES = ("audio", "depth", "lidar", "text", "touch", "video")
Scores = Mapping[str, float]


def _gap(accuracies: Scores, joint: float) -> float:
    return joint - max(accuracies.values())


# Worse than a coin, the first of seven; a tie of two, which the joint model only reaches; the last
# of seven; a gap of less than .02, and a best score in the middle, also by name; one modality.
FIXED_GAPS: tuple[tuple[Scores, float], ...] = (
    ({"text": 0.05, "video": 0.03, "audio": 0.04, "lidar": 0.01,
      "depth": 0.025, "radar": 0.035, "touch": 0.03}, 0.02),
    ({"text": 0.5, "audio": 0.75, "touch": 0.75}, 0.75),
    ({"video": 0.31, "depth": 0.44, "text": 0.62, "audio": 0.2,
      "radar": 0.5, "touch": 0.58, "lidar": 0.71}, 0.9),
    ({"lidar": 0.25, "radar": 0.3, "text": 0.5, "touch": 0.4, "video": 0.375}, 0.515625),
    ({"touch": 0.4}, 0.55),
)  # fmt: skip


def _gap_cases(rng: np.random.Generator) -> list[tuple[Scores, float]]:
    cases: list[tuple[Scores, float]] = []
    for case in range(8):
        names = rng.permutation(NAMES)[: 2 + case % 3]
        # The joint model wins in every other case; no two scores lie closer than 0.02.
        grid = rng.permutation(np.arange(30, 96, 2))[: len(names) + 1] / 100
        scores = sorted(float(x) + rng.uniform(0, 0.005) for x in grid)
        joint = scores.pop(-1 if case % 2 == 0 else 0)
        values = rng.permutation(scores)
        cases.append(({str(n): float(x) for n, x in zip(names, values, strict=True)}, joint))
    cases += FIXED_GAPS
    return [cases[i] for i in rng.permutation(len(cases))]


def _values(accuracies: Scores) -> list[float]:
    return list(accuracies.values())


gap = Exercise(
    key="00-gap",
    points=1,
    task="Return the joint model's accuracy minus that of the best unimodal model.",
    reference=_gap,
    cases=_gap_cases,
    misconceptions=(
        Misconception(
            "sign turned round",
            lambda a, joint: max(_values(a)) - joint,
            "Look at the sign: a positive gap should mean that the joint model is better.",
        ),
        Misconception(
            "distance",
            lambda a, joint: abs(joint - max(_values(a))),
            "Keep the sign. A negative gap is a finding: one modality alone did better.",
        ),
        Misconception(
            "mean of the modalities",
            lambda a, joint: joint - np.mean(_values(a)),
            "The rival is the best single modality, not the average one.",
        ),
        Misconception(
            "worst modality",
            lambda a, joint: joint - min(_values(a)),
            "You compare with the weakest modality; beating it is easy. Take the best.",
        ),
        Misconception(
            "first modality",
            lambda a, joint: joint - _values(a)[0],
            "The order of the modalities in the dict means nothing; look for the best one.",
        ),
        Misconception(
            "last modality",
            lambda a, joint: joint - _values(a)[-1],
            "The order of the modalities in the dict means nothing; look for the best one.",
        ),
        Misconception(
            "sum of the modalities",
            lambda a, joint: joint - sum(_values(a)),
            "Accuracies do not add up; the joint model has one rival, the best modality.",
        ),
        Misconception(
            "relative gap",
            lambda a, joint: joint / max(_values(a)) - 1,
            "You divide by the best accuracy. The gap is a difference, in accuracy itself.",
        ),
        Misconception(
            "percent",
            lambda a, joint: 100 * (joint - max(_values(a))),
            "Right up to the unit: stay on the scale of the accuracies, from 0 to 1.",
        ),
        Misconception(
            "only the best modality",
            lambda a, joint: max(_values(a)),
            "That is the best unimodal accuracy. Now hold the joint one against it.",
        ),
        *(
            Misconception(
                f"rounded to {digits} digits",
                lambda a, joint, digits=digits: round(joint - max(_values(a)), digits),
                "You round the gap. Return it as it is, and round where you print it.",
            )
            for digits in (2, 3, 4)
        ),
    ),
    hints=(
        "Which single modality would you use if you could keep only one?",
        "accuracies.values() gives the unimodal accuracies; take their maximum.",
        "Subtract that maximum from joint, in this order.",
    ),
)


def _majority(labels: np.ndarray) -> float:
    return float(np.unique(labels, return_counts=True)[1].max() / len(labels))


def _majority_cases(rng: np.random.Generator) -> list[tuple[np.ndarray]]:
    cases = []
    for case in range(8):
        # The most frequent class stands neither first nor last in order, nor does it open the list.
        if case < 2:  # nor is it the middle label, nor the median of all: most lie beyond it
            counts = np.sort(rng.choice(np.arange(20, 30), size=6, replace=False))
            counts[1] = 31 + rng.integers(0, 20)
            counts = counts[:: 1 - 2 * case]
        else:
            classes = int(rng.integers(3, 7))
            counts = rng.permutation(np.arange(3, 30))[:classes]
            counts[1 + case % (classes - 2)] = 31 + rng.integers(0, 20)
        names = np.sort(rng.choice(np.arange(0, 12), size=len(counts), replace=False))
        labels = rng.permutation(np.repeat(names, counts))
        other = np.flatnonzero(labels == names[-(case % 2)])
        labels[0], labels[other[0]] = labels[other[0]], labels[0]
        cases.append((labels,))
    # Then it is one of those: the largest, the smallest, zero, the first of two, the last of two.
    for some, times in (
        ([0, 1, 2], [4, 6, 11]),
        ([3, 5, 9], [12, 5, 6]),
        ([0, 1, 2], [9, 4, 5]),
        ([1, 2, 4], [8, 3, 7]),
        ([20, 31], [3, 8]),
    ):
        cases.append((rng.permutation(np.repeat(some, times)),))
    # Twelve classes, two of which lie far from the others; the most frequent one comes last.
    rare = np.repeat([*range(10), 300], rng.permutation(np.arange(2, 13)))
    cases.append((np.append(rng.permutation(rare), [280] * 14),))
    # One class and one sample come last: an answer that divides by zero there is known by what it
    # gave before.
    return [*(cases[i] for i in rng.permutation(len(cases))), (np.full(4, 6),), (np.array([2]),)]


def _share(labels: np.ndarray, label: float) -> float:
    return float(np.mean(labels == label))


def _counts(labels: np.ndarray) -> list[int]:
    return [count for _, count in sorted(Counter(labels.tolist()).items())]


def _ratio_to_the_others(labels: np.ndarray, kind: Callable[[int], float]) -> float:
    most = max(_counts(labels))
    return kind(most) / kind(len(labels) - most)


majority = Exercise(
    key="00-majority",
    points=1,
    task="Return the accuracy of always answering the most frequent class.",
    reference=_majority,
    cases=_majority_cases,
    misconceptions=(
        Misconception(
            "chance",
            lambda labels: 1 / len(set(labels.tolist())),
            "One over the number of classes is right only when all are equally frequent.",
        ),
        Misconception(
            "the class itself",
            lambda labels: Counter(labels.tolist()).most_common(1)[0][0],
            "That is the most frequent class. The question is how often it is the right answer.",
        ),
        Misconception(
            "count",
            lambda labels: max(_counts(labels)),
            "That is how many samples it gets right. An accuracy is a share: divide by all.",
        ),
        Misconception(
            "percent",
            lambda labels: 100 * max(_counts(labels)) / len(labels),
            "Right up to the unit: an accuracy runs from 0 to 1 here.",
        ),
        Misconception(
            "least frequent",
            lambda labels: min(_counts(labels)) / len(labels),
            "You take the rarest class. Always answering it does worst, not best.",
        ),
        Misconception(
            "largest label",
            lambda labels: _share(labels, labels.max()),
            "The largest label is a name, not a count. Count how often each label occurs.",
        ),
        Misconception(
            "smallest label",
            lambda labels: _share(labels, labels.min()),
            "The smallest label is a name, not a count. Count how often each label occurs.",
        ),
        Misconception(
            "first label",
            lambda labels: _share(labels, labels[0]),
            "You ask for the class that happens to stand first. Which one occurs most?",
        ),
        Misconception(
            "median label",
            lambda labels: _share(labels, np.sort(labels)[len(labels) // 2]),
            "The median is the label in the middle. Labels are names: count how often each occurs.",
        ),
        *(  # Where all labels are equal, this kind of number decides what a division by zero does.
            Misconception(
                f"ratio to the others, {kind.__name__}",
                lambda labels, kind=kind: _ratio_to_the_others(labels, kind),
                "You divide by the other classes' samples; an accuracy divides by all samples.",
            )
            for kind in (int, float, np.float64)
        ),
        Misconception(
            "error rate",
            lambda labels: 1 - max(_counts(labels)) / len(labels),
            "That is how often this answer is wrong. The accuracy is the rest.",
        ),
        Misconception(
            "mean share",
            lambda labels: np.mean(_counts(labels)),
            "You average the counts over the classes. Only the most frequent class is answered.",
        ),
    ),
    hints=(
        "If the answer is always the same class, on which samples is it right?",
        "np.unique(labels, return_counts=True) counts every class.",
        "The largest count divided by the number of labels.",
    ),
)
