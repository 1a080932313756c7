"""Drawings of people in roles: a balanced design, from which data with a known bias are drawn."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.data.files import open_checked
from coursekit.utils.checks import choose, require, require_count, require_finite, require_instance

ARTISTS = ("google", "twemoji")
GENDERS = ("man", "woman", "person")
TONES = 6  # none, then five from light to dark
SCALES, SHIFT = (0.85, 1.05), 2.0  # of jittered pictures; pixels


@dataclass(frozen=True)
class EmojiPeople:
    """Every role as man, woman and neutral person in six tones, by two artists.

    table: a row per picture with role, gender, tone (0 none, 1 light … 5 dark) and code.
    pictures: artist → (N, 3, 32, 32) uint8, row i of the table.
    """

    table: pd.DataFrame
    pictures: Mapping[str, Tensor]

    @property
    def roles(self) -> tuple[str, ...]:
        """All roles by name."""
        return tuple(sorted(self.table["role"].unique()))

    def rows(self, role: str, gender: str) -> list[int]:
        """Rows of the table by tone, (6,).  Errors: ValueError for another role or gender."""
        choose("role", role, self.roles)
        choose("gender", gender, GENDERS)
        chosen = (self.table["role"] == role) & (self.table["gender"] == gender)
        return self.table[chosen].sort_values("tone").index.tolist()


def open_emoji_people() -> EmojiPeople:
    """All people, 65 roles × 3 × 6 tones.  Errors: DataFileError for a damaged file."""
    table = pd.read_csv(open_checked("emoji_people.csv"))
    with np.load(open_checked("emoji_people_pictures.npz")) as arrays:
        pictures = {
            artist: torch.from_numpy(arrays[artist]).permute(0, 3, 1, 2).contiguous()
            for artist in ARTISTS
        }
    return EmojiPeople(table, pictures)


def jittered(pictures: Tensor, times: int, seed: int) -> Tensor:
    """Every picture ``times`` times, each time smaller or larger and moved: (times, N, 3, H, W).

    pictures: (N, 3, H, W) uint8 on white ground, which stays white.  Scales .85 to 1.05, shifts of
    up to two pixels, drawn by ``seed``.
    Errors: TypeError for other pixels than bytes; ValueError for another shape or no picture.
    """
    require_instance("pictures", pictures, Tensor)
    if pictures.dtype != torch.uint8:
        raise TypeError(f"pictures has dtype {pictures.dtype}; uint8 pixels were expected.")
    fits = pictures.ndim == 4 and pictures.shape[1] == 3 and len(pictures) > 0
    require(fits, f"pictures has shape {tuple(pictures.shape)}; (N, 3, H, W) was expected.")
    require_count("times", times, 1)
    require_count("seed", seed)
    generator = torch.Generator().manual_seed(seed)
    count = times * len(pictures)
    sides = torch.tensor([pictures.shape[3], pictures.shape[2]])  # across, down: as the shifts
    low, high = SCALES
    scale = low + (high - low) * torch.rand(count, generator=generator)
    shift = SHIFT * (2 * torch.rand(count, 2, generator=generator) - 1)
    # The grid says where a pixel comes from, so a smaller picture has a larger step.
    where = torch.zeros(count, 2, 3)
    where[:, 0, 0] = where[:, 1, 1] = 1 / scale
    where[:, :, 2] = -shift * 2 / sides / scale[:, None]
    dark = 255 - pictures.float().repeat(times, 1, 1, 1)  # what is outside counts as white
    grid = F.affine_grid(where, list(dark.shape), align_corners=False)
    moved = 255 - F.grid_sample(dark, grid, align_corners=False)
    return moved.round().to(torch.uint8).unflatten(0, (times, len(pictures)))


@dataclass(frozen=True)
class PeopleDraw:
    """Which pictures of a pool a biased training set and a balanced test set hold.

    A row is (role, gender, tone, jitter): role counts the drawn ones, 0 …; gender 0 man, 1 woman.
    train: (N, 4).  audit, test: (M, 4), both genders equally often in every role; audit in the
    tones of training, for probes; test in the other three.
    roles: which of all roles are drawn.  leaning: (R,), the gender that is frequent in each.
    """

    roles: tuple[int, ...]
    leaning: Tensor
    train: Tensor
    audit: Tensor
    test: Tensor


def draw_people(
    number_of_roles: int, *, share: float = 0.9, per_role: int = 20, jitters: int = 6,
    of_roles: int = 65, seed: int = 0,
) -> PeopleDraw:  # fmt: skip
    """A training set in which half of the roles are mostly men, the others mostly women.

    share: of a role's pictures that show its frequent gender, from .5 (balanced) to 1, rounded to
    whole pictures.  per_role: pictures of a role in training, at most 3 · jitters of a gender.
    Errors: TypeError or ValueError for a number out of its range.
    """
    require_count("of_roles", of_roles, 2)
    require_count("number_of_roles", number_of_roles, 2, of_roles)
    require(number_of_roles % 2 == 0, f"number_of_roles is {number_of_roles}; an even number was "
            "expected, half for each gender.")  # fmt: skip
    require_count("jitters", jitters, 1)
    require_count("per_role", per_role, 1)
    require_count("seed", seed)
    require_finite("share", share)
    require(0.5 <= share <= 1, f"share is {share}; a number from 0.5 to 1 was expected.")
    frequent = math.floor(share * per_role + 0.5)
    most = TONES // 2 * jitters
    require(
        frequent <= most,
        f"per_role is {per_role} and share {share}: {frequent} pictures of a gender, and there are "
        f"{most}.",
    )
    rng = np.random.default_rng(seed)
    roles = rng.permutation(of_roles)[:number_of_roles]
    leaning = rng.permutation(np.arange(number_of_roles) % 2)
    tones = rng.permutation(TONES)
    seen, unseen = tones[: TONES // 2], tones[TONES // 2 :]
    train = []
    for role, gender in enumerate(leaning):
        for which, count in ((gender, frequent), (1 - gender, per_role - frequent)):
            cells = rng.permutation(most)[:count]
            train += [(role, which, seen[cell // jitters], cell % jitters) for cell in cells]

    def balanced(of_tones: np.ndarray) -> Tensor:
        grid = np.meshgrid(
            np.arange(number_of_roles), (0, 1), np.sort(of_tones), np.arange(jitters), indexing="ij"
        )
        return torch.from_numpy(np.stack([g.ravel() for g in grid], axis=1))

    return PeopleDraw(
        tuple(int(role) for role in roles),
        torch.from_numpy(leaning),
        torch.from_numpy(rng.permutation(np.array(train, dtype=np.int64))),
        balanced(seen),
        balanced(unseen),
    )
