"""Scenes and their captions learnt by the course's loop, and how one tests what came out."""

import copy
from collections.abc import Generator
from functools import lru_cache

import torch
from torch import Tensor

from coursekit.analysis.retrieval import Ranking, rank
from coursekit.data.multimodal import MultimodalData
from coursekit.data.scene_captions import MASK, PLACE_OF_WORD
from coursekit.data.scenes import Scenes, as_data, scene_splits
from coursekit.models import MultimodalClassifier, build_classifier, evaluating
from coursekit.models.pair_network import PICTURE, TEXT, PairNetwork
from coursekit.models.two_tower import TwoTower
from coursekit.training import Settings, epochs
from coursekit.training.alignment.pair_batch import same_text
from coursekit.training.method import Method
from coursekit.utils.checks import choose, require_count, require_instance

EPOCHS = 4  # 252 steps on 4000 scenes
RATE = 1e-3
WIDTH = 48
TEST = 300  # scenes to test on, and as many to validate
POOL = 64
ENCODERS = {PICTURE: "patches", TEXT: "words"}


def settings_for(count: int = EPOCHS, rate: float = RATE) -> Settings:
    """How the lesson trains on scenes, for ``count`` epochs."""
    return Settings(
        epochs=count, optimizer="adam", lr=rate, clip=2.0, batch_size=64, measure_train=False
    )


@lru_cache(maxsize=2)
def scenes_of(seed: int = 0, wrong: float = 0.0, train: int = 4000) -> dict[str, Scenes]:
    """The scenes of all splits; test shows combinations that train never does."""
    return scene_splits(seed, (train, TEST, TEST), wrong=wrong)


def new_model(data: MultimodalData, seed: int = 0, blocks: int = 1) -> MultimodalClassifier:
    """Untrained encoders.  blocks: of each tower; 0 for a single stream, which embeds only."""
    widths = (WIDTH,) * (blocks + 1)
    return build_classifier(
        data.train.inputs, data.num_classes, encoder=ENCODERS, widths=widths, seed=seed
    )


def train_stepwise(
    scenes: dict[str, Scenes],
    objective: Method,
    seed: int = 0,
    settings: Settings | None = None,
) -> Generator[MultimodalClassifier, None, None]:
    """Train a new model; after each epoch give a copy of it as it is then."""
    data = as_data(scenes)
    model = new_model(data, seed, blocks=0 if objective.name == "single-stream" else 1)
    how = settings_for() if settings is None else settings
    for _ in epochs(model, data.train, data.valid, how, seed=seed, method=objective):
        yield copy.deepcopy(model)


def train_on(
    scenes: dict[str, Scenes],
    objective: Method,
    seed: int = 0,
    settings: Settings | None = None,
) -> MultimodalClassifier:
    """A new model, trained as `train_stepwise` does, after the last epoch."""
    *_, model = train_stepwise(scenes, objective, seed, settings)
    return model


def network_of(model: MultimodalClassifier) -> PairNetwork:
    """The network that reads pairs.  Errors: TypeError for another model."""
    require_instance("the fusion of model", model.fusion, PairNetwork)
    assert isinstance(model.fusion, PairNetwork)
    return model.fusion


@torch.no_grad()
def encoded(model: MultimodalClassifier, scenes: Scenes) -> dict[str, Tensor]:
    """Patches and words of scenes as the encoders give them, (N, T_m, W) by modality."""
    with evaluating(model):
        return model.encode(scenes.inputs)


@torch.no_grad()
def contrast_scores(model: MultimodalClassifier, scenes: Scenes) -> Tensor:
    """Cosine of every picture with every caption, (N, N): two passes per scene.

    Errors: TypeError for a model without a common space.
    """
    require_instance("the fusion of model", model.fusion, TwoTower)
    assert isinstance(model.fusion, TwoTower)
    places = model.fusion.places(encoded(model, scenes))
    return places[PICTURE] @ places[TEXT].T


@torch.no_grad()
def matching_scores(model: MultimodalClassifier, patches: Tensor, words: Tensor) -> Tensor:
    """How much rather N pairs belong together than not, difference of the logits, (N,)."""
    network, parts = network_of(model), []
    with evaluating(model):
        for one, other in zip(patches.split(2048), words.split(2048), strict=True):
            logits = network.match_logits(network.fuse(one, other)[0])
            parts.append(logits[:, 1] - logits[:, 0])
    return torch.cat(parts)


