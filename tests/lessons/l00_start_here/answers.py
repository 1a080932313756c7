"""Answers to lesson 00's exercises, as learners might write them."""

import statistics
from collections import Counter
from fractions import Fraction

import numpy as np
import pandas as pd
import torch


def gap_loop(accuracies, joint):
    best = 0.0
    for value in accuracies.values():
        if value > best:
            best = value
    return joint - best


def gap_first(accuracies, joint):
    name = next(iter(accuracies))
    return joint - accuracies[name]


def majority_loop(labels):
    best = 0
    for a in labels:
        best = max(best, sum(1 for b in labels if a == b))
    return best / len(labels)


RIGHT = {
    "00-gap": {
        "loop": gap_loop,
        "torch": lambda a, joint: torch.tensor(joint) - torch.tensor(list(a.values())).max(),
        "pandas": lambda a, joint: joint - pd.Series(a).max(),
        "sorted": lambda a, joint: [joint - sorted(a.values())[-1]],
        "single precision": lambda a, joint: (
            torch.tensor(joint) - torch.tensor([*a.values()], dtype=torch.float32).amax()
        ),
        "fractions": lambda a, joint: Fraction(joint) - max(map(Fraction, a.values())),
        "smallest of the gaps": lambda a, joint: min(joint - x for x in a.values()),
        "by name": lambda a, joint: np.float64(joint) - a[max(a, key=lambda name: a[name])],
        "numpy": lambda a, joint: np.array([[joint]]) - np.array(list(a.values())).max(),
    },
    "00-majority": {
        "loop": majority_loop,
        "torch": lambda y: torch.bincount(torch.as_tensor(y)).max() / len(y),
        "pandas": lambda y: pd.Series(y).value_counts(normalize=True).iloc[0],
        "bincount": lambda y: np.bincount(y).max() / y.size,
        "single precision": lambda y: (
            torch.as_tensor(y).unique(return_counts=True)[1].max() / y.size
        ),
        "fraction": lambda y: Fraction(max(Counter(y.tolist()).values()), len(y)),
        "list": lambda y: (max(map(y.tolist().count, set(y.tolist()))) / len(y),),
        "mode": lambda y: np.float32(np.mean(y == statistics.mode(y.tolist()))),
        "sorted": lambda y: (
            max(len(part) for part in np.split(np.sort(y), np.flatnonzero(np.diff(np.sort(y))) + 1))
            / len(y)
        ),
    },
}

