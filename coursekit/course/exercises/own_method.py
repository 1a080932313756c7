"""What a method of the learner's own has to do before it enters the race; lessons 06 to 08.

``requirements()`` for an `OpenExercise`, cheap ones first. All small: a whole check trains for one
or two seconds. Wrong answers to it: `coursekit.course.exercises.own_method_slips`.
"""

from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from coursekit.analysis.probes import quick_probe
from coursekit.course.exercises.open_exercise import Requirement
from coursekit.course.exercises.own_rule import (
    isolated,
    scales_without_heads,
    stays_in_range,
    treats_alike,
    treats_names_alike,
)
from coursekit.data.multimodal import MultimodalData
from coursekit.data.preset_recipes import load_preset
from coursekit.data.synthetic import Modality, Recipe, generate
from coursekit.models import MultimodalClassifier, build_classifier
from coursekit.training import Settings, accuracy, fit, predict
from coursekit.training.method import Method

Answer = type[Method]
SHORT = Settings(epochs=2, batch_size=64)
BALANCED = Settings(epochs=8, batch_size=64)
STARVED = Settings(epochs=12, batch_size=64)
LOSS = 0.05  # what a method may lose on balanced data; seeds move by about 0.02
GAIN = 0.1  # what the starved probe has to gain; working methods gain 0.2 to 0.5

ARGUMENTS = (
    "The race calls your class without arguments: give every argument of __init__ a default."
)
DIVERGES = (
    "The loss is no number any more. Keep scales and weights positive and bounded, and beware of a "
    "division by zero."
)
NAMES = "Not all data call their modalities A and B. Take the names from step.run.model.modalities."
THREE = (
    "With two modalities it works, with three it does not: let nothing count to two. Against one "
    "modality stands the mean of all others."
)
NOTHING = (
    "After eight epochs every weight is what joint training gives. Is the name of what you "
    "override right: weights, scales, loss, backward, begin …? Does it return anything but ones?"
)
REPEATED = (
    "Set up all state in begin(run), so that nothing is left over from another training, and draw "
    "from run.generator instead of torch's global one."
)
HARMS = (
    "Balanced data need no help, and your method does harm there. Let it fade where the modalities "
    "are level: scales near one, all of the losses still in play."
)
PLACE = (
    "In another order of the modalities each gets another weight or k, though the data are the "
    "same: by its place, by being the first of several equal ones, or from a generator other than "
    "run.generator. Take both from losses or scores, and treat equal ones alike."
)
NAME = (
    "Under other names each modality gets another weight or k, though the data are the same. What "
    "hangs on a name is of no use elsewhere: take it from losses or scores."
)
NEGATIVE = (
    "A negative weight pushes a head away from the right answers, and a negative k an encoder. Put "
    "a floor under both, and bounds where you divide."
)
STARVES = (
    "The slow encoder of the starved data reads no better than under joint training. Which signal "
    "tells that it is behind, and what would hurry it?"
)

UNTRAINED = (
    "Your heads have no weight, so they learn nothing, and their losses and scores say nothing. "
    "Let weights(step) name every modality's head beside the joint one, as the multi-loss does."
)


def requirements(*, feeds: bool = False) -> tuple[Requirement, ...]:
    """What every entrant has to meet.  feeds: also raise the slow encoder's probe when starved."""
    needed = [
        Requirement("arguments", "It cannot be made without arguments.", _is_made, ARGUMENTS),
        Requirement("names", "It knows modalities called A and B only.", _finds_names, NAMES),
        Requirement("two modalities", "It diverges with two modalities.", _stays_finite, DIVERGES),
        Requirement(
            "three modalities",
            "It does not get through a training with three modalities.",
            _takes_three,
            THREE,
        ),
        Requirement(
            "same seed", "The same seed does not give the same weights.", _repeats, REPEATED
        ),
        Requirement(
            "no push",
            "In a long training, or where heads are sure and wrong, a weight or a k is negative or "
            "no number.",
            _never_pushes,
            NEGATIVE,
        ),
        Requirement(
            "any names", "It hangs on what the modalities are called.", _ignores_names, NAME
        ),
        Requirement(
            "changes something", "It trains exactly as joint training does.", _changes, NOTHING
        ),
        Requirement(
            "balanced data",
            f"On balanced data it loses more than {LOSS} of accuracy against joint training.",
            _harmless,
            HARMS,
        ),
        Requirement(
            "any order", "It hangs on the order of the modalities.", _takes_any_order, PLACE
        ),
    ]
    if feeds:
        sentence = f"It does not raise the starved encoder's probe by {GAIN}."
        needed += [
            Requirement("trained heads", sentence, _trains_heads_or_feeds, UNTRAINED),
            Requirement("starved data", sentence, _feeds, STARVES),
        ]
    return tuple(needed)


def _is_made(answer: Answer, rng: np.random.Generator) -> bool:
    try:
        return isinstance(answer(), Method)
    except TypeError:
        return False


