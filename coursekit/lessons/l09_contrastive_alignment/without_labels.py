"""Features of pictures and sounds that occur together, learnt without labels, and what they buy."""

from collections.abc import Generator

import pandas as pd
import torch
from torch import Tensor

from coursekit import balancing
from coursekit.analysis.probes import probe
from coursekit.data import load
from coursekit.data.multimodal import MultimodalData, Split
from coursekit.models import MultimodalClassifier, build_classifier
from coursekit.training import Settings, accuracy, fit, predict
from coursekit.training.alignment import build
from coursekit.utils.checks import choose

LABELS = (50, 100, 200)
# How features are learnt → the objective; the last two learn none without labels.
WAYS = {
    "contrast (InfoNCE)": "contrastive",
    "match or not": "correspondence",
    "random encoder": None,
    "labels only": None,
}
PAIRS = 3000
STRONG = 0.1  # C of the probes: few rows, many features


def pairs_of(seed: int, speech: str = "synth") -> MultimodalData:
    """Noisy digits and somebody saying the same digit; speakers and images apart in the splits."""
    speakers = {"train_speakers": 4} if speech == "fsdd" else {}
    return load(
        "av_digits", speech=speech, n=PAIRS, fold=seed % 6, seed=seed, image_noise=1.0, **speakers
    )


def new_network(data: MultimodalData, seed: int) -> MultimodalClassifier:
    """Untrained encoders of both modalities."""
    return build_classifier(
        data.train.inputs, data.num_classes, encoder="cnn", widths=(64,), seed=seed
    )


def learnt(data: MultimodalData, way: str, seed: int) -> MultimodalClassifier:
    """Encoders trained in one of `WAYS` on all training pairs, without a label."""
    network = new_network(data, seed)
    objective = WAYS[choose("way", way, WAYS)]
    if objective is not None:
        how = Settings(
            epochs=12, batch_size=100, optimizer="adam", lr=3e-3, clip=5.0, measure_train=False
        )
        fit(network, data.train, data.valid, how, seed=seed, method=build(objective, width=32))
    return network


def labelled(split: Split, count: int) -> Tensor:
    """Rows of the first ``count`` / 10 training pairs of each digit."""
    per_class = count // 10
    rows = [torch.nonzero(split.labels == c).flatten()[:per_class] for c in range(10)]
    return torch.cat(rows)


def by_labels(
    data: MultimodalData, seed: int, ways: tuple[str, ...] = tuple(WAYS)
) -> Generator[None, None, pd.DataFrame]:
    """Test accuracy of each modality that so many labels buy; pauses after every training.

    Columns: features (one of `WAYS`), modality, labels, seed, accuracy (4 digits).
    """
    rows: list[dict[str, object]] = []
    for way in ways:
        if way == "labels only":
            for count in LABELS:
                rows += [
                    {"features": way, "labels": count, **r} for r in _from_labels(data, count, seed)
                ]
                yield
            continue
        network = learnt(data, way, seed)
        train = predict(network, data.train.inputs).features
        test = predict(network, data.test.inputs).features
        for count in LABELS:
            chosen = labelled(data.train, count)
            y = data.train.labels[chosen]
            for m in data.modalities:
                value = probe(train[m][chosen], y, test[m], data.test.labels, STRONG)
                rows.append(
                    {"features": way, "labels": count, "modality": m, "accuracy": round(value, 4)}
                )
        yield
    return pd.DataFrame(rows).assign(seed=seed)


def _from_labels(data: MultimodalData, count: int, seed: int) -> list[dict[str, object]]:
    """Each modality's own network, trained on the labelled rows alone, best epoch on valid."""
    network = new_network(data, seed)
    how = Settings(
        epochs=60, batch_size=32, optimizer="adam", lr=2e-3, keep_best=True, measure_train=False
    )
    few = data.train.part(labelled(data.train, count))
    fit(network, few, data.valid, how, seed=seed, method=balancing.build("ensemble"))
    logits = predict(network, data.test.inputs).unimodal
    return [
        {"modality": m, "accuracy": round(accuracy(x, data.test.labels), 4)}
        for m, x in logits.items()
    ]
