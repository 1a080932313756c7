"""One training of the methods benchmark: its data, its trials, and what is measured of it."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from coursekit import balancing
from coursekit.analysis.agreement import GROUPS, agreement
from coursekit.analysis.calibration import ece
from coursekit.analysis.probes import probe_encoders
from coursekit.analysis.shapley_imbalance import shapley_imbalance
from coursekit.compare.trial_text import Trial as Trial  # what the tables are read with, too
from coursekit.compare.trial_text import read_trial as read_trial
from coursekit.compare.trial_text import write_trial as write_trial
from coursekit.data import load, load_preset, preset
from coursekit.data.multimodal import MultimodalData
from coursekit.data.preset_recipes import presets
from coursekit.models import MultimodalClassifier, build_classifier
from coursekit.training import Settings, accuracy, fit, predict
from coursekit.utils.checks import choose, require, require_count, require_positive
from coursekit.utils.threads import threads

FUSIONS = ("late-linear", "mid-mlp", "film", "kiela-gate", "transformer")
NO_FUSION = "none"  # what stands in the tables where a method brings its own joint answer
UNIMODAL = "unimodal"

# Six trials a method. Those with settings of their own try three of them at two learning rates;
# the others try six rates. Rates are of SGD; under Adam the factors to 0.1 are kept.
RATES = (0.05, 0.1)
PLAIN_RATES = (0.02, 0.035, 0.05, 0.07, 0.1, 0.14)
OWN: Mapping[str, Sequence[Mapping[str, float]]] = MappingProxyType(
    {
        "agm": ({"alpha": 1.0}, {"alpha": 2.0}, {"alpha": 4.0}),
        "g2d": (
            {"feature_weight": 1.0, "share": 0.5},
            {"feature_weight": 10.0, "share": 0.5},
            {"feature_weight": 1.0, "share": 0.25},
        ),
        "functional-entropy": ({"strength": 1e-10}, {"strength": 1e-9}, {"strength": 1e-8}),
        "gblend-offline": (
            {"epochs": 5, "held": 0.1},
            {"epochs": 10, "held": 0.1},
            {"epochs": 10, "held": 0.25},
        ),
        "gblend-online": (
            {"epochs": 5, "held": 0.1},
            {"epochs": 10, "held": 0.1},
            {"epochs": 10, "held": 0.25},
        ),
        "gradnorm": ({"alpha": 0.5}, {"alpha": 1.0}, {"alpha": 1.5}),
        "greedy": ({"tolerance": 0.01}, {"tolerance": 0.1}, {"tolerance": 1.0}),
        "mla": ({"damping": 0.01}, {"damping": 0.1}, {"damping": 1.0}),
        "mcr": ({"strength": 0.01}, {"strength": 0.1}, {"strength": 1.0}),
        "mlb": (
            {"alpha": 2.0, "beta_max": 2.0},
            {"alpha": 2.0, "beta_max": 8.0},
            {"alpha": 0.8, "beta_max": 8.0},
        ),
        "mmpareto": ({"gamma": 1.0}, {"gamma": 1.5}, {"gamma": 2.0}),
        "mmcosine": ({"scale": 3.0}, {"scale": 5.0}, {"scale": 10.0}),
        "modality-dropout": ({"p": 0.2}, {"p": 0.4}, {"p": 0.6}),
        "mslr": ({"memory": 2}, {"memory": 5}, {"memory": 8}),
        "ogm": ({"alpha": 0.3}, {"alpha": 0.8}, {"alpha": 1.5}),
        "ogm-ge": ({"alpha": 0.3}, {"alpha": 0.8}, {"alpha": 1.5}),
        "pdmp": ({"gain": 1.5}, {"gain": 2.0}, {"gain": 4.0}),
        "opm": (
            {"q_base": 0.25, "warm_up": 5},
            {"q_base": 0.5, "warm_up": 5},
            {"q_base": 0.5, "warm_up": 0},
        ),
        "pmr": ({"alpha": 0.5}, {"alpha": 1.0}, {"alpha": 3.0}),
        "relearning": (
            {"strength": 1.0, "every": 5},
            {"strength": 3.0, "every": 5},
            {"strength": 3.0, "every": 8},
        ),
        "sample-valuation": (
            {"repeats": 1, "warm_up": 5},
            {"repeats": 1, "warm_up": 10},
            {"repeats": 2, "warm_up": 5},
        ),
        "remix": ({"warm_up": 2}, {"warm_up": 5}, {"warm_up": 10}),
        "random-scale": (
            {"spread": 0.2, "beta_max": 2.0},
            {"spread": 0.2, "beta_max": 8.0},
            {"spread": 1.0, "beta_max": 8.0},
        ),
        "reconboost": (
            {"boosting": 1, "rectifying": 1},
            {"boosting": 2, "rectifying": 2},
            {"boosting": 4, "rectifying": 4},
        ),
        "tmc": ({"annealing": 5}, {"annealing": 10}, {"annealing": 50}),
        "umt": ({"weight": 1.0}, {"weight": 10.0}, {"weight": 50.0}),
    }
)
MEASURED = ("valid", "test", "ece")


@dataclass(frozen=True)
class DataSet:
    """A data set of the benchmark; called with a seed it is drawn.

    modalities: their names in order, to be known where the data are not: recordings are downloaded.
    draw: a function of ``seed``.
    Errors of the call: those of ``draw``; ValueError when the data have other modalities.
    """

    modalities: tuple[str, ...]
    draw: Callable[..., MultimodalData]

    def __call__(self, seed: int) -> MultimodalData:
        """The data."""
        drawn = self.draw(seed=seed)
        stated = f"the benchmark's entry of it states {self.modalities}; the same were expected."
        same = drawn.modalities == self.modalities
        require(same, f"{drawn.name} has the modalities {drawn.modalities}, {stated}")
        return drawn


def _digits(**chosen: Any) -> DataSet:
    return DataSet(("image", "audio"), partial(load, "av_digits", **chosen))


def data_sets() -> dict[str, DataSet]:
    """Name → what draws it.

    The presets, two views of written digits, and spoken digits: synthesised, or recorded with one
    or two speakers to train on. All spoken ones keep one fold, so that nobody who takes part in a
    choice is tested; of one speaker the fold whose drop is nearest to the mean of all six.
    """
    one = {"speech": "fsdd", "fold": 2, "train_speakers": 1, "image_noise": 1.0, "stretch": False}
    two = {"speech": "fsdd", "fold": 0, "train_speakers": 2, "image_noise": 3.0, "stretch": True}
    generated = {
        name: DataSet(tuple(preset(name).recipe.modalities), partial(load_preset, name))
        for name in presets()
    }
    return generated | {
        "uci_views": DataSet(("pix", "fou"), partial(load, "uci_views")),
        "av_digits": _digits(),
        "av_one_speaker": _digits(**one),
        "av_two_speakers": _digits(**two),
    }


def figures_of(modalities: int) -> tuple[str, ...]:
    """Names of what is measured of a training on data of so many modalities, in their order."""
    require_count("modalities", modalities, 1)
    numbers = [str(i) for i in range(1, modalities + 1)]
    groups = [*(group for group in GROUPS if not group.isdecimal()), *numbers]
    parts = [f"{what}_{group}" for what in ("share", "right") for group in groups]
    return (*MEASURED, *(f"probe_{i}" for i in numbers), "shapley_imbalance", *parts)


FIGURES = figures_of(2)


@lru_cache(maxsize=2)  # all methods of a seed train on the same data
def data_of(name: str, seed: int) -> MultimodalData:
    """One data set, drawn by ``seed``."""
    return data_sets()[choose("data", name, data_sets())](seed=seed)


def explorable_fusions() -> tuple[str, ...]:
    """The fusions of the benchmark, then those that some method of the registry asks for."""
    asked = {name for kind in balancing.registry().values() for name in kind.fusions or ()}
    return (*FUSIONS, *sorted(asked - set(FUSIONS)))


def entries(data: str, method: str) -> list[tuple[str, dict[str, Any]]]:
    """What a method stands for in the tables: its label there, and its fixed settings.

    "unimodal" is one entry per modality, "unimodal A" and "unimodal B"; all others are one.
    """
    choose("data", data, data_sets())
    choose("method", method, balancing.names())
    if method != UNIMODAL:
        return [(method, {})]
    return [(f"{UNIMODAL} {m}", {"modality": m}) for m in modalities_of(data)]


def is_single(method: str) -> bool:
    """Whether this row of a table is a model of one modality: "unimodal A", not "unimodal-kd"."""
    return method.startswith(f"{UNIMODAL} ")


def modalities_of(data: str) -> tuple[str, ...]:
    """Names of a data set's modalities in order; the data need not be here."""
    return data_sets()[choose("data", data, data_sets())].modalities


