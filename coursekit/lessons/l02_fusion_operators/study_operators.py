"""Operators against each other on generated classes: `synergy`, a text-primary task, and ranks.

Every model gets the same training and the same number of trials: one run at each of RATES on the
tuning seeds, and the rate with the best validation accuracy is then used on other seeds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import pandas as pd
import torch
import typer
from torch import Tensor

from coursekit import fusion
from coursekit.analysis.intervals import summarise
from coursekit.compare import tuning
from coursekit.compare.stored_tables import store
from coursekit.data.multimodal import MultimodalData
from coursekit.data.presets import load_preset
from coursekit.data.synthetic import Modality, Recipe, generate
from coursekit.fusion.low_rank import LowRank
from coursekit.layers.initialise import initialise
from coursekit.models import build_classifier
from coursekit.training import Settings, accuracy, fit, predict
from coursekit.utils.checks import choose
from coursekit.utils.threads import threads

RATES = (5e-4, 2e-3, 8e-3, 32e-3)  # of Adam
WIDTHS = (64, 32)  # of the encoders
RANKS = (1, 2, 3, 4, 8, 16)
ENSEMBLE = "ensemble"

Head = Callable[[Mapping[str, int], int], fusion.Fusion]


@dataclass(frozen=True)
class Study:
    """data: seed → the data set.  heads: name of a joint model → what makes its operator."""

    data: Callable[[int], MultimodalData]
    heads: Mapping[str, Head]


def text_recipe() -> Recipe:
    """Text tells most; audio and vision say the same more faintly, and sometimes more."""
    faint = Modality(amplitude=3.5)
    return Recipe(
        {"text": Modality(amplitude=5), "audio": faint, "vision": faint},
        redundant=0.25,
        unique={"text": 0.45, "audio": 0.1, "vision": 0.1},
        synergistic=0.1,
    )


def modular_recipe() -> Recipe:
    """Nothing but synergy: the answer is the sum, modulo six, of what the two modalities show."""
    clear = Modality(amplitude=5)
    return Recipe({"A": clear, "B": clear}, synergistic=1.0, train=2000)


def studies() -> dict[str, Study]:
    """The three comparisons by name; a new operator of the registry joins the first one."""
    every: dict[str, Head] = {name: partial(fusion.build, name) for name in fusion.names()}
    ranks: dict[str, Head] = {f"rank {r}": partial(LowRank, rank=r) for r in RANKS}
    few = {name: every[name] for name in ("late-linear", "mid-mlp", "mag")}
    return {
        "synergy": Study(lambda seed: load_preset("synergy", seed), every),
        "text": Study(lambda seed: generate(text_recipe(), seed, "text"), few),
        "rank": Study(
            lambda seed: generate(modular_recipe(), seed, "modular"),
            ranks | {"tensor": every["tensor"]},
        ),
    }


def row(study: str, model: str, rate: float, seed: int) -> dict[str, object]:
    """Train one model of a study: its validation and test accuracy (4 digits).

    model: a joint model of the study, one of its modalities, or "ensemble", the mean probability
    of all modalities' own models.  Errors: ValueError for unknown names.
    """
    chosen = studies()[choose("study", study, studies())]
    data = chosen.data(seed)
    choose("model", model, [*chosen.heads, *data.modalities, ENSEMBLE])
    if model == ENSEMBLE:
        parts = [_probabilities(data, (m,), None, rate, seed) for m in data.modalities]
        valid, test = (torch.stack(p).mean(0) for p in zip(*parts, strict=True))
    elif model in data.modalities:
        valid, test = _probabilities(data, (model,), None, rate, seed)
    else:
        valid, test = _probabilities(data, data.modalities, chosen.heads[model], rate, seed)
    accuracies = {
        "valid": round(accuracy(valid, data.valid.labels), 4),
        "test": round(accuracy(test, data.test.labels), 4),
    }
    return {"study": study, "model": model, "rate": rate, "seed": seed, **accuracies}


def _probabilities(
    data: MultimodalData, modalities: Sequence[str], head: Head | None, rate: float, seed: int
) -> tuple[Tensor, Tensor]:
    """Of the classes, on validation and test rows, (N, C) each, after training."""
    inputs = {m: data.train.inputs[m] for m in modalities}
    model = build_classifier(inputs, data.num_classes, widths=WIDTHS, seed=seed)
    if head is not None:
        model.fusion = head(dict.fromkeys(modalities, WIDTHS[-1]), data.num_classes)
        initialise(model, seed)
    settings = Settings(optimizer="adam", lr=rate, keep_best=True)
    fit(model, data.train, data.valid, settings, seed=seed)
    with threads(1):  # as in the training, so that the machine's cores decide nothing
        valid, test = (predict(model, s.inputs).joint.softmax(1) for s in (data.valid, data.test))
    return valid, test


def accuracy_study(jobs: int = 2, only: Sequence[str] | None = None) -> pd.DataFrame:
    """`row` for every model: all rates on the tuning seeds, then the best one on the others.

    only: names of studies, default all.
    """
    plan = []
    for name in only or studies():
        chosen = studies()[choose("only", name, studies())]
        alone = () if name == "rank" else (*chosen.data(0).modalities, ENSEMBLE)
        plan += [(name, model) for model in (*chosen.heads, *alone)]
    rates = dict.fromkeys(plan, RATES)
    return tuning.tune_and_train(row, rates, ["study", "model"], "valid", jobs, "operators")


def operators(
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/operators.csv"),
) -> None:
    """Train the operators on generated classes, over seeds, each at its best rate."""
    table = accuracy_study()
    reported = tuning.results(table, ["study", "model"], "valid")
    summary = summarise(reported, ["study", "model"], "test").round(3)
    store(table, summary.to_string(index=False), out)
