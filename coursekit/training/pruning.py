"""Pruning: which weights may go, by a score for each; the smallest of one ranking, or of several.

LeCun, Denker and Solla, Optimal Brain Damage (1989); Han, Pool, Tran and Dally (2015),
https://arxiv.org/abs/1506.02626, section 3: magnitudes, and training on with what is left. A mask
is True where a weight stays. What masks do to a model is in `coursekit.training.pruning_masks`.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from coursekit.training.part_names import belongs
from coursekit.utils.checks import (
    require,
    require_count,
    require_instance,
    require_mapping,
    require_share,
)
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import (
    require_bools,
    require_no_negative,
    require_scalar,
    require_weights,
)

LAYERS = (nn.Linear, nn.Bilinear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


def weights_of(model: nn.Module, part: str = "") -> dict[str, Tensor]:
    """Weights of the linear layers and convolutions of ``model``, by name; each tensor once.

    part: name of a module in it, "encoders.A"; only what is in there. Biases and norms are few and
    stay whole, and so do parameters that belong to no such layer.
    Errors: ValueError where there are none.
    """
    require_instance("model", model, nn.Module)
    require_instance("part", part, str)
    layers = {n: layer for n, layer in model.named_modules() if isinstance(layer, LAYERS)}
    weights = {f"{n}.weight".lstrip("."): layer.weight for n, layer in layers.items()}
    inside = {n: w for n, w in weights.items() if belongs(n, part)}
    sentence = f"part is {part!r}, in which the model has no linear layer or convolution"
    require(len(inside) > 0, f"{sentence}; it has {list(weights)}.")
    return inside


def magnitudes(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """|w| by name, of the weights' shapes; half precision gives float64."""
    _require_tensors("weights", weights)
    return {name: not_half(w.detach()).abs() for name, w in weights.items()}