WRONG = {
    "00-gap": {
        "best minus joint": (lambda a, joint: sorted(a.values())[-1] - joint, "sign"),
        "mean": (lambda a, joint: joint - statistics.fmean(a.values()), "average"),
        "min": (lambda a, joint: joint - np.array(list(a.values())).min(), "weakest"),
        "first": (gap_first, "order of the modalities"),
        "last": (lambda a, joint: joint - a[list(a)[-1]], "order of the modalities"),
        "absolute": (lambda a, joint: np.abs(gap_loop(a, joint)), "Keep the sign"),
        "sum": (lambda a, joint: joint - np.sum(list(a.values())), "do not add up"),
        "relative": (lambda a, joint: gap_loop(a, joint) / pd.Series(a).max(), "divide"),
        "percent": (lambda a, joint: gap_loop(a, joint) * 100.0, "unit"),
        "better than half": (lambda a, joint: joint - max([0.5, *a.values()]), ""),
        "last name": (lambda a, joint: joint - a[max(a)], ""),
        "first name": (lambda a, joint: joint - a[min(a)], ""),
        "second best": (lambda a, joint: joint - sorted(a.values())[-2], ""),
        "median": (lambda a, joint: joint - statistics.median(a.values()), ""),
        "never negative": (lambda a, joint: max(0, gap_loop(a, joint)), ""),
        "three at most": (lambda a, joint: joint - max(list(a.values())[:3]), ""),
        "best taken out": (lambda a, joint: joint - a.pop(max(a, key=a.get)), "you changed a"),
        "two digits": (lambda a, joint: round(gap_loop(a, joint), 2), "You round"),
        "three digits": (lambda a, joint: np.round(gap_loop(a, joint), 3), "You round"),
        "four digits": (lambda a, joint: float(f"{gap_loop(a, joint):.4f}"), "You round"),
        "a little less": (lambda a, joint: gap_loop(a, joint) - 0.0005, ""),
        "rounded first": (lambda a, joint: joint - max(round(x, 2) for x in a.values()), ""),
        "three names": (lambda a, joint: joint - max(a.get("audio", 0), a.get("video", 0)), ""),
        "last three": (lambda a, joint: joint - max(list(a.values())[-3:]), ""),
        "last four": (lambda a, joint: joint - max(list(a.values())[-4:]), ""),
        "six at most": (lambda a, joint: joint - max(list(a.values())[:6]), ""),
        "all but the first": (
            lambda a, joint: joint - max(list(a.values())[1:] or a.values()),
            "",
        ),
        "the first and the last two": (
            lambda a, joint: joint - max([*a.values()][:1] + [*a.values()][-2:]),
            "",
        ),
        "no gap with one modality": (lambda a, joint: gap_loop(a, joint) * (len(a) > 1), ""),
        "two only": (lambda a, joint: joint - max(list(a.values())[:2]), ""),
        "first and last": (lambda a, joint: joint - max(list(a.values())[:: len(a) - 1]), ""),
        "without ties": (lambda a, joint: joint - sorted(set(a.values()))[-2], ""),
        "share of what is left": (
            lambda a, joint: gap_loop(a, joint) / (1 - max(a.values())),
            "",
        ),
        "length of the best name": (lambda a, joint: joint - a[max(a, key=len)], ""),
        "against chance": (lambda a, joint: joint - max(1 / len(a), *a.values()), ""),
        "not below a tenth": (lambda a, joint: joint - max(0.1, *a.values()), ""),
        "best with the joint one": (lambda a, joint: joint - max(joint, *a.values()), ""),
        "geometric mean": (lambda a, joint: joint - statistics.geometric_mean(a.values()), ""),
        "text": (lambda a, joint: f"{gap_loop(a, joint):.3f}", "a number or an array"),
        "ratio": (lambda a, joint: joint / max(a.values()), ""),
        "whole percent": (lambda a, joint: int(100 * gap_loop(a, joint)) / 100, ""),
        "no subtraction": (lambda a, joint: pd.Series(a).max(), "hold the joint one"),
    },
    "00-majority": {
        "chance": (lambda y: 1 / np.unique(y).size, "equally frequent"),
        "label": (lambda y: np.bincount(y).argmax(), "how often it is the right answer"),
        "count": (lambda y: np.bincount(y).max(), "share"),
        "percent": (lambda y: majority_loop(y) * 100, "unit"),
        "rarest": (
            lambda y: pd.Series(y).value_counts(normalize=True).iloc[-1],
            "rarest",
        ),
        "largest label": (lambda y: sum(y == max(y)) / len(y), "largest label"),
        "smallest label": (lambda y: (y == sorted(y)[0]).mean(), "smallest label"),
        "first": (lambda y: Counter(y.tolist())[y[0]] / len(y), "stand first"),
        "median": (lambda y: np.mean(y == sorted(y)[y.size // 2]), "label in the middle"),
        "middle class": (lambda y: np.mean(y == np.unique(y)[np.unique(y).size // 2]), ".*"),
        "second class": (lambda y: np.mean(y == sorted(set(y))[1]), ".*"),
        "last but one": (lambda y: np.mean(y == sorted(set(y))[-2]), ".*"),
        "error": (lambda y: (y != np.bincount(y).argmax()).mean(), "wrong"),
        "without the largest": (lambda y: np.bincount(y)[:-1].max() / len(y), ""),
        "up to the largest": (lambda y: max((y == c).mean() for c in range(max(y))), ""),
        "from one": (lambda y: np.bincount(y)[1:].max() / len(y), ""),
        "ten classes": (lambda y: max((y == c).mean() for c in range(10)), ""),
        "longest run": (
            lambda y: max(np.diff(np.flatnonzero(np.diff(y, prepend=-1, append=-1)))),
            "",
        ),
        "rounded": (lambda y: round(majority_loop(y), 1), ""),
        "n - 1": (lambda y: np.bincount(y).max() / (len(y) - 1), ""),
        "mean of the shares": (lambda y: np.mean(np.bincount(y)) / len(y), ""),
        "sorted in place": (
            lambda y: (y.sort(), np.bincount(y).max() / len(y))[1],
            "you changed y",
        ),
        "odds": (lambda y: majority_loop(y) / (1 - majority_loop(y)), "other classes"),
        "two classes": (lambda y: max(np.mean(y == 0), 1 - np.mean(y == 0)), ""),
        "last": (lambda y: np.mean(y == y[-1]), ""),
        "from zero on": (
            lambda y: max(np.mean(y == c) for c in range(len(np.unique(y)))),
            "",
        ),
        "largest count by label": (lambda y: max(np.bincount(y) / y.max()), ""),
        "whole division": (lambda y: np.bincount(y).max() // len(y), ""),
        "mean label": (lambda y: np.mean(y == round(np.mean(y))), ""),
        "second most frequent": (lambda y: np.sort(np.bincount(y))[-2] / len(y), ""),
        "at least a half": (lambda y: max(0.5, majority_loop(y)), ""),
        "at most a half": (lambda y: min(0.5, majority_loop(y)), ""),
        "no zeros": (lambda y: np.bincount(y).max() / np.count_nonzero(y), ""),
        "share of the classes": (
            lambda y: majority_loop(y) / len(np.unique(y)),
            "",
        ),
        "three digits": (lambda y: round(majority_loop(y), 3), ""),
        "squares": (lambda y: ((np.bincount(y) / len(y)) ** 2).sum(), ""),
        "candidates among the first five": (
            lambda y: max(np.mean(y == c) for c in y[:5]),
            "",
        ),
        "candidates among the first ten": (
            lambda y: max(np.mean(y == c) for c in y[:10]),
            "",
        ),
        "histogram of ten bins": (lambda y: np.histogram(y)[0].max() / len(y), ""),
        "zero where all are equal": (lambda y: majority_loop(y) * (len(set(y)) > 1), ""),
        "zero for one sample": (lambda y: majority_loop(y) * (len(y) > 1), ""),
        "odds of counts": (
            lambda y: np.bincount(y).max() / (len(y) - np.bincount(y).max()),
            "other classes",
        ),
        "first hundred": (lambda y: majority_loop(y[:100]), ""),
        "less chance": (lambda y: majority_loop(y) - 1 / len(np.unique(y)), ""),
    },
}