def trials(method: str, rates: Sequence[float] = ()) -> list[dict[str, float]]:
    """The six settings that ``method`` tries: learning rate ``lr``, and its own.

    rates: try these rates instead, with the method's default settings.
    """
    name = choose("method", str(method).partition(" ")[0], balancing.names())
    for rate in rates:
        require_positive("a rate in rates", rate)
    if rates:
        return [{"lr": lr} for lr in rates]
    if name in OWN:
        return [{"lr": lr, **own} for lr in RATES for own in OWN[name]]
    return [{"lr": lr} for lr in PLAIN_RATES]


def settings_for(data: str, trial: Trial) -> Settings:
    """The data set's own way to train at the trial's rate; the best validation epoch is kept."""
    choose("data", data, data_sets())
    require("lr" in trial, f"trial is {trial}; a learning rate 'lr' was expected in it.")
    base = dict(preset(data).training) if data in presets() else {}
    lr = trial["lr"] * (base["lr"] / max(RATES) if base.get("optimizer") == "adam" else 1)
    return Settings(**{**base, "lr": lr, "keep_best": True})


def train(
    data: str, fusion: str, method: str, trial: Trial, seed: int
) -> tuple[MultimodalClassifier, float]:
    """The trained model and the seconds it took.  fusion: a name, or "none"."""
    chosen = data_of(data, seed)
    name, _, modality = method.partition(" ")
    own: dict[str, Any] = {k: v for k, v in trial.items() if k != "lr"}
    if modality:
        own["modality"] = modality
    built = "late-linear" if fusion == NO_FUSION else fusion
    model = build_classifier(chosen.train.inputs, chosen.num_classes, fusion=built, seed=seed)
    settings = settings_for(data, trial)
    started = time.perf_counter()
    fit(model, chosen.train, chosen.valid, settings, seed=seed, method=balancing.build(name, **own))
    return model, time.perf_counter() - started