def relative_magnitudes(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """|w| / ‖w‖, the norm that of the whole tensor; a tensor of zeros has scores of zero.

    Tensors of different scales, as two encoders may have, then stand on one ranking.
    """
    return {name: _relative(size) for name, size in magnitudes(weights).items()}


def _relative(size: Tensor) -> Tensor:
    """Sizes over their norm; of the largest first, whose square could be no number."""
    largest = size.max()
    size = size / torch.where(largest > 0, largest, 1)
    norm = size.norm()
    return size / torch.where(norm > 0, norm, 1)


def loss_changes(weights: Mapping[str, Tensor], loss: Tensor) -> dict[str, Tensor]:
    """|w · ∂L/∂w|: to first order, how much the loss changes when a weight becomes zero.

    weights: parameters that ``loss``, a scalar, was computed from; one it did not need scores zero.
    The graph behind the loss stays.
    Errors: ValueError for a loss that hangs on none of them.
    Source: Molchanov and colleagues 2017, https://arxiv.org/abs/1611.06440, eq. 7, there of whole
    feature maps.
    """
    _require_tensors("weights", weights)
    require_scalar("loss", loss)
    hangs = loss.requires_grad and any(w.requires_grad for w in weights.values())
    require(hangs, "loss hangs on no parameter; one computed from the weights was expected.")
    asked = {name: w for name, w in weights.items() if w.requires_grad}
    grads = torch.autograd.grad(loss, list(asked.values()), retain_graph=True, allow_unused=True)
    by_name = dict(zip(asked, grads, strict=True))
    require(
        any(g is not None for g in grads),
        "loss hangs on none of the weights; one that was computed from them was expected.",
    )
    scores = {}
    for name, w in weights.items():
        g = by_name.get(name)
        product = torch.zeros_like(w) if g is None else not_half(w.detach()) * not_half(g)
        scores[name] = not_half(product.detach()).abs()
    return scores


def lowest_mask(scores: Tensor, count: int, alive: Tensor | None = None) -> Tensor:
    """False at the ``count`` lowest scores among those that are alive, and where none was; bool.

    scores: 0 or more, any shape.  alive: a mask of earlier pruning, True = still there; None = all
    are. Which ones of equal scores go is up to PyTorch's `torch.nn.utils.prune`, which chooses.
    Errors: ValueError for more than there are, another shape, NaN; TypeError for what is no mask.
    """
    require_weights("scores", scores)
    require(scores.numel() > 0, "scores is empty; one or more were expected.")
    require_no_negative("scores", scores)
    alive = torch.ones_like(scores, dtype=torch.bool) if alive is None else alive
    require_bools("alive", alive, tuple(scores.shape))
    require_count("count", count, 0, int(alive.sum()))
    left = scores.detach()[alive]
    mask = alive.clone()
    mask[alive] = prune.L1Unstructured(count).compute_mask(left, torch.ones_like(left)).bool()
    return mask


def part_masks(
    scores: Mapping[str, Tensor],
    shares: Mapping[str, float],
    alive: Mapping[str, Tensor] | None = None,
) -> dict[str, Tensor]:
    """Masks by name: in each part the lowest share of what is left there goes, in one ranking.

    scores: by name, `magnitudes` and the like.  shares: by part, which is a name or what stands
    before a dot in names, in [0, 1]; {"encoders.A": 0.5, "encoders.B": 0.2} for an amount per
    modality. What is in no part stays.  alive: masks by name of earlier pruning, so that 0.5 twice
    leaves a quarter.
    How many go is rounded to the nearest whole number, halves to the even one.
    Errors: ValueError for a part in which nothing is, or two parts one of which is in the other.
    """
    _require_tensors("scores", scores)
    before = _alive(scores, alive)
    masks = dict(before)
    for part, names in _names_by_part(scores, shares).items():
        flat = torch.cat([not_half(scores[n].detach()).flatten() for n in names])
        left = torch.cat([before[n].flatten() for n in names])
        mask = lowest_mask(flat, round(shares[part] * int(left.sum())), left)
        pieces = mask.split([scores[n].numel() for n in names])
        masks |= {n: p.view(scores[n].shape) for n, p in zip(names, pieces, strict=True)}
    return masks


def global_masks(
    scores: Mapping[str, Tensor], share: float, alive: Mapping[str, Tensor] | None = None
) -> dict[str, Tensor]:
    """`part_masks` with one ranking of everything.

    By |w| a modality whose encoder has smaller weights then loses nearly all of them.
    """
    require_share("share", share)
    return part_masks(scores, {"": share}, alive)


def local_masks(
    scores: Mapping[str, Tensor], share: float, alive: Mapping[str, Tensor] | None = None
) -> dict[str, Tensor]:
    """`part_masks` with a ranking for every tensor: each loses the same share."""
    _require_tensors("scores", scores)
    require_share("share", share)
    return part_masks(scores, dict.fromkeys(scores, share), alive)


def _names_by_part(
    scores: Mapping[str, Tensor], shares: Mapping[str, float]
) -> dict[str, list[str]]:
    """The scores that are in each part; none of them in two."""
    require_mapping("shares", shares, "numbers")
    by_part: dict[str, list[str]] = {}
    for part, share in shares.items():
        require_instance("a part in shares", part, str)
        require_share(f"shares[{part!r}]", share)
        names = [name for name in scores if belongs(name, part)]
        require(len(names) > 0, f"shares names {part!r}, where no score is; {list(scores)} are.")
        for other, taken in by_part.items():
            twice = sorted(set(names) & set(taken))
            require(not twice, f"shares names {twice} twice, in {other!r} and {part!r}.")
        by_part[part] = names
    return by_part


def _alive(scores: Mapping[str, Tensor], alive: Mapping[str, Tensor] | None) -> dict[str, Tensor]:
    """Masks of all scores; those that earlier pruning has not named are of ones."""
    if alive is not None:
        require_instance("alive", alive, Mapping)
        unknown = [name for name in alive if name not in scores]
        require(not unknown, f"alive has {unknown}; names of scores were expected, {list(scores)}.")
    masks = {n: torch.ones_like(s, dtype=torch.bool) for n, s in scores.items()} | dict(alive or {})
    for name, mask in masks.items():
        require_bools(f"alive[{name!r}]", mask, tuple(scores[name].shape))
    return masks


def _require_tensors(name: str, tensors: Mapping[str, Tensor]) -> None:
    """Refuse what is no dictionary of finite floating tensors, none of them empty."""
    require_mapping(name, tensors, "tensors")
    for key, x in tensors.items():
        require_weights(f"{name}[{key!r}]", x)
        require(x.numel() > 0, f"{name}[{key!r}] is empty; one number or more was expected.")
