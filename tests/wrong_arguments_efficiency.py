"""Entries of the table of wrong arguments: pruning, memory, several losses."""

import math

import pandas as pd
import torch
from torch import nn
from wrong_arguments import (
    Argument,
    Wrong,
    a,
    batch,
    by_name,
    changed,
    count,
    flag,
    like,
    number,
    optional,
    share,
    table,
    with_also,
)

from coursekit.models import MLP

MODULES = (
    *("training.part_names", "training.pruning"),
    *("training.pruning_masks", "training.pruning_amounts"),
    *("training.loss_weights", "training.uncertainty_weights", "training.parameter_groups"),
    "models.structured_pruning",
)

torch.manual_seed(3)
MODEL = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
WEIGHTS = {"0.weight": MODEL[0].weight, "2.weight": MODEL[2].weight}
SCORES = {n: w.detach().abs() for n, w in WEIGHTS.items()}
MASKS = {n: s > 0.2 for n, s in SCORES.items()}
# Of its own: the masks of some entries change MODEL, behind the back of a graph.
LEARNER = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
LEARNT = {"0.weight": LEARNER[0].weight, "2.weight": LEARNER[2].weight}
LOSS = LEARNER(torch.randn(5, 3)).square().mean()
ENCODER = MLP(3, (4, 2))
KEPT = [torch.tensor([True, False, True, True])]
NORMS, LOSSES = torch.tensor([0.5, 2.0, 3.0]), torch.tensor([0.4, 1.0, 2.0])
TWO = [LOSS, 2 * LEARNER(torch.ones(1, 3)).sum()]
COSTS = pd.DataFrame(
    {"part": ["A", "B"], "share": [0.5, 0.5], "removed": [5, 3], "lost": [0.1, 0.0]}
)
CALLED = Argument(lambda: 0.5, (Wrong("number", 0.5), Wrong("NaN", lambda: math.nan)))
ANY_SHAPE = ("deeper", "flatter")


def tensors(good, *but):
    """A dictionary of tensors of any shape."""
    return by_name(good, lambda x: batch(x.detach(), *ANY_SHAPE, *but))


def masks(good):
    """Masks by name."""
    first = next(iter(good))
    mask = good[first]
    return Argument(
        good,
        (
            Wrong("list", list(good.values())),
            Wrong("none", {}),
            Wrong("numbers", {**good, first: mask.float()}),
            Wrong("list of flags", {**good, first: mask.tolist()}),
        ),
    )


def masks_of(scores):
    """Masks by name that have to fit others."""
    shapes = (
        Wrong("another size", {**MASKS, "0.weight": MASKS["0.weight"][:-1]}),
        Wrong("unknown", {**MASKS, "7.weight": MASKS["0.weight"]}),
    )
    return with_also(masks(scores), *shapes)


