"""The pruning explorer: how much of which encoder, by which ranking, and what still works."""

from functools import lru_cache

import torch
from torch import Tensor

from coursekit.analysis.probes import quick_probe
from coursekit.course.widgets.controls import Choice, Control, Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.data.files import DataFileError
from coursekit.data.multimodal import MultimodalData
from coursekit.lessons.l14_efficiency.digit_networks import MODALITIES, digits, stored_networks
from coursekit.lessons.l14_efficiency.explorer_view import LAYERS, PruningView, State
from coursekit.lessons.l14_efficiency.techniques import ENCODERS, amount_masks, rescaled
from coursekit.models import MultimodalClassifier
from coursekit.training import accuracy
from coursekit.training.pruning import magnitudes, part_masks, relative_magnitudes, weights_of
from coursekit.training.pruning_masks import apply_masks
from coursekit.utils.threads import threads

EACH, ONE, RELATIVE = "an amount each", "one ranking, |w|", "one ranking, |w| ÷ ‖w‖"
TRAINED, LARGE = "as trained", "image × 10"
FIRST_SEED = 100
PROBED, TESTED = 300, 400  # rows on which probes are fitted, and everything is tested


@lru_cache(maxsize=2)
def _data(network: int) -> MultimodalData:
    return digits(FIRST_SEED + network)


@lru_cache(maxsize=1)
def _networks() -> dict[int, MultimodalClassifier]:
    return stored_networks()


def _model(network: int, weights: str) -> MultimodalClassifier:
    """A fresh copy, as trained or with larger weights that compute the same."""
    return rescaled(_networks()[FIRST_SEED + network], "image", 10.0 if weights == LARGE else 1.0)


def _masks(
    model: MultimodalClassifier, ranking: str, image: float, audio: float
) -> dict[str, Tensor]:
    if ranking == EACH:
        return amount_masks(model, {"image": image, "audio": audio})
    scores = relative_magnitudes if ranking == RELATIVE else magnitudes
    return part_masks(scores(weights_of(model, ENCODERS)), {ENCODERS: (image + audio) / 2})


@lru_cache(maxsize=128)
def _seen(
    network: int, weights: str, ranking: str, image: float, audio: float, modality: str
) -> tuple[Tensor, Tensor]:
    """Features of one pruned encoder, (PROBED, D) of training rows and (TESTED, D) of test rows."""
    model, data = _model(network, weights), _data(network)
    apply_masks(model, _masks(model, ranking, image, audio))
    one = model.encoders[modality]
    rows = ((data.train, PROBED), (data.test, TESTED))
    with torch.no_grad():
        before, after = (one(split.inputs[modality][:n]) for split, n in rows)
    return before, after


@lru_cache(maxsize=256)
def measured(
    network: int, weights: str, ranking: str, image: float, audio: float
) -> tuple[float, float, float]:
    """Accuracy of the image's probe, the audio's, and of the joint model."""
    data = _data(network)
    features, probes = {}, []
    for m in MODALITIES:
        # The other modality's amount changes nothing here, and is left out of what is remembered.
        alone = {"image": (image, 0.0), "audio": (0.0, audio)}[m]
        a, b = alone if ranking == EACH else (image, audio)
        before, after = _seen(network, weights, ranking, a, b, m)
        probes.append(
            quick_probe(before, data.train.labels[:PROBED], after, data.test.labels[:TESTED])
        )
        features[m] = after
    logits = _model(network, weights).fusion(features)
    return probes[0], probes[1], accuracy(logits.detach(), data.test.labels[:TESTED])


def look(image: float, audio: float, ranking: str, weights: str, network: int) -> State:
    """One state, beside the whole network."""
    network, image, audio = int(network), round(image, 2), round(audio, 2)
    with threads(1):
        try:
            model = _model(network, weights)
        except DataFileError as error:
            return State(sorry=str(error))
        masks = _masks(model, ranking, image, audio)
        gone = tuple(
            tuple(
                float(1 - masks[f"{ENCODERS}.{m}.{layer}.weight"].float().mean())
                for layer in LAYERS.values()
            )
            for m in MODALITIES
        )
        sizes = [mask.numel() for name, mask in masks.items() if ".image." in name]
        return State(
            title=f"{ranking}; weights {weights}; network {network}",
            accuracies=measured(network, weights, ranking, image, audio),
            whole=measured(network, TRAINED, EACH, 0.0, 0.0),  # larger weights compute the same
            gone=gone,
            sizes=tuple(sizes),
        )


@put_off()
def pruning_explorer() -> Explorer:
    """Lesson 14: how much of which encoder may go?"""
    knobs: dict[str, Control] = {
        "image": Slider("image: share pruned", 0.0, 1.0, 0.05, 0.5),
        "audio": Slider("audio: share pruned", 0.0, 1.0, 0.05, 0.5),
        "ranking": Choice("ranking", (EACH, ONE, RELATIVE), EACH),
        "weights": Choice("weights", (TRAINED, LARGE), TRAINED),
        "network": Slider("network", 0, 5, 1, 0),
    }
    return Explorer(
        key="pruning",
        title="How much of which encoder?",
        question=(
            "With an amount each: from which share on does each probe fall, and which encoder "
            "bears more? Is it the same one in other networks? Then one ranking of both (it "
            "removes the mean of both shares): whose weights go as trained, and whose once the "
            "image's weights are ten times as large and compute the same? What does |w| ÷ ‖w‖ "
            "change?"
        ),
        controls=knobs,
        groups={"how much": ("image", "audio"), "of what": ("ranking", "weights", "network")},
        compute=look,
        make_view=PruningView,
        presets={
            "whole": {"image": 0.0, "audio": 0.0, "ranking": EACH, "weights": TRAINED},
            "0.8 of each": {"image": 0.8, "audio": 0.8, "ranking": EACH, "weights": TRAINED},
            "audio pays": {"image": 0.3, "audio": 0.95, "ranking": EACH, "weights": TRAINED},
            "one ranking": {"image": 0.7, "audio": 0.7, "ranking": ONE, "weights": TRAINED},
            "starved": {"image": 0.7, "audio": 0.7, "ranking": ONE, "weights": LARGE},
            "cured": {"image": 0.7, "audio": 0.7, "ranking": RELATIVE, "weights": LARGE},
        },
        busy="pruning …",
    )
