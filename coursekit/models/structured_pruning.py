"""Structured pruning: whole units go, and smaller layers are built of what stays.

A masked weight costs what any other one does. Without a unit, which is a row of a linear layer or a
channel of a convolution, its row, its bias and its column in the next layer are not there at all:
fewer parameters, products and activations.

Li, Kadav, Durdanovic, Samet and Graf, Pruning Filters for Efficient ConvNets (2017),
https://arxiv.org/abs/1608.08710, section 3.1; there by the L1 norm.
"""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from coursekit.models.encoders import MLP, Dropout
from coursekit.utils.checks import (
    require,
    require_count,
    require_instance,
    require_list,
    require_share,
)
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import require_bools, require_weights

# What may stand between two layers: it works on each channel by itself, and leaves zeros zero.
BETWEEN = (
    *(nn.ReLU, nn.LeakyReLU, nn.GELU, nn.SiLU, nn.Tanh, nn.Identity, nn.Dropout, Dropout),
    *(nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, nn.Flatten),
)
Layer = nn.Linear | nn.Conv2d


def row_norms(weight: Tensor) -> Tensor:
    """L2 norm of each row, (rows, …) → (rows,); half precision gives float64."""
    require_weights("weight", weight)
    fits = weight.ndim > 1 and weight.numel() > 0
    require(fits, f"weight has shape {tuple(weight.shape)}; rows of weights were expected.")
    return not_half(weight.detach()).flatten(1).norm(dim=1)


def strongest_rows(weight: Tensor, count: int) -> Tensor:
    """True for the ``count`` rows with the largest norm, (rows,) bool."""
    norms = row_norms(weight)
    require_count("count", count, 0, len(norms))
    kept = torch.zeros_like(norms, dtype=torch.bool)
    kept[norms.topk(count).indices] = True
    return kept


def strongest_units(encoder: nn.Module, share: float) -> list[Tensor]:
    """Which units of every hidden layer stay when ``share`` of them goes: (units,) bool each.

    encoder: an `MLP` or a `torch.nn.Sequential`, such as the course's `CNN`. Its last layer's units
    are the features that fusion and heads read, so they all stay and have no entry here.
    share: in [0, 1]; rounded, halves to the even number, and one unit of a layer stays at least.
    Errors: ValueError for an encoder without a hidden layer, or with what could not be rebuilt.
    """
    require_share("share", share)
    layers = [layer for _, layer in _layers(encoder)]
    sizes = [len(layer.weight) for layer in layers[:-1]]
    counts = [max(1, size - round(share * size)) for size in sizes]
    return [strongest_rows(x.weight, n) for x, n in zip(layers[:-1], counts, strict=True)]


@torch.no_grad()
def masked_units(encoder: nn.Module, kept: Sequence[Tensor]) -> nn.Module:
    """A copy in which rows and biases of the other units are zero, of the same size.

    encoder, kept: see `strongest_units`.
    """
    _require_kept(encoder, kept)
    copied = copy.deepcopy(encoder)
    for (_, layer), rows in zip(_layers(copied), kept, strict=False):
        layer.weight[~rows] = 0
        if layer.bias is not None:
            layer.bias[~rows] = 0
    return copied


