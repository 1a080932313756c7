"""What a mystery hides: drawn from its seed, turned into rows by the generator of lesson 05."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import torch
from torch import Tensor

from coursekit.data.multimodal import MultimodalData
from coursekit.data.synthetic import Modality, Recipe, generate
from coursekit.utils.checks import require_count, require_instance

MODALITIES = ("A", "B")
NOBODY = "none"
CLASSES, KINDS_OF_ROWS = 4, 2
TRAIN, VALID, TEST = 1000, 400, 2000
SLOW = Modality(amplitude=4, linear=0, nuisance_std=4)
FAST = Modality(amplitude=5)
WEAK = Modality(amplitude=1.5)
SYNERGY = 0.4  # share of rows that need both modalities at once, where there are any
LABEL_NOISE = (0.1, 0.4)  # share of wrong training labels, where there are any
FOLLOWS = 0.95  # share of training rows whose type goes with their label, where types are biased
LOST = 0.3  # share of valid and test rows without the missing modality
TYPE_SIZE = 3.0  # of the one-hot type among the inputs, in their standard deviations
# What is drawn, each from a generator of its own; the number moves the seeds of practice.
STREAMS: Mapping[str, int] = MappingProxyType({"recipe": 0, "rows": 0, "types": 1})
LARGE = 2**32  # PyTorch's generator looks at the last 32 bits of a seed


@dataclass(frozen=True)
class HiddenRecipe:
    """What is to be found out; modalities are "A", "B" or "none".

    starves: one is learnt so slowly that joint training forgets it.  weak: one shows little.
    interaction: some rows need both at once.  wrong_labels: share of training labels that are
    wrong.  biased: among training rows the type tells of the label, later it does not.  missing:
    one is lacking in some of the valid and test rows, as zeros.
    """

    starves: str
    weak: str
    interaction: bool
    wrong_labels: float
    biased: bool
    missing: str


def generator_of(seed: int, stream: str) -> torch.Generator:
    """What draws one of `STREAMS`.

    Seeds of practice are taken as they are. Of a large one, 56 bits of a digest count: 32 as the
    generator's seed, the others as draws that are left out, so that nobody tries them all; and no
    row tells of the recipe, which would come of the same draws as the first labels.
    """
    require_count("seed", seed)
    offset = STREAMS[stream]
    if seed < LARGE:
        return torch.Generator().manual_seed(seed + offset)
    digest = hashlib.sha256(f"{seed}/{stream}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:4], "big"))
    torch.rand(int.from_bytes(digest[4:7], "big"), generator=generator)
    return generator


def draw_recipe(seed: int) -> HiddenRecipe:
    """The recipe of a seed, each part drawn apart from the others, but who is slow is not weak."""
    rng = generator_of(seed, "recipe")
    starves, weak, missing = (_somebody(rng, share) for share in (0.6, 0.5, 0.5))
    interaction, noisy, biased = (torch.rand(3, generator=rng) < 0.4).tolist()
    low, high = LABEL_NOISE
    share = low + (high - low) * float(torch.rand(1, generator=rng))
    return HiddenRecipe(
        starves,
        NOBODY if starves != NOBODY else weak,
        bool(interaction),
        round(share, 2) if noisy else 0.0,
        bool(biased),
        missing,
    )


def _somebody(rng: torch.Generator, share: float) -> str:
    """One of the modalities with this probability, or nobody."""
    anybody = float(torch.rand(1, generator=rng)) < share
    which = int(torch.randint(len(MODALITIES), (1,), generator=rng))
    return MODALITIES[which] if anybody else NOBODY


def hidden_data(recipe: HiddenRecipe, seed: int) -> MultimodalData:
    """Rows of a recipe: train, valid and test; ``group`` is each row's type, 0 … 2.

    The type also stands in the inputs, one-hot, at the end of one of the modalities.
    """
    require_instance("recipe", recipe, HiddenRecipe)
    data = generate(_shares(recipe), generator_of(seed, "rows"), name="mystery")
    rng = generator_of(seed, "types")
    right = data.labels.clone()
    types = _types(right, recipe.biased, rng)
    labels = _with_wrong(right, recipe.wrong_labels, rng)
    carrier = MODALITIES[int(torch.randint(2, (1,), generator=rng))]
    hot = torch.nn.functional.one_hot(types, KINDS_OF_ROWS).float() * TYPE_SIZE
    inputs = {m: torch.cat([x, hot], 1) if m == carrier else x for m, x in data.inputs.items()}
    if recipe.missing != NOBODY:
        lost = torch.rand(len(labels), generator=rng) < LOST
        lost[:TRAIN] = False
        inputs[recipe.missing] = inputs[recipe.missing].masked_fill(lost[:, None], 0.0)
    return replace(data, inputs=inputs, labels=labels, group=types, kind=None, kind_names=())


def _shares(recipe: HiddenRecipe) -> Recipe:
    modalities = {
        m: SLOW if recipe.starves == m else WEAK if recipe.weak == m else FAST for m in MODALITIES
    }
    synergy = SYNERGY if recipe.interaction else 0.0
    rest = 0.92 - synergy  # a few rows show nothing
    unique = {m: rest * 0.15 for m in MODALITIES}
    if recipe.starves != NOBODY:
        unique = {m: rest * (0.2 if recipe.starves == m else 0.05) for m in MODALITIES}
    return Recipe(
        modalities,
        redundant=rest - sum(unique.values()),
        unique=unique,
        synergistic=synergy,
        num_classes=CLASSES,
        train=TRAIN,
        valid=VALID,
        test=TEST,
    )


def _types(labels: Tensor, biased: bool, rng: torch.Generator) -> Tensor:
    """A type per row; where biased, most training rows have that of their label."""
    n = len(labels)
    types = torch.randint(KINDS_OF_ROWS, (n,), generator=rng)
    of_label = torch.randperm(CLASSES, generator=rng) % KINDS_OF_ROWS
    follows = torch.rand(n, generator=rng) < FOLLOWS
    follows[TRAIN:] = False
    return torch.where(follows, of_label[labels], types) if biased else types


def _with_wrong(labels: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Labels, so many of the training rows' exchanged for another class."""
    wrong = torch.rand(len(labels), generator=rng) < share
    wrong[TRAIN:] = False
    shift = torch.randint(1, CLASSES, (len(labels),), generator=rng)
    return torch.where(wrong, (labels + shift) % CLASSES, labels)
