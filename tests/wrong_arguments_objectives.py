"""Wrong arguments of the newer objectives, of distillation, and of two measures of imbalance."""

import math

import torch
from wrong_arguments import (
    Argument,
    Wrong,
    a,
    batch,
    changed,
    count,
    free,
    labels,
    like,
    name,
    number,
    optional,
    several,
    share,
    with_also,
)

from coursekit.data import Modality, Recipe, generate
from coursekit.models import build_classifier

MODULES = ("training.distillation",)

torch.manual_seed(2)
LOGITS = torch.randn(6, 3)
Z = torch.randn(6, 4)
Y = torch.tensor([0, 1, 2] * 2)
BOTH = [LOGITS, LOGITS.flip(0) / 2]
RECIPE = Recipe({"A": Modality(), "B": Modality()}, redundant=0.5, train=32, valid=8, test=8)
DATA = generate(RECIPE)
ONE = build_classifier({"A": DATA.train.inputs["A"]}, DATA.num_classes, widths=(4,))
MODEL = build_classifier(DATA.train.inputs, DATA.num_classes, widths=(4,))
GATED = build_classifier(
    DATA.train.inputs, DATA.num_classes, widths=(4,), fusion="cross-modal-gate"
)
SETS = {frozenset(s): x for s, x in (("", 0.3), ("a", 0.5), ("b", 0.4), ("ab", 0.8))}
SEVEN = {frozenset("abcdefg"): 0.5}
SCALAR = Argument(
    torch.tensor(0.5),
    (
        Wrong("number", 0.5),
        Wrong("NaN", torch.tensor(math.nan)),
        Wrong("deeper", torch.tensor([0.5]), "scalar"),
        Wrong("whole", torch.tensor(1)),
    ),
)


def pair(good):
    """Logits or features of two modalities or more, all of one shape."""
    return with_also(several(good, like), Wrong("one", good[:1]))


def not_negative(x):
    """A batch of numbers, zero or more."""
    return batch(x, also=(Wrong("negative", changed(x, 0, -1.0)),))


def layer(x):
    """A weight's summed squares, of any shape."""
    return batch(x, "deeper", "flatter", also=(Wrong("negative", changed(x, 0, -1.0)),))


def marks(good):
    """True and False of one width."""
    wrong = (
        Wrong("numbers", good.float()),
        Wrong("another size", good[:-1]),
        Wrong("deeper", good[None]),
        Wrong("list", good.tolist()),
    )
    return Argument(good, wrong)


def branches(good=LOGITS, without=None):
    """Logits of two branches, whether the others flow in or not."""
    other = good if without is None else without
    return lambda flows: {"A": good if flows else other, "B": good}


FIRST_GOOD = torch.tensor([True, True, False, False])
TWO_MARKS = [FIRST_GOOD, ~FIRST_GOOD]
CHOICE = {"features": like(Z), "labels": labels(Y, 3), "num_classes": count(3, 0)}
TEACHING = {"student": like(LOGITS), "teacher": like(LOGITS.flip(0))}
GAPS = {"first": like(LOGITS), "second": like(LOGITS.flip(0)), "labels": labels(Y, 3)}
CERTAIN = {"logits": pair(BOTH), "temperature": number(1.0, 0, -1.0)}
MEASURED = {
    "model": a(MODEL, Wrong("one modality", ONE)),
    "train": a(DATA.train),
    "test": a(DATA.test),
    "fill": name("mean"),
}
ACCURACIES = Argument(
    [0.8, 0.6],
    (
        Wrong("one", [0.8]),
        Wrong("three", [0.8, 0.6, 0.5]),
        Wrong("text", "text"),
        Wrong("number", 0.8),
        Wrong("above one", [0.8, 1.1]),
        Wrong("NaN", [0.8, math.nan]),
    ),
)