def smaller(encoder: nn.Module, kept: Sequence[Tensor]) -> nn.Module:
    """A copy without the other units; it gives what `masked_units` gives, up to rounding.

    encoder, kept: see `strongest_units`. Input and features keep their widths.
    """
    _require_kept(encoder, kept)
    copied = copy.deepcopy(encoder)
    before = torch.ones(_inputs(_layers(encoder)[0][1]), dtype=torch.bool)
    for i, (name, layer) in enumerate(_layers(encoder)):
        # Behind a flatten every channel has a column for each of its places.
        columns = before.repeat_interleave(_inputs(layer) // len(before))
        last = torch.ones(len(layer.weight), dtype=torch.bool)
        rows = kept[i] if i < len(kept) else last
        _put(copied, name, _cut(layer, rows, columns))
        before = rows
    return copied


def _cut(layer: Layer, rows: Tensor, columns: Tensor) -> Layer:
    """A layer of these rows and columns, with a part of the weights."""
    smaller_layer = copy.deepcopy(layer)
    weight = layer.weight.detach()[rows][:, columns].clone()
    smaller_layer.weight = nn.Parameter(weight, layer.weight.requires_grad)
    if layer.bias is not None:
        bias = layer.bias.detach()[rows].clone()
        smaller_layer.bias = nn.Parameter(bias, layer.bias.requires_grad)
    if isinstance(smaller_layer, nn.Linear):
        smaller_layer.out_features, smaller_layer.in_features = weight.shape
    else:
        smaller_layer.out_channels, smaller_layer.in_channels = weight.shape[:2]
    return smaller_layer


def _layers(encoder: nn.Module) -> list[tuple[str, Layer]]:
    """Name and layer, first to last, of an encoder that can be rebuilt; two of them or more."""
    if isinstance(encoder, MLP):
        modules = [(f"layers.{i}", layer) for i, layer in enumerate(encoder.layers)]
    else:
        require_instance("encoder", encoder, MLP | nn.Sequential)
        # named_children would leave out what stands there twice
        modules = [(n, m) for n, m in encoder._modules.items() if m is not None]
    layers: list[tuple[str, Layer]] = []
    flat = False
    for name, module in modules:
        if isinstance(module, nn.Linear | nn.Conv2d):
            _require_fits(layers[-1][1] if layers else None, name, module, flat)
            layers.append((name, module))
            flat = False
        else:
            kind, fits = type(module).__name__, isinstance(module, BETWEEN)
            require(fits, f"encoder has a {kind}, {name!r}; no unit can be taken out around it.")
            flat = flat or (_flattens_all(module))
    require(len(layers) > 1, "encoder has no hidden layer; two layers or more were expected.")
    own = {id(layer) for _, layer in layers}
    require(len(own) == len(layers), "encoder has a layer twice; each of its own was expected.")
    return layers


def _flattens_all(module: nn.Module) -> bool:
    """Whether it puts channels and both axes of a picture, (B, C, H, W), into one row."""
    whole = isinstance(module, nn.Flatten) and module.start_dim in (1, -3)
    return whole and module.end_dim in (-1, 3)


def _require_fits(before: Layer | None, name: str, layer: Layer, flat: bool) -> None:
    """Refuse a layer whose columns do not belong to the units before it, one after the other."""
    groups = getattr(layer, "groups", 1)
    require(groups == 1, f"encoder has {groups} groups in {name!r}; 1 was expected.")
    if before is None:
        return
    units, columns = len(before.weight), _inputs(layer)
    if isinstance(before, nn.Conv2d) and isinstance(layer, nn.Linear):
        fits = flat and columns % units == 0
    else:
        fits = type(before) is type(layer) and columns == units
    sentence = f"encoder has a layer, {name!r}, whose {columns} inputs are not the {units} units"
    require(fits, f"{sentence} before it; a flatten stands between convolution and linear layer.")


def _inputs(layer: Layer) -> int:
    return layer.in_features if isinstance(layer, nn.Linear) else layer.in_channels


def _put(encoder: nn.Module, name: str, layer: Layer) -> None:
    owner, _, key = name.rpartition(".")
    setattr(encoder.get_submodule(owner), key, layer)


def _require_kept(encoder: nn.Module, kept: Sequence[Tensor]) -> None:
    """Refuse what does not say which units of every hidden layer stay, one of them at least."""
    layers = _layers(encoder)
    require_list("kept", kept, "tensors")
    hidden = len(layers) - 1
    require(len(kept) == hidden, f"kept has {len(kept)}; {hidden}, one per hidden layer, expected.")
    for i, rows in enumerate(kept):
        require_bools(f"kept[{i}]", rows, (len(layers[i][1].weight),))
        require(bool(rows.any()), f"kept[{i}] keeps no unit; one or more were expected.")
