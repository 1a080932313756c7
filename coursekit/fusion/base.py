"""What every fusion operator is: features by modality in, joint logits out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from coursekit.utils.checks import require, require_count, require_modality, require_present
from coursekit.utils.tensor_checks import (
    require_batch,
    require_dtype,
    require_floats,
    require_tensors,
)

Slices = dict[str, list[tuple[Tensor, tuple[slice, ...]]]]  # modality → parts of parameters


@dataclass(frozen=True)
class SplitHead:
    """A head whose first layer is a sum of one term per modality.

    logits = readout(activation(Σ_m parts[m])).  parts: (B, H) each, from one modality alone.
    activation: element by element; None where there is none, and the head is additive.
    readout: affine, (..., H) → (..., C), so that a mean may be taken before it.
    """

    parts: list[Tensor]
    activation: Callable[[Tensor], Tensor] | None
    readout: Callable[[Tensor], Tensor]


class Fusion(nn.Module):
    """Joint logits (B, C) from features by modality, each (B, D_m).

    Errors of the call: ValueError when a modality is missing, a width or batch size is wrong, the
    batch is empty or a feature not finite; TypeError when features are no floating-point tensors
    or of another dtype than the operator's parameters.
    """

    name: ClassVar[str]
    exact_gradient: ClassVar[bool] = True  # False where backward is a stand-in, as straight-through

    def __init__(self, widths: Mapping[str, int], num_classes: int) -> None:
        super().__init__()
        if not isinstance(widths, Mapping):
            what = type(widths).__name__
            raise TypeError(f"widths is a {what}; a dictionary, modality → width, was expected.")
        require(len(widths) > 0, "widths is empty; at least one modality was expected.")
        for m, width in widths.items():
            require_modality("widths", m)
            require_count(f"widths[{m!r}]", width, 1)
        require_count("num_classes", num_classes, 1)
        self.widths = dict(widths)
        self.num_classes = num_classes

    def ordered(self, features: Mapping[str, Tensor]) -> list[Tensor]:
        """The features in the operator's own order, each checked to be (B, D_m) and finite."""
        require_present("features", features, self.widths, "the fusion reads")
        parts = [features[m] for m in self.widths]
        for m, x in zip(self.widths, parts, strict=True):
            require_floats(f"features[{m!r}]", x)
            require_dtype(f"features[{m!r}]", x, self)
        rows = parts[0].shape[0] if parts[0].ndim else None
        for (m, width), x in zip(self.widths.items(), parts, strict=True):
            require_batch(f"features[{m!r}]", x, self._shape(width, x, rows))
        return parts

    def _shape(self, width: int, x: Tensor, rows: int | None) -> tuple[int | None, ...]:
        """What `ordered` expects of one modality's features ``x``: (B, D_m)."""
        return rows, width

    def concatenated(self, features: Mapping[str, Tensor]) -> Tensor:
        """All features side by side, (B, Σ D_m)."""
        return torch.cat(self.ordered(features), dim=1)

    def slices(self) -> Slices:
        """By modality the parts of the operator's weights that read this modality alone."""
        return {}

    def split(self, features: Mapping[str, Tensor]) -> SplitHead | None:
        """The same logits as a `SplitHead`, for operators that have that form; else None.

        What is computed over all pairs of samples (EMAP) then needs each part once only.
        """
        return None

    def stacked(self, weights: Mapping[str, Tensor], features: Mapping[str, Tensor]) -> Tensor:
        """K operators of this kind at once: features (K, B, D_m) → joint logits (K, B, C).

        weights: this operator's parameters by name, (K, …) each.  Optional: where it is not
        overridden together with ``forward``, `coursekit.compare.replicas` runs the operators one
        by one.
        """
        raise NotImplementedError


def batched_linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """x W^T + b for K layers at once: x (K, B, D), weight (K, O, D), bias (K, O) → (K, B, O)."""
    return torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2))


def columns(layer: nn.Linear, widths: Mapping[str, int]) -> Slices:
    """`Fusion.slices` of a layer (H, Σ D_m) on concatenated features: each modality's columns."""
    slices: Slices = {}
    start = 0
    for m, d in widths.items():
        slices[m] = [(layer.weight, (slice(None), slice(start, start + d)))]
        start += d
    return slices


def owned(modules: Iterable[nn.Module], widths: Mapping[str, int]) -> Slices:
    """`Fusion.slices` where every modality has a module of its own, in the order of ``widths``."""
    whole = (slice(None),)
    return {
        m: [(p, whole * p.ndim) for p in module.parameters()]
        for m, module in zip(widths, modules, strict=True)
    }


def require_modalities(name: str, widths: Mapping[str, int], least: int = 2) -> None:
    """Refuse fewer than ``least`` modalities, in the name of the operator."""
    require_count("least", least, 1)
    named = f"widths names {len(widths)} modalities, {list(widths)}"
    require(len(widths) >= least, f"{named}; {name} fusion needs {least} or more.")


def require_vectors(name: str, parts: Sequence[Tensor]) -> None:
    """Refuse what is no list of finite floating tensors (B, D_m) with one and the same B."""
    require_tensors(name, parts)
    for m, x in enumerate(parts):
        require_batch(f"{name}[{m}]", x, (len(parts[0]) if m else None, None))


def with_one(z: Tensor) -> Tensor:
    """[1; z]: a one before the features, (B, D) → (B, D + 1)."""
    return torch.cat([torch.ones_like(z[:, :1]), z], dim=1)
