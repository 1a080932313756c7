"""What aligning first, hard negatives and a slow teacher buy, with right and wrong captions."""

import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import pandas as pd
import torch
import typer
from sklearn.metrics import roc_auc_score
from torch import Tensor

from coursekit.analysis.intervals import summarise
from coursekit.compare.stored_tables import store
from coursekit.compare.tuning import fresh_seeds, run_all
from coursekit.data.scene_captions import FOILS
from coursekit.data.scenes import Scenes
from coursekit.lessons.l10_align_before_fuse.scene_training import (
    POOL,
    all_matching_scores,
    contrast_scores,
    guessed_words,
    matching_of,
    preference,
    recall_at_1,
    reranked_recall_at_1,
    scenes_of,
    train_on,
)
from coursekit.lessons.l10_align_before_fuse.word_maps import pointing_by_map, word_maps
from coursekit.models import MultimodalClassifier
from coursekit.models.two_tower import TwoTower
from coursekit.training.alignment import build
from coursekit.training.alignment.pair_batch import same_text
from coursekit.utils.threads import threads

Figures = dict[str, float]
MOMENTUM = 0.9  # half of the distance in 7 of the 252 steps
# The arms: objective and its settings.
ARMS: Mapping[str, tuple[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "full": ("align-before-fuse", {}),
        "no contrast": ("align-before-fuse", {"contrast": 0.0, "negatives": "random"}),
        "random negatives": ("align-before-fuse", {"negatives": "random"}),
        "momentum": ("align-before-fuse", {"momentum": MOMENTUM}),
        "momentum, random negatives": (
            "align-before-fuse",
            {"momentum": MOMENTUM, "negatives": "random"},
        ),
        "single stream": ("single-stream", {}),
        "single stream, transport": ("single-stream", {"transport": 0.1}),
    }
)
WITH_WRONG = ("full", "random negatives", "momentum", "momentum, random negatives")
WRONG = (0.2, 0.4)  # shares of wrong captions


def plan(seeds: int) -> list[tuple[str, float, int]]:
    """Arm, share of wrong captions, seed; all arms with right captions first."""
    cases = [(arm, 0.0) for arm in ARMS] + [(arm, w) for w in WRONG for arm in WITH_WRONG]
    return [(arm, wrong, seed) for arm, wrong in cases for seed in fresh_seeds(seeds)]


def row_of(arm: str, wrong: float, seed: int) -> dict[str, object]:
    """One training and all its figures on scenes of combinations that it never saw (4 digits).

    seconds: of processor time, of the training alone.
    """
    name, own = ARMS[arm]
    scenes = scenes_of(seed, wrong)
    with threads(1):
        begun = time.process_time()
        model = train_on(scenes, build(name, **own), seed)
        seconds = time.process_time() - begun
        figures = all_figures(model, scenes["test"])
    weights = sum(p.numel() for p in model.parameters())
    head = {"arm": arm, "wrong": wrong, "seed": seed, "pool": POOL, "weights": weights}
    return {**head, "seconds": round(seconds, 1), **{k: round(v, 4) for k, v in figures.items()}}


def all_figures(model: MultimodalClassifier, scenes: Scenes) -> Figures:
    """Everything that is asked of a trained model; see the functions below."""
    return {
        **retrieval_figures(model, scenes),
        **foil_figures(model, scenes),
        **masked_figures(model, scenes),
        **pointing_figures(model, scenes),
    }


def retrieval_figures(model: MultimodalClassifier, scenes: Scenes) -> Figures:
    """Recall@1 in pools of 64 by each score, and how well matching tells pairs from others."""
    pools = [scenes.part(rows) for rows in torch.arange(len(scenes)).split(POOL)]
    every: list[Figures] = []
    for pool in pools:
        if len(pool) < POOL:
            continue
        matching = all_matching_scores(model, pool)
        figures = {"R@1 matching": recall_at_1(matching, pool), "AUC": matching_auc(matching, pool)}
        if _is_aligned(model):
            contrast = contrast_scores(model, pool)
            figures["R@1 contrast"] = recall_at_1(contrast, pool)
            figures["R@1 reranked"] = reranked_recall_at_1(contrast, matching, pool)
        every.append(figures)
    return {str(name): float(mean) for name, mean in pd.DataFrame(every).mean().items()}


def _is_aligned(model: MultimodalClassifier) -> bool:
    return isinstance(model.fusion, TwoTower)


def matching_auc(scores: Tensor, scenes: Scenes) -> float:
    """Probability that a pair scores above a picture with another caption; ties count one half."""
    ids = same_text(scenes.text)
    right = torch.eye(len(scenes), dtype=torch.bool)
    asked = right | (ids[:, None] != ids)
    return float(roc_auc_score(right[asked].numpy(), scores[asked].numpy()))


def foil_figures(model: MultimodalClassifier, scenes: Scenes) -> Figures:
    """Share of captions that score above their foil, by kind and score; chance is one half.

    accepted, rejected: which share of the captions, and of those with another object, the matching
    head itself calls right, and wrong.
    """
    scores = ("matching", "contrast") if _is_aligned(model) else ("matching",)
    figures = {
        f"{kind} {score}": float(preference(model, scenes, kind, score).mean())
        for kind in FOILS
        for score in scores
    }
    right = matching_of(model, scenes, scenes.text)
    foil = matching_of(model, scenes, scenes.foils("object")[0])
    return {
        **figures,
        "accepted": float((right > 0).double().mean()),
        "object rejected": float((foil < 0).double().mean()),
    }


def masked_figures(model: MultimodalClassifier, scenes: Scenes) -> Figures:
    """Share of masked words that are guessed: the noun of A, with its picture and another one, and
    the relation, where one of four is chance.
    """
    owner = scenes.word_objects
    noun = (owner == 0).long().cumsum(1).argmax(1)  # the last word of A
    guessed = {
        "noun": guessed_words(model, scenes, noun),
        "noun, wrong picture": guessed_words(model, scenes, noun, wrong_picture=True),
        "relation": guessed_words(model, scenes, noun + 1),
    }
    return {f"guessed {name}": float(hits.double().mean()) for name, hits in guessed.items()}


def pointing_figures(model: MultimodalClassifier, scenes: Scenes) -> Figures:
    """Share of nouns whose largest cell is their own, of all cells and of the occupied ones."""
    maps = word_maps(model, scenes.pictures, scenes.text, scenes.noun_cells >= 0)
    return pointing_by_map(maps, scenes)


def aligning(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 5,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/aligning.csv"),
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 2,
) -> None:
    """Train two towers and a single stream on scenes, with right and wrong captions."""
    table = pd.DataFrame(run_all(row_of, plan(seeds), jobs, "aligning"))
    store(table, summary(table), out)


def summary(table: pd.DataFrame) -> str:
    """Means over seeds with their intervals, of a few scores, one below the other.

    A single stream has no score by contrast; those rows are left out there.
    """
    scores = ["R@1 contrast", "R@1 matching", "AUC", "object matching", "relation matching"]
    parts = []
    for score in scores:
        means = summarise(table.dropna(subset=[score]), ["arm", "wrong"], score)
        parts.append(f"{score}\n{means.round(3).to_string(index=False)}")
    return "\n\n".join(parts)
