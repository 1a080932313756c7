"""The retrieval explorer: a query of words, and the test pictures that come nearest to it."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from coursekit.analysis.zero_shot import class_probabilities
from coursekit.course.widgets.controls import Choice, Control, Slider, Text
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.data.bag_of_words import Vocabulary, words_of
from coursekit.data.emoji import ARTISTS, open_emoji, training_vocabulary
from coursekit.lessons.l09_contrastive_alignment.emoji_training import (
    EPOCHS,
    LIGHT,
    emoji,
    new_model,
    places,
    settings_for,
    space_of,
    train_stepwise,
)
from coursekit.lessons.l09_contrastive_alignment.explorer_retrieval_view import (
    SHOWN,
    Ranked,
    RetrievalView,
)
from coursekit.models import MultimodalClassifier
from coursekit.training.alignment.contrastive import Contrastive
from coursekit.training.loop import begin

QUERIES = (
    *("animal", "flag", "hand", "clock time", "sad face", "red", "fish"),
    *("quokka animal", "borogove"),
)


@dataclass(frozen=True)
class Pool:
    """The test pictures of one artist, (N, 3, 32, 32) uint8, their names and captions' words."""

    pictures: Tensor
    names: tuple[str, ...]
    captions: tuple[frozenset[str], ...]


@lru_cache(maxsize=len(ARTISTS))
def pool_of(artist: str) -> Pool:
    """The test pictures of an artist, opened once."""
    every = open_emoji(artist)
    rows = np.flatnonzero(every.table["split"] == "test")
    captions = every.captions()
    return Pool(
        every.pictures[torch.from_numpy(rows)],
        tuple(every.table["en_name"].iloc[rows]),
        tuple(frozenset(captions[row]) for row in rows),
    )


@dataclass(frozen=True)
class AfterEpoch:
    """What retrieval needs of a model: where the test pictures lie, and how a text gets there.

    pictures: artist → (N, width), of length one.  texts: its encoder with the map behind it.
    temperature: what was learnt by then.
    """

    pictures: Mapping[str, Tensor]
    texts: nn.Module
    temperature: float

    @torch.no_grad()
    def place(self, bag: Tensor) -> Tensor:
        """Where a text (1, V) lies, (1, width)."""
        place: Tensor = self.texts(bag)
        return place


def kept(model: MultimodalClassifier) -> AfterEpoch:
    """Of a model what retrieval needs."""
    space = space_of(model)
    return AfterEpoch(
        {a: places(model, picture=emoji(a).test.inputs["picture"])["picture"] for a in ARTISTS},
        nn.Sequential(model.encoders["text"], space.maps["text"]).eval(),
        1 / space.scale.factor,
    )


def untrained() -> MultimodalClassifier:
    """The model as it is before the first step of `train_stepwise`."""
    data = emoji()
    model = new_model(data)
    run = begin(model, data.train, data.valid, settings_for(), seed=0)
    Contrastive(**LIGHT).begin(run)
    return model


class TrainedPath:
    """One training on Google's pictures, as far as somebody has asked for it.

    epochs: what is kept of each state, the untrained one first.
    """

    def __init__(self) -> None:
        data = emoji()
        self.epochs = [kept(untrained())]
        self._training = train_stepwise(new_model(data), data.train, data.valid)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words that the text encoder knows."""
        return training_vocabulary()

    @property
    def last(self) -> int:
        """The last epoch that is trained."""
        return len(self.epochs) - 1

    def train_one_epoch(self) -> None:
        """Go on by an epoch."""
        self.epochs.append(kept(next(self._training)))


@lru_cache(maxsize=1)
def trained_path() -> TrainedPath:
    """The training that all of these explorers share: whoever turns a knob waits for it once."""
    return TrainedPath()


def ranked(
    path: TrainedPath, epoch: int, asked: int, query: str, temperature: float, artist: str
) -> Ranked:
    """The test pictures of ``artist`` by their cosine with the query, after so many epochs.

    asked: the epoch that was asked for, when the training has not come so far.
    """
    words, pool = words_of(query), pool_of(artist)
    known = path.vocabulary.known(words)
    state = path.epochs[epoch]
    order = np.zeros(0, dtype=np.int64)
    cosines = probabilities = np.zeros(0)
    if known:
        place, pictures = state.place(path.vocabulary.bags([known])), state.pictures[artist]
        place = nn.functional.normalize(place)
        cosine = (pictures @ place.T)[:, 0].double()
        order = cosine.argsort(descending=True, stable=True).numpy()
        share = class_probabilities(place, pictures, -float(np.log(temperature)))[0].double()
        cosines, probabilities = cosine.numpy()[order], share.numpy()[order]
    fits = np.array([known != () and set(known) <= pool.captions[row] for row in order], bool)
    return Ranked(
        query=query,
        known=known,
        unknown=path.vocabulary.unknown(words),
        epoch=epoch,
        asked=asked,
        temperature=temperature,
        learnt=state.temperature,
        artist=artist,
        pool=len(pool.names),
        names=tuple(pool.names[row] for row in order),
        cosines=cosines,
        probabilities=probabilities,
        fits=fits,
        pictures=pool.pictures[torch.from_numpy(order[:SHOWN])].permute(0, 2, 3, 1).numpy(),
    )


def retrieve(
    query: str, epoch: float, temperature: float, artist: str
) -> Generator[Ranked, None, Ranked]:
    """Train as far as the epoch asks for, pausing after each; then rank."""
    path, asked = trained_path(), int(epoch)
    while path.last < asked:
        yield ranked(path, path.last, asked, query, temperature, artist)
        path.train_one_epoch()
    return ranked(path, asked, asked, query, temperature, artist)


@put_off()
def retrieval_explorer() -> Explorer:
    """Lesson 09: which pictures do these words find, and since when?"""
    knobs: dict[str, Control] = {
        "query": Text("query", QUERIES, QUERIES[0]),
        "epoch": Slider("epoch", 0, EPOCHS, 1, 0),
        "temperature": Slider("temperature τ", 0.01, 0.5, 0.01, 0.07),
        "artist": Choice("pictures by", ARTISTS, ARTISTS[0], noun="artist"),
    }
    return Explorer(
        key="retrieval",
        title="Words find pictures",
        question=(
            "Go through the epochs: from which on are half of the pictures shown animals? Then "
            "turn the temperature: what changes, the order or only the probabilities? Take "
            "“another artist”: how many animals are left? Find a word that is known and yet finds "
            "nothing right."
        ),
        controls=knobs,
        compute=retrieve,
        make_view=RetrievalView,
        presets={
            "untrained": {"query": "animal", "epoch": 0},
            "trained": {"query": "animal", "epoch": EPOCHS, "artist": ARTISTS[0]},
            "another artist": {"query": "animal", "epoch": EPOCHS, "artist": ARTISTS[1]},
            "cold": {"query": "sad face", "epoch": EPOCHS, "temperature": 0.01},
            "an unknown word": {"query": "quokka animal", "epoch": EPOCHS},
            "no known word": {"query": "borogove", "epoch": EPOCHS},
        },
        busy=lambda state: f"training once, up to epoch {state['epoch']:g} …",
        cursor="epoch",
    )
