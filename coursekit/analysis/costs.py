"""What a fusion operator costs: parameters, and multiply-adds for one sample, counted by running.

Counted are products: those in matrix products and convolutions (each with its addition), and those
of two tensors element by element. Not counted are additions alone, biases, norms and activations.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from coursekit import fusion
from coursekit.models import evaluating
from coursekit.utils.checks import choose, require, require_count, require_instance


@dataclass(frozen=True)
class Cost:
    """parameters: trainable numbers.  multiply_adds: products for one sample, forward."""

    parameters: int
    multiply_adds: int


def parameters(model: nn.Module) -> int:
    """How many numbers training may change."""
    require_instance("model", model, nn.Module)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def multiply_adds(model: nn.Module, inputs: Mapping[str, Tensor]) -> int:
    """Products in one forward pass of ``model(inputs)``; hand in a single row for a sample's cost.

    PyTorch's own counter, which knows matrix products only and counts a multiply-add as two; the
    element-wise products and those of `torch.nn.Bilinear` are added here.
    Errors: TypeError when ``inputs`` is no dictionary of tensors; what the model raises.
    """
    if not callable(model):
        raise TypeError(f"model is a {type(model).__name__}; a module was expected.")
    if not isinstance(inputs, Mapping):
        raise TypeError(f"inputs is a {type(inputs).__name__}; a dictionary was expected.")
    counter = FlopCounterMode(display=False, custom_mapping=_outside_matrix_products())
    # Gradients on and attention written out: fused kernels hide what they compute.
    with evaluating(model), counter, sdpa_kernel(SDPBackend.MATH):
        model(inputs)
    return counter.get_total_flops() // 2


def _outside_matrix_products() -> dict[Any, Callable[..., int]]:
    """Two "flops" for each product outside a matrix product, by operation."""

    def each_output(*_: Any, out_val: Tensor, **__: Any) -> int:
        # Yes-or-no tensors are multiplied too, inside the checks for NaN; that is no arithmetic.
        return 2 * out_val.numel() if out_val.is_floating_point() else 0

    def all_but_one(x: Tensor, *_: Any, out_val: Tensor, **__: Any) -> int:
        return 2 * (x.numel() - out_val.numel())

    def bilinear(x: Tensor, weight: Tensor, y: Tensor, *_: Any, **__: Any) -> int:
        # x (B, D) with every W_c (D, E), then what comes of it with y (B, E).
        return 2 * x.shape[0] * weight.shape[0] * (x.shape[1] + 1) * y.shape[1]

    for count in (each_output, all_but_one, bilinear):
        vars(count)["_get_raw"] = True  # asks the counter for tensors instead of their shapes
    aten = torch.ops.aten
    return {aten.mul: each_output, aten.prod: all_but_one, aten._trilinear: bilinear}


def cost(operator: fusion.Fusion) -> Cost:
    """Parameters and multiply-adds of ``operator`` on one sample of its own widths."""
    if not isinstance(operator, fusion.Fusion):
        what = type(operator).__name__
        raise TypeError(f"operator is a {what}; a Fusion was expected, fusion.build(…).")
    dtype = next(operator.parameters()).dtype
    row = {m: torch.ones(1, width, dtype=dtype) for m, width in operator.widths.items()}
    return Cost(parameters(operator), multiply_adds(operator, row))


def cost_table(
    width: int, num_classes: int, modalities: int = 2, names: Iterable[str] | None = None
) -> pd.DataFrame:
    """One row per operator of the registry: name, parameters, multiply-adds.

    width: D_m, the same for all.  names: only these, in this order.
    """
    require_count("width", width, 1)
    require_count("num_classes", num_classes, 1)
    require_count("modalities", modalities, 2)
    if isinstance(names, str) or not isinstance(names, Iterable | None):
        raise TypeError(f"names is {names!r}; a list of names was expected, [{names!r}].")
    known = fusion.names()
    chosen = known if names is None else [choose("a name in names", n, known) for n in names]
    require(len(chosen) > 0, "names is empty; at least one operator was expected.")
    widths = {f"m{i}": width for i in range(modalities)}
    rows = []
    for name in chosen:
        its_cost = cost(fusion.build(name, widths, num_classes))
        rows.append((name, its_cost.parameters, its_cost.multiply_adds))
    return pd.DataFrame(rows, columns=["operator", "parameters", "multiply-adds"])
