"""Captioners of two words that see a person and a thing, trained with and without the Equalizer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.analysis.amplification import (
    amplification,
    count_ratio,
    error_rate,
    stereotyped_share,
)
from coursekit.compare.networks_at_once import NetworksAtOnce, at_once
from coursekit.data.actor_captions import ACTORS, MEN, WOMEN, WORDS, ActorScenes
from coursekit.training.answer_prior import inverse_count_weights
from coursekit.training.equalizer import appearance_confusion, confident_loss
from coursekit.training.optimizers import AdamW

WIDTH, STEPS, BATCH, RATE = 48, 400, 64, 3e-3
SETS = (WOMEN, MEN)


class ActorCaptioner(nn.Module):
    """Who, and with what: an encoder for all cells, the largest of each number, a head per word."""

    def __init__(self, cell_size: int) -> None:
        super().__init__()
        self.cell = nn.Sequential(nn.Linear(cell_size, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH))
        self.words = nn.Linear(WIDTH, 2 * len(WORDS))

    def forward(self, pictures: Tensor) -> Tensor:
        """pictures (B, 9, F) → logits (B, 2, V)."""
        seen = self.cell(pictures).amax(-2)
        return self.words(seen).unflatten(-1, (2, len(WORDS)))


@dataclass(frozen=True)
class Training:
    """What is added to cross entropy, and how.  balanced: batches drawn by 1/n of thing and sex.

    hidden: weight of the cross entropy on hidden pictures, of words that are not about a person.
    as_released: masks as "all words of the set at once", which leave nothing of a set of two.
    """

    hidden: float = 0.0
    confusion: float = 0.0
    confident: float = 0.0
    balanced: bool = False
    as_released: bool = False


TRAININGS: Mapping[str, Training] = MappingProxyType(
    {
        "plain": Training(),
        "balanced sampling": Training(balanced=True),
        "hidden pictures": Training(hidden=1.0),
        "confident": Training(confident=1.0),
        "confusion": Training(hidden=1.0, confusion=10.0),
        "Equalizer": Training(hidden=1.0, confusion=10.0, confident=1.0),
        "Equalizer, masks as released": Training(
            hidden=1.0, confusion=10.0, confident=1.0, as_released=True
        ),
    }
)


def train_captioners(
    scenes: Sequence[ActorScenes], seeds: Sequence[int], training: Training
) -> NetworksAtOnce:
    """One captioner per seed, each on its own scenes, all in one step."""
    networks = []
    with torch.random.fork_rng():
        for seed in seeds:
            torch.manual_seed(seed)
            networks.append(ActorCaptioner(scenes[0].pictures.shape[-1]))
    every = at_once(networks)
    names = ("pictures", "hidden", "captions")
    data = {name: torch.stack([getattr(s, name) for s in scenes]) for name in names}
    rows = torch.stack([_order(s, seed, training) for s, seed in zip(scenes, seeds, strict=True)])
    optimizer = AdamW(every.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS)
    network = torch.arange(len(seeds))[:, None]
    for step in range(STEPS):
        own = network, rows[:, step]
        pictures, hidden, captions = (data[name][own] for name in names)
        optimizer.zero_grad()
        loss = caption_loss(
            every(pictures),
            every(hidden) if training.hidden or training.confusion else None,
            captions,
            training,
        )
        loss.backward()
        optimizer.step()
        schedule.step()
    return every.eval()


def caption_loss(
    logits: Tensor, hidden: Tensor | None, captions: Tensor, training: Training
) -> Tensor:
    """Sum over networks of the mean over rows; logits (K, B, 2, V), captions (K, B, 2)."""
    rows = captions.shape[1]
    flat, targets = logits.flatten(0, 1), captions.flatten(0, 1)
    loss = F.cross_entropy(flat.flatten(0, 1), targets.flatten(), reduction="sum")
    mask = torch.ones_like(targets, dtype=torch.bool)
    if hidden is not None:
        behind = hidden.flatten(0, 1)
        thing = F.cross_entropy(behind[:, 1], targets[:, 1], reduction="sum")
        loss = loss + training.hidden * thing
    if training.as_released:  # no target is two words at once
        return loss / rows
    if training.confusion and hidden is not None:
        lost = appearance_confusion(behind, targets, SETS, mask)
        loss = loss + training.confusion * lost
    if training.confident:
        loss = loss + training.confident * confident_loss(flat, targets, SETS, mask)
    return loss / rows


def _order(scenes: ActorScenes, seed: int, training: Training) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    weight = torch.ones(len(scenes))
    if training.balanced:
        weight = inverse_count_weights(scenes.things, scenes.is_man).float()
    drawn = torch.multinomial(weight, STEPS * BATCH, replacement=True, generator=generator)
    return drawn.reshape(STEPS, BATCH)


@torch.no_grad()
def figures_of(networks: NetworksAtOnce, test: Sequence[ActorScenes]) -> list[dict[str, float]]:
    """What is asked of each captioner on a balanced test; see `coursekit.analysis.amplification`.

    reason: share of captions in which blanking the person lowers the probability of the sex that is
    said more than blanking the thing does.  sure: mean probability of the set that is said.
    """
    names = ("pictures", "hidden")
    pictures, hidden = (torch.stack([getattr(s, name) for s in test]) for name in names)
    without = pictures.clone()
    for k, scenes in enumerate(test):
        without[k, torch.arange(len(scenes)), scenes.thing] = 0
    logits, no_person, no_thing = (networks(x) for x in (pictures, hidden, without))
    return [_figures(logits[k], no_person[k], no_thing[k], scenes) for k, scenes in enumerate(test)]


def _figures(
    logits: Tensor, no_person: Tensor, no_thing: Tensor, scenes: ActorScenes
) -> dict[str, float]:
    sexes = [_of_sets(x) for x in (logits, no_person, no_thing)]
    says = sexes[0].argmax(1)
    own = [x.gather(1, says[:, None]).squeeze(1) for x in sexes]
    stereotype = (~scenes.leaning).long()
    return {
        "error": error_rate(says, scenes.is_man),
        "thing wrong": error_rate(things_of(logits), scenes.things),
        "men per woman": count_ratio(says, 1, 0),
        "stereotyped": stereotyped_share(scenes.things, says, stereotype),
        "reason": float((own[0] - own[1] > own[0] - own[2]).double().mean()),
        "sure": float(own[0].double().mean()),
    }


@torch.no_grad()
def amplification_of(
    networks: NetworksAtOnce, train: Sequence[ActorScenes], test: Sequence[ActorScenes]
) -> list[float]:
    """Zhao's amplification of each captioner, on tests with the pairing of its training."""
    logits = networks(torch.stack([scenes.pictures for scenes in test]))
    return [
        amplification(own.things, own.is_man, things_of(z), _of_sets(z).argmax(1))
        for own, z in zip(train, logits, strict=True)
    ]


def things_of(logits: Tensor) -> Tensor:
    """The likeliest thing of each caption, a place in `THINGS`; logits (N, 2, V)."""
    return logits[:, 1, len(ACTORS) :].argmax(1)


def _of_sets(logits: Tensor) -> Tensor:
    """Probabilities of the words of women and of men at the first place, scaled, (N, 2)."""
    share = logits[:, 0].softmax(-1)
    both = torch.stack([share[:, list(words)].sum(1) for words in SETS], dim=1)
    return both / both.sum(1, keepdim=True)
