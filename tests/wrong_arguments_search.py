"""Entries of the table of wrong arguments: gates over experts, and architecture search."""

import math

import torch
from torch import nn
from torch.nn import functional as F
from wrong_arguments import (
    Argument,
    Wrong,
    a,
    batch,
    changed,
    count,
    labels,
    like,
    number,
    optional,
    several,
    share,
    with_also,
)

from coursekit.compare.search_space import Trial
from coursekit.models.mixed_edge import MixedEdge

MODULES = (
    *("training.resource_loss", "models.gated_experts", "layers.skip_gate"),
    *("models.mixed_edge", "training.architecture_gradient", "compare.search_space"),
    *("compare.regularised_evolution", "compare.progressive_search"),
)

torch.manual_seed(4)
GATE = torch.randn(6, 3).softmax(1)
OUTPUTS = [torch.randn(6, 4) for _ in range(3)]
PROBABILITIES = [x.softmax(1) for x in OUTPUTS]
CHOICE = torch.tensor([0, 1, 2, 0, 1, 2])
FEATURES = torch.randn(6, 2, 3)
ALPHA = torch.randn(3)
ALPHAS = [torch.randn(3), torch.randn(3)]
NAMES = ["none", "sum", "product"]
RNG = torch.Generator()

COSTS = Argument(
    [1.0, 2.0, 5.0],
    (
        Wrong("number", 1.0),
        Wrong("none", []),
        Wrong("text", "costs"),
        Wrong("negative", [1.0, -1.0, 2.0]),
        Wrong("NaN", [1.0, math.nan, 2.0]),
        Wrong("of text", ["1", "2", "5"]),
        Wrong("too few", [1.0]),
    ),
)
SHARES = with_also(batch(GATE), Wrong("logits", OUTPUTS[0][:, :3]), Wrong("twice", 2 * GATE))
NAMED = Argument(
    NAMES,
    (
        Wrong("text", "none"),
        Wrong("none", []),
        Wrong("twice", ["sum", "sum", "product"]),
        Wrong("number", 7),
    ),
)
NEVER = Argument(["none"], (Wrong("text", "none"), Wrong("all", NAMES), Wrong("number", 7)))

# ---- the gradient of an architecture -----------------------------------------------------------

EDGE = MixedEdge({"none": None, "a": nn.Linear(4, 3), "b": nn.Linear(4, 3)})
ROWS, Y = torch.randn(6, 4), torch.tensor([0, 1, 2] * 2)
WEIGHTS = {n: p for n, p in EDGE.named_parameters() if n != "alpha"}
ARCHITECTURE = {"alpha": EDGE.alpha}


def loss(p):
    return F.cross_entropy(torch.func.functional_call(EDGE, p, (ROWS,)), Y)


LOSSES = Argument(
    loss,
    (
        Wrong("number", 0.5),
        Wrong("a number", lambda p: 0.5),
        Wrong("NaN", lambda p: loss(p) * math.nan),
        Wrong("per row", lambda p: loss(p)[None]),
        Wrong("hangs on nothing", lambda p: loss(p).detach()),
    ),
)


def parameters(good):
    """Parameters by name; those that do not fit the model are for the loss to refuse."""
    first = next(iter(good))
    x = good[first].detach()
    return Argument(
        good,
        (
            Wrong("list", list(good.values())),
            Wrong("none", {}),
            Wrong("NaN", {**good, first: changed(x, 0, math.nan)}),
            Wrong("whole", {**good, first: x.long()}),
            Wrong("numbers", {**good, first: 7.0}),
        ),
    )


BUFFERS = Argument(
    {n: torch.zeros_like(w) for n, w in WEIGHTS.items()},
    (
        Wrong("list", [1]),
        Wrong("strange", {"other": torch.ones(2)}),
        Wrong("another size", {"operators.a.weight": torch.ones(2)}),
        Wrong("numbers", {"operators.a.weight": 7.0}),
    ),
)
BOTH = {
    "weights": parameters(WEIGHTS),
    "alphas": with_also(parameters(ARCHITECTURE), Wrong("weights", WEIGHTS)),
}
STEP = {
    "rate": number(0.1, -0.1),
    "momentum": number(0.9, -0.1),
    "buffers": BUFFERS,
    "weight_decay": number(0.1, -0.1),
}

# ---- search ------------------------------------------------------------------------------------

