"""Networks of pairs that were trained beforehand: written, and read again."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import numpy as np
import torch
import typer

from coursekit.compare.tuning import fresh_seeds, run_all
from coursekit.data.files import open_checked
from coursekit.data.scenes import as_data, scene_splits
from coursekit.lessons.l10_align_before_fuse.scene_training import (
    new_model,
    scenes_of,
    settings_for,
    train_on,
)
from coursekit.models import MultimodalClassifier
from coursekit.training.alignment import build
from coursekit.training.loop import begin
from coursekit.utils.checks import choose
from coursekit.utils.threads import threads

FILE = "scene_networks.npz"
NETWORKS: Mapping[str, str] = MappingProxyType(
    {"align before fuse": "align-before-fuse", "one stream": "single-stream"}  # name → objective
)
SEED = fresh_seeds(1)[0]


def untrained(name: str) -> MultimodalClassifier:
    """A network as the training of ``name``, one of `NETWORKS`, begins with it.

    Errors: ValueError for another name.
    """
    objective = build(NETWORKS[choose("name", name, NETWORKS)])
    data = as_data(scene_splits(SEED, (2, 2, 2)))  # a model asks for shapes only
    model = new_model(data, SEED, blocks=0 if objective.name == "single-stream" else 1)
    objective.begin(begin(model, data.train, data.valid, settings_for(), SEED))
    return model


def trained(name: str) -> MultimodalClassifier:
    """The lesson's own training of a network."""
    with threads(1):
        return train_on(scenes_of(SEED), build(NETWORKS[name]), SEED)


def arrays_of(models: Mapping[str, MultimodalClassifier]) -> dict[str, np.ndarray]:
    """Weights by "network/parameter", in half precision."""
    return {
        f"{name}/{key}": value.half().numpy()
        for name, model in models.items()
        for key, value in model.state_dict().items()
    }


@lru_cache(maxsize=len(NETWORKS))
def stored_network(name: str) -> MultimodalClassifier:
    """A trained network from `FILE`, whose weights are rounded to half precision.

    Errors: ValueError for another name, and for weights that are not this network's;
    DataFileError for a missing or damaged file.
    """
    model = untrained(name)
    with np.load(open_checked(FILE)) as arrays:
        prefix = f"{name}/"
        weights = {
            key.removeprefix(prefix): torch.from_numpy(arrays[key]).float()
            for key in arrays.files
            if key.startswith(prefix)
        }
    load_weights(model, weights)
    return model.eval()


def load_weights(model: MultimodalClassifier, weights: Mapping[str, torch.Tensor]) -> None:
    """Put weights into a model.

    Errors: ValueError that names the first parameter that is missing, unknown or of another shape.
    """
    own = model.state_dict()
    for key in (*own, *weights):
        came = tuple(weights[key].shape) if key in weights else "nothing"
        want = tuple(own[key].shape) if key in own else "nothing"
        if came != want:
            raise ValueError(f"weights has {came} for {key!r}; {want} was expected.")
    model.load_state_dict(weights)


def networks(
    out: Annotated[Path, typer.Option(help="the file to write")] = Path(f"data/{FILE}"),
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 2,
) -> None:
    """Train the networks that the explorer of lesson 10 shows, and store their weights."""
    models = run_all(trained, [(name,) for name in NETWORKS], jobs, "networks")
    np.savez_compressed(out, **arrays_of(dict(zip(NETWORKS, models, strict=True))))  # type: ignore[arg-type]
    typer.echo(f"{len(NETWORKS)} networks in {out}, {out.stat().st_size} bytes")
