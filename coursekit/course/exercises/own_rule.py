"""What the weights and scales of a learner's own method may hang on; lessons 06 to 08.

A method is trained for a few steps, and what it gave every head and modality is compared: with the
modalities in another order, under other names, on other data, over many epochs.
"""

import copy
import math
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from statistics import fmean
from typing import Any

import torch

from coursekit.balancing.multi_loss import MultiLoss
from coursekit.data.multimodal import MultimodalData
from coursekit.data.synthetic import Modality, Recipe, generate
from coursekit.models import MultimodalClassifier, build_classifier
from coursekit.training import Settings, epochs, fit
from coursekit.training.method import Method, Run, slots_of

Answer = type[Method]
Given = dict[tuple[str, str], float]
FEW = Settings(epochs=3, batch_size=64, measure_train=False)
MANY = Settings(epochs=20, batch_size=64, measure_train=False)
AMPLITUDES = {"sound": 5.0, "image": 2.0, "touch": 1.0}
# By place; the first, the second and the last one of the alphabet stand elsewhere in each list.
NAMES, OTHER_NAMES = ("A", "B", "C"), ("sound", "touch", "image")
APART = 0.02  # rounding makes less than this, another place in the list more
FLOOR = 0.01  # k below it count as that much, where logarithms are compared
IN_COMMON = 0.35  # of k in trainings that differ in their draws; noise has 0.1, rules 0.5 to 1
EXTREME = 60.0  # times as large are the logits: losses of wrong rows from 10 to 20


def isolated(answer: Answer) -> Answer:
    """A subclass with lists, dicts and sets of its own in place of those on the class.

    What one training writes into them, another one of the check does not meet. Other things that a
    method keeps on its class are shared.
    """
    own = [cls for cls in reversed(answer.__mro__) if not cls.__module__.startswith("coursekit.")]
    kept = {
        name: copy.copy(value)
        for cls in own
        for name, value in vars(cls).items()
        if isinstance(value, list | dict | set) and not name.startswith("__")
    }
    return type(answer.__name__, (answer,), {"__module__": answer.__module__, **kept})


def uneven(amplitudes: dict[str, float] | None = None) -> MultimodalData:
    """Data whose modalities are read the better the larger their amplitude is."""
    chosen = AMPLITUDES if amplitudes is None else amplitudes
    modalities = {m: Modality(amplitude=a) for m, a in chosen.items()}
    recipe = Recipe(modalities, redundant=0.8, train=130, valid=60, test=60)
    return generate(recipe, seed=0)


def given(
    answer: Answer, model: MultimodalClassifier, data: MultimodalData, settings: Settings
) -> tuple[list[Given], Run]:
    """What each step gave: ("weight", head) or ("scale", modality) → number; and the training.

    Errors: as `coursekit.training.epochs`, and whatever the answer raises.
    """
    runs: list[Run] = []
    method = isolated(answer)()
    for _ in epochs(model, data.train, data.valid, settings, method=method, watch=runs.append):
        pass
    return steps_of(runs[-1].trace), runs[-1]


def steps_of(trace: list[dict[str, Any]]) -> list[Given]:
    """The rows of a training's trace as what each step gave."""
    steps: dict[tuple[int, int], Given] = {}
    for row in trace:
        step = steps.setdefault((row["epoch"], row["batch"]), {})
        if "head" in row:
            step["weight", row["head"]] = row["weight"]
        else:
            step["scale", row["modality"]] = row["scale"]
    return list(steps.values())


def differ(one: Given, other: Given, more_than: float = APART) -> bool:
    """Whether a head or modality was given another number; a weight not named is 0, a scale 1."""
    usual = {"weight": 0.0, "scale": 1.0}
    return any(
        not abs(one.get(key, usual[key[0]]) - other.get(key, usual[key[0]])) <= more_than
        for key in one.keys() | other.keys()
    )


def treats_alike(answer: Answer) -> bool:
    """Whether every modality is given the same when the order of the modalities is another one.

    True also for a method that draws from ``run.generator``: who gets which number is chance there.
    """
    data, model = uneven(), _skilled()
    before, run = given(answer, copy.deepcopy(model), data, FEW)
    if not torch.equal(run.generator.get_state(), _undrawn(run)):
        return True
    for _ in range(len(AMPLITUDES) - 1):
        data = _turned(data)  # every modality comes to every place
        after, _ = given(answer, _turned_model(model, data), data, FEW)
        if any(differ(*pair) for pair in zip(before, after, strict=True)):
            return False
    return True


def treats_names_alike(answer: Answer) -> bool:
    """Whether every place is given the same when the modalities are called otherwise.

    The same rows and the same weights, under two lists of names. True also for a method that draws.
    """
    by_names = []
    for names in (NAMES, OTHER_NAMES):
        data = _renamed(uneven(), names)
        steps, run = given(answer, _copied(_skilled(), data), data, FEW)
        if not torch.equal(run.generator.get_state(), _undrawn(run)):
            return True
        places = {m: str(i) for i, m in enumerate(names)}
        by_names.append(
            [{(kind, places.get(m, m)): x for (kind, m), x in s.items()} for s in steps]
        )
    return not any(differ(*pair) for pair in zip(*by_names, strict=True))


def stays_in_range(answer: Answer) -> bool:
    """Whether weights and scales are finite and not negative, in a long training and an odd one.

    In the odd one all heads, the joint one too, are sure of everything, the right and the wrong.
    """
    data = uneven()
    sure = copy.deepcopy(_skilled())
    with torch.no_grad():
        for p in (*sure.heads.parameters(), *sure.fusion.parameters()):
            p.mul_(EXTREME)
    try:
        long, _ = given(answer, build_classifier(data.train.inputs, data.num_classes), data, MANY)
        odd, _ = given(answer, sure, data, FEW)
    except (FloatingPointError, ZeroDivisionError, OverflowError):
        return False
    values = [x for step in (*long, *odd) for x in step.values()]
    return all(math.isfinite(x) and x >= 0 for x in values)


