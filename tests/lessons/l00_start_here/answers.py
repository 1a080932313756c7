"""Answers to lesson 00's exercises, as learners might write them."""

import statistics
from collections import Counter

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
    },
    "00-majority": {
        "loop": majority_loop,
        "torch": lambda y: torch.bincount(torch.as_tensor(y)).max() / len(y),
        "pandas": lambda y: pd.Series(y).value_counts(normalize=True).iloc[0],
        "bincount": lambda y: np.bincount(y).max() / y.size,
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
    },
}
