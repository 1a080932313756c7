"""Masks on a model: weights that are zero, and stay zero while the others train on.

The parameters stay what they were, some of their numbers zero. PyTorch's `torch.nn.utils.prune`
keeps a second tensor, ``weight_orig``, and computes the weight anew in every forward pass: until
`torch.nn.utils.prune.remove` that is more memory, not less, a model that cannot be copied, and an
optimiser whose momentum and decay go on moving what the mask hides.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

import pandas as pd
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from coursekit.training.part_names import belongs
from coursekit.utils.checks import require, require_instance, require_list, require_mapping
from coursekit.utils.tensor_checks import require_bools


@torch.no_grad()
def apply_masks(model: nn.Module, masks: Mapping[str, Tensor]) -> None:
    """Set to zero, for good and in place, every weight whose mask is False.

    masks: bool, by the parameter's name, of its shape (`coursekit.training.pruning`).
    Errors: ValueError for a name that is no parameter, another shape; TypeError for no bool.
    """
    for p, mask in _pairs(model, masks):
        p.masked_fill_(~mask.to(p.device), 0)


def held(
    model: nn.Module, masks: Mapping[str, Tensor], optimizer: Optimizer | None = None
) -> AbstractContextManager[None]:
    """Apply the masks, and inside the block no training moves what they have set to zero.

    Gradients of masked weights are zero, so that an optimiser that begins in the block, as that of
    `coursekit.training.fit` does, has nothing to move: no gradient, no momentum, and the decay of
    zero is zero. Clipping counts only what is left.
    optimizer: one that has taken steps before, whose momentum would move them all the same; after
    each of its steps they are put back to zero.
    Errors: as `apply_masks`; RuntimeError at the end where a masked weight is not zero, which is
    what an optimiser with a memory does that was not handed in.
    """
    require_instance("optimizer", optimizer, Optimizer | None)
    return _held(model, masks, _pairs(model, masks), optimizer)


@contextmanager
def _held(
    model: nn.Module,
    masks: Mapping[str, Tensor],
    pairs: list[tuple[nn.Parameter, Tensor]],
    optimizer: Optimizer | None,
) -> Iterator[None]:
    apply_masks(model, masks)
    hooks = [p.register_hook(_masking(mask)) for p, mask in pairs if p.requires_grad]
    if optimizer is not None:
        hooks.append(optimizer.register_step_post_hook(lambda *_: apply_masks(model, masks)))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
    moved = sum(int((p.detach()[~mask.to(p.device)] != 0).sum()) for p, mask in pairs)
    if moved:
        raise RuntimeError(
            f"{moved} masked weights of the model are not zero; an optimiser that had taken steps "
            "before was expected as the argument optimizer."
        )


def counts(masks: Mapping[str, Tensor], parts: Sequence[str]) -> pd.DataFrame:
    """One row per part: part, weights, left, and pruned, the share that is gone.

    parts: names, or what stands before a dot in them, in a list; "" is everything.
    Errors: ValueError for a part in which no mask is.
    """
    _require_masks(masks)
    require_list("parts", parts, "names")
    rows = []
    for part in parts:
        require_instance("a name in parts", part, str)
        inside = [mask for name, mask in masks.items() if belongs(name, part)]
        require(len(inside) > 0, f"parts has {part!r}, where no mask is; {list(masks)} are.")
        whole, left = sum(m.numel() for m in inside), sum(int(m.sum()) for m in inside)
        rows.append((part, whole, left, 1 - left / whole))
    return pd.DataFrame(rows, columns=["part", "weights", "left", "pruned"])


def _masking(mask: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda gradient: gradient * mask.to(gradient.device)  # the model may move meanwhile


def _pairs(model: nn.Module, masks: Mapping[str, Tensor]) -> list[tuple[nn.Parameter, Tensor]]:
    """Each masked parameter with its mask."""
    require_instance("model", model, nn.Module)
    _require_masks(masks)
    known = dict(model.named_parameters())
    unknown = [name for name in masks if name not in known]
    require(not unknown, f"masks has {unknown}, which are no parameters; of {list(known)}.")
    for name, mask in masks.items():
        require_bools(f"masks[{name!r}]", mask, tuple(known[name].shape))
    return [(known[name], mask) for name, mask in masks.items()]


def _require_masks(masks: Mapping[str, Tensor]) -> None:
    require_mapping("masks", masks, "tensors")
    for name, mask in masks.items():
        require_bools(f"masks[{name!r}]", mask, tuple(getattr(mask, "shape", ())))
