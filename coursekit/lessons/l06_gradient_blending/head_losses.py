"""Heads trained alone, their losses after every epoch: what Gradient-Blending is estimated from."""

import copy
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import cast

import pandas as pd
import torch
from torch.nn import functional as F

from coursekit.balancing import gblend
from coursekit.compare import replicas
from coursekit.compare.tuning import run_all
from coursekit.data.multimodal import MultimodalData, Split
from coursekit.data.preset_recipes import load_preset, preset
from coursekit.models import MultimodalClassifier, build_classifier
from coursekit.training import Settings, epochs
from coursekit.training.loop import DRAWS
from coursekit.training.method import JOINT
from coursekit.utils.checks import choose, require, require_columns
from coursekit.utils.stepwise import drive
from coursekit.utils.threads import threads

RULES = (*gblend.RULES, "absolute")
Row = dict[str, object]


def head_losses(
    data: MultimodalData,
    settings: Settings | None = None,
    *,
    held: float = 0.25,
    seed: int = 0,
    outside: Split | None = None,
    together: bool = False,
) -> Generator[None, None, pd.DataFrame]:
    """Train each modality's head and the joint one (late-linear), each by itself on a copy.

    held: share of the training rows that are not fitted and only measure.  The division, the first
    weights and the order of the batches are those of `gblend.GBlendOffline` with the same seed.
    outside: other rows that measure too, in a column of that name.  together: train the heads at
    once (`coursekit.compare.replicas`): the same but for rounding, and quicker.
    A generator that pauses after every epoch; its return value is tidy: head, epoch (0, 1, …),
    train, valid, the mean cross-entropies of this head on the fitted and on the held rows.
    """
    require(0 < held < 1, f"held is {held}; a share between 0 and 1 was expected.")
    settings = replace(settings or Settings(), keep_best=False)
    fitted, measured = divide(data.train, held, seed)
    splits = {"train": fitted, "valid": measured} | ({"outside": outside} if outside else {})
    start = build_classifier(data.train.inputs, data.num_classes, seed=seed)
    train = _at_once if together else _one_by_one
    by_head = yield from train(start, splits, settings, seed)
    return pd.DataFrame([row for rows in by_head.values() for row in rows])


def _one_by_one(
    start: MultimodalClassifier, splits: Mapping[str, Split], settings: Settings, seed: int
) -> Generator[None, None, dict[str, list[Row]]]:
    """Each head's rows, by the plain loop."""
    by_head: dict[str, list[Row]] = {}
    for head in (*start.modalities, JOINT):
        model = copy.deepcopy(start)
        by_head[head] = [_measure(model, splits, head, 0, settings)]
        steps = epochs(
            model, splits["train"], splits["valid"], settings,
            seed=seed, method=gblend.OneHead(head),
        )  # fmt: skip
        for epoch, _ in enumerate(steps, 1):
            by_head[head].append(_measure(model, splits, head, epoch, settings))
            yield
    return by_head


def _at_once(
    start: MultimodalClassifier, splits: Mapping[str, Split], settings: Settings, seed: int
) -> Generator[None, None, dict[str, list[Row]]]:
    """The same but for rounding, from replicas."""
    heads = (*start.modalities, JOINT)
    by_head = {head: [_measure(start, splits, head, 0, settings)] for head in heads}

    def note(looks: replicas.SplitPredictions) -> None:
        for k, (head, rows) in enumerate(by_head.items()):
            row: Row = {"head": head, "epoch": len(rows)}
            for name, split in splits.items():
                prediction = looks(name)
                logits = prediction.joint if head == JOINT else prediction.unimodal[head]
                row[name] = float(F.cross_entropy(logits[k], split.labels))
            rows.append(row)

    training = replicas.epochs(
        [copy.deepcopy(start) for _ in heads], splits["train"], splits["valid"], settings,
        seeds=[seed] * len(heads), methods=[gblend.OneHead(head) for head in heads], look=note,
        extra={name: s for name, s in splits.items() if name not in ("train", "valid")},
    )  # fmt: skip
    for _ in replicas.raise_on_divergence(training, [f"Head {head}" for head in heads]):
        yield
    return by_head


def _measure(
    model: MultimodalClassifier,
    splits: Mapping[str, Split],
    head: str,
    epoch: int,
    settings: Settings,
) -> Row:
    """The losses of one head after ``epoch``."""
    with threads(settings.threads):
        losses = {name: gblend.head_loss(model, s, head) for name, s in splits.items()}
    return {"head": head, "epoch": epoch, **losses}


def preset_losses(
    name: str, seeds: Sequence[int], last: int = 20, *, jobs: int = 2, label: str = ""
) -> pd.DataFrame:
    """`head_losses` of a preset up to epoch ``last``, a quarter held; a column seed is added.

    jobs: processes that share the seeds.  label: names the progress bar.
    """
    settings = replace(Settings(**preset(name).training), epochs=last)

    def of_seed(seed: int) -> pd.DataFrame:
        return drive(head_losses(load_preset(name, seed), settings, seed=seed)).assign(seed=seed)

    return pd.concat(run_all(of_seed, [(s,) for s in seeds], jobs, label), ignore_index=True)


def divide(train: Split, held: float, seed: int) -> tuple[Split, Split]:
    """The rows to fit and the rows that measure, drawn as `gblend.GBlendOffline` draws them."""
    drawn = torch.Generator().manual_seed(seed + DRAWS)
    return cast("tuple[Split, Split]", gblend.divide(train, held, drawn))


def estimate(
    losses: pd.DataFrame, window: int, rule: str = "paper", start: int = 0
) -> pd.DataFrame:
    """G, O and weight w of every head, from one `head_losses` table.

    Measured from epoch ``start`` to ``window`` epochs later.

    rule: "paper" or "safe" of `gblend.weights`, or "absolute", what released code does:
    |G_k| / O_k², made to sum to one.  Returns columns head, G, O, w in the table's order.
    """
    require_columns("losses", losses, ("head", "epoch", "train", "valid"))
    choose("rule", rule, RULES)
    last = int(losses["epoch"].max())
    fits = window > 0 <= start and start + window <= last
    sentence = f"start is {start}, window {window}; epochs from 0 to {last} were expected."
    require(fits, sentence)
    ends = (start, start + window)
    before, after = (losses[losses["epoch"] == e].set_index("head") for e in ends)
    train_before, valid_before, train_after, valid_after = (
        torch.tensor(t[s].to_numpy()) for t in (before, after) for s in ("train", "valid")
    )
    four = (train_before, valid_before, train_after, valid_after)
    gain, overfitting = gblend.ogr_parts(*four)
    if rule == "absolute":
        raw = gain.abs() / overfitting.square()
        w = raw / raw.sum()
    else:
        w = gblend.weights(*four, rule=rule)
    columns = {"G": gain.numpy(), "O": overfitting.numpy(), "w": w.numpy()}
    return pd.DataFrame({"head": before.index.to_numpy(dtype=str), **columns})


def estimates(
    losses: pd.DataFrame, spans: Sequence[tuple[int, int]], rules: Sequence[str] = RULES
) -> pd.DataFrame:
    """`estimate` for every seed, span (start, N) and rule; further columns seed, start, N, rule.

    losses: tables of `head_losses`, a column ``seed`` added.
    """
    require_columns("losses", losses, ["seed"])
    tables = [
        estimate(of_seed, n, rule, start).assign(seed=seed, start=start, N=n, rule=rule)
        for seed, of_seed in losses.groupby("seed")
        for start, n in spans
        for rule in rules
    ]
    return pd.concat(tables, ignore_index=True)