TABLE = {
    "balancing.lfm.fitting_weight": {"epoch": count(3, -1)},
    "balancing.lfm.prediction_gap": {
        "logits": pair(BOTH),
        "divergence": name("jensen-shannon"),
    },
    "balancing.lfm.loss": {
        "logits": pair(BOTH),
        "labels": labels(Y, 3),
        "alignment": with_also(SCALAR, Wrong("negative", torch.tensor(-0.5))),
        "fitting_weight": share(0.5),
    },
    "balancing.dimml.dimension_accuracies": CHOICE,
    "balancing.dimml.good_dimensions": CHOICE,
    "balancing.dimml.contrast": {
        "learner": like(Z),
        "guide": like(Z.flip(0)),
        "dimensions": marks(FIRST_GOOD),
        "temperature": number(1.0, 0, -1.0),
    },
    "balancing.dimml.decoupled_contrast": {
        "features": pair([Z, Z.flip(0)]),
        "good": Argument(
            TWO_MARKS,
            (
                Wrong("one", TWO_MARKS[:1]),
                Wrong("number", 7),
                Wrong("numbers", [FIRST_GOOD, FIRST_GOOD.float()]),
                Wrong("narrow", [FIRST_GOOD, FIRST_GOOD[:-1]]),
                Wrong("a tensor", torch.stack(TWO_MARKS)),
            ),
        ),
        "temperature": number(1.0, 0, -1.0),
    },
    "balancing.dimml.certainty_weights": CERTAIN,
    "balancing.dimml.certainty_fusion": CERTAIN,
    "balancing.inforeg.fisher_trace": {"squares": several([Z[0].square(), Z.square()], layer)},
    "balancing.inforeg.relative_rise": {
        "traces": Argument(
            [1.0, 2.0],
            (
                Wrong("text", "12"),
                Wrong("number", 7),
                Wrong("negative", [1.0, -1.0]),
                Wrong("NaN", [math.nan]),
                Wrong("inf", [math.inf]),
                Wrong("lists", [[1.0]]),
            ),
        ),
        "window": count(10, 0),
    },
    "balancing.inforeg.coefficients": {
        "scores": batch(torch.tensor([3.0, 2.0]), also=(Wrong("one", torch.tensor([3.0])),)),
        "factors": with_also(
            like(torch.tensor([0.95, 0.1])), Wrong("negative", torch.tensor([-0.1, 0.1]))
        ),
    },
    "balancing.inforeg.regulated": {
        **{key: like(Z, "empty") for key in ("grad", "weight", "start")},
        "beta": number(1.5, -0.1),
    },
    "balancing.arl.mean_entropies": {"logits": several(BOTH, like)},
    "balancing.arl.logit_shares": {"logits": several(BOTH, like)},
    "balancing.arl.floored_shares": {
        "entropies": not_negative(torch.tensor([0.4, 0.9])),
        "least": optional(number(0.3, 0, -0.1, 0.6)),
    },
    "balancing.arl.inverse_shares": {
        "shares": batch(
            torch.tensor([0.3, 0.7]),
            also=(
                Wrong("zero", torch.tensor([0.0, 1.0])),
                Wrong("negative", torch.tensor([-0.3, 1.3])),
            ),
        )
    },
    "balancing.arl.coefficients": {
        "logits": pair(BOTH),
        "sharpness": number(8.0, 0, -1.0),
        "least": optional(number(0.3, 0, -0.1, 0.6)),
    },
    "balancing.aug.boosting_loss": {
        "previous": like(LOGITS),
        "added": like(LOGITS.flip(0)),
        "labels": labels(Y, 3),
        "alpha": number(0.5, -0.1),
    },
    "balancing.aug.behind": {
        "scores": batch(
            torch.tensor([1.0, 2.0]),
            also=(
                Wrong("negative", torch.tensor([-1.0, 2.0])),
                Wrong("one only", torch.tensor([1.0])),
            ),
        ),
        "tolerance": number(0.01, -0.1),
    },
    "balancing.cml.confidence": {"logits": batch(LOGITS)},
    "balancing.cml.rise": {"complete": like(LOGITS), "reduced": like(LOGITS.flip(0))},
    "balancing.cml.penalty": {"logits": pair(BOTH), "weight": number(1.0, -0.1)},
    "balancing.mbsd.gap_weights": GAPS,
    "balancing.mbsd.squared_gaps": {key: GAPS[key] for key in ("first", "second")},
    "balancing.mbsd.true_class_divergence": GAPS,
    "balancing.mbsd.gap_loss": {"logits": pair(BOTH), "labels": labels(Y, 3)},
    "balancing.amco.dependence": {"logits": pair(BOTH)},
    "balancing.amco.is_dependent": {
        "shares": batch(torch.tensor([0.3, 0.7]), also=(Wrong("one", torch.tensor([0.7])),)),
        "least": share(0.5),
    },
    "balancing.amco.progress": {
        "epoch": count(1, -1),
        "batch": count(2, -1),
        "pace": number(0.1, -0.1),
    },
    "balancing.amco.masked_share": {
        "progress": number(0.1, -0.1),
        "end": number(0.3, 0, -0.1),
    },
    "balancing.amco.masked_count": {"share": share(0.5), "places": count(6, 0)},
    "balancing.amco.mask": {
        "masked": count(2, -1, 7),
        "places": count(6, 0, -1),
        "generator": free(torch.Generator()),
    },
    "utils.tensor_checks.require_same_batches": {
        "name": free("batches"),
        "batches": pair(BOTH),
        "least": free(2),
    },
    "training.distillation.logit_distillation": {
        **TEACHING,
        "temperature": number(4.0, 0, -1.0),
    },
    "training.distillation.feature_distillation": TEACHING,
    "training.distillation.teacher_distance": {
        "features": with_also(several([Z, LOGITS], like), Wrong("one", [Z])),
        "teachers": with_also(several([Z, LOGITS], like), Wrong("one", [Z])),
    },
    "analysis.shapley_imbalance.shapley_imbalance": MEASURED,
    "analysis.shapley_imbalance.coalition_accuracies": MEASURED,
    "analysis.shapley_imbalance.chance_level": {
        "train_labels": labels(Y, 3, "another size"),
        "labels": labels(Y, 3, "another size"),
        "num_classes": count(3, 0),
    },
    "analysis.shapley_imbalance.shapley_values": {
        "accuracies": Argument(
            SETS,
            (
                Wrong("list", list(SETS.values())),
                Wrong("none", {}),
                Wrong("lacks nobody", {s: x for s, x in SETS.items() if s}, "lacks []"),
                Wrong("lacks one", {s: x for s, x in SETS.items() if s != {"b"}}, "lacks ['b']"),
                Wrong("above one", {**SETS, frozenset("a"): 1.5}),
                Wrong("NaN", {**SETS, frozenset("a"): math.nan}),
                Wrong("names", {"a": 0.5}),
                Wrong("nobody", {frozenset(): 0.5}),
                Wrong("seven", SEVEN),
            ),
        )
    },
    "analysis.shapley_imbalance.imbalance_degree": {
        "worth": Argument(
            {"A": 0.2, "B": -0.1},
            (
                Wrong("list", [0.2, -0.1]),
                Wrong("none", {}),
                Wrong("one", {"A": 0.2}),
                Wrong("NaN", {"A": 0.2, "B": math.nan}),
                Wrong("text", {"A": 0.2, "B": "0.1"}),
            ),
        )
    },
    "analysis.conditional_utilisation.utilisation_rate": {
        "accuracy": with_also(share(0.8), Wrong("zero", 0.0)),
        "alone": share(0.5),
    },
    "analysis.conditional_utilisation.utilisation_difference": {
        "accuracies": with_also(ACCURACIES, Wrong("zero", [0.0, 0.5])),
        "alone": ACCURACIES,
    },
    "analysis.conditional_utilisation.measure_utilisation": {
        "branches": Argument(
            branches(),
            (
                Wrong("logits", {"A": LOGITS, "B": LOGITS}),
                Wrong("no dictionary", lambda flows: LOGITS),
                Wrong("one branch", lambda flows: {"A": LOGITS}),
                Wrong("another one", lambda flows: {"A": LOGITS, "B" if flows else "C": LOGITS}),
                Wrong("NaN", branches(changed(LOGITS, 0, math.nan))),
                Wrong("NaN without", branches(LOGITS, changed(LOGITS, 0, math.nan))),
                Wrong("flat", branches(LOGITS[0])),
                Wrong("never right", branches(-10.0 * torch.eye(3).repeat(2, 1))),
            ),
        ),
        "labels": labels(Y, 3),
    },
    "analysis.conditional_utilisation.model_utilisation": {
        "model": a(GATED, Wrong("another fusion", MODEL)),
        "train": a(DATA.train),
        "split": a(DATA.train),
    },
}

EXEMPT = {
    "utils.tensor_checks.within_range": "a check itself, of a result",
    "utils.tensor_checks.require_no_negative": "a check itself, of a tensor that has been checked",
    "balancing.agm.coalitions": "on names that a model or a table has",
}