def tuning_row(data: str, fusion: str, method: str, trial: Trial, seed: int) -> dict[str, Any]:
    """Validation accuracy and nothing else: no test row is looked at while settings are chosen.

    A training that diverges has the accuracy 0.
    """
    valid = data_of(data, seed).valid
    valid_accuracy = 0.0
    with suppress(FloatingPointError), threads(1):
        model, _ = train(data, fusion, method, trial, seed)
        valid_accuracy = accuracy(predict(model, valid.inputs).joint, valid.labels)
    head = {"data": data, "fusion": fusion, "method": method, "trial": write_trial(trial)}
    return {**head, "seed": seed, "valid": round(valid_accuracy, 6)}


def result_row(data: str, fusion: str, method: str, trial: Trial, seed: int) -> dict[str, Any]:
    """Validation and test accuracy, ECE, probes, imbalance, agreement (see `agreement`), seconds.

    shapley_imbalance: `coursekit.analysis.shapley_imbalance`, absent inputs at their mean.
    probe_1, probe_2, … follow the data set's modalities in order; share_… and right_… as well.
    A training that diverges has the accuracy 0 and nothing else.
    """
    head = {"data": data, "fusion": fusion, "method": method, "seed": seed}
    try:
        model, seconds = train(data, fusion, method, trial, seed)
    except FloatingPointError:
        names, seconds = figures_of(len(modalities_of(data))), math.nan
        figures = dict.fromkeys(names, math.nan) | {"valid": 0.0, "test": 0.0}
    else:
        figures = measured(model, data, seed)
    rounded = {k: round(v, 6) for k, v in figures.items()}
    return {**head, **rounded, "seconds": round(seconds, 2), "trial": write_trial(trial)}


def measured(model: MultimodalClassifier, data: str, seed: int) -> dict[str, float]:
    """`figures_of` its data, of a trained model."""
    chosen = data_of(data, seed)
    labels = chosen.test.labels
    with threads(1):
        valid = accuracy(predict(model, chosen.valid.inputs).joint, chosen.valid.labels)
        logits = predict(model, chosen.test.inputs).joint
        probes = probe_encoders(model, chosen.train, chosen.test)
        imbalance = shapley_imbalance(model, chosen.train, chosen.test).degree
    return {
        "valid": valid,
        "test": accuracy(logits, labels),
        "ece": float(ece(logits.double().softmax(1), labels)),
        **{f"probe_{i}": p for i, p in enumerate(probes.values(), 1)},
        "shapley_imbalance": imbalance,
        **agreement(logits.argmax(1), unimodal_answers(data, seed), labels),
    }


@lru_cache(maxsize=2)
def unimodal_answers(data: str, seed: int) -> tuple[Tensor, ...]:
    """Classes (N,) that each modality's own model gives on the test split, at the usual rate."""
    model, _ = train(data, NO_FUSION, "ensemble", {"lr": max(RATES)}, seed)
    with torch.no_grad(), threads(1):
        logits = predict(model, data_of(data, seed).test.inputs).unimodal
    return tuple(x.argmax(1) for x in logits.values())
