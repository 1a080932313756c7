"""Weights from a seed."""

import math

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from coursekit.utils.checks import require, require_count, require_instance

# Layers that start as ones and zeros, and forget their running statistics.
NORMS = (nn.LayerNorm, nn.GroupNorm, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def initialise(model: nn.Module, seed: int) -> None:
    """Draw every weight anew from ``seed``, by PyTorch's own default rules (uniform ±1/√fan_in).

    A module with ``initialise(generator)`` of its own draws its own parameters there instead.
    Errors: ValueError when a parameter is left that no seed would fix, in part or as a whole, or
    that was drawn from PyTorch's global generator; every weight is then as it was.
    """
    require_instance("model", model, nn.Module)
    require_count("seed", seed)
    unknown = [name for name, p in model.named_parameters() if is_lazy(p)]
    require(not unknown, f"model has parameters whose shape is not known yet: {unknown}.")
    before = [(p, p.detach().clone()) for p in model.parameters()]
    try:
        _draw_all(model, seed)
    except BaseException:
        for p, values in before:
            p.data.copy_(values)
        raise


def _draw_all(model: nn.Module, seed: int) -> None:
    """Draw, and make sure of every parameter that the seed alone has fixed all of it."""
    marks = {id(p): _mark(p) for p in model.parameters()}
    before = torch.get_rng_state()
    _draw_modules(model, seed)
    undrawn = [n for n, p in model.named_parameters() if not _drawn(p, marks.get(id(p)))]
    require(
        not undrawn, f"model has parameters that no seed draws: {undrawn}; initialise was expected."
    )
    after = torch.get_rng_state()
    if torch.equal(before, after):
        return
    # Somebody drew from the global generator. Layers draw from it when they are made anew, too, and
    # are then drawn from the seed all the same: what is still alike at a second time is fixed.
    first = {name: p.detach().clone() for name, p in model.named_parameters()}
    _draw_modules(model, seed)
    torch.set_rng_state(after)
    other = [n for n, p in model.named_parameters() if not torch.equal(p, first[n])]
    sentence = "drawn from PyTorch's global generator, which no seed fixes"
    require(not other, f"model has parameters {sentence}: {other}; initialise gets a generator.")


def _draw_modules(model: nn.Module, seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    for module in model.modules():
        own = getattr(module, "initialise", None)
        if own is not None:
            own(rng)
        else:
            _draw(module, rng)


def _mark(p: nn.Parameter) -> int:
    """Make ``p`` one that nobody has drawn; whole numbers, which have no NaN, are counted only."""
    if p.is_floating_point() or p.is_complex():
        p.data.fill_(math.nan)
    return p._version


def _drawn(p: nn.Parameter, version: int | None) -> bool:
    """Whether all of ``p`` was written. version: as marked, None for a parameter put in later."""
    if (p.is_floating_point() or p.is_complex()) and not p.is_meta:
        return not bool(p.detach().isnan().any())
    return version is None or p._version > version


def _draw(module: nn.Module, rng: torch.Generator) -> None:
    """PyTorch's default for one layer, from ``rng``; others are left as they are."""
    if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d):
        bound = 1 / math.sqrt(module.weight[0].numel())  # also where a filter reads few channels
        nn.init.uniform_(module.weight, -bound, bound, generator=rng)
        if module.bias is not None:
            nn.init.uniform_(module.bias, -bound, bound, generator=rng)
    elif isinstance(module, nn.MultiheadAttention):
        _draw_attention(module, rng)
    elif isinstance(module, NORMS):
        module.reset_parameters()


def _draw_attention(module: nn.MultiheadAttention, rng: torch.Generator) -> None:
    """Its own tensors; some of them are None, according to how it was made."""
    apart = (module.q_proj_weight, module.k_proj_weight, module.v_proj_weight)
    for weight in (module.in_proj_weight, *apart):
        if isinstance(weight, Tensor):
            nn.init.xavier_uniform_(weight, generator=rng)
    if module.in_proj_bias is not None:
        nn.init.zeros_(module.in_proj_bias)
    for bias in (module.bias_k, module.bias_v):
        if bias is not None:
            nn.init.xavier_normal_(bias, generator=rng)
