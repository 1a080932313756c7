"""The game of lesson 03: how many of the samples can only be told by both modalities together?"""

from collections.abc import Generator, Mapping
from types import MappingProxyType

import numpy as np

from coursekit.analysis.emap import emap
from coursekit.balancing.ensemble import Ensemble
from coursekit.course.games.deck import Case, Evidence, Game, Scale
from coursekit.data.synthetic import Modality, Recipe, generate
from coursekit.lessons.l03_emap.interaction import ADDITIVE, INTERACTING, train_together
from coursekit.models import build_classifier
from coursekit.training import Settings, accuracy, predict
from coursekit.training.method import Method
from coursekit.utils.threads import threads

PROJECTION = "projection"
MODELS: Mapping[str, str] = MappingProxyType(
    {
        "A": "A alone",
        "B": "B alone",
        "joint": "mid-MLP",
        ADDITIVE: "late-linear",
        PROJECTION: "projected mid-MLP",
    }
)
SHARES = Scale(0.0, 0.6, 0.05, within=0.05, worthless=0.2)
TRAINING = Settings(epochs=14)
CLASSES = Recipe.num_classes
LEAST, MOST = 0.28, 0.55  # of the samples, by one modality, where the rest leaves the choice


def draw(rng: np.random.Generator, number: int) -> Case:
    """A share on the scale, and A and B that tell little about it.

    What A, B and both reach leaves the share open: one modality may know what the other knows, or
    what it lacks. So the mean share that one of them can tell alone is drawn first, from a range
    that hardly depends on the answer, and the redundant share follows from it.
    """
    share = round(SHARES.step * int(rng.integers(round(SHARES.high / SHARES.step) + 1)), 2)
    rest = 1 - share - float(rng.uniform(0, 0.12))
    lowest, highest = max(rest / 2, LEAST), max(rest / 2, min(rest, MOST))
    one = float(rng.uniform(lowest, max(lowest, highest)))
    alone, for_a = 2 * (rest - one), float(rng.uniform(0.3, 0.7))
    clear = Modality(rng.uniform(5, 6))
    recipe = Recipe(
        {"A": clear, "B": clear},
        redundant=rest - alone,
        unique={"A": alone * for_a, "B": alone * (1 - for_a)},
        synergistic=share,
        train=2000,
        valid=50,  # nothing is chosen here
        test=1500,
    )
    return Case(number, share, recipe, TRAINING)


def train(case: Case) -> Generator[None, None, Evidence]:
    """A and B alone, late-linear and the mid-MLP, all at once; then the projection of the last."""
    data = generate(case.recipe, case.number)
    yield
    methods = [Ensemble(), Method(), Method()]
    models = [
        build_classifier(data.train.inputs, data.num_classes, fusion=name, seed=case.number)
        for name in (ADDITIVE, ADDITIVE, INTERACTING)
    ]
    yield from train_together(models, data, case.settings, seed=case.number, methods=methods)
    with threads(case.settings.threads):
        alone, plain, free = (predict(model, data.test.inputs) for model in models)
        projected = emap(models[-1], data.test.inputs)
        logits = {
            **alone.unimodal,
            "joint": free.joint,
            ADDITIVE: plain.joint,
            PROJECTION: projected,
        }
        return Evidence({m: accuracy(logits[m], data.test.labels) for m in MODELS})


def rule(evidence: Evidence) -> float:
    """`estimate` as an answer: the nearest one on the scale."""
    nearest = round(estimate(evidence) / SHARES.step) * SHARES.step
    return round(min(nearest, SHARES.high), 2)


def estimate(evidence: Evidence) -> float:
    """What the mid-MLP has over late-linear, made good for luck and for doubles.

    Late-linear is right by luck about one synergistic sample in C; the mid-MLP about all but those
    that show one class twice, again one in C, and look redundant. The difference is the share
    times (1 − 1/C)².
    """
    gap = evidence.accuracy["joint"] - evidence.accuracy[ADDITIVE]
    return max(0.0, gap) / (1 - 1 / CLASSES) ** 2


def explain(evidence: Evidence) -> str:
    """The gap between the two heads, what it makes of the share, and what EMAP says."""
    accuracy_of = evidence.accuracy
    joint, lost = accuracy_of["joint"], accuracy_of["joint"] - accuracy_of[PROJECTION]
    return (
        f"The mid-MLP reaches {joint:.3f}, late-linear {accuracy_of[ADDITIVE]:.3f}. The "
        f"difference, divided by (1 − 1/{CLASSES})², puts the share at {estimate(evidence):.3f}. "
        f"The projection takes {lost:.3f} from the mid-MLP."
    )


def synergy() -> Game:
    """Lesson 03: how much synergy is in the data?"""
    return Game(
        key="03-synergy-2",
        title="How much synergy is in the data?",
        question=(
            "Three models were trained: A alone, B alone, and a mid-MLP on both. In some samples "
            "both modalities are silent. What share of the samples needs both at once? Off by "
            f"{SHARES.within:g} or less is right, off by {SHARES.worthless:g} earns nothing."
        ),
        orders={ADDITIVE: 10, PROJECTION: 15},
        answers=SHARES,
        models=MODELS,
        draw=draw,
        train=train,
        rule=rule,
        explain=explain,
    )
