"""Training and test rows of roles, as numbers of noisy pictures and as words, for many seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.data.emoji_people import (
    GENDERS,
    PeopleDraw,
    draw_people,
    jittered,
    open_emoji_people,
)
from coursekit.data.picture_features import picture_features, principal_components
from coursekit.utils.checks import choose, require_not_negative, require_share

JITTERS = 6  # versions of a picture
COMPONENTS = 96
TWO = GENDERS[:2]  # man, woman
WORDS = ("none", "they", "he or she")
WEIGHT = 2.0  # of a word that is there: he and she, half and half, then have the deviation 1
PART = 200  # pictures whose features are taken at once, for the memory


@dataclass(frozen=True)
class Setting:
    """What is drawn.  roles: how many, half of them mostly men.  share: of the frequent gender.

    noise: deviation of what is added to the picture's numbers, whose own deviation is 1; 0 is a
    clean picture.  pictures: False leaves them out.  words: of each picture's text, "none" for no
    text; a pronoun.  named: share of the texts that also name the role.
    """

    roles: int = 24
    share: float = 0.9
    noise: float = 1.25
    pictures: bool = True
    words: str = "none"
    named: float = 0.0

    def __post_init__(self) -> None:
        choose("words", self.words, WORDS)
        require_not_negative("noise", self.noise)
        require_share("named", self.named)


NOISY, CLEAN = Setting(), Setting(roles=12, noise=0.0)


@dataclass(frozen=True)
class Rows:
    """Rows of K seeds.  inputs (K, N, F), roles and genders (K, N), typical (K, N) bool.

    typical: whether the gender is the one that is frequent with the role in training.
    """

    inputs: Tensor
    roles: Tensor
    genders: Tensor
    typical: Tensor


@dataclass(frozen=True)
class RoleData:
    """train: as biased as the setting says.  audit, test: balanced; audit has training's tones.

    leaning: (K, R), the gender that is frequent with each role.
    """

    setting: Setting
    seeds: tuple[int, ...]
    train: Rows
    audit: Rows
    test: Rows
    leaning: Tensor


@lru_cache(maxsize=1)
def picture_pool() -> Tensor:
    """Numbers of every jittered picture of a man or woman by Google: role, gender, tone, jitter, F.

    Takes five seconds, once.
    """
    people = open_emoji_people()
    rows = [row for role in people.roles for gender in TWO for row in people.rows(role, gender)]
    pictures = jittered(people.pictures["google"][rows], JITTERS, seed=0).flatten(0, 1)
    numbers = torch.cat([picture_features(part) for part in pictures.split(PART)])
    return numbers.view(JITTERS, len(people.roles), len(TWO), -1, numbers.shape[1]).permute(
        1, 2, 3, 0, 4
    )


def role_data(setting: Setting, seeds: Sequence[int]) -> RoleData:
    """Rows of all seeds; roles, tones, pictures, noise and words are drawn anew for each."""
    draws = [
        draw_people(setting.roles, share=setting.share, jitters=JITTERS, seed=seed)
        for seed in seeds
    ]
    parts = [_numbers(setting, draw, seed) for draw, seed in zip(draws, seeds, strict=True)]
    leaning = torch.stack([draw.leaning for draw in draws])

    def stacked(number: int, name: str) -> Rows:
        rows = torch.stack([getattr(draw, name) for draw in draws])
        roles, genders = rows[..., 0], rows[..., 1]
        inputs = torch.stack([part[number] for part in parts])
        return Rows(inputs, roles, genders, leaning.gather(1, roles) == genders)

    train, audit, test = (stacked(*part) for part in enumerate(("train", "audit", "test")))
    return RoleData(setting, tuple(seeds), train, audit, test, leaning)


def _numbers(setting: Setting, draw: PeopleDraw, seed: int) -> tuple[Tensor, ...]:
    """What a network reads of training, audit and test, (N, F) each."""
    generator = torch.Generator().manual_seed(seed)
    roles = torch.tensor(draw.roles)
    rows = (draw.train, draw.audit, draw.test)
    columns: list[list[Tensor]] = [[], [], []]
    if setting.pictures:
        raw = [picture_pool()[roles[r[:, 0]], r[:, 1], r[:, 2], r[:, 3]] for r in rows]
        train = principal_components(raw[0], raw[0][:1], COMPONENTS)[0]
        others = [principal_components(raw[0], part, COMPONENTS)[1] for part in raw[1:]]
        for place, numbers in enumerate((train, *others)):
            drawn = torch.randn(numbers.shape, generator=generator)
            columns[place].append(numbers / train.std() + setting.noise * drawn)
    if setting.words != "none":
        for place, r in enumerate(rows):
            columns[place].append(word_bags(setting, r[:, 0], r[:, 1], generator))
    return tuple(torch.cat(parts, dim=1) for parts in columns)


def word_bags(
    setting: Setting, roles: Tensor, genders: Tensor, generator: torch.Generator
) -> Tensor:
    """Bags of words (N, 3 + R): they, he, she; and the name of the role where the text has it."""
    neutral = setting.words == "they"
    pronoun = F.one_hot(torch.zeros_like(genders) if neutral else 1 + genders, 3)
    has_name = torch.rand(len(roles), 1, generator=generator) < setting.named
    return WEIGHT * torch.cat([pronoun, F.one_hot(roles, setting.roles) * has_name], dim=1)


def with_pronouns_swapped(data: RoleData) -> Tensor:
    """The test inputs in which every he is a she and every she a he, (K, N, F)."""
    setting = data.setting
    first = COMPONENTS if setting.pictures else 0
    swapped = data.test.inputs.clone()
    swapped[..., first + 1], swapped[..., first + 2] = (
        data.test.inputs[..., first + 2], data.test.inputs[..., first + 1],
    )  # fmt: skip
    return swapped
