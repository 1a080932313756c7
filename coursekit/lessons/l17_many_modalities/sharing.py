"""Which modalities may share weights: transfer from one to another, groups, and what they cost."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.compare.networks_at_once import at_once
from coursekit.layers.initialise import initialise
from coursekit.lessons.l17_many_modalities.mixed import hidden_of, with_positions
from coursekit.lessons.l17_many_modalities.rows_at_once import Rows, RowSets, drawn, fitted
from coursekit.lessons.l17_many_modalities.token_transformer import (
    HEADS,
    WIDTH,
    AttentionBlock,
    TokenTransformer,
    Vector,
)
from coursekit.utils.checks import require_count

PRETRAINED, AFTER = 10, 3  # epochs on the first modality, and on the second


def padded(x: Tensor, width: int) -> Tensor:
    """Tokens (…, D) with zeros behind, (…, width)."""
    return F.pad(x, (0, width - x.shape[-1]))


def one_name(data: RowSets, m: str, width: int) -> RowSets:
    """One modality alone, called "x", its tokens as wide as those of all."""

    def own(rows: Rows) -> Rows:
        x = with_positions({m: rows.inputs[m]})[m]
        return Rows({"x": padded(x, width)}, rows.labels)

    return data.changed(own)


def repeated(data: RowSets, times: int) -> RowSets:
    """The same seeds again and again, (times · K, …)."""

    def again(rows: Rows) -> Rows:
        inputs = {m: x.repeat(times, *[1] * (x.ndim - 1)) for m, x in rows.inputs.items()}
        return Rows(inputs, rows.labels.repeat(times, 1))

    own = data.changed(again)
    return RowSets(own.train, own.valid, own.test, data.seeds * times)


def transfer(data: RowSets) -> pd.DataFrame:
    """What a network that has learnt i loses or gains when it goes on to j: a row per i, j, seed.

    cost: its loss on validation rows of j after `AFTER` epochs, less that of a network that begins
    with j. Below 0: i has helped. One network fits all, their tokens filled up with zeros; the
    head is drawn anew.
    """
    names, classes, seeds = list(data.widths), data.classes, data.seeds
    placed = with_positions({m: x[:, :1] for m, x in data.train.inputs.items()})
    width = max(x.shape[-1] for x in placed.values())

    def make() -> nn.Module:
        return TokenTransformer({"x": width}, classes)

    learnt = {}
    for m in names:
        own = one_name(data, m, width)
        learnt[m] = list(fitted(drawn(make, seeds), own, PRETRAINED, seen).apart())
    rows = []
    for j in names:
        sources = ["nothing", *(m for m in names if m != j)]
        networks = []
        for i in sources:
            for k, seed in enumerate(seeds):
                one = make()
                initialise(one, seed)
                if i != "nothing":
                    kept = {n: v for n, v in learnt[i][k].items() if not n.startswith("head")}
                    one.load_state_dict(kept, strict=False)
                networks.append(one)
        own = repeated(one_name(data, j, width), len(sources))
        trained = fitted(at_once(networks), own, AFTER, seen)
        with torch.no_grad():
            logits = trained(*seen(dict(own.valid.inputs), None))
        losses = F.cross_entropy(logits.transpose(1, 2), own.valid.labels, reduction="none")
        by_source = losses.mean(1).view(len(sources), len(seeds))
        for i, loss in zip(sources[1:], by_source[1:], strict=True):
            cost = (loss - by_source[0]).tolist()
            rows += [(i, j, seed, c) for seed, c in zip(seeds, cost, strict=True)]
    return pd.DataFrame(rows, columns=["source", "target", "seed", "cost"])


def seen(inputs: dict[str, Tensor], _: torch.Generator | None) -> tuple[object, ...]:
    """Tokens, and which of them are none."""
    return inputs, hidden_of(inputs)


def distances(costs: pd.DataFrame) -> pd.DataFrame:
    """Mean cost of both directions per pair of modalities, from 0 on; symmetric, 0 with itself."""
    both = costs.pivot_table("cost", "source", "target")
    both = both.reindex(index=both.columns)
    apart = (both + both.T) / 2
    apart = apart - np.nanmin(apart.to_numpy())
    return apart.fillna(0.0)


def groups_of(apart: pd.DataFrame, number: int) -> list[list[str]]:
    """Modalities that lie near each other, in ``number`` groups, by average linkage."""
    require_count("number", number, 1, len(apart))
    tree = linkage(squareform(apart.to_numpy(), checks=False), "average")
    place = fcluster(tree, number, "maxclust")
    return [sorted(apart.index[place == g]) for g in sorted(set(place))]


def random_groups(groups: Sequence[Sequence[str]], seed: int) -> list[list[str]]:
    """As many of the same sizes, who is in which drawn at random."""
    names = sorted(m for group in groups for m in group)
    order = [names[i] for i in np.random.default_rng(seed).permutation(len(names))]
    ends = np.cumsum([len(group) for group in groups])
    return [sorted(order[end - len(g) : end]) for end, g in zip(ends, groups, strict=True)]


class SharedEncoders(nn.Module):
    """A projection and an attention block per group of modalities, then one block over all.

    groups: whose tokens go through the same weights.  widths: numbers per token; filled up with
    zeros to the widest of a group.
    """

    def __init__(
        self, widths: Mapping[str, int], groups: Sequence[Sequence[str]], classes: int
    ) -> None:
        super().__init__()
        self.group = {m: g for g, group in enumerate(groups) for m in group}
        self.wide = [max(widths[m] for m in group) for group in groups]
        self.projections = nn.ModuleList(nn.Linear(d, WIDTH) for d in self.wide)
        self.blocks = nn.ModuleList(AttentionBlock(WIDTH, HEADS) for _ in groups)
        self.vectors = nn.ModuleDict({m: Vector(WIDTH) for m in widths})
        self.together = AttentionBlock(WIDTH, HEADS)
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, classes)

    def forward(self, inputs: Mapping[str, Tensor], hidden: Tensor) -> Tensor:
        """Tokens (B, T, D) by modality; hidden (B, Σ T): those that are none → logits (B, C)."""
        each = []
        weights = (~hidden).to(self.head.weight).split([x.shape[1] for x in inputs.values()], 1)
        for (m, x), weight in zip(inputs.items(), weights, strict=True):
            g = self.group[m]
            tokens = self.projections[g](padded(x, self.wide[g])) + self.vectors[m]()
            tokens = self.blocks[g](tokens, weight)
            each.append((tokens * weight[..., None]).sum(1) / weight.sum(1, keepdim=True))
        one_each = torch.stack(each, dim=1)
        together = self.together(one_each, torch.ones_like(one_each[..., 0]))
        return self.head(self.norm(together).mean(1))
