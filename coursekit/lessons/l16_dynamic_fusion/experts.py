"""Three experts, cheap, dear and reading everything, and what each says of every row."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

import torch
from torch import Tensor, nn

from coursekit.analysis.costs import multiply_adds
from coursekit.compare.networks_at_once import NetworksAtOnce, at_once
from coursekit.layers.initialise import initialise
from coursekit.lessons.l16_dynamic_fusion.generated_rows import (
    BATCH,
    Generated,
    batches,
    generated,
    recipe_of,
    summed_loss,
)
from coursekit.models.gated_experts import InputGate
from coursekit.training.optimizers import AdamW

# What each expert reads, and how wide its two layers per modality are.
EXPERTS: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {"A": {"A": 16}, "B": {"B": 64}, "both": {"A": 64, "B": 64}}
)
HIDDEN = 16  # of the gate
EPOCHS, RATE = 15, 3e-3


class Expert(nn.Module):
    """Two hidden layers per modality, side by side, and a linear layer to the classes."""

    def __init__(self, inputs: Mapping[str, int], hidden: Mapping[str, int], classes: int) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict(
            {m: encoder(inputs[m], width, 2) for m, width in hidden.items()}
        )
        self.head = nn.Linear(sum(hidden.values()), classes)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """(B, D) by modality → logits (B, C)."""
        return self.head(torch.cat([e(inputs[m]) for m, e in self.encoders.items()], dim=-1))


def encoder(width: int, hidden: int, layers: int) -> nn.Sequential:
    """Linear layers with a ReLU behind each."""
    widths = [width] + [hidden] * layers
    parts: list[nn.Module] = []
    for i in range(layers):
        parts += [nn.Linear(widths[i], widths[i + 1]), nn.ReLU()]
    return nn.Sequential(*parts)


@dataclass(frozen=True)
class StoredExperts:
    """Experts that are trained no further.

    probabilities: split → (K, N, E, C).  costs: multiply-adds per expert, in units of the dearest;
    gate_cost: of the gate, in the same unit.
    """

    data: Generated
    probabilities: Mapping[str, Tensor]
    costs: tuple[float, ...]
    gate_cost: float

    def right(self, split: str) -> Tensor:
        """Which expert names which row rightly, (K, N, E) bool."""
        labels = getattr(self.data, split).labels
        return self.probabilities[split].argmax(-1) == labels[..., None]


@lru_cache(maxsize=2)
def stored_experts(mix: str, seeds: tuple[int, ...]) -> StoredExperts:
    """The experts of a mix of samples, "balanced" or "easy", trained with every seed."""
    data = generated(recipe_of(mix), seeds)
    every = [train_experts(data, hidden) for hidden in EXPERTS.values()]
    with torch.no_grad():
        answers = {
            name: torch.stack([e(getattr(data, name).inputs).softmax(-1) for e in every], dim=2)
            for name in ("train", "valid", "test")
        }
    return StoredExperts(data, answers, *relative_costs(data))


def train_experts(data: Generated, hidden: Mapping[str, int]) -> NetworksAtOnce:
    """One expert per seed, all at once."""
    classes = int(data.train.labels.max()) + 1
    made = []
    for seed in data.seeds:
        expert = Expert(data.widths, hidden, classes)
        initialise(expert, seed)
        made.append(expert)
    return fitted(at_once(made), data, EPOCHS, RATE)


def fitted(networks: NetworksAtOnce, data: Generated, epochs: int, rate: float) -> NetworksAtOnce:
    """The networks, trained on the training rows, each in its own order."""
    for _ in training_epochs(networks, data, epochs, rate):
        pass
    return networks


def training_epochs(
    networks: NetworksAtOnce, data: Generated, epochs: int, rate: float
) -> Iterator[int]:
    """Train, and say after each epoch how many are over."""
    optimizer = AdamW(networks.parameters(), lr=rate)
    per_epoch = -(-data.train.labels.shape[1] // BATCH)
    for step, places in enumerate(batches(data.train, epochs, data.seeds), 1):
        inputs, labels = data.train.at(places)
        optimizer.zero_grad()
        summed_loss(networks(inputs), labels).backward()
        optimizer.step()
        if step % per_epoch == 0:
            yield step // per_epoch


def relative_costs(data: Generated) -> tuple[tuple[float, ...], float]:
    """Multiply-adds of the experts and of the gate for one row, in units of the dearest expert."""
    row = {m: x[0, :1] for m, x in data.train.inputs.items()}
    classes = int(data.train.labels.max()) + 1
    each = [multiply_adds(Expert(data.widths, h, classes), row) for h in EXPERTS.values()]
    gate = multiply_adds(InputGate(data.widths, len(EXPERTS), HIDDEN), row)
    return tuple(cost / max(each) for cost in each), gate / max(each)


def with_ensemble(stored: StoredExperts) -> StoredExperts:
    """The same with "both" replaced by the mean of what A and B say: nothing more is trained."""
    answers = {
        split: torch.cat([p[:, :, :2], p[:, :, :2].mean(2, keepdim=True)], dim=2)
        for split, p in stored.probabilities.items()
    }
    a, b, _ = stored.costs
    return replace(stored, probabilities=answers, costs=(a, b, a + b))
