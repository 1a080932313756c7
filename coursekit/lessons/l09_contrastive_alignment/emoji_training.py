"""Emoji and their captions aligned by the course's loop, epoch by epoch, and what came out."""

import copy
from collections.abc import Generator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from coursekit.analysis.retrieval import Ranking, both_ways
from coursekit.data import load
from coursekit.data.multimodal import MultimodalData, Split
from coursekit.models import MultimodalClassifier, build_classifier, evaluating
from coursekit.training import Settings, epochs
from coursekit.training.alignment.common_space import CommonSpace
from coursekit.training.alignment.contrastive import Contrastive
from coursekit.utils.checks import require_instance

EPOCHS = 25
RATE = 3e-3
# Changes that keep a pair true.
LIGHT: dict[str, Any] = {"shift": 2, "brightness": 0.2, "word_dropout": 0.3}
ENCODERS = {"picture": "strided-cnn", "text": "bag"}


def settings_for(count: int = EPOCHS, rate: float = RATE) -> Settings:
    """How the lesson trains on emoji, for ``count`` epochs."""
    return Settings(
        epochs=count, optimizer="adam", lr=rate, clip=5.0, batch_size=128, measure_train=False
    )


@lru_cache(maxsize=4)
def emoji(artist: str = "google") -> MultimodalData:
    """The pairs of one artist, opened once."""
    return load("emoji", artist=artist)


def joined(one: Split, other: Split) -> Split:
    """The rows of two splits with the same modalities, one after the other."""
    inputs = {m: torch.cat([x, other.inputs[m]]) for m, x in one.inputs.items()}
    labels = torch.cat([one.labels, other.labels])
    return Split(inputs, labels, torch.cat([one.group, other.group]))


def new_model(data: MultimodalData, seed: int = 0) -> MultimodalClassifier:
    """Untrained encoders for pictures and texts."""
    return build_classifier(
        data.train.inputs, data.num_classes, encoder=ENCODERS, widths=(128,), seed=seed
    )


def train_stepwise(
    model: MultimodalClassifier,
    train: Split,
    valid: Split,
    seed: int = 0,
    settings: Settings | None = None,
    **own: Any,
) -> Generator[MultimodalClassifier, None, None]:
    """Train ``model`` contrastively; after each epoch give a copy of it as it is then.

    settings: `settings_for` without them.  own: of `Contrastive`, beside `LIGHT`.
    """
    how = settings_for() if settings is None else settings
    for _ in epochs(model, train, valid, how, seed=seed, method=Contrastive(**{**LIGHT, **own})):
        yield copy.deepcopy(model)


def train_on(
    train: Split, valid: Split, seed: int = 0, settings: Settings | None = None, **own: Any
) -> MultimodalClassifier:
    """A new model, trained as `train_stepwise` does, after the last epoch."""
    model = new_model(emoji(), seed)
    for _ in train_stepwise(model, train, valid, seed, settings, **own):
        pass
    return model


@torch.no_grad()
def places(model: MultimodalClassifier, **inputs: Tensor) -> dict[str, Tensor]:
    """Where inputs lie in the common space, of length one: (N, width) by modality.

    inputs: any of the model's modalities.
    """
    space = space_of(model)
    with evaluating(model):
        features = {m: model.feature(m, x) for m, x in inputs.items()}
        return {m: space.place(m, z) for m, z in features.items()}


def space_of(model: MultimodalClassifier) -> CommonSpace:
    """The common space of a model that was aligned.  Errors: TypeError for another model."""
    require_instance("the fusion of model", model.fusion, CommonSpace)
    assert isinstance(model.fusion, CommonSpace)
    return model.fusion


def similarity(model: MultimodalClassifier, split: Split) -> Tensor:
    """Cosine of every picture with every text of a split, (N, N)."""
    lie = places(model, **split.inputs)
    first, second = (lie[m] for m in model.modalities)
    return first @ second.T


@dataclass(frozen=True)
class Retrieved:
    """Retrieval in a pool, both ways.  pool: how many candidates."""

    to_text: Ranking
    to_picture: Ranking

    @property
    def pool(self) -> int:
        """How many candidates there are."""
        return self.to_text.candidates

    def recall(self, k: int) -> float:
        """Recall@k, mean of both ways."""
        return (self.to_text.recall(k) + self.to_picture.recall(k)) / 2


def retrieval(model: MultimodalClassifier, split: Split) -> Retrieved:
    """How well pictures and texts of a split find their partners."""
    return Retrieved(*both_ways(similarity(model, split)))
