"""The lessons' own rules: look, train little, diagnose, choose. A worked example of `solve`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from coursekit.data.multimodal import Split
from coursekit.lessons.l18_capstone.answering import (
    read_answering,
    right_share,
    size,
)
from coursekit.lessons.l18_capstone.case import Case, Trained
from coursekit.lessons.l18_capstone.hidden_recipe import MODALITIES, NOBODY
from coursekit.lessons.l18_capstone.report import Report
from coursekit.lessons.l18_capstone.symptoms import (
    SKEWED,
    better_of,
    complete_rows,
    examine,
    product_of_encoders,
    right,
    single_models,
    together,
)


@dataclass(frozen=True)
class Diagnosis:
    """What is believed of a mystery; the fields are those of a hidden recipe."""

    starves: str = NOBODY
    weak: str = NOBODY
    interaction: bool = False
    wrong_labels: float = 0.0
    biased: bool = False
    missing: str = NOBODY


@dataclass(frozen=True)
class Thresholds:
    """Where a symptom begins to count; chosen on mysteries 0 to 59, reported on others."""

    lacking: float = 0.1
    skew: float = SKEWED
    starved: float = -0.08
    weak: float = 0.12
    interaction: float = 0.02
    wrong: float = 0.08


USUAL = Thresholds()
# How often each rule is right on mysteries 0 to 59: what its statement may be sure of.
RELIABLE = {
    "starves": 0.97, "weak": 0.95, "interaction": 0.87, "wrong_labels": 0.85, "biased": 0.99,
    "missing": 0.99,
}  # fmt: skip


def diagnose(symptoms: Mapping[str, float], when: Thresholds = USUAL) -> Diagnosis:
    """A diagnosis by thresholds: of two modalities the one with the stronger symptom."""
    starving = min(MODALITIES, key=lambda m: symptoms[f"probe {m}"])
    weaker = min(MODALITIES, key=lambda m: symptoms[f"alone {m}"])
    behind = max(symptoms[f"alone {m}"] for m in MODALITIES) - symptoms[f"alone {weaker}"]
    lacking = max(MODALITIES, key=lambda m: symptoms[f"lacks {m}"])
    starved = symptoms[f"probe {starving}"] < when.starved
    share = symptoms["wrong labels"]
    return Diagnosis(
        starves=starving if starved else NOBODY,
        weak=weaker if behind > when.weak and not starved else NOBODY,
        interaction=symptoms["interaction"] > when.interaction,
        wrong_labels=round(share, 2) if share > when.wrong else 0.0,
        biased=symptoms["type skew"] > when.skew,
        missing=lacking if symptoms[f"lacks {lacking}"] > when.lacking else NOBODY,
    )


def by_rules(case: Case) -> Report:
    """The lessons' rules, from the first look to the report."""
    seen = examine(case)
    known = diagnose(seen.symptoms)
    stated = {name: (getattr(known, name), sure) for name, sure in RELIABLE.items()}
    models, without = choose_models(case.valid_rows, known, seen.single, seen.product)
    made = [*seen.single.values(), seen.joint, seen.product]
    return finished(case, made, models, without, stated)


def by_recipe(case: Case, known: Diagnosis) -> Report:
    """What the rules hand in for who knows the recipe; nothing is stated."""
    tried = single_models(case, known.biased and not known.wrong_labels)
    rows, single = better_of(tried, complete_rows(case.valid_rows))
    kind = product_of_encoders if known.interaction else sum_of_encoders
    models, without = choose_models(case.valid_rows, known, single, kind(case, single, rows))
    return Report(models=models, without=without)


def sum_of_encoders(
    case: Case, single: Mapping[str, Trained], rows: Tensor | None = None
) -> Trained:
    """A joint model that adds, begun from encoders that were trained alone."""
    return case.train(start=list(single.values()), rows=rows)


def choose_models(
    valid: Split, known: Diagnosis, single: Mapping[str, Trained], fused: Trained
) -> tuple[list[int], dict[str, list[int]]]:
    """Numbers for complete rows, and for those that lack a modality.

    The ensemble, the fused model, or the mean of both: complete validation rows choose, the first
    of equals. Where a modality is missing, the other one alone answers.
    """
    whole = complete_rows(valid)
    ensemble = list(single.values())
    pools = [ensemble, [*ensemble, fused], [fused]]
    best = max(pools, key=lambda pool: together(pool, whole))
    without = {}
    if known.missing != NOBODY:
        other = next(m for m in MODALITIES if m != known.missing)
        without = {known.missing: [single[other].number]}
    return [trained.number for trained in best], without


def finished(
    case: Case,
    made: Sequence[Trained],
    models: Sequence[int],
    without: Mapping[str, Sequence[int]],
    stated: Mapping[str, tuple[Any, float]],
) -> Report:
    """The report, with its table. made: A alone, B alone, joint, and whatever else is handed in."""
    a, b, joint, *_ = made
    valid = case.valid_rows
    how = read_answering(list(models), dict(without), 1 + max(trained.number for trained in made))
    by_number = {trained.number: trained.model for trained in made}
    table = {
        "A": right(a, valid),
        "B": right(b, valid),
        "joint": right(joint, valid),
        "ensemble": together([a, b], valid),
        "handed in": right_share(how, by_number, valid),
    }
    return Report(stated, models, without, table, size(how, by_number))
