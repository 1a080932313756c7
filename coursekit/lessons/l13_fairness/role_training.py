"""Networks that name the role in a picture, with or without a cure; all seeds at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.compare.networks_at_once import NetworksAtOnce, at_once
from coursekit.data.reweighing import balancing_weights, reweighing_weights
from coursekit.layers.initialise import initialise
from coursekit.lessons.l13_fairness.role_data import RoleData, Rows
from coursekit.training.adversarial_projection import projected_gradients
from coursekit.training.gradient_reversal import reversal_strength, reverse_gradient
from coursekit.training.optimizers import AdamW
from coursekit.utils.checks import require, require_flag, require_not_negative

HIDDEN = 48
EPOCHS, BATCH, RATE = 25, 64, 3e-3


@dataclass(frozen=True)
class Cure:
    """What is done against the dependence.  sampling: every cell of role and gender as often.

    reweighing: weights that make role and gender independent.  adversary (λ): how strong the
    reversed gradient of an adversary that reads the gender from the features becomes; 0 = none.
    projection (α): the projected form, whose adversary reads the gender from the logits; 0 = none.
    shuffled: a control, the same cure for genders that have been shuffled among the rows.
    """

    sampling: bool = False
    reweighing: bool = False
    adversary: float = 0.0
    projection: float = 0.0
    shuffled: bool = False

    def __post_init__(self) -> None:
        require_flag("sampling", self.sampling)
        require_flag("reweighing", self.reweighing)
        require_flag("shuffled", self.shuffled)
        require_not_negative("adversary", self.adversary)
        require_not_negative("projection", self.projection)
        both = f"adversary is {self.adversary} and projection {self.projection}"
        require(not (self.adversary and self.projection), f"{both}; one of them was expected.")


PLAIN = Cure()


class RoleNetwork(nn.Module):
    """Two hidden layers, whose second one is the features, and a layer that names the role."""

    def __init__(self, width: int, roles: int, seed: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(width, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU()
        )
        self.head = nn.Linear(HIDDEN, roles)
        initialise(self, seed)

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, R) and features (B, HIDDEN)."""
        features = self.encoder(inputs)
        return self.head(features), features


def new_adversary(width: int, seed: int) -> nn.Module:
    """A network that reads the gender from features or logits, (B, width)."""
    network = nn.Sequential(nn.Linear(width, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2))
    initialise(network, seed + 1)
    return network


@dataclass(frozen=True)
class Trained:
    """Networks of all seeds, and how often the adversary read the gender of training rows, (K,)."""

    networks: NetworksAtOnce
    adversary_accuracy: Tensor

    @torch.no_grad()
    def read(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (K, N, R) and features (K, N, HIDDEN)."""
        logits, features = self.networks(inputs)
        return logits, features


def train(data: RoleData, cure: Cure = PLAIN, epochs: int = EPOCHS) -> Trained:
    """Train the networks of all seeds, with equal steps whatever the cure."""
    rows = with_shuffled_genders(data.train) if cure.shuffled else data.train
    width = rows.inputs.shape[2]
    networks = at_once([RoleNetwork(width, data.setting.roles, seed) for seed in data.seeds])
    read = data.setting.roles if cure.projection else HIDDEN
    adversaries = at_once([new_adversary(read, seed) for seed in data.seeds])
    parameters = [*networks.parameters(), *adversaries.parameters()]
    optimizer = AdamW(parameters, lr=RATE)
    weights = row_weights(rows, cure)
    steps = epochs * -(-rows.roles.shape[1] // BATCH)
    for step, places in enumerate(batches(rows, cure, epochs, data.seeds)):
        inputs, roles, genders, weight = (
            _at(x, places) for x in (rows.inputs, rows.roles, rows.genders, weights)
        )
        logits, features = networks(inputs)
        task = weighted_loss(logits, roles, weight)
        optimizer.zero_grad()
        if cure.projection:
            audit = weighted_loss(adversaries(logits), genders, weight)
            projected_backward(networks, adversaries, task, audit, cure.projection)
        elif cure.adversary:
            strength = cure.adversary * reversal_strength(step / steps)
            guess = adversaries(reverse_gradient(features, strength))
            (task + weighted_loss(guess, genders, weight)).backward()
        else:
            task.backward()
        optimizer.step()
    with torch.no_grad():
        logits, features = networks(rows.inputs)
        guess = adversaries(logits if cure.projection else features).argmax(2)
    return Trained(networks, (guess == rows.genders).double().mean(1))


def projected_backward(
    networks: NetworksAtOnce, adversaries: NetworksAtOnce, task: Tensor, audit: Tensor, alpha: float
) -> None:
    """Leave the projected gradient in the networks, and the audit's own in the adversaries.

    task, audit: the networks' loss and the adversaries', each summed over seeds.  Every seed's
    parameters are one vector, as in the paper.
    """
    own, theirs = dict(networks.named_parameters()), list(adversaries.parameters())
    for_task = torch.autograd.grad(task, list(own.values()), retain_graph=True)
    for_audit = torch.autograd.grad(audit, [*own.values(), *theirs])
    for p, gradient in zip(theirs, for_audit[len(own) :], strict=True):
        p.grad = gradient
    by_seed = []
    for k in range(len(for_task[0])):
        of_task = {name: g[k] for name, g in zip(own, for_task, strict=True)}
        of_audit = {name: h[k] for name, h in zip(own, for_audit[: len(own)], strict=True)}
        by_seed.append(projected_gradients(of_task, of_audit, alpha))
    for name, p in own.items():
        p.grad = torch.stack([changed[name] for changed in by_seed]).to(p)


def with_shuffled_genders(rows: Rows) -> Rows:
    """The same rows with each seed's genders in another order: there is nothing to cure in them."""
    orders = [
        torch.randperm(len(one), generator=torch.Generator().manual_seed(place))
        for place, one in enumerate(rows.genders)
    ]
    return replace(rows, genders=_at(rows.genders, torch.stack(orders)))


def batches(rows: Rows, cure: Cure, epochs: int, seeds: Sequence[int]) -> Iterator[Tensor]:
    """Places of the rows of every step, (K, B), in an order of each seed's own."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    count = rows.roles.shape[1]
    often = torch.ones(rows.roles.shape, dtype=torch.float64)
    if cure.sampling:
        often = _by_seed(balancing_weights, rows)
    for _ in range(epochs):
        orders = [
            torch.multinomial(o, count, replacement=cure.sampling, generator=generator)
            for o, generator in zip(often, generators, strict=True)
        ]
        yield from torch.stack(orders).split(BATCH, dim=1)


def row_weights(rows: Rows, cure: Cure) -> Tensor:
    """The weight of each row's loss, (K, N)."""
    if not cure.reweighing:
        return torch.ones(rows.roles.shape)
    return _by_seed(reweighing_weights, rows).float()


def weighted_loss(logits: Tensor, labels: Tensor, weight: Tensor) -> Tensor:
    """Mean over rows of weight × cross entropy, summed over seeds: logits (K, B, C)."""
    losses = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
    return (losses.view_as(weight) * weight).mean(1).sum()


def _by_seed(rule: Callable[..., NDArray], rows: Rows) -> Tensor:
    pairs = zip(rows.genders, rows.roles, strict=True)
    return torch.stack([torch.from_numpy(rule(g.tolist(), r.tolist())) for g, r in pairs])


def _at(values: Tensor, places: Tensor) -> Tensor:
    """Rows of every seed at its own places."""
    return values[torch.arange(len(places))[:, None], places]
