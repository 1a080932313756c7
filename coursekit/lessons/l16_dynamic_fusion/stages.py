"""A network that B joins stage by stage, as far as a gate lets it; charges and seeds at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from coursekit.compare.networks_at_once import NetworksAtOnce, at_once
from coursekit.fusion.hard_gate import straight_through
from coursekit.layers.initialise import initialise
from coursekit.layers.skip_gate import first_alone_shares, joined
from coursekit.lessons.l16_dynamic_fusion.generated_rows import BATCH, Generated, Rows, batches
from coursekit.training.optimizers import AdamW
from coursekit.utils.checks import require_count, require_list

STAGES, WIDTH, HIDDEN = 3, 32, 16
EPOCHS, RATE = 15, 3e-3


def stage_costs(widths: Mapping[str, int], classes: int) -> tuple[list[float], float]:
    """Multiply-adds if B joins at 0, 1, … stages, and of the gate; in units of all stages.

    A's own stages and the last layer are always run.
    """
    per_stage = {m: [w * WIDTH, *[WIDTH * WIDTH] * (STAGES - 1)] for m, w in widths.items()}
    always = sum(per_stage["A"]) + WIDTH * classes
    each = [always + sum(per_stage["B"][:j]) for j in range(STAGES + 1)]
    gate = sum(widths.values()) * HIDDEN + HIDDEN * (STAGES + 1)
    return [cost / each[-1] for cost in each], gate / each[-1]


@dataclass(frozen=True)
class StageNetworks:
    """Layers of both modalities by stage, the last layer and the gate, of R networks each."""

    own: Mapping[str, Sequence[NetworksAtOnce]]
    head: NetworksAtOnce
    gate: NetworksAtOnce

    def parameters(self) -> list[nn.Parameter]:
        """All of them."""
        parts = [*self.own["A"], *self.own["B"], self.head, self.gate]
        return [p for part in parts for p in part.parameters()]

    def shares(self, inputs: Mapping[str, Tensor], hard: bool) -> Tensor:
        """The gate's shares of the branches, (R, B, STAGES + 1)."""
        logits = self.gate(torch.cat([inputs["A"], inputs["B"]], dim=2))
        return straight_through(logits.flatten(0, 1), 1.0, hard).view_as(logits)

    def logits(self, inputs: Mapping[str, Tensor], shares: Tensor) -> Tensor:
        """(R, B, C), B joining at each stage as far as the shares of the branches let it."""
        alone = first_alone_shares(shares.flatten(0, 1))
        h, b = inputs["A"], inputs["B"]
        for k in range(STAGES):
            h, b = self.own["A"][k](h).relu(), self.own["B"][k](b).relu()
            h = joined(h.flatten(0, 1), b.flatten(0, 1), alone[:, k]).view_as(h)
        return self.head(h)


def stage_networks(data: Generated, copies: int) -> StageNetworks:
    """``copies`` networks per seed, those of a seed alike."""
    classes = int(data.train.labels.max()) + 1
    total = sum(data.widths.values())
    seeds = [seed for _ in range(copies) for seed in data.seeds]

    def alike(make: type, *sizes: int, shift: int) -> NetworksAtOnce:
        return at_once([_drawn(make(*sizes), seed + 1000 * shift) for seed in seeds])

    own = {
        m: [
            alike(nn.Linear, width if k == 0 else WIDTH, WIDTH, shift=2 * k + place)
            for k in range(STAGES)
        ]
        for place, (m, width) in enumerate(data.widths.items())
    }
    head = alike(nn.Linear, WIDTH, classes, shift=20)
    return StageNetworks(own, head, alike(_Gate, total, shift=21))


def train_stages(
    data: Generated, charges: Sequence[float], fixed: Sequence[int] = (), epochs: int = EPOCHS
) -> StageNetworks:
    """Networks and gates, taught together; one per charge λ and per fixed branch, and per seed.

    fixed: branches that a network without a gate always takes; these come behind the charges.
    """
    require_list("charges", charges, "numbers")
    require_count("epochs", epochs, 1)
    networks = stage_networks(data, len(charges) + len(fixed))
    costs, _ = stage_costs(data.widths, int(data.train.labels.max()) + 1)
    price, count = torch.tensor(costs), len(data.seeds)
    charge = torch.tensor([*charges, *[0.0] * len(fixed)]).repeat_interleave(count)
    optimizer = AdamW(networks.parameters(), lr=RATE)
    for places in batches(data.train, epochs, data.seeds, BATCH):
        inputs, labels = copied(data.train, places, len(charges) + len(fixed))
        shares = with_fixed(networks.shares(inputs, hard=False), fixed, count)
        logits = networks.logits(inputs, shares)
        task = nn.functional.cross_entropy(logits.transpose(1, 2), labels, reduction="none").mean(1)
        optimizer.zero_grad()
        (task + charge * (shares @ price).mean(1)).sum().backward()
        optimizer.step()
    return networks


def copied(rows: Rows, places: Tensor, copies: int) -> tuple[dict[str, Tensor], Tensor]:
    """Rows of every seed at its own places, once per copy, (copies · K, B, …)."""
    inputs, labels = rows.at(places)
    return {m: x.repeat(copies, 1, 1) for m, x in inputs.items()}, labels.repeat(copies, 1)


def with_fixed(shares: Tensor, fixed: Sequence[int], count: int) -> Tensor:
    """The last rows replaced by one-hot ones: a branch of ``fixed`` for each ``count`` networks."""
    if not fixed:
        return shares
    branch = torch.tensor(fixed).repeat_interleave(count)
    one_hot = nn.functional.one_hot(branch, shares.shape[2]).to(shares)
    one_hot = one_hot[:, None].expand(-1, shares.shape[1], -1)
    return torch.cat([shares[: len(shares) - len(branch)], one_hot])


class _Gate(nn.Sequential):
    def __init__(self, width: int) -> None:
        super().__init__(nn.Linear(width, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, STAGES + 1))


def _drawn(module: nn.Module, seed: int) -> nn.Module:
    initialise(module, seed)
    return module
