"""Generated data of several seeds side by side, (K, N, …), and batches of every seed's own rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.data.multimodal import MultimodalData
from coursekit.data.preset_recipes import preset
from coursekit.data.synthetic import Recipe, generate
from coursekit.utils.checks import require_instance, require_seeds

ROWS = 2000  # to train on
BATCH = 256


@dataclass(frozen=True)
class Rows:
    """Inputs by modality (K, N, D), labels and kinds of sample (K, N); K seeds."""

    inputs: Mapping[str, Tensor]
    labels: Tensor
    kinds: Tensor

    def at(self, places: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Inputs and labels of every seed at its own places (K, B)."""
        seeds = torch.arange(len(places))[:, None]
        return {m: x[seeds, places] for m, x in self.inputs.items()}, self.labels[seeds, places]


@dataclass(frozen=True)
class Generated:
    """One recipe, drawn with several seeds.  kinds: names of the kinds of sample, in order."""

    train: Rows
    valid: Rows
    test: Rows
    seeds: tuple[int, ...]
    kinds: tuple[str, ...]

    @property
    def widths(self) -> dict[str, int]:
        """Numbers per row of each modality."""
        return {m: x.shape[2] for m, x in self.train.inputs.items()}


def recipe_of(name: str) -> Recipe:
    """A preset's recipe with more rows; "easy" is "balanced" with more that A shows alone."""
    base = replace(preset("balanced" if name == "easy" else name).recipe, train=ROWS)
    return replace(base, redundant=0.7, unique={"A": 0.1, "B": 0.15}) if name == "easy" else base


def generated(recipe: Recipe, seeds: Sequence[int]) -> Generated:
    """The recipe's data, drawn with every seed.  Errors: ValueError without seeds."""
    require_instance("recipe", recipe, Recipe)
    drawn = tuple(require_seeds(seeds))
    sets = [generate(recipe, seed) for seed in drawn]
    parts = {}
    for name in ("train", "valid", "test"):
        splits = [getattr(one, name) for one in sets]
        parts[name] = Rows(
            {m: torch.stack([s.inputs[m] for s in splits]) for m in recipe.modalities},
            torch.stack([s.labels for s in splits]),
            torch.stack([_kinds(one)[one.splits[name]] for one in sets]),
        )
    return Generated(**parts, seeds=drawn, kinds=tuple(recipe.shares()))


def _kinds(data: MultimodalData) -> Tensor:
    """The kind of every sample, which generated data have."""
    require_instance("data.kind", data.kind, Tensor)
    assert data.kind is not None
    return data.kind


def batches(rows: Rows, epochs: int, seeds: Sequence[int], size: int = BATCH) -> Iterator[Tensor]:
    """Places of the rows of every step, (K, B), in an order of each seed's own."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    for _ in range(epochs):
        orders = [torch.randperm(rows.labels.shape[1], generator=g) for g in generators]
        yield from torch.stack(orders).split(size, dim=1)


def summed_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross entropy of each seed's rows, summed over seeds: logits (K, B, C)."""
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten()) * len(labels)


def right(logits: Tensor, labels: Tensor) -> Tensor:
    """Share of rows that are named rightly, per seed, (K,) float64."""
    return (logits.argmax(-1) == labels).double().mean(-1)