SCALAR = Argument(
    LOSS,
    (
        Wrong("number", 0.5),
        Wrong("NaN", LOSS * math.nan),
        Wrong("deeper", LOSS[None], "scalar"),
        Wrong("hangs on nothing", LOSS.detach()),
    ),
)
SCALARS = Argument(
    TWO,
    (
        Wrong("one tensor", torch.stack(TWO)),
        Wrong("one", TWO[:1]),
        Wrong("none", []),
        Wrong("text", "text"),
        *(Wrong(f"the last: {w.label}", [LOSS, w.value]) for w in SCALAR.wrong),
    ),
)
PARAMETERS = Argument(
    list(LEARNER[0].parameters()),
    (
        Wrong("one", LEARNER[0].weight),
        Wrong("none", []),
        Wrong("number", 7),
        Wrong("numbers", [7.0]),
        Wrong("no parameter", [LEARNER[0].weight.detach()]),
    ),
)
PART = Argument("0", (Wrong("strange", "encoder"), Wrong("number", 7)))
SHARES = Argument(
    {"0": 0.5},
    (
        Wrong("number", 0.5),
        Wrong("none", {}),
        Wrong("strange", {"encoder": 0.5}),
        Wrong("twice", {"": 0.5, "0": 0.5}),
        Wrong("above one", {"0": 1.5}),
        Wrong("text", {"0": "half"}),
        Wrong("by number", {0: 0.5}),
    ),
)
PARTS = Argument(
    ["0", "2"],
    (Wrong("text", "0"), Wrong("none", []), Wrong("strange", ["encoder"]), Wrong("numbers", [7])),
)
SETTINGS_BY_PART = Argument(
    {"": {"lr": 0.1, "weight_decay": 0.1}},
    (
        Wrong("number", 0.1),
        Wrong("none", {}),
        Wrong("no settings", {"": {}}),
        Wrong("a number", {"": 0.1}),
        Wrong("strange", {"encoder": {"lr": 0.1}}),
        Wrong("one of two", {"0": {"lr": 0.1}}),
        Wrong("twice", {"": {"lr": 0.1}, "0": {"lr": 0.1}}),
        Wrong("negative", {"": {"lr": -0.1}}),
        Wrong("misspelt", {"": {"weight_deca": 0.1}}, "Did you mean"),
        Wrong("by number", {7: {"lr": 0.1}}),
    ),
)
WEIGHT = batch(torch.randn(3, 4), "deeper")
KEPT_UNITS = Argument(
    KEPT,
    (
        Wrong("one tensor", KEPT[0]),
        Wrong("none", []),
        Wrong("one too many", KEPT * 2),
        Wrong("numbers", [KEPT[0].float()]),
        Wrong("another size", [KEPT[0][:-1]]),
        Wrong("nobody", [torch.zeros(4, dtype=torch.bool)]),
        Wrong("list", [KEPT[0].tolist()]),
    ),
)
ENCODERS = a(ENCODER, Wrong("one layer", MLP(3, (2,))), Wrong("a layer", nn.Linear(3, 2)))
POSITIVE = Wrong("zero", changed(LOSSES, 0, 0.0))
NEGATIVE = Wrong("negative", changed(LOSSES, 0, -1.0))

