"""Lesson 13, the exercise about equalised odds: the worse of two differences, or undefined."""

from collections.abc import Callable

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

Array = np.ndarray
Case = tuple[Array, Array, Array]
UNDEFINED = -1.0


def _rates(labels: Array, predictions: Array, groups: Array, of: int, empty: float) -> list[float]:
    """By group, the share predicted 1 of rows with this label."""
    cases = [predictions[(groups == g) & (labels == of)] for g in np.unique(groups)]
    return [float(np.mean(c)) if len(c) else empty for c in cases]


def _differences(labels: Array, predictions: Array, groups: Array, empty: float = np.nan
                 ) -> list[float]:  # fmt: skip
    """Largest minus smallest true-positive rate, and the same of false-positive rates."""
    return [float(np.ptp(_rates(labels, predictions, groups, of, empty))) for of in (1, 0)]


def _from(
    combine: Callable[[list[float]], float],
) -> Callable[..., float]:
    """The answer that combines both differences; −1 where one is undefined."""

    def answer(labels: Array, predictions: Array, groups: Array) -> float:
        both = _differences(labels, predictions, groups)
        return UNDEFINED if np.isnan(both).any() else float(combine(both))

    return answer


_odds = _from(max)


def _by_rows(
    measure: Callable[[Array, Array], float],
) -> Callable[..., float]:
    """Largest minus smallest of a number of each group's labels and predictions."""

    def answer(labels: Array, predictions: Array, groups: Array) -> float:
        if _odds(labels, predictions, groups) == UNDEFINED:
            return UNDEFINED
        values = [measure(labels[groups == g], predictions[groups == g]) for g in np.unique(groups)]
        return float(np.ptp(values))

    return answer


def _skipping(labels: Array, predictions: Array, groups: Array) -> float:
    """Groups without a rate are passed over."""
    worst = 0.0
    for of in (1, 0):
        rates = np.array(_rates(labels, predictions, groups, of, np.nan))
        known = rates[~np.isnan(rates)]
        worst = max(worst, float(np.ptp(known)) if len(known) else 0.0)
    return worst


def _one_for_both(labels: Array, predictions: Array, groups: Array) -> float:
    """Where one difference is undefined, the other is the answer."""
    both = _differences(labels, predictions, groups)
    return float(max(UNDEFINED if np.isnan(each) else each for each in both))


def _first_two(labels: Array, predictions: Array, groups: Array) -> float:
    if _odds(labels, predictions, groups) == UNDEFINED:
        return UNDEFINED
    both = [_rates(labels, predictions, groups, of, np.nan)[:2] for of in (1, 0)]
    return float(max(abs(r[0] - r[-1]) for r in both))


def _signed(labels: Array, predictions: Array, groups: Array) -> float:
    if _odds(labels, predictions, groups) == UNDEFINED:
        return UNDEFINED
    both = [_rates(labels, predictions, groups, of, np.nan) for of in (1, 0)]
    return float(max(r[0] - r[-1] for r in both))


# Labels, predictions, groups as letters: the true-positive rate is worse, the false-positive rate
# is; the last group is highest, the middle one, the first; perfect, constant; without positives,
# without negatives; one group; equal differences.
FIXED = (
    ("111100001111000", "110010001000110", "aaaaaaaabbbbbbb"),
    ("1100110011000", "1000110110111", "aaaabbbbccccc"),
    ("110011001100", "110010001001", "aaaabbbbcccc"),
    ("110011001100", "100011110010", "aaaabbbbcccc"),
    ("110011001100", "111110001000", "aaaabbbbcccc"),
    ("11101000", "11101000", "aaaabbbb"),
    ("11101000", "11111111", "aaaabbbb"),
    ("1100000", "1010110", "aaaabbb"),
    ("1100111", "1010110", "aaaabbb"),
    ("00001100", "10001010", "aaaabbbb"),
    ("1111110", "1011101", "aaaabbb"),
    ("1100", "1010", "aaaa"),
    ("11001100", "10101100", "aaaabbbb"),
    ("1111000011110000", "1110100010001110", "aaaaaaaabbbbbbbb"),
    ("1111000011110000", "1000111011101000", "aaaaaaaabbbbbbbb"),
    ("1111000011110000", "1110110011000000", "aaaaaaaabbbbbbbb"),
    ("1111000011110000", "1111100010000000", "aaaaaaaabbbbbbbb"),
    ("110011001100", "100011100000", "aaaabbbbcccc"),
    ("1111000011110000", "1100000011101100", "aaaaaaaabbbbbbbb"),
    ("11001100", "10101000", "aaaabbbb"),  # no difference in true positives
    ("11001100", "10101110", "aaaabbbb"),  # none in false positives
    ("1100110000", "1010001010", "aaaabbbbcc"),  # one without positives, the others differ
    ("1100110011", "1010111010", "aaaabbbbcc"),  # the same without negatives
    ("11110000", "10101010", "aaaabbbb"),  # neither rate is defined for both
)
# Four and five groups: names one in another, not in the order of the alphabet; the two that lie
# furthest apart are not first and last, not neighbours, and not always among three on one side.
FAR_APART = (
    ("woman ab man a", "a", "man", 1),
    ("woman ab man a", "woman", "ab", 0),
    ("south northeast west southeast north", "northeast", "southeast", 0),
    ("south northeast west southeast north", "west", "south", 1),
)


