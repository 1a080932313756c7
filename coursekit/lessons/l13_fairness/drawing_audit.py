"""What can be asked of pictures before anything is trained: whom is the person drawn like?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from coursekit.analysis.probes import probe
from coursekit.data.emoji_people import TONES, EmojiPeople
from coursekit.data.picture_features import picture_features

TEST_SHARE = 0.3  # of the roles, for the probe


def features_of(people: EmojiPeople, artist: str, genders: Sequence[str]) -> Tensor:
    """Numbers of an artist's pictures, (roles, genders, tones, F)."""
    rows = [row for role in people.roles for g in genders for row in people.rows(role, g)]
    numbers = [picture_features(part) for part in people.pictures[artist][rows].split(200)]
    return torch.cat(numbers).view(len(people.roles), len(genders), TONES, -1)


def nearer_to_man(people: EmojiPeople, artist: str) -> pd.Series:
    """By role: share of the six tones in which the person is nearer to the man than to the woman.

    Distance: Euclidean, between standardised numbers of the pictures. .5 for a tie.
    """
    numbers = features_of(people, artist, ("person", "man", "woman")).double()
    flat = numbers.flatten(0, 2)
    spread = flat.std(0)
    scaled = (numbers - flat.mean(0)) / torch.where(spread > 0, spread, 1)
    to_man, to_woman = ((scaled[:, 0] - scaled[:, g]).norm(dim=-1) for g in (1, 2))
    nearer = (to_man < to_woman).double() + 0.5 * (to_man == to_woman)
    return pd.Series(nearer.mean(1).tolist(), index=list(people.roles), name=artist)


def gender_probe(people: EmojiPeople, draws: int = 8) -> pd.DataFrame:
    """Accuracy of a linear reader of man or woman: fitted on 70 % of the roles, read on the others.

    A row per artist fitted on, artist read and draw of the roles; chance is one half.
    """
    by_artist = {a: features_of(people, a, ("man", "woman")) for a in people.pictures}
    rows = []
    for seed in range(draws):
        order = np.random.default_rng(seed).permutation(len(people.roles))
        first = round(TEST_SHARE * len(order))
        for fitted, numbers in by_artist.items():
            for read, others in by_artist.items():
                parts = [_with_genders(x, order[p]) for x, p in
                         ((numbers, slice(first, None)), (others, slice(first)))]  # fmt: skip
                right = probe(*parts[0], *parts[1])
                rows.append({"fitted on": fitted, "read": read, "seed": seed, "accuracy": right})
    return pd.DataFrame(rows)


def _with_genders(numbers: Tensor, roles: np.ndarray) -> tuple[Tensor, Tensor]:
    """Rows of some roles, (N, F), and 0 man, 1 woman, (N,)."""
    chosen = numbers[torch.from_numpy(roles)]
    genders = torch.arange(2)[None, :, None].expand(chosen.shape[:3])
    return chosen.flatten(0, 2), genders.flatten()