TABLE = {
    "training.pruning.weights_of": {"model": a(MODEL), "part": PART},
    "training.pruning.magnitudes": {"weights": tensors(WEIGHTS)},
    "training.pruning.relative_magnitudes": {"weights": tensors(WEIGHTS)},
    "training.pruning.loss_changes": {
        "weights": by_name(LEARNT),
        "loss": SCALAR,
    },
    "training.pruning.lowest_mask": {
        "scores": with_also(
            batch(SCORES["0.weight"], *ANY_SHAPE), Wrong("negative", -SCORES["0.weight"])
        ),
        "count": count(3, -1, 99),
        "alive": Argument(
            MASKS["0.weight"],
            (
                Wrong("numbers", MASKS["0.weight"].float()),
                Wrong("another size", MASKS["0.weight"][:-1]),
                Wrong("list", MASKS["0.weight"].tolist()),
            ),
        ),
    },
    "training.pruning.part_masks": {
        "scores": tensors(SCORES),
        "shares": SHARES,
        "alive": masks_of(MASKS)._replace(
            wrong=tuple(w for w in masks_of(MASKS).wrong if w.label != "none")
        ),
    },
    **{
        f"training.pruning.{kind}_masks": {
            "scores": tensors(SCORES),
            "share": share(0.5),
            "alive": Argument(MASKS, (Wrong("list", [1]), Wrong("numbers", SCORES))),
        }
        for kind in ("global", "local")
    },
    "training.pruning_masks.apply_masks": {"model": a(MODEL), "masks": masks_of(MASKS)},
    "training.pruning_masks.held": {
        "model": a(MODEL),
        "masks": masks_of(MASKS),
        "optimizer": optional(a(torch.optim.SGD(MODEL.parameters()))),
    },
    "training.pruning_masks.counts": {"masks": masks(MASKS), "parts": PARTS},
    "training.pruning_amounts.costs_of_pruning": {
        "model": a(MODEL),
        "parts": with_also(PARTS, Wrong("twice", ["0", "0"])),
        "shares": Argument(
            [0.5, 0.9],
            (
                Wrong("number", 0.5),
                Wrong("none", []),
                Wrong("above one", [1.5]),
                Wrong("text", ["half"]),
            ),
        ),
        "score": CALLED,
    },
    "training.pruning_amounts.cheapest_shares": {
        "costs": with_also(
            table(COSTS, "part", "share", "removed", "lost"),
            Wrong("NaN", COSTS.assign(lost=math.nan)),
            Wrong("none", COSTS[:0]),
        ),
        "removed": count(6, -1, 99),
    },
    "models.structured_pruning.row_norms": {"weight": WEIGHT},
    "models.structured_pruning.strongest_rows": {"weight": WEIGHT, "count": count(2, -1, 4)},
    "models.structured_pruning.strongest_units": {"encoder": ENCODERS, "share": share(0.5)},
    **{
        f"models.structured_pruning.{rebuilt}": {"encoder": ENCODERS, "kept": KEPT_UNITS}
        for rebuilt in ("masked_units", "smaller")
    },
    "analysis.activation_bytes.activation_bytes": {
        "model": a(MODEL),
        "compute": Argument(
            lambda: MODEL(torch.ones(2, 3)), (Wrong("number", 7), Wrong("nothing", lambda: 7))
        ),
    },
    "analysis.stored_bytes.stored_bytes": {"model": a(MODEL), "compressed": flag()},
    "training.loss_weights.shared_parameters": {"losses": SCALARS, "parameters": PARAMETERS},
    "training.loss_weights.gradient_norms": {"losses": SCALARS, "shared": PARAMETERS},
    "training.loss_weights.calibrated_weights": {
        "norms": batch(NORMS, also=(POSITIVE, Wrong("one", NORMS[:1]))),
        "ratio": number(1.0, 0, -1.0),
        "exponent": share(0.5),
        "reference": count(0, -1, 3),
    },
    "training.loss_weights.running_norms": {
        "before": optional(with_also(like(NORMS), NEGATIVE)),
        "now": with_also(like(NORMS), NEGATIVE),
        "keep": share(0.9),
    },
    "training.loss_weights.weighted_sum": {
        "losses": SCALARS,
        "weights": with_also(like(NORMS[:2]), Wrong("negative", -NORMS[:2])),
    },
    "training.uncertainty_weights.uncertainty_loss": {
        "losses": with_also(like(LOSSES), NEGATIVE),
        "log_variances": like(NORMS),
    },
    "training.uncertainty_weights.best_log_variances": {
        "losses": with_also(batch(LOSSES), NEGATIVE, POSITIVE)
    },
    "training.parameter_groups.parameter_groups": {
        "model": a(MODEL),
        "parts": SETTINGS_BY_PART,
        "undecayed": Argument(
            ["0.weight"],
            (Wrong("text", "0.weight"), Wrong("strange", ["vectors"]), Wrong("number", 7)),
        ),
    },
    "training.parameter_groups.require_each_once": {
        "model": a(MODEL),
        "groups": Argument(
            [{"params": list(MODEL.parameters())}],
            (
                Wrong("one group", {"params": list(MODEL.parameters())}),
                Wrong("number", 7),
                Wrong("numbers", [7]),
                Wrong("no parameters", [{"lr": 0.1}]),
                Wrong("not all", [{"params": [MODEL[0].weight]}]),
                Wrong("twice", [{"params": [*MODEL.parameters(), MODEL[0].weight]}]),
            ),
        ),
    },
}

EXEMPT = {"training.part_names.belongs": "on names that a model has, and those of parts"}
