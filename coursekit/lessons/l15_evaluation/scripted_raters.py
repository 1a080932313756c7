"""Three scripted raters of captions: rules with noise, no people.

Each reads a caption with `facts_of`, knows the truth of the scene, and gives two whole numbers from
1 to 5. They differ in how hard they are, and in how careful.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from coursekit.data.files import open_checked
from coursekit.lessons.l15_evaluation.scene_sentences import Facts, facts_of
from coursekit.lessons.l15_evaluation.systems import SYSTEMS, Described

QUESTIONS = ("correctness", "coherence")
OBJECTS_COUNT, RELATION_COUNTS = 0.6, 0.4  # shares of correctness
SKIPPED = 0.1  # share of the captions that a rater leaves out


@dataclass(frozen=True)
class Rater:
    """bias: added to what the rule says.  noise: its deviation.  blind: share of ratings that are
    given without looking, any of the five alike.
    """

    bias: float
    noise: float
    blind: float = 0.0


RATERS: Mapping[str, Rater] = MappingProxyType(
    {
        "scripted: strict": Rater(-0.5, 0.5),
        "scripted: lenient": Rater(0.6, 0.5),
        "scripted: careless": Rater(0.0, 1.0, 0.15),
    }
)


def correctness(facts: Facts) -> float:
    """1 to 5: three objects right, none of them wrong, count 0.6; a right relation 0.4."""
    objects = facts.right / max(facts.named, 3)
    share = OBJECTS_COUNT * objects + RELATION_COUNTS * (facts.relation is True)
    return 1 + 4 * share


def coherence(facts: Facts) -> float:
    """1 to 5: five, less one for each object named again and each broken piece, less one where no
    relation is said.
    """
    return float(max(1, 5 - facts.repeated - facts.broken - (facts.relation is None)))


def ratings_of(data: Described, scenes: int, seed: int) -> pd.DataFrame:
    """A row per caption and rater: scene, system, rater, both ratings, NaN where skipped."""
    rng = np.random.default_rng(seed)
    rows = []
    for scene in range(scenes):
        for system in SYSTEMS:
            facts = facts_of(data.captions[system][scene], data.shown[scene])
            for name, rater in RATERS.items():
                given = [
                    _rating(true, rater, rng) for true in (correctness(facts), coherence(facts))
                ]
                skipped = rng.random() < SKIPPED
                both = [float("nan")] * 2 if skipped else given
                rows.append((scene, system, name, *both))
    return pd.DataFrame(rows, columns=["scene", "system", "rater", *QUESTIONS])


def _rating(true: float, rater: Rater, rng: np.random.Generator) -> float:
    blind, any_of_five = rng.random() < rater.blind, rng.integers(1, 6)
    judged = true + rater.bias + rater.noise * rng.normal()
    return float(any_of_five if blind else np.clip(np.round(judged), 1, 5))


def stored_ratings() -> pd.DataFrame:
    """The stored ratings, as `ratings_of` gives them."""
    return pd.read_csv(open_checked("caption_ratings.csv"))


def as_matrix(ratings: pd.DataFrame, question: str) -> pd.DataFrame:
    """Raters by captions, NaN where one is missing: what the measures of agreement read."""
    return ratings.pivot_table(
        index="rater", columns=["scene", "system"], values=question, dropna=False, sort=False
    ).dropna(axis=1, how="all")
