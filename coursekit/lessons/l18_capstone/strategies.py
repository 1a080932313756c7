"""Scripted hand-ins: fixed answers, a random choice, and the lessons' own rules."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch

from coursekit.lessons.l18_capstone.case import Case, Trained
from coursekit.lessons.l18_capstone.hidden_recipe import MODALITIES, NOBODY
from coursekit.lessons.l18_capstone.report import Report
from coursekit.lessons.l18_capstone.rules import by_rules, finished, sum_of_encoders
from coursekit.lessons.l18_capstone.symptoms import product_of_encoders, together

Strategy = Callable[[Case], Report]
# What is most frequent, with how often it is so, of mysteries at large; no less than one half.
MOST_FREQUENT: Mapping[str, tuple[Any, float]] = MappingProxyType(
    {
        "starves": (NOBODY, 0.5),
        "weak": (NOBODY, 0.8),
        "interaction": (False, 0.6),
        "wrong_labels": (0.0, 0.6),
        "biased": (False, 0.6),
        "missing": (NOBODY, 0.5),
    }
)
DRAWS = 7_001  # what is drawn must not be what the trainings draw


def _usual(case: Case) -> list[Trained]:
    """A alone, B alone, joint: what every table needs."""
    return [*(case.train([m]) for m in MODALITIES), case.train()]


def always_joint(case: Case) -> Report:
    """Joint training, whatever comes."""
    made = _usual(case)
    return finished(case, made, [made[2].number], {}, MOST_FREQUENT)


def always_mlb(case: Case) -> Report:
    """Multi-loss, balanced, whatever comes."""
    made = [*_usual(case), case.train(method="mlb")]
    return finished(case, made, [made[-1].number], {}, MOST_FREQUENT)


def always_ensemble(case: Case) -> Report:
    """The ensemble, whatever comes."""
    made = _usual(case)
    return finished(case, made, [made[0].number, made[1].number], {}, MOST_FREQUENT)


def always_product(case: Case) -> Report:
    """A product of encoders that were trained alone, whatever comes."""
    made = _with_product(case)
    return finished(case, made, [made[-1].number], {}, MOST_FREQUENT)


def always_all(case: Case) -> Report:
    """The mean of A alone, B alone and the product, whatever comes."""
    made = _with_product(case)
    return finished(case, made, [made[k].number for k in (0, 1, 3)], {}, MOST_FREQUENT)


def at_random(case: Case) -> Report:
    """One of the same trainings, drawn; it knows as little as a fixed answer."""
    made = [*_with_product(case), case.train(method="mlb")]
    labels = int(case.train_rows.labels[:64].sum())  # another draw for every mystery
    drawn = torch.Generator().manual_seed(DRAWS + labels)
    pools = [[2], [0, 1], [3], [4], [0, 1, 3]]
    pool = pools[int(torch.randint(len(pools), (1,), generator=drawn))]
    return finished(case, made, [made[k].number for k in pool], {}, MOST_FREQUENT)


def validation_chooses(case: Case) -> Report:
    """The whole budget, and what is best on validation rows; nothing is diagnosed.

    The control of the lessons' rules: what of their lead is the choice, not the diagnosis.
    """
    a, b, joint, product = _with_product(case)
    both = {"A": a, "B": b}
    made = [a, b, joint, product, sum_of_encoders(case, both), case.train(method="mlb"),
            case.train(method="multi-loss"), case.train(fusion="film")]  # fmt: skip
    pools = [[a, b], [a, b, product], *([one] for one in made)]
    best = max(pools, key=lambda pool: together(pool, case.valid_rows))
    return finished(case, made, [one.number for one in best], {}, MOST_FREQUENT)


def _with_product(case: Case) -> list[Trained]:
    a, b, joint = _usual(case)
    return [a, b, joint, product_of_encoders(case, {"A": a, "B": b})]


STRATEGIES: Mapping[str, Strategy] = MappingProxyType(
    {
        "the lessons' rules": by_rules,
        "always joint": always_joint,
        "always MLB": always_mlb,
        "always ensemble": always_ensemble,
        "always product": always_product,
        "always all": always_all,
        "at random": at_random,
        "validation chooses": validation_chooses,
    }
)
