"""Named situations of the generator, each with the training settings that show it.

Chosen on seeds 0–9; the tests hold them to their effects on seeds 100–109.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from coursekit.data.multimodal import MultimodalData
from coursekit.data.synthetic import Modality, Recipe, generate
from coursekit.utils.checks import choose


@dataclass(frozen=True)
class Preset:
    """A recipe for the data, arguments for `coursekit.training.Settings`, and what to see."""

    recipe: Recipe
    shows: str
    training: Mapping[str, Any] = field(default_factory=dict)


def presets() -> dict[str, Preset]:
    """Every preset by name."""
    slow = Modality(amplitude=4, linear=0, nuisance_std=4)
    fast = Modality(amplitude=5, distractors=30)
    clear = Modality(amplitude=4)
    return {
        "starve": Preset(
            Recipe({"A": slow, "B": fast}, redundant=0.75, unique={"A": 0.15}),
            "B is learnt first and explains most of the loss away; A's encoder never learns, "
            "and the joint model ends below A alone.",
        ),
        "imbalance": Preset(
            Recipe(
                {"A": replace(slow, nuisance_std=3), "B": fast},
                redundant=0.45,
                unique={"A": 0.25, "B": 0.25},
            ),
            "The joint model beats both single ones, and still A's encoder is worse than alone.",
        ),
        "overfit": Preset(
            Recipe(
                {"A": clear, "B": replace(clear, distractors=300)},
                redundant=0.3,
                unique={"A": 0.6},
                train=500,
            ),
            "Both encoders are intact; the joint head fits B's noise and ends below A alone.",
            {"optimizer": "adam", "lr": 1e-3, "batch_size": 64, "epochs": 30},
        ),
        "balanced": Preset(
            Recipe({"A": clear, "B": clear}, redundant=0.4, unique={"A": 0.25, "B": 0.25}),
            "Two equally fast modalities that know different things: joint training simply works.",
        ),
        "synergy": Preset(
            Recipe(
                {"A": replace(clear, amplitude=5), "B": replace(clear, amplitude=5)},
                redundant=0.3,
                unique={"A": 0.15, "B": 0.15},
                synergistic=0.4,
            ),
            "Four samples in ten need both modalities at once; an additive head cannot learn them.",
        ),
    }


def preset(name: str) -> Preset:
    """One preset; an unknown name is refused with the nearest right one."""
    known = presets()
    return known[choose("preset", name, known)]


def load_preset(name: str, seed: int = 0, **changes: Any) -> MultimodalData:
    """Data of a preset; ``changes`` replace fields of its recipe (train=4000, label_noise=.1 …)."""
    known = [f.name for f in fields(Recipe)]
    for change in changes:
        choose(f"an option of {name}", change, known)
    return generate(replace(preset(name).recipe, **changes), seed=seed, name=name)
