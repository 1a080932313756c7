"""What a way of choosing experts reaches and costs, seed by seed: gates and their rivals."""

from collections.abc import Mapping, Sequence

import pandas as pd
import torch
from torch import Tensor

from coursekit.analysis.routing import (
    cascade_cost,
    cheapest_right,
    choice_shares,
    confidence_cascade,
    routing_cost,
    shuffled,
)
from coursekit.lessons.l16_dynamic_fusion.experts import EXPERTS, StoredExperts

THRESHOLDS = tuple(round(0.2 + 0.01 * i, 2) for i in range(80))


def routed(
    stored: StoredExperts, choice: Tensor, policy: str, gate: bool = True, split: str = "test"
) -> pd.DataFrame:
    """Accuracy, cost and shares of a choice (K, N) of experts: a row per seed.

    gate: whether the gate's own multiply-adds count.
    """
    extra = stored.gate_cost if gate else 0.0
    rows = []
    for k, seed in enumerate(stored.data.seeds):
        hit = stored.right(split)[k].gather(1, choice[k][:, None])
        shares = choice_shares(choice[k], len(EXPERTS))[0].tolist()
        row = {"accuracy": float(hit.double().mean()),
               "cost": routing_cost(choice[k], stored.costs, extra)}  # fmt: skip
        rows.append({"policy": policy, "seed": seed, **row, **dict(zip(EXPERTS, shares,
                                                                       strict=True))})  # fmt: skip
    return pd.DataFrame(rows)


def static(stored: StoredExperts) -> pd.DataFrame:
    """Every expert for every row; and the ensemble of the two that read one modality each."""
    shape = stored.data.test.labels.shape
    parts = [
        routed(stored, torch.full(shape, e), f"always {name}", gate=False)
        for e, name in enumerate(EXPERTS)
    ]
    mean = stored.probabilities["test"][:, :, :2].mean(2)
    hits = (mean.argmax(-1) == stored.data.test.labels).double().mean(1)
    together = pd.DataFrame({"seed": stored.data.seeds, "accuracy": hits.tolist()})
    cost = stored.costs[0] + stored.costs[1]
    parts.append(together.assign(policy="ensemble of A and B", cost=cost))
    return pd.concat(parts, ignore_index=True)


def oracle(stored: StoredExperts) -> pd.DataFrame:
    """The cheapest expert that is right, by whoever knows the label."""
    choice = torch.stack([cheapest_right(r, stored.costs) for r in stored.right("test")])
    return routed(stored, choice, "oracle: cheapest right", gate=False)


def at_random(stored: StoredExperts, choice: Tensor, policy: str) -> pd.DataFrame:
    """The same shares of experts, given to rows at random."""
    generator = torch.Generator().manual_seed(0)
    mixed = torch.stack([shuffled(own, generator) for own in choice])
    return routed(stored, mixed, policy, gate=False)


def cascade(
    stored: StoredExperts,
    thresholds: Sequence[float],
    order: Sequence[str] = ("A", "both"),
    split: str = "test",
) -> pd.DataFrame:
    """Experts asked one after the other until one is sure: a row per threshold and seed."""
    names = list(EXPERTS)
    at = [names.index(name) for name in order]
    costs = [stored.costs[e] for e in at]
    if stored.costs[2] == sum(stored.costs[:2]):  # an ensemble's parts have been run already
        done = sum(stored.costs[e] for e in at if e != 2)
        costs = [c - done if e == 2 else c for e, c in zip(at, costs, strict=True)]
    answers, hits = stored.probabilities[split], stored.right(split)
    rows = []
    for threshold in thresholds:
        for k, seed in enumerate(stored.data.seeds):
            choice = confidence_cascade([answers[k, :, e] for e in at], threshold)
            hit = hits[k][:, at].gather(1, choice[:, None])
            row = {"accuracy": float(hit.double().mean()), "cost": cascade_cost(choice, costs)}
            rows.append({"threshold": threshold, "seed": seed, **row})
    return pd.DataFrame(rows).assign(policy="cascade " + " → ".join(order))


def at_equal_cost(stored: StoredExperts, paid: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The cascade that on validation rows costs nearest to a gate, on test rows: a row per seed.

    paid: name of a gate → `routed` on validation rows. The cascade ends at the third expert.
    """
    valid, test = (cascade(stored, THRESHOLDS, split=split) for split in ("valid", "test"))
    rows = []
    for name, gate in paid.items():
        for seed, cost in zip(gate["seed"], gate["cost"], strict=True):
            own = valid[valid["seed"] == seed]
            nearest = own["threshold"][(own["cost"] - cost).abs().idxmin()]
            there = test[(test["seed"] == seed) & (test["threshold"] == nearest)]
            rows.append(there.assign(gate=name))
    return pd.concat(rows, ignore_index=True)


def shares_by_kind(stored: StoredExperts, choice: Tensor) -> pd.DataFrame:
    """How often each expert is taken for each kind of sample, mean over seeds: kinds in rows."""
    kinds = stored.data.test.kinds
    every = torch.stack(
        [choice_shares(c, len(EXPERTS), k) for c, k in zip(choice, kinds, strict=True)]
    )
    table = pd.DataFrame(every.mean(0).numpy(), columns=list(EXPERTS))
    table.index = pd.Index(stored.data.kinds[: len(table)], name="kind")
    return table.dropna()


def costs_by_kind(stored: StoredExperts, choice: Tensor) -> pd.DataFrame:
    """What a gate's choice costs per row of each kind, the gate counted: seeds in rows."""
    spent = torch.tensor(stored.costs)[choice] + stored.gate_cost
    rows = [
        {name: float(own[kinds == i].mean()) for i, name in enumerate(stored.data.kinds)}
        for own, kinds in zip(spent, stored.data.test.kinds, strict=True)
    ]
    return pd.DataFrame(rows, index=pd.Index(stored.data.seeds, name="seed")).dropna(axis=1)
