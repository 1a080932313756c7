"""What teaches a network of pairs that left is not right? Foils alone, and four ideas beside them.

In all arms the caption with A and B exchanged is among the wrong partners of the matching.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import pandas as pd
import torch
import typer
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.analysis.intervals import summarise
from coursekit.compare.stored_tables import store
from coursekit.compare.tuning import fresh_seeds, run_all
from coursekit.data.multimodal import MultimodalData, Split
from coursekit.data.scene_captions import PLACE_OF_WORD, RELATIONS, foils
from coursekit.data.scenes import SIDE, Scenes, as_data, scene_splits
from coursekit.layers.initialise import initialise
from coursekit.lessons.l10_align_before_fuse.scene_training import (
    new_model,
    preference,
    settings_for,
)
from coursekit.models import MultimodalClassifier
from coursekit.models.pair_network import PICTURE
from coursekit.training import epochs
from coursekit.training.alignment.align_before_fuse import AlignBeforeFuse
from coursekit.training.alignment.pair_batch import PairBatch
from coursekit.training.method import Run, Step
from coursekit.utils.threads import threads

LONG = 14  # epochs; the lesson's own training has 4
CELLS = SIDE * SIDE
STRONGER = 5.0


@dataclass(frozen=True)
class Arm:
    """One idea.  objects, axis: of the scenes.  strength: what the patches' position vectors are
    multiplied by before training.  places: weight of predicting where A and B stand.
    """

    objects: int = 3
    axis: str = "both"
    strength: float = 1.0
    places: float = 0.0


ARMS: Mapping[str, Arm] = MappingProxyType(
    {
        "longer": Arm(),
        "longer, strong positions": Arm(strength=STRONGER),
        "two objects": Arm(objects=2),
        "two objects, one axis": Arm(objects=2, axis="horizontal"),
        "two objects, one axis, strong positions": Arm(2, "horizontal", strength=STRONGER),
        "two objects, one axis, places predicted": Arm(2, "horizontal", places=1.0),
        "two objects, one axis, both": Arm(2, "horizontal", strength=STRONGER, places=1.0),
    }
)


class RelationObjective(AlignBeforeFuse):
    """Align before fuse with exchanged captions among the wrong ones, and an arm's idea.

    Labels are the cells of A and B, 9 · cell of A + cell of B; the place head learns from them, and
    the loop's probe tells whether they can be read.
    """

    def __init__(self, arm: Arm) -> None:
        super().__init__(foil=exchanged)
        self.arm = arm

    def begin(self, run: Run) -> None:
        """Make the network, strengthen positions, add a head that names cells."""
        super().begin(run)
        with torch.no_grad():
            run.model.encoders[PICTURE].positions.vectors.mul_(self.arm.strength)  # type: ignore[operator, union-attr]
        head = nn.Linear(run.model.fusion.width, CELLS)  # type: ignore[arg-type]
        initialise(head, run.seed)
        run.model.fusion.place_head = head.to(run.engine.device)

    def parts(self, step: Step, batch: PairBatch) -> list[Tensor]:
        """The three losses, and if wanted that of the places."""
        parts = super().parts(step, batch)
        if not self.arm.places:
            return parts
        fused, _ = batch.network.fuse(batch.patches, batch.encoded)
        rows = torch.arange(len(fused), device=fused.device)
        losses = [
            F.cross_entropy(batch.network.place_head(fused[rows, noun]), cell)  # type: ignore[operator]
            for noun, cell in zip(
                nouns_of(batch.words), (step.labels // CELLS, step.labels % CELLS), strict=True
            )
        ]
        return [*parts, self.arm.places * torch.stack(losses).mean()]


def exchanged(words: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Captions in which A and B have changed places."""
    return foils(words, "relation", generator)


def nouns_of(words: Tensor) -> tuple[Tensor, Tensor]:
    """Where the nouns of A and of B stand in captions (N, L, V), (N,) each."""
    kind = words.argmax(2).masked_fill(words.sum(2) == 0, -1)
    relations = torch.tensor([PLACE_OF_WORD[r] for r in RELATIONS], device=words.device)
    relation = torch.isin(kind, relations).long().argmax(1)
    stop = (kind == -1) | (kind == PLACE_OF_WORD["and"])
    stop = torch.cat([stop, torch.ones_like(stop[:, :1])], dim=1)  # a caption may fill all places
    return relation - 1, stop.long().argmax(1) - 1


def with_cells(scenes: Mapping[str, Scenes], axis: str) -> MultimodalData:
    """The data object of scenes, labelled with the cells of A and B."""
    cells = torch.cat([part.cells[:, 0] * CELLS + part.cells[:, 1] for part in scenes.values()])
    classes = tuple(f"{a + 1} and {b + 1}" for a in range(CELLS) for b in range(CELLS))
    return replace(as_data(scenes, axis), labels=cells, classes=classes)


def trained(arm: Arm, seed: int, count: int = LONG) -> tuple[MultimodalClassifier, Scenes]:
    """A model of one arm, and scenes of combinations that it never saw."""
    scenes = scene_splits(seed, objects=arm.objects, axis=arm.axis)
    data = with_cells(scenes, arm.axis)
    model = new_model(data, seed)
    train, valid = (_split(data, name) for name in ("train", "valid"))
    method = RelationObjective(arm)
    for _ in epochs(model, train, valid, settings_for(count), seed=seed, method=method):
        pass
    return model, scenes["test"]


def _split(data: MultimodalData, name: str) -> Split:
    part = data.split(name)
    assert isinstance(part, Split)
    return part


def row_of(name: str, seed: int) -> dict[str, object]:
    """One training: share of captions preferred to each foil (4 digits), processor seconds."""
    with threads(1):
        begun = time.process_time()
        model, test = trained(ARMS[name], seed)
        seconds = time.process_time() - begun
        shares = {
            kind: round(float(preference(model, test, kind, "matching").mean()), 4)
            for kind in ("object", "relation", "colour")
        }
    return {"arm": name, "seed": seed, "epochs": LONG, "seconds": round(seconds, 1), **shares}


def relations(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 3,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/relations.csv"),
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 2,
) -> None:
    """Try to teach relations: foils for longer, fewer objects, stronger positions, places."""
    plan = [(name, seed) for name in ARMS for seed in fresh_seeds(seeds)]
    table = pd.DataFrame(run_all(row_of, plan, jobs, "relations"))
    store(table, summarise(table, ["arm"], "relation").round(3).to_string(index=False), out)
