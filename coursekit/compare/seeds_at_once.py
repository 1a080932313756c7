"""The comparison over seeds with all seeds trained at once, as replicas, in one process."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import pandas as pd
import torch
from torch import Tensor
from tqdm.auto import tqdm

from coursekit.compare import replicas
from coursekit.compare.seeds import Comparison, probe_rows
from coursekit.data.multimodal import MultimodalData, Split
from coursekit.models import build_classifier
from coursekit.training import Settings, accuracy, predict
from coursekit.utils.checks import require, require_callable, require_instance, require_seeds
from coursekit.utils.threads import threads

JOINT, ENSEMBLE = "joint", "ensemble"


def seeds_at_once(
    make_data: Callable[[int], MultimodalData],
    settings: Settings | None = None,
    seeds: Iterable[int] = range(10),
    *,
    widths: Sequence[int] = (64, 32),
    label: str = "",
) -> Comparison:
    """`coursekit.compare.seeds.over_seeds`: the same tables but for rounding, several times faster.

    Each modality alone, all jointly (late-linear), and the ensemble; data and weights of every seed
    drawn anew, all held in memory.  label: names the progress bar; empty = no bar.
    Errors: ValueError without seeds; FloatingPointError when a training diverges.
    """
    require_callable("make_data", make_data)
    require_instance("settings", settings, Settings | None)
    settings = settings or Settings()
    todo = {seed: make_data(seed) for seed in require_seeds(seeds)}
    first = next(iter(todo.values()))
    require_instance("what make_data gives", first, MultimodalData)
    require(
        first.num_classes > 1, f"{first.name} has no classes; labels to classify were expected."
    )
    models = {m: (m,) for m in first.modalities} | {JOINT: first.modalities}
    by_size = sorted(todo.items(), key=lambda item: _sizes(item[1]))
    alike = [dict(part) for _, part in groupby(by_size, lambda item: _sizes(item[1]))]
    work = len(models) * len(alike) * settings.epochs
    with tqdm(total=work, desc=label, unit="epoch", disable=not label, leave=False) as bar:
        parts = [_compare(same_sizes, models, settings, widths, bar) for same_sizes in alike]
    order = {seed: place for place, seed in enumerate(todo)}
    tables = [pd.concat(kind) for kind in zip(*parts, strict=True)]
    return Comparison(
        *(
            t.sort_values("seed", key=lambda s: s.map(order), kind="stable", ignore_index=True)
            for t in tables
        )
    )


def _sizes(data: MultimodalData) -> tuple[int, ...]:
    """Replicas need splits of one length."""
    return tuple(len(data.splits[name]) for name in ("train", "valid"))


def _compare(
    datas: Mapping[int, MultimodalData],
    models: Mapping[str, tuple[str, ...]],
    settings: Settings,
    widths: Sequence[int],
    bar: tqdm,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Accuracies, probes and history; datas: by seed, of equal sizes."""
    splits = {seed: (data.train, data.valid, data.test) for seed, data in datas.items()}
    accuracies, probes, history = [], [], []
    shares: dict[int, list[Tensor]] = {seed: [] for seed in datas}
    for name, used in models.items():
        train, valid = ([_only(split[i], used) for split in splits.values()] for i in (0, 1))
        made = [
            build_classifier(split.inputs, data.num_classes, widths=widths, seed=seed)
            for split, (seed, data) in zip(train, datas.items(), strict=True)
        ]
        training = replicas.epochs(made, train, valid, settings, seeds=list(datas))
        for epoch in replicas.raise_on_divergence(training, [f"Seed {seed}" for seed in datas]):
            bar.update()
            for seed, rows in zip(datas, epoch, strict=True):
                history += [{"model": name, **row, "seed": seed} for row in rows]
        for seed, model in zip(datas, made, strict=True):
            fitted, _, test = splits[seed]
            with threads(settings.threads):
                logits = predict(model, test.inputs).joint
            right = accuracy(logits, test.labels)
            accuracies.append({"model": name, "accuracy": right, "seed": seed})
            if name != JOINT:
                shares[seed].append(logits.softmax(1))
            probed = probe_rows(model, fitted, test, JOINT if name == JOINT else "alone")
            probes += [{**row, "seed": seed} for row in probed]
    for seed, of_models in shares.items():
        right = accuracy(torch.stack(of_models).mean(0), splits[seed][2].labels)
        accuracies.append({"model": ENSEMBLE, "accuracy": right, "seed": seed})
    return pd.DataFrame(accuracies), pd.DataFrame(probes), pd.DataFrame(history)


def _only(split: Split, modalities: Sequence[str]) -> Split:
    """The split as a model of these modalities sees it."""
    return replace(split, inputs={m: split.inputs[m] for m in modalities})
