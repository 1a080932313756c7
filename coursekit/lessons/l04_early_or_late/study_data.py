"""The data sets of lesson 04's study, by name, and how each kind of network reads them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from torch import Tensor

from coursekit.compare import tuning
from coursekit.data import Modality, Recipe, generate, load
from coursekit.data.multimodal import MultimodalData
from coursekit.data.preset_recipes import load_preset, preset
from coursekit.data.timeline import on_timeline
from coursekit.models.fusion_stage import PLACES

SEEDS = tuple(tuning.SEEDS)
FOLDS = 6
TRANSFORMER = "early transformer"


def timed_recipe(synergistic: float = 0.7, train: int = 1000) -> Recipe:
    """Strong signals that mostly count together: what makes the moment of meeting matter."""
    rest = 0.9 * (1 - synergistic)
    clear = Modality(amplitude=8)
    return Recipe(
        {"A": clear, "B": clear},
        redundant=0.4 * rest,
        unique={"A": 0.3 * rest, "B": 0.3 * rest},
        synergistic=synergistic,
        num_classes=4,
        train=train,
    )


@dataclass(frozen=True)
class Case:
    """One data set of the study: how to load it, the parameters each network may have.

    special: what sets it apart, in a few words.  tokens: whether a transformer reads it too.
    """

    load: Callable[[int], MultimodalData]
    budget: int = 8000
    seeds: Sequence[int] = SEEDS
    tokens: bool = False
    special: str = ""


def cases() -> dict[str, Case]:
    """Every case by name: presets, one rescaled, two timelines, synthesised and recorded digits."""
    presets = {
        "balanced": "nothing is hard",
        "synergy": "4 in 10 samples need both",
        "imbalance": "B is learnt faster, each knows its own",
        "starve": "B is learnt much faster, A knows more",
    }
    every = {
        name: Case(partial(load_preset, name), special=special) for name, special in presets.items()
    }
    noisy, small = (
        "A knows more; 300 inputs of B are noise",
        "balanced, B's numbers 20 times smaller",
    )
    every["unequal widths"] = Case(partial(load_preset, "overfit"), special=noisy)
    every["unequal scales"] = Case(load_scaled, special=small)
    for name, alignment, moments in (
        ("same moment", 1.0, "one moment"),
        ("other moment", 0.0, "two moments"),
    ):
        special = f"7 in 10 need both, heard at {moments}"
        every[name] = Case(partial(load_timed, alignment), tokens=True, special=special)
    for name, special, digits in (
        (
            "digits, synthesised",
            "written and spoken digit, new voices in the test",
            {"speech": "synth", "train_speakers": 3},
        ),
        (
            "digits, recorded",
            "noisier images, real voices",
            {"speech": "fsdd", "train_speakers": 2, "image_noise": 3.0, "stretch": True},
        ),
    ):  # 102 is a multiple of 6: two seeds for each fold of the speakers
        seeds = tuple(range(102, 114))
        every[name] = Case(partial(load_digits, digits), 30_000, seeds, True, special)
    more = partial(load_timed, 0.0, train=4000)
    every["other moment, 4000 samples"] = Case(more, tokens=True, special="four times the samples")
    return every


def load_timed(alignment: float, seed: int, train: int = 1000) -> MultimodalData:
    """`timed_recipe` on a timeline of four steps."""
    return on_timeline(generate(timed_recipe(train=train), seed), alignment=alignment, seed=seed)


def load_scaled(seed: int) -> MultimodalData:
    """`balanced` with B's numbers twenty times smaller than A's."""
    recipe = preset("balanced").recipe
    small = replace(recipe.modalities["B"], gain=0.05)
    return generate(replace(recipe, modalities={**recipe.modalities, "B": small}), seed)


def load_digits(options: Mapping[str, Any], seed: int) -> MultimodalData:
    """Image and voice of the same digit; the seed also says which speakers train and test."""
    return load("av_digits", fold=seed % FOLDS, seed=seed, **options)


def flat(data: MultimodalData) -> MultimodalData:
    """Pictures (N, 1, H, W) as vectors (N, H·W); vectors and sequences stay as they are."""
    return replace(
        data, inputs={m: x.flatten(1) if x.ndim == 4 else x for m, x in data.inputs.items()}
    )


def strips(data: MultimodalData, width: int = 2) -> MultimodalData:
    """Pictures (N, 1, H, W) as W/width tokens of ``width`` columns each, (N, W/width, width·H).

    What is no picture stays as it is.
    """

    def tokens(x: Tensor) -> Tensor:
        if x.ndim != 4:
            return x
        columns = x[:, 0].transpose(1, 2)  # (N, W, H); in a spectrogram a column is a moment
        return columns.unflatten(1, (-1, width)).flatten(2)

    return replace(data, inputs={m: tokens(x) for m, x in data.inputs.items()})


def models_of(case: Case, modalities: Sequence[str]) -> list[str]:
    """What is tuned: each modality alone, the three places and, where there are tokens, more."""
    return [*modalities, *PLACES, *([TRANSFORMER] if case.tokens else [])]


def views(case: Case, seed: int) -> Callable[[str], MultimodalData]:
    """The data of one seed as each network reads them: tokens for the transformer, else vectors."""
    data = case.load(seed)
    vectors, tokens = flat(data), strips(data) if case.tokens else data
    return lambda name: tokens if name == TRANSFORMER else vectors
