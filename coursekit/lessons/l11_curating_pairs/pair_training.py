"""Two small towers for vectors of pictures and captions, the seeds of an arm trained at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import OneCycleLR

from coursekit.analysis.retrieval import both_ways
from coursekit.compare.networks_at_once import NetworksAtOnce, at_once
from coursekit.layers.initialise import initialise
from coursekit.lessons.l11_curating_pairs.noisy_emoji import SIZE, NoisyPairs
from coursekit.training.contrastive_losses import LARGEST_LOG_SCALE, START_LOG_SCALE
from coursekit.training.optimizers import AdamW
from coursekit.utils.checks import require

STEPS = 260  # 25 times through the pairs of a seed; every arm has as many
BATCH = 128
RATE = 3e-3
NOISE = 0.3  # on the picture's numbers, whose spread is 1
DROPPED = 0.1  # of the caption's numbers


@dataclass(frozen=True)
class Pairs:
    """What one seed of an arm trains on.

    pictures, captions: (n, 96).  weights: (n,), of the pairs.  rows: (n,), of the pairs there were.
    """

    pictures: Tensor
    captions: Tensor
    weights: Tensor
    rows: Tensor

    def __len__(self) -> int:
        return len(self.pictures)


class Towers(nn.Module):
    """A tower per modality; points of length one, and the logarithm of the cosines' factor."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.picture = _tower()
        self.caption = _tower()
        self.log_scale = nn.Parameter(torch.tensor(START_LOG_SCALE))
        initialise(self.picture, seed)
        initialise(self.caption, seed + 1_000_000)

    def forward(self, pictures: Tensor, captions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Points of pictures and captions, (B, 48) each, and the log scale, ()."""
        first = F.normalize(self.picture(pictures), dim=-1)
        return first, F.normalize(self.caption(captions), dim=-1), self.log_scale


def _tower() -> nn.Sequential:
    return nn.Sequential(nn.Linear(SIZE, SIZE), nn.ReLU(), nn.Linear(SIZE, SIZE // 2))


# (cosines (K, B, B), log scales (K,), weights (K, B), share of the steps done) → losses (K,)
Loss = Callable[[Tensor, Tensor, Tensor, float], Tensor]
Pacing = Callable[[int, int], int]  # (step, pairs) → how many of the first ones may be drawn


def pair_losses(cosines: Tensor, log_scales: Tensor) -> Tensor:
    """InfoNCE both ways of each pair, (K, B), from cosines (K, B, B) and log scales (K,)."""
    logits = cosines * log_scales.exp()[:, None, None]
    to_caption, to_picture = (logits.log_softmax(way).diagonal(dim1=1, dim2=2) for way in (2, 1))
    return -(to_caption + to_picture) / 2


def weighted_loss(cosines: Tensor, log_scales: Tensor, weights: Tensor, done: float) -> Tensor:
    """The mean of the pairs' losses by weight, (K,); see `Loss`."""
    return (weights * pair_losses(cosines, log_scales)).sum(1) / weights.sum(1)


def no_pacing(step: int, pairs: int) -> int:
    """No pacing: all pairs may be drawn from the first step on."""
    return pairs


def train_stepwise(
    parts: Sequence[Pairs],
    seeds: Sequence[int],
    steps: int = STEPS,
    loss: Loss = weighted_loss,
    pacing: Pacing = no_pacing,
    consistency: float = 0.0,
) -> Iterator[NetworksAtOnce]:
    """The networks of all seeds after every step, the same object each time.

    parts: the pairs of each seed; where there is a pacing, in the order in which they may come.
    consistency: weight of a loss that asks two noisy copies of a picture for the same point.
    """
    require(len(parts) == len(seeds), f"parts has {len(parts)} seeds; {len(seeds)} were expected.")
    networks = at_once([Towers(seed) for seed in seeds])
    optimizer = AdamW(networks.parameters(), lr=RATE, weight_decay=0.05)
    schedule = OneCycleLR(optimizer, RATE, total_steps=steps)
    batches = [_Batches(part, seed, pacing) for part, seed in zip(parts, seeds, strict=True)]
    for step in range(steps):
        pictures, captions, weights, again = (
            torch.stack(x) for x in zip(*(b.next(step) for b in batches), strict=True)
        )
        first, second, log_scales = networks(pictures, captions)
        total = loss(first @ second.mT, log_scales, weights, step / steps)
        if consistency:
            other, _, _ = networks(again, captions)
            total = total + consistency * (first.detach() - other).square().sum(2).mean(1)
        optimizer.zero_grad()
        total.sum().backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            networks.stacked["log_scale"].clamp_(0, LARGEST_LOG_SCALE)
        yield networks


def train(parts: Sequence[Pairs], seeds: Sequence[int], **settings: object) -> NetworksAtOnce:
    """The networks of all seeds after the last step; settings: see `train_stepwise`."""
    *_, networks = train_stepwise(parts, seeds, **settings)  # type: ignore[arg-type]
    return networks.eval()


class _Batches:
    """The batches of one seed: through its pairs in a new order each time, noise on all of it."""

    def __init__(self, part: Pairs, seed: int, pacing: Pacing) -> None:
        self.part, self.pacing = part, pacing
        self.generator = torch.Generator().manual_seed(seed)
        self.order = torch.empty(0, dtype=torch.long)

    def next(self, step: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        allowed = self.pacing(step, len(self.part))
        size = BATCH
        require(allowed >= size, f"{allowed} pairs may be drawn; {size} or more were expected.")
        if len(self.order) < size:
            self.order = torch.randperm(allowed, generator=self.generator)
        rows, self.order = self.order[:size], self.order[size:]
        pictures, captions = self.part.pictures[rows], self.part.captions[rows]
        present = torch.rand(captions.shape, generator=self.generator) >= DROPPED
        copies = (
            pictures + NOISE * torch.randn(pictures.shape, generator=self.generator)
            for _ in range(2)
        )
        first, again = copies
        return first, captions * present, self.part.weights[rows], again


@torch.no_grad()
def pair_scores(networks: NetworksAtOnce, pairs: Sequence[NoisyPairs]) -> Tensor:
    """Cosine of every picture with the caption beside it, (K, N)."""
    pictures, captions = (
        torch.stack([getattr(p, name) for p in pairs]) for name in ("pictures", "captions")
    )
    first, second, _ = networks(pictures, captions)
    return (first * second).sum(2)


@torch.no_grad()
def recalls(networks: NetworksAtOnce, pairs: Sequence[NoisyPairs], k: int = 10) -> list[float]:
    """Recall@k of the test pairs of each seed, mean of both directions."""
    first, second, _ = networks(
        torch.stack([p.test_pictures for p in pairs]), torch.stack([p.test_captions for p in pairs])
    )
    rankings = [both_ways(similarity) for similarity in first @ second.mT]
    return [sum(way.recall(k) for way in ways) / 2 for ways in rankings]