def tells_modalities_apart(answer: Answer) -> bool:
    """Whether some step treated two modalities, or two heads, otherwise than a learning rate does.

    A rate gives every modality the same k, or every head the same weight, and not always 1. True
    also where nothing but 1 was given.
    """
    given_ones = True
    for step in _as_trained(answer):
        k = _scales(step)
        w = [x for (kind, _), x in step.items() if kind == "weight"] or [1.0]
        if max(k) - min(k) > APART:
            return True
        ones_only = all(abs(x - 1) <= APART for x in k)
        if ones_only and max(w) - min(w) > APART:
            return True
        given_ones &= ones_only and all(abs(x - 1) <= APART for x in w)
    return given_ones


def scales_without_heads(answer: Answer) -> bool:
    """Whether two modalities get different k, and no head but the joint one ever gets a weight."""
    data = uneven()
    steps, _ = given(answer, build_classifier(data.train.inputs, data.num_classes), data, FEW)
    trained = any(s.get(("weight", m), 0.0) > 0 for s in steps for m in AMPLITUDES)
    return not trained and any(max(_scales(s)) - min(_scales(s)) > APART for s in steps)


def keeps_scales_when_redrawn(answer: Answer) -> bool:
    """Whether k is much the same in trainings that differ in ``run.generator`` alone.

    Compared are logarithms, step by step and modality by modality: 1 where all agree, 0 where one
    training says nothing about another. True for a method that draws nothing.
    """
    data, drawn = uneven(), False
    for run in _epochs_of(answer, data):
        drawn = not torch.equal(run.generator.get_state(), _undrawn(run))
        if drawn:
            break
    if not drawn:
        return True
    rows = []
    for shift in range(3):
        steps, run = given(_redrawn(answer, shift), copy.deepcopy(_skilled()), data, MANY)
        rows.append([math.log(max(x, FLOOR)) for step in steps for x in _scales(step)])
    pairs = [_agreement(rows[i], rows[j]) for i in range(3) for j in range(i)]
    return fmean(pairs) > IN_COMMON


def _agreement(one: list[float], other: list[float]) -> float:
    """Twice the covariance over the sum of the variances; 1 where both are the same."""
    if all(abs(a - b) <= APART for a, b in zip(one, other, strict=False)):
        return 1.0
    x, y = torch.tensor([*zip(one, other, strict=False)], dtype=torch.float64).T
    x, y = x - x.mean(), y - y.mean()
    return float(2 * (x @ y) / (x @ x + y @ y))


def _redrawn(answer: Answer, shift: int) -> Answer:
    """The same method, for which ``run.generator`` begins elsewhere."""

    def begin(self: Method, run: Run) -> None:
        run.generator.manual_seed(run.generator.initial_seed() + shift)
        answer.begin(self, run)

    return type(answer.__name__, (answer,), {"__module__": answer.__module__, "begin": begin})


def _scales(step: Given) -> list[float]:
    """k of every modality of `uneven`, 1 where none was given."""
    return [step.get(("scale", m), 1.0) for m in AMPLITUDES]


def _epochs_of(answer: Answer, data: MultimodalData) -> Iterator[Run]:
    """The training after each of many epochs: a rule may begin late."""
    runs: list[Run] = []
    method = isolated(answer)()
    model = copy.deepcopy(_skilled())
    for _ in epochs(model, data.train, data.valid, MANY, method=method, watch=runs.append):
        yield runs[-1]


def _as_trained(answer: Answer) -> Iterator[Given]:
    """What each step gave, epoch by epoch, so that who has seen enough may stop."""
    seen = 0
    for run in _epochs_of(answer, uneven()):
        yield from steps_of(run.trace[seen:])
        seen = len(run.trace)


@lru_cache(maxsize=1)
def _skilled() -> MultimodalClassifier:
    """A model whose heads are of different skill."""
    data = uneven()
    model = build_classifier(data.train.inputs, data.num_classes)
    fit(model, data.train, data.valid, FEW, method=MultiLoss())
    return model


def _undrawn(run: Run) -> torch.Tensor:
    """The state of a training's generator from which nothing was drawn."""
    return torch.Generator().manual_seed(run.generator.initial_seed()).get_state()


def _turned(data: MultimodalData) -> MultimodalData:
    """The same rows; the first modality is the last one now."""
    first, *others = data.inputs
    return replace(data, inputs={m: data.inputs[m] for m in (*others, first)})


def _renamed(data: MultimodalData, names: tuple[str, ...]) -> MultimodalData:
    """The same rows; the modalities have these names, by place."""
    return replace(data, inputs=dict(zip(names, data.inputs.values(), strict=True)))


def _copied(model: MultimodalClassifier, data: MultimodalData) -> MultimodalClassifier:
    """A model with the same weights by place, for data under other names."""
    other = build_classifier(data.train.inputs, data.num_classes)
    weights = zip(other.state_dict(), model.state_dict().values(), strict=True)
    other.load_state_dict(dict(weights))
    return other


def _turned_model(model: MultimodalClassifier, data: MultimodalData) -> MultimodalClassifier:
    """A model with the same weights by modality, for data in another order."""
    other = build_classifier(data.train.inputs, data.num_classes)
    with torch.no_grad():
        other.fusion.load_state_dict(model.fusion.state_dict())  # its slices are put right below
        for m in model.modalities:
            pairs = zip(slots_of(model, m), slots_of(other, m), strict=True)
            for (p, here), (q, there) in pairs:
                q[there] = p[here]
    return other
