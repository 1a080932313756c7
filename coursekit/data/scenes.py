"""Scenes: emoji on a grid with a caption each, made from a seed; what is true of them is known.

A picture has 3 × 3 cells of 16 pixels, each a patch of its own. Objects A and B share a row or a
column, and the caption says how A stands to B; an object C stands anywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.data.emoji import ARTISTS, as_floats, open_emoji
from coursekit.data.files import open_checked
from coursekit.data.multimodal import SPLIT_NAMES, MultimodalData
from coursekit.data.scene_captions import (
    EMOJI,
    LONGEST,
    OBJECTS,
    RELATIONS,
    WORDS,
    caption_words,
    foils,
    ids_of,
    may_exchange_colours,
    one_hot,
)
from coursekit.data.scene_combinations import AXES, PARTS, combinations
from coursekit.utils.checks import (
    choose,
    require,
    require_count,
    require_instance,
    require_list,
    require_mapping,
    require_present,
    require_share,
)

SIDE = 3  # cells each way
CELL = 16  # pixels each way
BRIGHTNESS, NOISE = 0.15, 0.05


@dataclass(frozen=True)
class Scenes:
    """N scenes and what is true of them.

    pictures: (N, 3, 48, 48), 0 white, noise about it.  objects: (N, K), places in `OBJECTS`
    of A, B and, where K is 3, C.  cells: (N, K), where they stand, 0 to 8, row by row.
    relation: (N,), a place in `RELATIONS`, of A to B.  words: (N, L), the caption's as places in
    `WORDS`, −1 behind its end.  wrong: (N,) bool, whether the caption is another scene's.
    """

    pictures: Tensor
    objects: Tensor
    cells: Tensor
    relation: Tensor
    words: Tensor
    wrong: Tensor

    def __len__(self) -> int:
        return len(self.pictures)

    @cached_property
    def text(self) -> Tensor:
        """Captions as a model reads them, (N, L, V) float32: a one per word, zeros behind."""
        return one_hot(self.words)

    @property
    def captions(self) -> list[str]:
        """Captions as text, without [cls]."""
        return [" ".join(WORDS[w] for w in row if w > 0) for row in self.words.tolist()]

    @property
    def inputs(self) -> dict[str, Tensor]:
        """What a model reads: "picture" and "text"."""
        return {"picture": self.pictures, "text": self.text}

    @cached_property
    def word_objects(self) -> Tensor:
        """Which object each word of a right caption belongs to, (N, L): 0 A, 1 B, 2 C, else −1."""
        owner = torch.full_like(self.words, -1)
        for row, objects in enumerate(self.objects.tolist()):
            at = 1
            for k, one in enumerate(objects):
                owner[row, at : at + len(OBJECTS[one])] = k
                at += len(OBJECTS[one]) + 1  # the relation, or "and"
        return owner.masked_fill(self.wrong[:, None], -1)

    @cached_property
    def word_cells(self) -> Tensor:
        """The cell that shows each word, (N, L); −1 for words that name no object, wrong ones."""
        owner = self.word_objects
        return self.cells.gather(1, owner.clamp(min=0)).masked_fill(owner < 0, -1)

    @property
    def noun_cells(self) -> Tensor:
        """`word_cells` of the last word of each object only, "heart" of "red heart"."""
        owner = self.word_objects
        more = F.pad(owner[:, 1:], (0, 1), value=-1) == owner
        return self.word_cells.masked_fill(more, -1)

    @cached_property
    def occupied(self) -> Tensor:
        """Which cells show something, (N, 9) bool."""
        return F.one_hot(self.cells, SIDE * SIDE).bool().any(1)

    def foils(self, kind: str, seed: int = 0) -> tuple[Tensor, Tensor]:
        """Captions that are wrong in one respect, (N, L, V), and for which rows there is one.

        kind: "object", "relation" or "colour", see `coursekit.data.scene_captions.foil_words`.
        """
        require_count("seed", seed)
        return foils(self.text, kind, torch.Generator().manual_seed(seed))

    def part(self, rows: Tensor) -> "Scenes":
        """The given rows."""
        names = ("pictures", "objects", "cells", "relation", "words", "wrong")
        return Scenes(**{name: getattr(self, name)[rows] for name in names})


@lru_cache(maxsize=1)
def tiles() -> Tensor:
    """Every object as every artist drew it, (artists, objects, 3, 16, 16), 0 white to 1 black."""
    drawn = []
    for artist in ARTISTS:
        emoji = open_emoji(artist)
        rows = [emoji.table.index[emoji.table["en_name"] == name][0] for name in EMOJI]
        drawn.append(F.avg_pool2d(as_floats(emoji.pictures[rows]), 32 // CELL))
    return torch.stack(drawn)


def draw_scenes(
    count: int, seed: int = 0, part: str = "all", *, objects: int = 3, axis: str = "both"
) -> Scenes:
    """Scenes with right captions; in half of them, rounded down, A and B have two colours and
    two shapes, so that their colours can be exchanged.

    seed: of the scenes and of which combinations are whose.  part: whose combinations they show,
    see `combinations`.  objects: 2 for A and B alone, 3 with C.  axis: "horizontal" for left and
    right only, "vertical" for above and below.
    Errors: TypeError, ValueError for what cannot be.
    """
    require_count("count", count, 1)
    require_count("objects", objects, 2, 3)
    every = combinations(part, seed, axis)
    drawn = torch.Generator().manual_seed(seed * len(PARTS) + PARTS.index(part))
    coloured = torch.tensor([may_exchange_colours(OBJECTS[a], OBJECTS[b]) for a, _, b in every])
    chosen = []
    for pool, n in ((every[coloured], count // 2), (every[~coloured], count - count // 2)):
        chosen.append(pool[torch.randint(len(pool), (n,), generator=drawn)])
    a, relation, b = torch.cat(chosen)[torch.randperm(count, generator=drawn)].T
    things, cells = [a, b], _two_cells(relation, drawn)
    if objects == 3:
        things.append(_another((a, b), len(OBJECTS), drawn))
        cells.append(_another((cells[0], cells[1]), SIDE * SIDE, drawn))
    who, where = torch.stack(things, 1), torch.stack(cells, 1)
    says = [
        caption_words(row[0], r, *row[1:])
        for row, r in zip(who.tolist(), relation.tolist(), strict=True)
    ]
    words = ids_of(says, LONGEST if objects == 3 else LONGEST - 3)
    pictures = _composed(who, where, drawn)
    return Scenes(pictures, who, where, relation, words, torch.zeros(count, dtype=torch.bool))


def _two_cells(relation: Tensor, drawn: torch.Generator) -> list[Tensor]:
    """Cells of A and B in one row or column, A where the relation says, (n,) each."""
    n = len(relation)
    line = torch.randint(SIDE, (n,), generator=drawn)
    places = torch.rand(n, SIDE, generator=drawn).argsort(1)[:, :2].sort(1).values
    first = (relation == RELATIONS.index("left")) | (relation == RELATIONS.index("above"))
    places = torch.where(first[:, None], places, places.flip(1))  # left and above: A first
    across = (relation < 2)[:, None]
    both = torch.where(across, line[:, None] * SIDE + places, places * SIDE + line[:, None])
    return [both[:, 0], both[:, 1]]


def _another(taken: tuple[Tensor, Tensor], n: int, drawn: torch.Generator) -> Tensor:
    """Numbers below n other than those of two columns, (rows,), all equally likely."""
    low, high = torch.stack(taken).sort(0).values
    new = torch.randint(n - 2, (len(low),), generator=drawn)
    new = new + (new >= low)
    return new + (new >= high)


def _composed(objects: Tensor, cells: Tensor, drawn: torch.Generator) -> Tensor:
    """Pictures (N, 3, 48, 48) with these objects in these cells, (N, K) each.

    Each object by an artist drawn for it; every picture times its own brightness, then noise.
    """
    n, every = len(objects), tiles()
    artist = torch.randint(len(every), objects.shape, generator=drawn)
    grid = torch.zeros(n, SIDE * SIDE, 3, CELL, CELL)
    grid[torch.arange(n)[:, None], cells] = every[artist, objects]
    bright = 1 + BRIGHTNESS * (2 * torch.rand(n, 1, 1, 1, generator=drawn) - 1)
    rows = grid.reshape(n, SIDE, SIDE, 3, CELL, CELL).permute(0, 3, 1, 4, 2, 5)
    whole = rows.reshape(n, 3, SIDE * CELL, SIDE * CELL) * bright
    return whole + NOISE * torch.randn(whole.shape, generator=drawn)


def with_wrong_captions(scenes: Scenes, share: float, seed: int = 0) -> Scenes:
    """Exchange captions among a share of the scenes, so that each of them gets a wrong one.

    share: of the scenes, rounded.  Which they are is in ``wrong``.  A caption of two objects may
    say the same in other words, B right of A, and be true all the same: one in 200 or so.
    Errors: ValueError where one caption is so frequent that its scenes cannot all get another.
    """
    require_instance("scenes", scenes, Scenes)
    require_share("share", share)
    require_count("seed", seed)
    n = round(share * len(scenes))
    if n == 0:
        return scenes
    drawn = torch.Generator().manual_seed(seed)
    rows = torch.randperm(len(scenes), generator=drawn)[:n]
    _, caption, counts = scenes.words[rows].unique(dim=0, return_inverse=True, return_counts=True)
    most = int(counts.max())
    sentence = f"share is {share}, {n} scenes, {most} with one caption; each needs another one."
    require(2 * most <= n, sentence)
    # Equal captions side by side, else in any order; moved on by the largest group none meets its
    # own.
    order = torch.randperm(len(counts), generator=drawn)[caption].argsort(stable=True)
    rows = rows[order]
    words, wrong = scenes.words.clone(), scenes.wrong.clone()
    words[rows] = scenes.words[rows.roll(most)]
    wrong[rows] = True
    return replace(scenes, words=words, wrong=wrong)


def scene_splits(
    seed: int = 0,
    sizes: tuple[int, int, int] = (4000, 300, 300),
    *,
    objects: int = 3,
    axis: str = "both",
    wrong: float = 0.0,
) -> dict[str, Scenes]:
    """Scenes of the three splits; valid and test show combinations that train never does.

    sizes: of train, valid and test.  wrong: share of the captions of train that are other scenes'.
    Errors: as `draw_scenes` and `with_wrong_captions`.
    """
    require_list("sizes", sizes, "three numbers of scenes")
    require(len(sizes) == 3, f"sizes is {sizes}; three numbers of scenes were expected.")
    for size in sizes:
        require_count("a size in sizes", size, 1)
    require_share("wrong", wrong)
    every: Mapping[str, int] = dict(zip(SPLIT_NAMES, sizes, strict=True))
    parts = {
        name: draw_scenes(n, seed, name, objects=objects, axis=axis) for name, n in every.items()
    }
    parts["train"] = with_wrong_captions(parts["train"], wrong, seed)
    return parts


def as_data(parts: Mapping[str, Scenes], axis: str = "both") -> MultimodalData:
    """The splits of `scene_splits` as the course's data object; see `load_scenes`.

    axis: that the scenes were drawn with.
    """
    require_mapping("parts", parts, "scenes")
    require_present("parts", parts, SPLIT_NAMES, "the data object has")
    for name in SPLIT_NAMES:
        require_instance(f"parts[{name!r}]", parts[name], Scenes)
    choose("axis", axis, AXES)
    first = RELATIONS.index("above") if axis == "vertical" else 0
    every = [parts[name] for name in SPLIT_NAMES]
    words = torch.cat([scenes.words for scenes in every])
    relation = torch.cat([scenes.relation for scenes in every])
    ends = torch.tensor([len(scenes) for scenes in every]).cumsum(0).tolist()
    return MultimodalData(
        name="scenes",
        inputs={"picture": torch.cat([s.pictures for s in every]), "text": one_hot(words)},
        labels=relation - first,
        group=words.unique(dim=0, return_inverse=True)[1],
        splits={
            name: torch.arange(start, end)
            for name, start, end in zip(SPLIT_NAMES, [0, *ends[:-1]], ends, strict=True)
        },
        classes=RELATIONS if axis == "both" else RELATIONS[first : first + 2],
        kind=torch.cat([s.wrong for s in every]).long(),
        kind_names=("right caption", "wrong caption"),
        files=(
            open_checked("emoji.csv"),
            *(open_checked(f"emoji_{artist}.npz") for artist in ARTISTS),
        ),
    )


def load_scenes(
    seed: int = 0,
    train: int = 4000,
    valid: int = 300,
    test: int = 300,
    objects: int = 3,
    axis: str = "both",
    wrong: float = 0.0,
) -> MultimodalData:
    """Pictures (N, 3, 48, 48), and texts (N, L, V) with a one per word, as `scene_splits`.

    labels: the relation, one of four, or one of two along one axis.  group: the caption; equal ones
    have the same number.  kind: whether a caption is right or another scene's.
    """
    sizes = train, valid, test
    parts = scene_splits(seed, sizes, objects=objects, axis=axis, wrong=wrong)
    return as_data(parts, axis)