def _far_apart(words: str, lowest: str, highest: str, of: int) -> Case:
    """The rates of one label are 0 and 1 in two groups; all others, and the other label's, 1/2."""
    names = np.array(words.split())
    labels, groups = np.tile([1, 1, 0, 0], len(names)), np.repeat(names, 4)
    predictions = np.tile([1, 0], 2 * len(names))
    predictions[(groups == lowest) & (labels == of)] = 0
    predictions[(groups == highest) & (labels == of)] = 1
    return labels, predictions, groups


def _cases(rng: np.random.Generator) -> list[Case]:
    """The fixed ones, and drawn ones in which every group has both labels."""
    cases: list[Case] = [
        (np.array([int(x) for x in y]), np.array([int(x) for x in p]), np.array(list(g)))
        for y, p, g in FIXED
    ]
    cases += [_far_apart(*spread) for spread in FAR_APART]
    labels = np.repeat([1, 0, 1, 0], 60)  # rates that differ by 1/60
    predictions = np.concatenate([np.arange(60) < n for n in (30, 20, 31, 20)]).astype(int)
    cases.append((labels, predictions, np.repeat(["a", "b"], 120)))
    for names in ("ab", "abc", "bdfa"):
        groups = np.repeat(list(names), 12)
        labels = np.tile([1, 0, 1, 0, 0, 1], 2 * len(names))
        lean = np.repeat(rng.permutation(np.linspace(0.2, 0.8, len(names))), 12)
        predictions = (rng.random(len(labels)) < 0.5 * labels + 0.5 * lean).astype(int)
        order = rng.permutation(len(labels))
        cases.append((labels[order], predictions[order], groups[order]))
    return cases


odds_difference = Exercise(
    key="13-odds",
    points=2,
    task="Return the equalised odds difference: the larger of how far true-positive rates and how "
    "far false-positive rates lie apart; −1 where a group has no positives or no negatives.",
    reference=_odds,
    cases=_cases,
    misconceptions=(
        Misconception(
            "mean of both",
            _from(lambda both: float(np.mean(both))),
            "You take the mean of both differences. Asked is the larger one; a package may offer "
            "either.",
        ),
        Misconception(
            "smaller of both",
            _from(min),
            "You take the smaller of both differences. One is enough to violate equalised odds.",
        ),
        Misconception(
            "sum of both",
            _from(sum),
            "You add both differences. Asked is the larger one.",
        ),
        Misconception(
            "true positives only",
            _from(lambda both: both[0]),
            "That is equal opportunity: true-positive rates only. Equalised odds looks at "
            "false-positive rates too.",
        ),
        Misconception(
            "false positives only",
            _from(lambda both: both[1]),
            "You look at false-positive rates only. Equalised odds looks at true-positive rates "
            "too.",
        ),
        Misconception(
            "parity",
            _by_rows(lambda y, p: float(np.mean(p))),
            "That is demographic parity: selection rates, whatever the labels. Split the rows by "
            "label first.",
        ),
        Misconception(
            "accuracy",
            _by_rows(lambda y, p: float(np.mean(p == y))),
            "You compare accuracies. A group may be as often right and pay with other mistakes.",
        ),
        Misconception(
            "zero for undefined",
            lambda y, p, g: max(_differences(y, p, g, 0.0)),
            "A rate without cases counts as 0, and a large difference comes of nothing. Say −1 "
            "there.",
        ),
        Misconception(
            "undefined groups passed over",
            _skipping,
            "You pass over the group that has no rate. Then nobody learns that it was not tested: "
            "say −1.",
        ),
        Misconception(
            "one difference for both",
            _one_for_both,
            "Where only one of both differences is undefined you return the other. It may be the "
            "smaller one, nobody knows: say −1.",
        ),
        Misconception(
            "first and last group with sign",
            _signed,
            "You take the first group minus the last. Take the largest rate minus the smallest, "
            "whoever has them.",
        ),
        Misconception(
            "two groups only",
            _first_two,
            "You compare the first two groups only. Largest and smallest may be with others.",
        ),
    ),
    hints=(
        "Two lists of rates by group: of rows labelled 1, and of rows labelled 0.",
        "For each label: rates = [predictions[(groups == g) & (labels == label)].mean() for g in "
        "np.unique(groups)]; how far apart are they?",
        "max(rates) − min(rates) for both labels, the larger of the two; −1 if a mask is empty.",
    ),
)
