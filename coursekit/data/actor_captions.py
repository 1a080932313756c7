"""Scenes of somebody with something, and two-word captions: who, and with what.

Which sex goes with which thing is a pairing that is drawn, at random and spurious: nothing in it is
about people. The pictures are emoji.
"""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.data.emoji import ARTISTS, as_floats, open_emoji
from coursekit.data.scenes import CELL, SIDE
from coursekit.utils.checks import choose, require_count, require_not_negative, require_share

HAIR = ("red hair", "curly hair", "white hair", "bald", "blond hair")
# A caption's word → the names of the emoji that it is said of; two words for each sex.
ACTORS = {
    "woman": ("woman", "old woman", *(f"woman: {hair}" for hair in HAIR)),
    "girl": ("girl",),
    "man": ("man", "old man", *(f"man: {hair}" for hair in HAIR)),
    "boy": ("boy",),
}
THINGS = {
    "guitar": "guitar",
    "violin": "violin",
    "ball": "soccer ball",
    "laptop": "laptop",
    "camera": "camera",
    "hammer": "hammer",
    "book": "open book",
    "microphone": "microphone",
}
WORDS = (*ACTORS, *THINGS)
PARTS = ("train", "test")
WOMEN, MEN = (0, 1), (2, 3)  # places in `WORDS`


@dataclass(frozen=True)
class ActorScenes:
    """N scenes of two emoji in nine cells, everything else white.

    pictures: (N, 9, 768), 0 white, with noise.  hidden: the same, the person's cell blanked.
    captions: (N, 2) int64, places in `WORDS` of who and of with what.
    person, thing: (N,) the cells where they stand.  leaning: (things,) bool, whether a thing goes
    with women in training.
    """

    pictures: Tensor
    hidden: Tensor
    captions: Tensor
    person: Tensor
    thing: Tensor
    leaning: Tensor

    def __len__(self) -> int:
        return len(self.captions)

    @property
    def is_man(self) -> Tensor:
        """0 for a word of women, 1 for one of men, (N,)."""
        return (self.captions[:, 0] >= MEN[0]).long()

    @property
    def things(self) -> Tensor:
        """Places in `THINGS`, (N,)."""
        return self.captions[:, 1] - len(ACTORS)


@lru_cache(maxsize=1)
def _drawings() -> tuple[list[Tensor], Tensor]:
    """Every word's drawings, (n, 768) each, and those of the things, (artists, things, 768)."""

    def cells(artist: str, names: tuple[str, ...]) -> Tensor:
        emoji = open_emoji(artist)
        rows = [emoji.table.index[emoji.table["en_name"] == name][0] for name in names]
        return F.avg_pool2d(as_floats(emoji.pictures[rows]), 32 // CELL).flatten(1)

    people = [torch.cat([cells(a, names) for a in ARTISTS]) for names in ACTORS.values()]
    things = torch.stack([cells(a, tuple(THINGS.values())) for a in ARTISTS])
    return people, things


def draw_actor_scenes(
    count: int, seed: int, part: str = "train", share: float = 0.5, noise: float = 0.8
) -> ActorScenes:
    """Scenes in which ``share`` of a thing's persons are of the sex that it goes with.

    Half of the things go with women, drawn from ``seed`` alone, so that all parts of one seed
    agree.  part: "train" or "test", other scenes.  share: 0.5 is balanced.  noise: of every pixel.
    """
    require_count("count", count, 1)
    require_count("seed", seed)
    require_share("share", share)
    require_not_negative("noise", noise)
    place = PARTS.index(choose("part", part, PARTS))
    leaning = torch.zeros(len(THINGS), dtype=torch.bool)
    leaning[torch.randperm(len(THINGS), generator=_generator(seed))[: len(THINGS) // 2]] = True
    generator = _generator(len(PARTS) * seed + place)
    thing = torch.randint(len(THINGS), (count,), generator=generator)
    goes_with = torch.rand(count, generator=generator) < share
    is_man = goes_with ^ leaning[thing]
    who = 2 * is_man.long() + torch.randint(2, (count,), generator=generator)
    cells = torch.rand(count, SIDE * SIDE, generator=generator).argsort(1)[:, :2]
    pictures = _composed(who, thing, cells, generator)
    hidden = pictures.clone()
    rows = torch.arange(count)
    hidden[rows, cells[:, 0]] = 0
    pictures, hidden = (
        x + noise * torch.randn(x.shape, generator=generator) for x in (pictures, hidden)
    )
    captions = torch.stack([who, thing + len(ACTORS)], dim=1)
    return ActorScenes(pictures, hidden, captions, cells[:, 0], cells[:, 1], leaning)


def _composed(who: Tensor, thing: Tensor, cells: Tensor, generator: torch.Generator) -> Tensor:
    """Pictures (N, 9, 768) of these persons and things in these cells, by either artist."""
    people, things = _drawings()
    count, rows = len(who), torch.arange(len(who))
    pictures = torch.zeros(count, SIDE * SIDE, 3 * CELL * CELL)
    for word, drawings in enumerate(people):
        own = rows[who == word]
        which = torch.randint(len(drawings), (len(own),), generator=generator)
        pictures[own, cells[own, 0]] = drawings[which]
    artist = torch.randint(len(things), (count,), generator=generator)
    pictures[rows, cells[:, 1]] = things[artist, thing]
    return pictures


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