@torch.no_grad()
def matching_of(model: MultimodalClassifier, scenes: Scenes, text: Tensor) -> Tensor:
    """`matching_scores` of each picture with the caption (N, L, V) of its row, (N,)."""
    with evaluating(model):
        features = model.encode({PICTURE: scenes.pictures, TEXT: text})
    return matching_scores(model, features[PICTURE], features[TEXT])


def all_matching_scores(model: MultimodalClassifier, scenes: Scenes) -> Tensor:
    """`matching_scores` of every picture with every caption, (N, N): N² passes."""
    features, n = encoded(model, scenes), len(scenes)
    picture, text = torch.arange(n).repeat_interleave(n), torch.arange(n).repeat(n)
    return matching_scores(model, features[PICTURE][picture], features[TEXT][text]).reshape(n, n)


def both_rankings(scores: Tensor, scenes: Scenes) -> tuple[Ranking, Ranking]:
    """Captions for each picture and pictures for each caption; equal captions are all right."""
    ids = same_text(scenes.text)
    belongs = ids[:, None] == ids
    return rank(scores, belongs), rank(scores.T, belongs)


def recall_at_1(scores: Tensor, scenes: Scenes) -> float:
    """Recall@1 in the pool, mean of both ways, ties as their expected value."""
    return sum(ranking.recall(1) for ranking in both_rankings(scores, scenes)) / 2


def reranked(first: Tensor, second: Tensor, k: int = 8) -> Tensor:
    """Scores (N, N) that rank each row's best k of ``first`` by ``second``, all others behind."""
    require_count("k", k, 1, first.shape[1])
    best = first.topk(k, dim=1).indices
    scores = torch.full_like(second, float(second.min()) - 1)
    return scores.scatter(1, best, second.gather(1, best))


def reranked_recall_at_1(first: Tensor, second: Tensor, scenes: Scenes, k: int = 8) -> float:
    """Recall@1 of `reranked`, mean of both ways: N · k passes for ``second`` instead of N²."""
    to_text, _ = both_rankings(reranked(first, second, k), scenes)
    to_picture, _ = both_rankings(reranked(first.T, second.T, k), scenes)
    return (to_text.recall(1) + to_picture.recall(1)) / 2


def preference(model: MultimodalClassifier, scenes: Scenes, kind: str, score: str) -> Tensor:
    """Whether the caption scores above its foil, (n,), of scenes that have one; ½ for a tie.

    kind: of foil, see `Scenes.foils`.  score: "matching" or "contrast".
    Errors: ValueError for another kind or score; TypeError where a model has no common space.
    """
    choose("score", score, ("matching", "contrast"))
    wrong, there = scenes.foils(kind)
    with torch.no_grad(), evaluating(model):
        features = encoded(model, scenes)
        foil = model.feature(TEXT, wrong)
    pairs = [(features[PICTURE][there], words[there]) for words in (features[TEXT], foil)]
    right, false = (_score(model, *pair, score) for pair in pairs)
    return (right > false).double() + (right == false).double() / 2


@torch.no_grad()
def _score(model: MultimodalClassifier, patches: Tensor, words: Tensor, score: str) -> Tensor:
    if score == "matching":
        return matching_scores(model, patches, words)
    require_instance("the fusion of model", model.fusion, TwoTower)
    assert isinstance(model.fusion, TwoTower)
    places = model.fusion.places({PICTURE: patches, TEXT: words})
    return (places[PICTURE] * places[TEXT]).sum(1)


@torch.no_grad()
def guessed_words(
    model: MultimodalClassifier, scenes: Scenes, place: Tensor, wrong_picture: bool = False
) -> Tensor:
    """Whether the masked word is guessed right, (N,) bool.

    place: (N,) int64, which word of each caption is masked.  wrong_picture: beside that of the next
    scene.
    """
    rows = torch.arange(len(scenes))
    text = scenes.text.clone()
    text[rows, place] = 0
    text[rows, place, PLACE_OF_WORD[MASK]] = 1
    pictures = scenes.pictures.roll(1, 0) if wrong_picture else scenes.pictures
    network = network_of(model)
    with evaluating(model):
        features = model.encode({PICTURE: pictures, TEXT: text})
        fused, _ = network.fuse(features[PICTURE], features[TEXT])
        guess = network.word_logits(fused)[rows, place].argmax(1)
    return guess == scenes.words[rows, place]