SPACE = Argument(
    [["early", "late"], [1, 2, 3]],
    (
        Wrong("number", 7),
        Wrong("none", []),
        Wrong("an empty slot", [["early"], []]),
        Wrong("twice", [["early", "early"]]),
        Wrong("text in place of a slot", ["early"]),
    ),
)
SCORE = Argument(
    lambda choice: 0.5,
    (
        Wrong("number", 0.5),
        Wrong("NaN", lambda choice: math.nan),
        Wrong("text", lambda choice: "good"),
    ),
)
GENERATOR = a(RNG)
CONFIGURATIONS = [((0, 0),), ((1, 0),), ((1, 1),)]
LAYERS = [[(0, 0), (1, 0)], [(0, 1), (1, 1)]]
CHANCES = torch.tensor([0.2, 0.3, 0.5])

TABLE = {
    "training.resource_loss.expected_cost": {"gate": SHARES, "costs": COSTS},
    "training.resource_loss.resource_loss": {
        "gate": SHARES,
        "costs": with_also(COSTS, Wrong("all free", [0.0, 0.0, 0.0])),
    },
    "training.resource_loss.over_budget": {
        "cost": Argument(
            torch.tensor(0.5),
            (
                Wrong("number", 0.5),
                Wrong("NaN", torch.tensor(math.nan)),
                Wrong("deeper", torch.tensor([0.5]), "scalar"),
                Wrong("whole", torch.tensor(1)),
            ),
        ),
        "budget": number(0.2, -0.1),
    },
    "training.resource_loss.require_costs": {
        "costs": COSTS,
        "experts": Argument(3),
    },
    "models.gated_experts.weighted_answer": {"outputs": several(OUTPUTS, like), "gate": like(GATE)},
    "models.gated_experts.picked": {"outputs": several(OUTPUTS, like), "choice": labels(CHOICE, 3)},
    "models.gated_experts.gate_temperature": {
        "progress": share(0.5),
        "first": number(1.0, 0, -1.0),
        "last": number(0.1, 0, -1.0),
    },
    "layers.skip_gate.first_alone_shares": {
        "gate": with_also(batch(GATE), Wrong("one branch", GATE[:, :1]))
    },
    "layers.skip_gate.joined": {
        "first": batch(FEATURES, "deeper", "flatter"),
        "second": like(FEATURES),
        "alone": with_also(like(GATE[:, 0]), Wrong("above one", GATE[:, 0] + 1)),
    },
    "analysis.routing.confidence_cascade": {
        "probabilities": with_also(several(PROBABILITIES, like), Wrong("logits", OUTPUTS)),
        "threshold": share(0.5),
    },
    "analysis.routing.cheapest_right": {
        "right": Argument(
            GATE > 0.3,
            (
                Wrong("numbers", GATE),
                Wrong("flatter", GATE[0] > 0.3),
                Wrong("none", GATE[:0] > 0.3),
                Wrong("list", (GATE > 0.3).tolist()),
            ),
        ),
        "costs": COSTS,
    },
    "analysis.routing.shuffled": {
        "choice": labels(CHOICE, None, "another size"),
        "generator": optional(a(RNG)),
    },
    "analysis.routing.routing_cost": {
        "choice": labels(CHOICE, 3, "another size"),
        "costs": COSTS._replace(wrong=tuple(w for w in COSTS.wrong if w.label != "too few")),
        "gate": number(0.1, -0.1),
    },
    "analysis.routing.cascade_cost": {
        "choice": labels(CHOICE, 3, "another size"),
        "costs": COSTS._replace(wrong=tuple(w for w in COSTS.wrong if w.label != "too few")),
    },
    "analysis.routing.choice_shares": {
        "choice": labels(CHOICE, 3),
        "experts": count(3, 0),
        "groups": labels(CHOICE),
    },
    "models.mixed_edge.mixed_operation": {
        "outputs": several(OUTPUTS, lambda x: like(x, "deeper", "flatter")),
        "alpha": like(ALPHA),
    },
    "training.architecture_gradient.weights_and_alphas": {
        "model": a(EDGE, Wrong("without alpha", nn.Linear(2, 2)))
    },
    "training.architecture_gradient.alpha_optimizer": {"alphas": parameters(ARCHITECTURE)},
    "training.architecture_gradient.first_order": {"valid_loss": LOSSES, **BOTH},
    "training.architecture_gradient.unrolled_weights": {"train_loss": LOSSES, **BOTH, **STEP},
    **{
        f"training.architecture_gradient.{order}": {
            "train_loss": LOSSES,
            "valid_loss": LOSSES,
            **BOTH,
            **STEP,
        }
        for order in ("second_order", "exact_second_order")
    },
    "analysis.operator_choice.strongest_operator": {
        "alpha": like(ALPHA),
        "names": with_also(NAMED, Wrong("too few", NAMES[:2])),
        "never": NEVER,
    },
    "analysis.operator_choice.strongest_edges": {
        "alphas": Argument(
            ALPHAS,
            (
                Wrong("one tensor", torch.stack(ALPHAS)),
                Wrong("none", []),
                Wrong("one too many", [*ALPHAS, ALPHA]),
                Wrong("another size", [ALPHA, ALPHA[:2]]),
                Wrong("NaN", [ALPHA, ALPHA * math.nan]),
            ),
        ),
        "names": with_also(NAMED, Wrong("too few", NAMES[:2])),
        "nodes": count(1, 0),
        "never": NEVER,
    },
    "analysis.operator_choice.hardest_to_lose": {
        "score_without": SCORE,
        "names": NAMED,
        "never": NEVER,
    },
    "compare.search_space.drawn": {"space": SPACE, "generator": GENERATOR},
    "compare.search_space.mutated": {
        "choice": Argument(
            ("late", 2),
            (
                Wrong("list", ["late", 2]),
                Wrong("strange", ("mid", 2)),
                Wrong("too short", ("late",)),
                Wrong("number", 7),
            ),
        ),
        "space": SPACE,
        "generator": GENERATOR,
    },
    "compare.search_space.random_search": {
        "space": SPACE,
        "score": SCORE,
        "budget": count(4, 0, 7),
        "generator": GENERATOR,
    },
    "compare.search_space.best_of": {
        "trials": Argument(
            [Trial((1,), 0.5)],
            (Wrong("none", []), Wrong("number", 7), Wrong("choices", [("late", 2)])),
        )
    },
    "compare.search_space.scored": {"choice": Argument(("late", 2)), "score": SCORE},
    "compare.search_space.require_space": {"space": SPACE},
    "compare.regularised_evolution.regularised_evolution": {
        "space": SPACE,
        "score": SCORE,
        "budget": count(8, 0),
        "generator": GENERATOR,
        "population": count(4, 0, 9),
        "tournament": count(2, 0, 5),
    },
    "compare.progressive_search.search_temperature": {
        "iteration": count(3, -1),
        "first": number(10.0, 0, -1.0),
        "last": number(0.2, 0, -1.0),
        "decay": number(4.0, 0, -1.0),
    },
    "compare.progressive_search.sampling_probabilities": {
        "accuracies": batch(CHANCES, also=(Wrong("negative", -CHANCES), Wrong("no", 0 * CHANCES))),
        "temperature": number(1.0, 0, -1.0),
    },
    "compare.progressive_search.sampled": {
        "configurations": Argument(
            CONFIGURATIONS, (Wrong("none", []), Wrong("text", "text"), Wrong("number", 7))
        ),
        "probabilities": with_also(like(CHANCES), Wrong("negative", -CHANCES)),
        "k": count(2, 0, 4),
        "generator": GENERATOR,
    },
    "compare.progressive_search.unfolded": {
        "kept": Argument(
            CONFIGURATIONS,
            (Wrong("text", "text"), Wrong("number", 7), Wrong("rows", [[(0, 0)]])),
        ),
        "choices": Argument(LAYERS[1], (Wrong("none", []), Wrong("number", 7))),
        "layer": count(1, -1, 3),
    },
    "compare.progressive_search.progressive_search": {
        "layers": Argument(LAYERS, (Wrong("none", []), Wrong("number", 7))),
        "score": SCORE,
        "predict": Argument(
            lambda known, candidates: [0.5] * len(candidates),
            (
                Wrong("number", 0.5),
                Wrong("too few", lambda known, candidates: [0.5]),
                Wrong("NaN", lambda known, candidates: [math.nan] * len(candidates)),
            ),
        ),
        "rounds": count(1, 0),
        "k": count(2, 0),
        "generator": GENERATOR,
    },
}

EXEMPT: dict[str, str] = {}
