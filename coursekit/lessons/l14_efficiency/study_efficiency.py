"""What each way to make a network cheaper leaves of its accuracy, beside controls.

    python -m coursekit efficiency

makes ``data/efficiency.csv`` in about ten processor minutes; then
`python data/make_checksums.py`.
"""

import copy
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import pandas as pd
import torch
import typer
from torch import Tensor

from coursekit.analysis.costs import parameters
from coursekit.analysis.intervals import summarise
from coursekit.compare.stored_tables import store
from coursekit.compare.tuning import fresh_seeds, run_all
from coursekit.data.multimodal import MultimodalData
from coursekit.lessons.l14_efficiency.digit_networks import (
    EPOCHS,
    HALF,
    digits,
    network,
    share_right,
    stored_networks,
    train,
)
from coursekit.lessons.l14_efficiency.techniques import (
    ENCODERS,
    Distilled,
    encoder_scores,
    encoders_run,
    quantised,
    rebuilt,
)
from coursekit.models import MultimodalClassifier
from coursekit.training.pruning import local_masks, part_masks
from coursekit.training.pruning_masks import apply_masks, held
from coursekit.utils.threads import threads

MASKED = 0.8  # of the encoders' weights
CUT = 0.5  # of the hidden units
TUNED = 4  # epochs of training on with what is left
LONGER = 40  # epochs of a student that take as long as the teacher's training and its own
# What validation chose on seeds 0 and 1, four settings each: learning rate; temperature and mix.
STUDENT_LR = 3e-3
TEMPERATURE, MIX = 2.0, 0.5

Row = tuple[MultimodalClassifier, int]
Way = Callable[[MultimodalClassifier, MultimodalData, int], Row]


def _plain(model: MultimodalClassifier, data: MultimodalData, seed: int) -> Row:
    return model, EPOCHS


def _longer(model: MultimodalClassifier, data: MultimodalData, seed: int) -> Row:
    return train(copy.deepcopy(model), data, seed + 1, TUNED), EPOCHS + TUNED


def _as_long(model: MultimodalClassifier, data: MultimodalData, seed: int) -> Row:
    return train(network(seed), data, seed, LONGER), LONGER


def _shared(model: MultimodalClassifier, data: MultimodalData, seed: int) -> Row:
    return train(network(seed, shared=True), data, seed), EPOCHS


def _bf16(model: MultimodalClassifier, data: MultimodalData, seed: int) -> Row:
    other = network(seed)
    with encoders_run(other, "bf16"):
        return train(other, data, seed), EPOCHS


def _int8(model: MultimodalClassifier, data: MultimodalData, seed: int) -> Row:
    return quantised(model), EPOCHS


def random_scores(model: MultimodalClassifier, seed: int) -> dict[str, Tensor]:
    """A number drawn from [0, 1) per weight of the encoders: the control of every ranking."""
    rng = torch.Generator().manual_seed(seed)
    return {n: torch.rand(x.shape, generator=rng) for n, x in encoder_scores(model).items()}


def _masked(kind: str, epochs: int) -> Way:
    """Masks of one ranking, of one per layer, or at random; then so many epochs with them."""

    def way(model: MultimodalClassifier, data: MultimodalData, seed: int) -> Row:
        own = copy.deepcopy(model)
        scores = random_scores(own, seed) if kind == "random" else encoder_scores(own)
        local = kind == "local"
        masks = local_masks(scores, MASKED) if local else part_masks(scores, {ENCODERS: MASKED})
        if epochs:
            with held(own, masks):
                train(own, data, seed + 1, epochs)
        else:
            apply_masks(own, masks)
        return own, EPOCHS + epochs

    return way


def _rebuilt(random: bool, epochs: int) -> Way:
    """Half of the units: the strongest, or those that stand first in a network mixed at random."""

    def way(model: MultimodalClassifier, data: MultimodalData, seed: int) -> Row:
        own = rebuilt(model, CUT, seed if random else None)
        return (train(own, data, seed + 1, epochs) if epochs else own), EPOCHS + epochs

    return way


def student(
    seed: int,
    data: MultimodalData,
    epochs: int = EPOCHS,
    method: Distilled | None = None,
    lr: float = STUDENT_LR,
) -> Row:
    """A network of half the parameters, from new weights."""
    return train(network(seed, HALF), data, seed, epochs, method, lr), epochs


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "plain": _plain,
        "plain, 4 epochs more": _longer,
        "one encoder shared": _shared,
        "int8": _int8,
        "masked": _masked("global", 0),
        "masked, tuned": _masked("global", TUNED),
        "masked, local, tuned": _masked("local", TUNED),
        "masked at random, tuned": _masked("random", TUNED),
        "rebuilt": _rebuilt(False, 0),
        "rebuilt, tuned": _rebuilt(False, TUNED),
        "rebuilt at random, tuned": _rebuilt(True, TUNED),
        "student": lambda _, data, seed: student(seed, data),
        "student, distilled": lambda model, data, seed: student(
            seed, data, method=Distilled(model, TEMPERATURE, MIX)
        ),
        "student, 40 epochs": lambda _, data, seed: student(seed, data, LONGER),
        "bf16": _bf16,
        "plain, 40 epochs": _as_long,
    }
)


def rows_of(way: str, seed: int) -> dict[str, Any]:
    """One network: accuracies (4 digits), parameters, and processor seconds of what was trained."""
    with threads(1):
        data, model = digits(seed), stored_networks()[seed]
        begun = time.process_time()
        made, epochs = WAYS[way](model, data, seed)
        seconds = time.process_time() - begun
        return {
            "way": way, "seed": seed, "epochs": epochs, "parameters": parameters(made),
            "valid": round(share_right(made, data, "valid"), 4),
            "test": round(share_right(made, data), 4), "seconds": round(seconds, 2),
        }  # fmt: skip


def efficiency(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 6,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/efficiency.csv"),
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 1,
) -> None:
    """Measure what accuracy is left by each way to make a network cheaper."""
    plan = [(way, seed) for way in WAYS for seed in fresh_seeds(seeds)]
    table = pd.DataFrame(run_all(rows_of, plan, jobs, "efficiency"))
    store(table, summarise(table, ["way"], "test").round(3).to_string(), out)
