"""Who says how well each picture and its caption fit: six ways to score the pairs of every seed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import torch
from torch import Tensor

from coursekit.analysis.clean_mixture import clean_mixture, clean_part
from coursekit.compare.networks_at_once import NetworksAtOnce
from coursekit.lessons.l11_curating_pairs.noisy_emoji import NoisyPairs
from coursekit.lessons.l11_curating_pairs.pair_training import (
    STEPS,
    Pairs,
    pair_scores,
    train,
)
from coursekit.training.noisy_correspondence import per_pair_loss, predicted_labels

EARLY = STEPS // 3
ANOTHER = 500  # added to a seed for a second network
Bench = Sequence[NoisyPairs]


def only(pairs: NoisyPairs, rows: Tensor) -> Pairs:
    """The pairs of these rows, (N,) bool, as they stand, all of weight one."""
    numbers = rows.nonzero().flatten()
    return Pairs(pairs.pictures[rows], pairs.captions[rows], torch.ones(len(numbers)), numbers)


def everything(pairs: NoisyPairs) -> Pairs:
    """All pairs as they stand."""
    return only(pairs, torch.ones(len(pairs), dtype=torch.bool))


def reference(bench: Bench, seeds: Sequence[int]) -> Tensor:
    """A model that has seen nothing but the known pairs."""
    return pair_scores(train([only(p, p.known) for p in bench], seeds), bench)


def own_late(bench: Bench, seeds: Sequence[int]) -> Tensor:
    """The model that all pairs have trained, at the end."""
    return pair_scores(train([everything(p) for p in bench], seeds), bench)


def own_early(bench: Bench, seeds: Sequence[int]) -> Tensor:
    """The same in a third of the steps."""
    return pair_scores(train([everything(p) for p in bench], seeds, steps=EARLY), bench)


def cross_fitted(bench: Bench, seeds: Sequence[int]) -> Tensor:
    """Each half of the open pairs is scored by a model that has learnt from the other half.

    The known pairs are in both; they get the mean of both scores.
    """
    halves = [_half(p, seed) for p, seed in zip(bench, seeds, strict=True)]
    scores = []
    for flip in (False, True):
        parts = [only(p, p.known | (half ^ flip)) for p, half in zip(bench, halves, strict=True)]
        networks = train(parts, seeds, steps=STEPS // 2)
        scores.append(pair_scores(networks, bench))
    first = torch.stack(halves)
    known = torch.stack([p.known for p in bench])
    fitted = torch.where(first, scores[1], scores[0])  # by the network that has not seen it
    return torch.where(known, (scores[0] + scores[1]) / 2, fitted)


def _half(pairs: NoisyPairs, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed + ANOTHER)
    half = torch.zeros(len(pairs), dtype=torch.bool)
    half[torch.randperm(len(pairs), generator=generator)[: len(pairs) // 2]] = True
    return half


@dataclass(frozen=True)
class SecondOpinion:
    """What a second network thinks of the pairs of every seed, (K, N) each.

    probability: to be clean.  label: how right a pair seems, NCR's predicted label, mean of both
    networks.  loss: of the pair, see `per_pair_loss`.  Known pairs have 1, 1 and 0.
    """

    probability: Tensor
    label: Tensor
    loss: Tensor


def two_networks(bench: Bench, seeds: Sequence[int]) -> Tensor:
    """Minus the loss of each pair in a second network, trained on what the first took for clean.

    By the loss and not by the probability, which is 1 for many: ties would go to who stands first.
    """
    return -second_opinion(bench, seeds).loss


def second_opinion(bench: Bench, seeds: Sequence[int]) -> SecondOpinion:
    """NCR's sorting: losses of all open pairs, two normals, each network's choice trains the other.

    Two rounds, each with new networks and a third of the steps.
    """
    chosen = [[torch.ones(len(p), dtype=torch.bool) for p in bench] for _ in range(2)]
    opinions: list[SecondOpinion] = []
    for _ in range(2):
        opinions = []
        for network, start in enumerate((0, ANOTHER)):
            parts = [only(p, c) for p, c in zip(bench, chosen[1 - network], strict=True)]
            networks = train(parts, [seed + start for seed in seeds], steps=EARLY)
            opinions.append(_opinion(networks, bench))
        chosen = [
            [p.known | clean_part(q) for p, q in zip(bench, opinion.probability, strict=True)]
            for opinion in opinions
        ]
    return replace(opinions[1], label=(opinions[0].label + opinions[1].label) / 2)


@torch.no_grad()
def _opinion(networks: NetworksAtOnce, bench: Bench) -> SecondOpinion:
    """What the networks of all seeds think of all pairs, by their hinges."""
    first, second, _ = networks(
        torch.stack([p.pictures for p in bench]), torch.stack([p.captions for p in bench])
    )
    known = torch.stack([p.known for p in bench]).double()
    opinion = SecondOpinion(known.clone(), known.clone(), 0 * known)
    for k, (pairs, every) in enumerate(zip(bench, first @ second.mT, strict=True)):
        rows = (~pairs.known).nonzero().flatten()
        cosines = every[rows][:, rows]
        losses = per_pair_loss(cosines)
        opinion.probability[k, rows] = clean_mixture(losses).probability
        opinion.label[k, rows] = predicted_labels(cosines).double()
        opinion.loss[k, rows] = losses.double()
    return opinion


def at_random(bench: Bench, seeds: Sequence[int]) -> Tensor:
    """The control: scores that know nothing."""
    return torch.stack(
        [
            torch.rand(len(p), generator=torch.Generator().manual_seed(seed))
            for p, seed in zip(bench, seeds, strict=True)
        ]
    )


SCORERS: Mapping[str, Callable[[Bench, Sequence[int]], Tensor]] = MappingProxyType(
    {
        "reference": reference,
        "own, late": own_late,
        "own, early": own_early,
        "cross-fitted": cross_fitted,
        "two networks": two_networks,
        "random": at_random,
    }
)
