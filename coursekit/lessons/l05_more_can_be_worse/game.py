"""Two games of lesson 05: which illness is this, and which modality is starved?"""

from collections.abc import Generator, Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from coursekit.analysis.diagnosis import PARADOX, STARVED, Diagnosis, diagnose
from coursekit.compare import quick
from coursekit.course.games.deck import CURVES, PROBES, Case, Evidence, Game
from coursekit.data.synthetic import Modality, Recipe, generate
from coursekit.training import Settings

STARVATION, HIDDEN = "starvation", "hidden starvation"
OVERFITTING, NONE = "overfitting of the fusion head", "none"
NEITHER, BOTH = "neither", "both"
ILLNESSES = (STARVATION, HIDDEN, OVERFITTING, NONE)

MODELS: Mapping[str, str] = MappingProxyType(
    {"A": "A alone", "B": "B alone", "joint": "joint", quick.ENSEMBLE: "ensemble"}
)
ORDERS: Mapping[str, int] = MappingProxyType({quick.ENSEMBLE: 10, CURVES: 10, PROBES: 15})
SLOWLY = Settings()
BOLDLY = Settings(optimizer="adam", lr=1e-3, batch_size=64)  # as many epochs: curves look alike


def recipe_of(illness: str, rng: np.random.Generator, first: str) -> tuple[Recipe, Settings]:
    """A recipe of this illness, and how to train on it.

    first: the modality that is starved or outvoted. In these ranges the illness is really there,
    and what A, B and the joint model reach looks alike for the two illnesses under which the joint
    model loses, and for the two under which it does not: only evidence tells them apart
    (``tests/course/test_games.py`` measures both).
    """
    settings, train = SLOWLY, Recipe.train
    if illness in (STARVATION, HIDDEN):
        of_first, of_second, shares = _slow_beside_fast(rng, loses=illness == STARVATION)
    elif illness == OVERFITTING:
        of_first = Modality(rng.uniform(3.7, 4.7))
        loud = rng.uniform(2.5, 5)  # what is noise in it weighs more, so the joint model loses more
        of_second = Modality(rng.uniform(7, 10), distractors=int(rng.integers(320, 441)), gain=loud)
        shares = rng.uniform((0.42, 0.05, 0), (0.75, 0.15, 0))
        settings, train = BOLDLY, 500
    else:
        of_first, of_second = (
            Modality(rng.uniform(low, high), distractors=int(rng.integers(0, 21)))
            for low, high in ((3.7, 4.6), (3.8, 5))
        )
        shares = rng.uniform((0.42, 0.04, 0.005), (0.68, 0.15, 0.06))
    both, only_first, only_second = map(float, shares)
    second = "B" if first == "A" else "A"
    return Recipe(
        {m: of_first if m == first else of_second for m in ("A", "B")},
        redundant=both,
        unique={first: only_first, second: only_second},
        train=train,
    ), settings


def _slow_beside_fast(
    rng: np.random.Generator, *, loses: bool
) -> tuple[Modality, Modality, np.ndarray]:
    """A slow and a fast modality, and the shares: of both, of the slow one, of the fast one.

    loses: whether the slow one alone beats the joint model; else the fast one knows enough of its
    own to make good what the joint model leaves lying.
    """
    if loses:
        slow = Modality(rng.uniform(4.1, 4.5), linear=0, nuisance_std=rng.uniform(3.75, 4.1))
        fast = Modality(rng.uniform(4.3, 6), distractors=int(rng.integers(8, 25)))
        return slow, fast, rng.uniform((0.32, 0.2, 0), (0.6, 0.31, 0))
    slow = Modality(rng.uniform(4, 4.5), linear=0, nuisance_std=rng.uniform(3, 3.4))
    fast = Modality(rng.uniform(4, 5.5), distractors=int(rng.integers(10, 31)))
    return slow, fast, rng.uniform((0.33, 0.11, 0.13), (0.55, 0.2, 0.24))


