"""Which (A, relation, B) scenes of each split may show, so that what was learnt can be tested.

What says the same of the same two objects, and what a foil makes of it, lies in one split: "A left
B", "B right A", "B left A" and "A right B", and these with the colours of A and B exchanged. A
caption of the test is then as new to a model as its foil.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.data.multimodal import SPLIT_NAMES
from coursekit.data.scene_captions import OBJECTS, may_exchange_colours
from coursekit.utils.checks import choose, require_count

AXES = ("both", "horizontal", "vertical")
PARTS = (*SPLIT_NAMES, "all")
SHARES = {"valid": 0.1, "test": 0.2}  # of the combinations; the rest is for training
SALT = 7_919  # so that combinations are not drawn as scenes are

Triple = tuple[int, int, int]


def combinations(part: str, seed: int, axis: str = "both") -> Tensor:
    """The (A, relation, B) of one part, (n, 3): places in `OBJECTS`, `RELATIONS`, `OBJECTS`.

    part: a split, or "all".  seed: of the split.  axis: "horizontal", left and right; "vertical",
    above and below; "both".  Each axis, and the pairs whose colours can be exchanged, are split by
    themselves, so that no part lacks any.
    Errors: ValueError for another part or axis, TypeError for a seed that is no whole number.
    """
    choose("part", part, PARTS)
    choose("axis", axis, AXES)
    require_count("seed", seed)
    drawn = torch.Generator().manual_seed(seed * SALT)
    kept: list[Triple] = []
    for name, relations in (("horizontal", (0, 1)), ("vertical", (2, 3))):
        for exchangeable in (True, False):
            groups = _groups(relations, exchangeable)
            chosen = _of_part(groups, part, drawn)
            if axis in (name, "both"):
                kept += [triple for group in chosen for triple in group]
    return torch.tensor(kept)


def _groups(relations: Sequence[int], exchangeable: bool) -> list[list[Triple]]:
    """The triples of one axis that must lie in one part together."""
    groups: dict[frozenset, list[Triple]] = {}
    for a, first in enumerate(OBJECTS):
        for b, second in enumerate(OBJECTS):
            if a != b and may_exchange_colours(first, second) == exchangeable:
                key = frozenset((*first, *second)) if exchangeable else frozenset((a, b))
                groups.setdefault(key, []).extend((a, r, b) for r in relations)
    return list(groups.values())


def _of_part(groups: list[list[Triple]], part: str, drawn: torch.Generator) -> list[list[Triple]]:
    """The groups of one part, after a shuffle."""
    order = torch.randperm(len(groups), generator=drawn).tolist()
    valid, test = (round(share * len(groups)) for share in SHARES.values())
    parts = {
        "valid": order[:valid],
        "test": order[valid : valid + test],
        "train": order[valid + test :],
        "all": order,
    }
    return [groups[i] for i in parts[part]]
