"""Three captioners of scenes, from one that sees nothing to one that was trained for long.

    python -m coursekit captioners

makes three files of `data` in less than four processor minutes. ``captioners.csv``: what is right
of their captions and how far the gates are open, by step and seed. ``scene_captions.csv``: what the
three of the first seed wrote about 300 scenes of held-out combinations, for whoever judges
captions. ``captioner_weights.npz``: their weights in half precision. Then run
`python data/make_checksums.py`.
"""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import torch
import typer
from torch import Tensor, nn

from coursekit.compare.stored_tables import store
from coursekit.compare.tuning import fresh_seeds
from coursekit.data.files import open_checked
from coursekit.data.scene_captions import LONGEST, WORDS
from coursekit.data.scenes import Scenes, draw_scenes
from coursekit.lessons.l10_align_before_fuse.captioner_training import (
    LONG,
    SHORT,
    captions_by,
    described,
    new_captioner,
    train_stepwise,
    train_text,
)
from coursekit.models.captioner import Captioner, TextModel
from coursekit.utils.checks import require
from coursekit.utils.threads import threads

SCENES, TESTED = 8000, 300
ALONE, POOR, GOOD = "text alone", "short training", "long training"
WEIGHTS = "captioner_weights.npz"
Models = Mapping[str, TextModel | Captioner]


def measured(model: TextModel | Captioner, scenes: Scenes) -> dict[str, float]:
    """Shares of captions that are right; greedy, but drawn where there is nothing to look at."""
    generator = torch.Generator().manual_seed(0) if isinstance(model, TextModel) else None
    facts = described(scenes, captions_by(model, scenes, generator))
    return {name: round(float(fact.float().mean()), 4) for name, fact in facts.items()}


def gates_of(model: Captioner) -> dict[str, float]:
    """How far each block's gates are open, tanh of their parameters (4 digits)."""
    opened = {}
    for number, block in enumerate(model.gated, start=1):
        attention, feed_forward = block.gates()  # type: ignore[operator]
        opened[f"attention gate {number}"] = round(attention, 4)
        opened[f"feed-forward gate {number}"] = round(feed_forward, 4)
    return opened


def rows_of(seed: int) -> tuple[list[dict[str, object]], Models]:
    """One row per captioner and step, and the three captioners of one seed."""
    train, test = draw_scenes(SCENES, seed, "train"), draw_scenes(TESTED, seed, "test")
    text = train_text(train, seed)
    models: dict[str, TextModel | Captioner] = {ALONE: text}
    rows: list[dict[str, object]] = [{"captioner": ALONE, "seed": seed, **measured(text, test)}]
    for name, steps in ((POOR, SHORT), (GOOD, LONG)):
        model = models[name] = new_captioner(text, seed)
        head = {"captioner": name, "seed": seed}
        rows.append({**head, "step": 0, **gates_of(model), **measured(model, test)})
        for step, loss in train_stepwise(model, train, seed, steps):
            facts = {**gates_of(model), **measured(model, test)}
            rows.append({**head, "step": step, "loss": round(loss, 4), **facts})
    return rows, models


def written(models: Models, seed: int) -> pd.DataFrame:
    """What each captioner says of the test scenes, beside their own captions.

    The likeliest words, and drawn ones; without a picture the likeliest are always the same, so
    that they are drawn only.
    """
    scenes, tables = draw_scenes(TESTED, seed, "test"), []
    for name, model in models.items():
        for how in ("drawn",) if isinstance(model, TextModel) else ("likeliest", "drawn"):
            generator = torch.Generator().manual_seed(seed) if how == "drawn" else None
            words = captions_by(model, scenes, generator)
            facts = {k: fact.numpy().astype(int) for k, fact in described(scenes, words).items()}
            text = {"caption": as_text(words), "truth": scenes.captions}
            head = {"seed": seed, "row": range(len(scenes)), "captioner": name, "words": how}
            tables.append(pd.DataFrame({**head, **text, **facts}))
    return pd.concat(tables, ignore_index=True)


def as_text(words: Tensor) -> list[str]:
    """Captions (N, L) without [cls]."""
    return [" ".join(WORDS[word] for word in row if word > 0) for row in words.tolist()]


def packed(models: Models) -> bytes:
    """Weights of all three as an .npz in half precision; those of the text model once."""
    arrays: dict[str, np.ndarray] = {}
    for name, model in models.items():
        for key, tensor in model.state_dict().items():
            if not key.startswith("text."):
                arrays[f"{name}/{key}"] = tensor.half().numpy()
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def load_captioners() -> dict[str, TextModel | Captioner]:
    """The stored captioners by name, ready to write.

    Errors: DataFileError where the weights are missing or are not what was published.
    """
    return unpacked(open_checked(WEIGHTS).read_bytes())


def unpacked(content: bytes) -> dict[str, TextModel | Captioner]:
    """The captioners whose weights `packed` has put together; in single precision again.

    Errors: ValueError where some are missing, or there are others.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = {key: torch.from_numpy(file[key]).float() for key in file.files}
    text = TextModel(len(WORDS), LONGEST)
    _fill(text, arrays, ALONE)
    models: dict[str, TextModel | Captioner] = {ALONE: text}
    for name in (POOR, GOOD):
        model = models[name] = new_captioner(text)
        _fill(model, arrays, name)
    return models


def _fill(model: nn.Module, arrays: Mapping[str, Tensor], name: str) -> None:
    """Put the arrays below ``name`` into a model; the text model of a captioner has its own."""
    own = {
        key.removeprefix(f"{name}/"): x for key, x in arrays.items() if key.startswith(f"{name}/")
    }
    wanted = {key for key in model.state_dict() if not key.startswith("text.")}
    require(set(own) == wanted, f"{WEIGHTS} lacks weights of {name!r}, or has others.")
    model.load_state_dict(own, strict=False)


def captioners(
    seeds: Annotated[int, typer.Option(min=1, help="how many, from 100 on")] = 3,
    out: Annotated[Path, typer.Option(help="the folder to write to")] = Path("data"),
) -> None:
    """Train three captioners of scenes; store what is right of their captions, and the weights."""
    rows: list[dict[str, object]] = []
    first: Models = {}
    chosen = fresh_seeds(seeds)
    with threads(1):
        for seed in chosen:
            new, models = rows_of(seed)
            rows += new
            first = first or models
        weights = packed(first)
        captions = written(unpacked(weights), chosen[0])  # by the very weights that are stored
    table = pd.DataFrame(rows)
    last = table.groupby(["captioner", "seed"]).tail(1)
    summary = last.groupby("captioner")[["objects", "relation", "true", "exact"]].mean().round(3)
    store(table, summary.to_string(), out / "captioners.csv")
    store(captions, f"{len(captions)} captions", out / "scene_captions.csv")
    (out / WEIGHTS).write_bytes(weights)
