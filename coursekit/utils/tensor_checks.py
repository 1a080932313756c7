"""Checks of tensors that answer in a sentence: the argument, what came, what was expected."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from coursekit.utils.accelerator_checks import cheap_to_ask, check
from coursekit.utils.checks import require


class NoValue(ValueError):
    """A rule has no value for such numbers; inside a training it means that the run diverged.

    heads: which of the numbers, by place; a training names their modalities.
    """

    def __init__(self, sentence: str, heads: Sequence[int] = ()) -> None:
        super().__init__(sentence)
        self.heads = tuple(heads)


class NotFinite(NoValue):
    """A tensor holds NaN or infinite values; inside a training it means that the run diverged."""


def not_finite(name: str) -> NotFinite:
    """What is raised of a tensor called ``name``."""
    return NotFinite(f"{name} contains NaN or infinite values.")


def within_range(name: str, x: Tensor) -> Tensor:
    """Return ``x``, a result called ``name``, unless finite arguments made it too large."""
    sentence = f"{name} is too large for a number; smaller arguments were expected."
    check(torch.isfinite(x.detach()).all(), lambda: NoValue(sentence))
    return x


def require_tensors(name: str, tensors: Any) -> None:
    """Refuse what is no list of floating-point tensors, one per modality, or is empty."""
    if isinstance(tensors, str) or not isinstance(tensors, Sequence):
        what = type(tensors).__name__
        raise TypeError(f"{name} is a {what}; a list with one tensor per modality was expected.")
    require(len(tensors) > 0, f"{name} is empty; at least one modality was expected.")
    for m, x in enumerate(tensors):
        require_floats(f"{name}[{m}]", x)


def require_floats(name: str, x: Any) -> None:
    """Refuse what is no floating-point tensor, with TypeError."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{name} is a {type(x).__name__}; a torch tensor was expected.")
    if not x.is_floating_point():
        raise TypeError(f"{name} has dtype {x.dtype}; floating-point numbers were expected.")


def require_dtype(name: str, x: Any, module: nn.Module) -> None:
    """Refuse, with TypeError, what has not the dtype of the module's parameters, if it has any."""
    own = next(module.parameters(), None)
    if own is None:
        return
    if not isinstance(x, Tensor):
        raise TypeError(f"{name} is a {type(x).__name__}; a torch tensor was expected.")
    if x.dtype != own.dtype:
        raise TypeError(f"{name} has dtype {x.dtype}; {own.dtype}, as the weights, was expected.")


def require_module_names(name: str, modules: Mapping[Any, Any]) -> None:
    """Refuse names under which PyTorch cannot keep a module: with a dot, or of its own methods."""
    for key in modules:
        fits = isinstance(key, str) and key != "" and "." not in key
        taken = f"{name} has {key!r}; names without dots that PyTorch does not use were expected."
        require(fits and not hasattr(nn.ModuleDict(), key), taken)


def require_weights(name: str, x: Any) -> None:
    """Refuse what is no finite floating-point tensor."""
    require_floats(name, x)
    _require_no_nan(name, x)


def require_batch(name: str, x: Tensor, shape: tuple[int | None, ...]) -> Tensor:
    """Return ``x`` if it is a finite floating tensor of ``shape`` (None = any size, not zero).

    Errors: TypeError for integers or no tensor, ValueError for wrong rank, size, NaN or inf.
    """
    require_floats(name, x)
    want = "(" + ", ".join("any" if s is None else str(s) for s in shape) + ")"
    fits = x.ndim == len(shape) and all(s in (None, n) for s, n in zip(shape, x.shape, strict=True))
    require(fits, f"{name} has shape {tuple(x.shape)}; {want} was expected.")
    require(x.numel() > 0, f"{name} has shape {tuple(x.shape)}; an empty batch cannot be used.")
    _require_no_nan(name, x)
    return x


def require_same_batches(name: str, batches: Any, least: int = 1) -> None:
    """Refuse what is no list of finite batches of one shape (B, C), ``least`` of them or more.

    Errors: TypeError for no list or other numbers, ValueError for too few, other shapes, NaN.
    """
    require_tensors(name, batches)
    require(
        len(batches) >= least,
        f"{name} holds {len(batches)}; {least} or more, one per modality, were expected.",
    )
    for m, x in enumerate(batches):
        require_batch(f"{name}[{m}]", x, tuple(batches[0].shape) if m else (None, None))


def require_no_negative(name: str, x: Tensor) -> None:
    """Refuse a tensor with a number below zero; it holds one number or more."""
    lowest = x.detach().min()
    sentence = "zero or more was expected."
    check(lowest >= 0, lambda: NoValue(f"{name} holds {lowest.item()}; {sentence}"))


def require_scalar(name: str, x: Any) -> None:
    """Refuse what is no tensor with one finite floating-point number and no axis."""
    require_floats(name, x)
    require(x.ndim == 0, f"{name} has shape {tuple(x.shape)}; a scalar, shape (), was expected.")
    _require_no_nan(name, x)


def require_pairs(first: Any, second: Any) -> None:
    """Refuse what are not two finite batches of one shape (B, D), where row i of both is a pair."""
    require_one_shape("first", first, "second", second)


def require_one_shape(first_name: str, first: Any, second_name: str, second: Any) -> None:
    """Refuse what are not two finite batches of one shape (B, D)."""
    require_batch(first_name, first, (None, None))
    require_batch(second_name, second, tuple(first.shape))


def require_one_width(first_name: str, first: Any, second_name: str, second: Any) -> None:
    """Refuse what are not two finite batches, (N, D) and (M, D)."""
    require_batch(first_name, first, (None, None))
    require_batch(second_name, second, (None, first.shape[1]))


def require_bools(name: str, x: Any, shape: tuple[int, ...]) -> None:
    """Refuse what is no tensor of True and False of this shape."""
    if not isinstance(x, Tensor) or x.dtype != torch.bool:
        what = getattr(x, "dtype", type(x).__name__)
        raise TypeError(f"{name} is {what}; True and False in a tensor were expected.")
    require(x.shape == shape, f"{name} has shape {tuple(x.shape)}; {shape} was expected.")


def require_labels(
    name: str, labels: Any, rows: int | None = None, num_classes: int | None = None
) -> None:
    """Refuse what are no classes as int64, (rows,), in 0 … num_classes − 1 (None = any number).

    Errors: TypeError for another type of numbers or no tensor, ValueError for the rest.
    """
    if not isinstance(labels, Tensor) or labels.dtype != torch.int64:
        what = getattr(labels, "dtype", type(labels).__name__)
        raise TypeError(f"{name} is {what}; classes as int64 were expected.")
    fits = labels.ndim == 1 and rows in (None, len(labels)) and len(labels) > 0
    want = f"({'any' if rows is None else rows},)"
    require(fits, f"{name} has shape {tuple(labels.shape)}; {want} was expected.")
    low, high = (int(end) for end in torch.aminmax(labels))
    most = "" if num_classes is None else f" to {num_classes - 1}"
    fits = low >= 0 and (num_classes is None or high < num_classes)
    require(fits, f"{name} lie in {low} to {high}; 0{most or ' or more'} was expected.")


def _require_no_nan(name: str, x: Tensor) -> None:
    if cheap_to_ask(x) and bool(x.detach().sum().isfinite()):  # one pass; a sum may overflow
        return
    check(torch.isfinite(x).all(), lambda: not_finite(name))
