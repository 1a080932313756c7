"""Architecture search: DARTS's mixed edge, gradients and discretisation; MFAS's unfolding."""

import torch
from torch import nn
from torch.nn import functional as F

from coursekit.analysis.operator_choice import strongest_edges
from coursekit.compare.progressive_search import (
    sampling_probabilities,
    search_temperature,
    unfolded,
)
from coursekit.models.mixed_edge import MixedEdge, mixed_operation
from coursekit.training.architecture_gradient import (
    alpha_optimizer,
    exact_second_order,
    first_order,
    second_order,
    unrolled_weights,
)
from vector_checkers.unimodal_bias import leaf

BOTH = ("W", "C")


class Zeros(nn.Module):
    """The operator "none"."""

    def forward(self, x):
        return x * 0


OPERATORS = {
    "none": Zeros,
    "skip_connect": nn.Identity,
    "max_pool_3x3": lambda: nn.MaxPool2d(3, 1, 1),
    "avg_pool_3x3": lambda: nn.AvgPool2d(3, 1, 1, count_include_pad=False),
}


def operator(case, name, channels):
    """One by its name; behind a pooling the repository has a batch norm without parameters."""
    if name not in OPERATORS:
        case.refuse(f"the operator {name!r} is not known.")
    made = OPERATORS[name]()
    norm = nn.BatchNorm2d(channels, affine=False)
    return nn.Sequential(made, norm.double()) if "pool" in name else made


def mixed_case(case):
    """Weights, outputs of the operators and of all, and gradients."""
    x, alpha, names = leaf(case, "x"), leaf(case, "alpha"), case.take("primitives")
    operators = {name: operator(case, name, x.shape[1]) for name in names}
    outputs = [o(x) for o in operators.values()]
    case.same("op_outputs", torch.stack(outputs))
    mixed = mixed_operation(outputs, alpha)
    case.same("output", mixed)
    (mixed * case.tensor("upstream")).sum().backward()
    case.same("grad_x", x.grad)
    case.same("grad_alpha", alpha.grad)
    nothing = {name: None if name == "none" else o for name, o in operators.items()}
    edge = MixedEdge(nothing)
    edge.alpha = nn.Parameter(alpha.detach().clone())
    case.same("weights", torch.tensor(list(edge.weights.values()), dtype=torch.float64))
    if edge.operators:
        case.same("output", edge(x))


def loss_on(rows, labels):
    """Cross entropy of the file's toy network, as a function of its parameters."""

    def loss(p):
        a, b = rows[:, :2], rows[:, 2:]
        w = p["alpha"].softmax(0)
        hidden = w[1] * (a + b) + w[2] * a * b + w[3] * torch.tanh(a @ p["W"])
        return F.cross_entropy(hidden @ p["C"], labels)

    return loss


def step_case(case):
    """Both gradients of alpha, the weights one step ahead, and alpha after a step of Adam."""
    train = loss_on(case.tensor("x_train"), case.whole("y_train"))
    valid = loss_on(case.tensor("x_valid"), case.whole("y_valid"))
    weights, alphas = {n: case.tensor(n) for n in BOTH}, {"alpha": case.tensor("alpha")}
    step = {
        "rate": case.number("eta"),
        "momentum": case.number("momentum"),
        "buffers": case.tensors("momentum_buffer"),
        "weight_decay": case.number("weight_decay"),
    }
    decay = case.number("arch_weight_decay")
    case.same("train_loss", train({**weights, **alphas}))
    case.same("valid_loss", valid({**weights, **alphas}))
    case.same("weights_moved_by_finite_difference", torch.tensor(0.0, dtype=torch.float64))
    case.same_in("unrolled_theta", unrolled_weights(train, weights, alphas, **step))
    orders = {
        "first_order": first_order(valid, weights, alphas),
        "second_order": second_order(train, valid, weights, alphas, **step),
    }
    for name, grads in orders.items():
        part = case.part(name)
        part.same("grad_alpha", grads["alpha"])
        part.same("alpha_after_one_adam_step", stepped(alphas["alpha"], grads["alpha"], decay))
    exact = exact_second_order(train, valid, weights, alphas, **step)
    case.same("exact_second_order_grad_alpha_by_autograd", exact["alpha"])


def stepped(alpha, grad, decay):
    """Alpha after one step of its optimiser; the file has other decays than the paper, too."""
    parameter = nn.Parameter(alpha.clone())
    optimizer = alpha_optimizer({"alpha": parameter})
    for group in optimizer.param_groups:
        group["weight_decay"] = decay
    parameter.grad = grad
    optimizer.step()
    return parameter.detach()


def genotype_case(case):
    """The two strongest edges into every node."""
    names = case.take("primitives")
    chosen = strongest_edges(list(case.tensor("alphas")), names, case.count("steps"))
    key = "chosen_op_and_input_per_node"
    case.same_rows(key, [list(edge) for edge in chosen])


def temperature_row(row):
    """The temperature of one iteration."""
    settings = [row.number(key) for key in ("init", "final", "decay")]
    row.same("t", search_temperature(row.count("iteration"), *settings))


def sampling_row(row):
    """Probabilities from accuracies."""
    p = sampling_probabilities(row.tensor("accuracies"), row.number("temperature"))
    row.same("sampling_probabilities", p)


def frozen(configurations):
    """Lists of rows as tuples."""
    return [tuple(tuple(int(n) for n in row) for row in c) for c in configurations]


def progression(part):
    """Cross products layer by layer; in a later round a layer is put in anew."""
    choices = frozen([part.take("layer_choices")])[0]
    kept = frozen(part.take("kept"))
    part.same("after_layer_0", torch.tensor(unfolded([], choices, 0)).double())
    part.same("after_layer_1", torch.tensor(unfolded(kept, choices, 1)).double())
    # What was revisited is not in the file, but for the layers behind the first.
    (first, *_) = frozen(part.take("layer_0_revisited"))
    again = unfolded([first], choices, 0)
    part.same("layer_0_revisited", torch.tensor(again).double())


CHECKERS = {
    "darts.json": {
        "mixed_op": mixed_case,
        "architecture_step": step_case,
        "genotype": genotype_case,
    },
    "mfas.json": {
        "temperature": temperature_row,
        "sampling": sampling_row,
        "progression": progression,
    },
}
