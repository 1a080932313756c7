"""Captions in two languages that never meet in training: the picture is the bridge."""

from coursekit.analysis.retrieval import both_ways
from coursekit.data.emoji import load_emoji
from coursekit.data.multimodal import Split
from coursekit.lessons.l09_contrastive_alignment.emoji_training import (
    Retrieved,
    places,
    settings_for,
)
from coursekit.models import MultimodalClassifier, build_classifier
from coursekit.training import fit
from coursekit.training.alignment.contrastive import Contrastive

ENCODERS = {"picture": "strided-cnn", "en": "bag", "other": "bag"}


def in_two_languages(name: str, other: str) -> Split:
    """A split of Google's pictures, each with its English words and those of another language."""
    english, foreign = (load_emoji(language=code).split(name) for code in ("en", other))
    inputs = english.inputs
    texts = {"en": inputs["text"], "other": foreign.inputs["text"]}
    return Split({"picture": inputs["picture"], **texts}, english.labels, english.group)


def bridged(other: str, seed: int, epochs: int = 15) -> MultimodalClassifier:
    """Encoders of pictures and of both languages; each language is paired with pictures alone."""
    train, valid = (in_two_languages(name, other) for name in ("train", "valid"))
    model = build_classifier(
        train.inputs, int(train.labels.max()) + 1, encoder=ENCODERS, widths=(128,), seed=seed
    )
    method = Contrastive(anchor="picture", shift=2, brightness=0.2, word_dropout=0.3)
    fit(model, train, valid, settings_for(epochs), seed=seed, method=method)
    return model


def asked_in(model: MultimodalClassifier, test: Split, query: str, answer: str) -> Retrieved:
    """How well rows of one modality find those of another, both ways."""
    lie = places(model, **test.inputs)
    return Retrieved(*both_ways(lie[query] @ lie[answer].T))