def _finds_names(answer: Answer, rng: np.random.Generator) -> bool:
    try:
        with suppress(FloatingPointError):  # asked for later
            _trained(answer, _named(2), SHORT)
    except KeyError as error:
        return str(error.args[0]) not in ("A", "B")
    return True


def _stays_finite(answer: Answer, rng: np.random.Generator) -> bool:
    try:
        return bool(torch.isfinite(_trained(answer, _named(2), SHORT)[1]).all())
    except FloatingPointError:
        return False


def _takes_three(answer: Answer, rng: np.random.Generator) -> bool:
    try:
        return bool(torch.isfinite(_trained(answer, _named(3), SHORT)[1]).all())
    except (FloatingPointError, LookupError, RuntimeError, TypeError, ValueError):
        return False  # with two of them it ran


def _repeats(answer: Answer, rng: np.random.Generator) -> bool:
    """The same weights again, also after a training of other modalities."""
    seed, kept = int(rng.integers(1000)), isolated(answer)
    once = _weights(kept(), _named(2), seed)
    try:
        _weights(kept(), _named(3, ("pulse", "gait", "voice")), seed)
        again = _weights(kept(), _named(2), seed)
    except Exception:  # alone each of them ran
        return False
    return bool(torch.equal(once, again))


def _weights(method: Method, data: MultimodalData, seed: int) -> Tensor:
    return _fitted(method, data, SHORT, seed)[1]


def _changes(answer: Answer, rng: np.random.Generator) -> bool:
    return not torch.equal(_trained(answer, _balanced(), BALANCED)[1], _joint_on_balanced()[1])


def _harmless(answer: Answer, rng: np.random.Generator) -> bool:
    model, _ = _trained(answer, _balanced(), BALANCED)
    return _test_accuracy(model, _balanced()) > _joint_on_balanced()[0] - LOSS


def _takes_any_order(answer: Answer, rng: np.random.Generator) -> bool:
    return treats_alike(answer)


def _ignores_names(answer: Answer, rng: np.random.Generator) -> bool:
    return treats_names_alike(answer)


def _never_pushes(answer: Answer, rng: np.random.Generator) -> bool:
    return stays_in_range(answer)


def _trains_heads_or_feeds(answer: Answer, rng: np.random.Generator) -> bool:
    """False where k differ by modality, no head is trained, and nobody is fed."""
    return not scales_without_heads(answer) or _feeds(answer, rng)


def _feeds(answer: Answer, rng: np.random.Generator) -> bool:
    model, _ = _trained(answer, _starved(), STARVED)
    return slow_probe(model, _starved()) > _joint_on_starved() + GAIN


def _trained(
    answer: Answer, data: MultimodalData, settings: Settings, seed: int = 0
) -> tuple[MultimodalClassifier, Tensor]:
    """The trained model and all its weights in one row; nothing is left over for another one."""
    return _fitted(isolated(answer)(), data, settings, seed)


def _fitted(
    method: Method, data: MultimodalData, settings: Settings, seed: int
) -> tuple[MultimodalClassifier, Tensor]:
    model = build_classifier(data.train.inputs, data.num_classes, seed=seed)
    fit(model, data.train, data.valid, settings, seed=seed, method=method)
    return model, torch.cat([p.detach().flatten() for p in model.parameters()])


def _test_accuracy(model: MultimodalClassifier, data: MultimodalData) -> float:
    return accuracy(predict(model, data.test.inputs).joint, data.test.labels)


def slow_probe(model: MultimodalClassifier, data: MultimodalData) -> float:
    """Quick probe of the first modality's encoder, the slow one of starved data."""
    slow = model.modalities[0]
    train, test = data.train, data.test
    before, after = (predict(model, s.inputs).features[slow] for s in (train, test))
    return quick_probe(before, train.labels, after, test.labels)


@lru_cache(maxsize=3)
def _named(count: int, names: tuple[str, ...] = ("sound", "image", "touch")) -> MultimodalData:
    """A few easy samples of modalities that are not called A and B."""
    shares = {m: 0.1 for m in names[:count]}
    modalities: Mapping[str, Modality] = {m: Modality() for m in names[:count]}
    recipe = Recipe(modalities, redundant=0.5, unique=shares, train=260, valid=60, test=60)
    return generate(recipe, seed=0)


@lru_cache(maxsize=1)
def _balanced() -> MultimodalData:
    return load_preset("balanced", seed=0, train=400, valid=100, test=600)


@lru_cache(maxsize=1)
def _starved() -> MultimodalData:
    return load_preset("starve", seed=0, train=600, valid=100, test=600)


@lru_cache(maxsize=1)
def _joint_on_balanced() -> tuple[float, Tensor]:
    model, weights = _trained(Method, _balanced(), BALANCED)
    return _test_accuracy(model, _balanced()), weights


@lru_cache(maxsize=1)
def _joint_on_starved() -> float:
    return slow_probe(_trained(Method, _starved(), STARVED)[0], _starved())
