"""Lesson 15, the exercise about answers of several people: each is left out once."""

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Case = tuple[str, list[str]]


def _votes(answer: str, people: list[str], need: int = 3) -> float:
    """Mean over people of min(1, others who say it / 3)."""
    others = [sum(p == answer for j, p in enumerate(people) if j != i) for i in range(len(people))]
    return sum(min(1.0, n / need) for n in others) / len(people)


def _majority(answer: str, people: list[str]) -> float:
    return float(all(people.count(answer) >= people.count(p) for p in people))


def _by_value(answer: str, people: list[str]) -> float:
    """Each person's answer is left out wherever it stands."""
    shares = [min(1.0, sum(p == answer for p in people if p != left) / 3) for left in people]
    return sum(shares) / len(people)


def _cases(rng: np.random.Generator) -> list[Case]:
    """Every count of equal answers among ten, and other numbers of people."""
    cases: list[Case] = []
    for same in range(11):
        rest = rng.choice(["no", "maybe", "two"], 10 - same).tolist()
        cases.append(("yes", rng.permutation(["yes"] * same + rest).tolist()))
    cases += [
        ("red", ["red", "red", "blue", "blue"]), ("red", ["red"] * 3 + ["dark red"] * 4),
        ("a", ["b", "a", "c", "a", "b"]), ("red", ["red dark"] * 5), ("2", ["2"] * 4 + ["12"] * 8),
    ]  # fmt: skip
    return cases


vote_accuracy = Exercise(
    key="15-votes",
    points=1,
    task="Return the accuracy of an answer among those of several people.",
    reference=_votes,
    cases=_cases,
    misconceptions=(
        Misconception(
            "nobody is left out",
            lambda answer, people: min(1.0, people.count(answer) / 3),
            "That is n/3. Each person is compared with the *others*, then the mean is taken: of "
            "ten, three who agree give .9.",
        ),
        Misconception(
            "share of the people",
            lambda answer, people: people.count(answer) / len(people),
            "That is the share of people who say it. Three others are enough for a 1.",
        ),
        Misconception(
            "three or nothing",
            lambda answer, people: float(people.count(answer) >= 3),
            "It is not all or nothing: one or two others give a part, a third each.",
        ),
        Misconception(
            "three others or nothing",
            lambda answer, people: float(
                np.mean([sum(p == answer for p in people) - (q == answer) >= 3 for q in people])
            ),
            "One or two others give a third or two: min(1, n/3), not 0.",
        ),
        Misconception("majority", _majority, "That asks for the most frequent answer. Count."),
        Misconception(
            "left out by value",
            _by_value,
            "You leave out everybody who said the same as this person. Leave out one person.",
        ),
        Misconception(
            "one always taken off",
            lambda answer, people: min(1.0, max(0, people.count(answer) - 1) / 3),
            "You take one off always. Those who said something else still see all who say it.",
        ),
        Misconception(
            "always ten people",
            lambda answer, people: _votes(answer, people) * len(people) / 10,
            "You divide by ten. There may be another number of people.",
        ),
        Misconception(
            "not cut at one",
            lambda answer, people: (
                _votes(answer, people)
                if people.count(answer) < 4
                else sum(people.count(answer) - (p == answer) for p in people) / 3 / len(people)
            ),
            "More than three others are no more than right: min(1, …) for each person.",
        ),
    ),
    hints=(
        "For each of the people: how many of the *others* gave this answer?",
        "Person i sees n = people.count(answer) − (people[i] == answer).",
        "Mean over the people of min(1, n / 3).",
    ),
)
