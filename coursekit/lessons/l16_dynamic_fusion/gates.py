"""Gates over stored experts, taught with a charge for what they use; many at once."""

from collections.abc import Generator, Sequence

import torch
from torch import Tensor

from coursekit.compare.networks_at_once import NetworksAtOnce, at_once
from coursekit.fusion.hard_gate import straight_through
from coursekit.layers.initialise import initialise
from coursekit.lessons.l16_dynamic_fusion.experts import EXPERTS, HIDDEN, StoredExperts
from coursekit.models.gated_experts import InputGate
from coursekit.training.optimizers import Adam
from coursekit.utils.checks import require_count, require_list, require_not_negative
from coursekit.utils.stepwise import drive

STEPS, BATCH, RATE = 300, 256, 1e-2
TINY = 1e-12  # under a logarithm


def gate_choices(
    stored: StoredExperts,
    charges: Sequence[float],
    split: str = "test",
    temperature: float = 1.0,
    hard: bool = False,
    steps: int = STEPS,
) -> Tensor:
    """Which expert the gates of every charge λ take for every row of a split, (L, K, N)."""
    gates = drive(teach(stored, charges, temperature, hard, steps))
    return choices(gates, stored, len(charges), split)


def teach(
    stored: StoredExperts,
    charges: Sequence[float],
    temperature: float = 1.0,
    hard: bool = False,
    steps: int = STEPS,
) -> Generator[None, None, NetworksAtOnce]:
    """Gates for every charge λ and seed, L · K of them, pausing now and then.

    The loss is −log Σ_k g_k p_k(y) + λ Σ_k g_k C_k on training rows, g = softmax(logits / τ).
    hard: g one-hot while learning too, with the gradient of the softmax.  τ: temperature.
    """
    require_list("charges", charges, "numbers")
    for place, charge in enumerate(charges):
        require_not_negative(f"charges[{place}]", charge)
    require_count("steps", steps, 1)
    gates = at_once([_new_gate(stored, seed) for _ in charges for seed in stored.data.seeds])
    inputs, of_label = _side_by_side(stored, "train"), _of_the_label(stored)
    price = torch.tensor(stored.costs)
    each = torch.tensor(list(charges)).repeat_interleave(len(stored.data.seeds))
    optimizer = Adam(gates.parameters(), lr=RATE)
    generator = torch.Generator().manual_seed(stored.data.seeds[0])
    for step in range(steps):
        places = torch.randint(inputs.shape[1], (BATCH,), generator=generator)
        logits = gates(inputs[:, places].repeat(len(charges), 1, 1))
        g = straight_through(logits.flatten(0, 1), temperature, hard).view_as(logits)
        mixed = (g * of_label[:, places].repeat(len(charges), 1, 1)).sum(2)
        task = -mixed.clamp_min(TINY).log().mean(1)
        optimizer.zero_grad()
        (task + each * (g @ price).mean(1)).sum().backward()
        optimizer.step()
        if step % 20 == 0:
            yield
    return gates


@torch.no_grad()
def choices(gates: NetworksAtOnce, stored: StoredExperts, charges: int, split: str) -> Tensor:
    """The expert with the largest share, (L, K, N)."""
    inputs = _side_by_side(stored, split).repeat(charges, 1, 1)
    picked = gates(inputs).argmax(2)
    return picked.view(charges, len(stored.data.seeds), -1)


def _new_gate(stored: StoredExperts, seed: int) -> torch.nn.Module:
    gate = InputGate(stored.data.widths, len(EXPERTS), HIDDEN)
    initialise(gate, seed)
    return gate.layers  # without the look for NaN, which cannot be done for many at once


def _side_by_side(stored: StoredExperts, split: str) -> Tensor:
    """All inputs of a split, (K, N, ΣD)."""
    return torch.cat(list(getattr(stored.data, split).inputs.values()), dim=2)


def _of_the_label(stored: StoredExperts) -> Tensor:
    """The probability that each expert gives to the label of a training row, (K, N, E)."""
    labels = stored.data.train.labels[..., None, None].expand(-1, -1, len(EXPERTS), 1)
    return stored.probabilities["train"].gather(3, labels).squeeze(3)