def draw_illness(rng: np.random.Generator, number: int) -> Case:
    """One of the four illnesses; A and B change places in half of the cases."""
    illness = ILLNESSES[rng.integers(len(ILLNESSES))]
    recipe, settings = recipe_of(illness, rng, "AB"[rng.integers(2)])
    return Case(number, illness, recipe, settings)


def draw_modality(rng: np.random.Generator, number: int) -> Case:
    """A starved, B starved or neither; each with or without a joint model that loses."""
    truth = ("A", "B", NEITHER)[rng.integers(3)]
    loses = bool(rng.integers(2))
    if truth == NEITHER:
        illness, first = OVERFITTING if loses else NONE, "AB"[rng.integers(2)]
    else:
        illness, first = STARVATION if loses else HIDDEN, truth
    return Case(number, truth, *recipe_of(illness, rng, first))


def train(case: Case) -> Generator[None, None, Evidence]:
    """A alone, B alone and the joint model, at slider speed."""
    data = generate(case.recipe, case.number)
    yield
    results = yield from quick.quick_comparison(data, case.settings, seed=case.number)
    accuracies = results.accuracy.set_index("model")["accuracy"]
    return Evidence({m: float(accuracies[m]) for m in MODELS}, results.history, results.probes)


def diagnosis(evidence: Evidence) -> Diagnosis:
    """The lesson's diagnosis of a case."""
    accuracies = pd.DataFrame(
        {"model": list(evidence.accuracy), "accuracy": list(evidence.accuracy.values())}
    )
    return diagnose(accuracies, evidence.probes)


def rule_illness(evidence: Evidence) -> str:
    """The two-by-two table of lesson 05, by its thresholds."""
    diagnosed = diagnosis(evidence)
    if diagnosed.starved:
        return STARVATION if diagnosed.drop < PARADOX else HIDDEN
    return OVERFITTING if diagnosed.drop < PARADOX else NONE


def rule_modality(evidence: Evidence) -> str:
    """The modality whose probe falls below the threshold."""
    starved = diagnosis(evidence).starved
    return BOTH if len(starved) > 1 else starved[0] if starved else NEITHER


def explain_illness(evidence: Evidence) -> str:
    """Does the joint model lose, and how are its encoders? With the numbers."""
    drop, accuracy_of = diagnosis(evidence).drop, evidence.accuracy
    best = max("AB", key=lambda m: accuracy_of[m])
    loses = "loses" if drop < PARADOX else "does not lose"
    ahead = accuracy_of[quick.ENSEMBLE] - accuracy_of["joint"]
    return (
        f"The joint model {loses}: {drop:+.3f} against {best} alone (the ensemble against "
        f"it: {ahead:+.3f}). {explain_modality(evidence)} Together: {rule_illness(evidence)}."
    )


def explain_modality(evidence: Evidence) -> str:
    """What the probes did, and what that means."""
    diagnosed = diagnosis(evidence)
    moved = ", ".join(f"{m} {x:+.3f}" for m, x in diagnosed.probe_change.items())
    starved = " and of ".join(diagnosed.starved)
    who = f"the encoder of {starved} starved" if starved else ""
    who = who or "no encoder starved"
    return f"Probes, joint minus alone: {moved}; below {STARVED:g} counts, so {who}."


def illness() -> Game:
    """Lesson 05: which illness is this?"""
    return Game(
        key="05-illness-2",
        title="Which illness is this?",
        question=(
            "A and B were trained alone and jointly. Accuracies on new data are free; the rest "
            "costs points. What does the joint model suffer from?"
        ),
        orders=ORDERS,
        answers=ILLNESSES,
        models=MODELS,
        draw=draw_illness,
        train=train,
        rule=rule_illness,
        explain=explain_illness,
    )


def modality() -> Game:
    """Lesson 05: which modality is starved?"""
    return Game(
        key="05-modality-2",
        title="Who is starved?",
        question=(
            "A and B were trained alone and jointly. Whose encoder learnt far less in the joint "
            "model than alone?"
        ),
        orders=ORDERS,
        answers=("A", "B", NEITHER),
        models=MODELS,
        draw=draw_modality,
        train=train,
        rule=rule_modality,
        explain=explain_modality,
    )
