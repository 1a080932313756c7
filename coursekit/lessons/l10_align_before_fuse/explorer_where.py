"""The explorer of word–region maps: a scene, a word, a network and a way to ask it."""

from collections.abc import Generator
from functools import lru_cache

import torch

from coursekit.course.widgets.controls import Choice, Control, Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.data.files import DataFileError
from coursekit.data.scene_captions import FOILS, words_in
from coursekit.data.scenes import Scenes, scene_splits
from coursekit.lessons.l10_align_before_fuse.explorer_where_view import (
    Looked,
    MapOfWord,
    Scored,
    WhereView,
)
from coursekit.lessons.l10_align_before_fuse.scene_training import TEST, matching_scores
from coursekit.lessons.l10_align_before_fuse.stored_networks import NETWORKS, SEED, stored_network
from coursekit.lessons.l10_align_before_fuse.word_maps import layers_of, map_of
from coursekit.models import MultimodalClassifier, evaluating
from coursekit.models.pair_network import PICTURE, TEXT
from coursekit.models.two_tower import TwoTower

SHOWN = 100  # of the test scenes
OBJECTS = ("A", "B", "C")
OF_A_LAYER = {"attention": "attention", "gradient": "attention × gradient"}  # kind → name
MAPS = (*OF_A_LAYER, "transport", "occlusion")
LAYERS = 3  # of the network that has most


@lru_cache(maxsize=1)
def shown_scenes() -> Scenes:
    """The scenes that can be chosen: the first of the lesson's test scenes, drawn by themselves."""
    return scene_splits(SEED, (1, 1, TEST))["test"].part(torch.arange(SHOWN))


def noun_place(scenes: Scenes, row: int, who: int) -> int:
    """Where the noun of an object stands in the caption of a scene."""
    return int((scenes.word_objects[row] == who).nonzero()[-1])


def word_at(scenes: Scenes, row: int, place: int) -> str:
    """A word of a caption; [cls] stands before all."""
    return scenes.captions[row].split()[place - 1]


def stranger_of(scenes: Scenes, row: int, who: int) -> int:
    """The next scene whose caption asks for something that this scene does not show."""
    here = set(scenes.captions[row].split())
    later = [(row + step) % len(scenes) for step in range(1, len(scenes))]
    return next(i for i in later if word_at(scenes, i, noun_place(scenes, i, who)) not in here)


def mapped(model: MultimodalClassifier, row: int, caption: int, who: int, kind: str, layer: int
           ) -> MapOfWord:  # fmt: skip
    """The map of a noun of one caption on the picture of one scene."""
    scenes = shown_scenes()
    place = noun_place(scenes, caption, who)
    values = map_of(
        model,
        scenes.pictures[row : row + 1],
        scenes.text[caption : caption + 1],
        place,
        kind,
        layer,
    )
    own = int(scenes.cells[row, who]) if caption == row else None
    return MapOfWord(word_at(scenes, caption, place), values, own)


@torch.no_grad()
def scored(model: MultimodalClassifier, row: int) -> tuple[Scored, ...]:
    """How the caption of a scene and each of its foils score."""
    scenes = shown_scenes().part(torch.tensor([row]))
    kinds, texts = ["its caption"], [scenes.text]
    for kind in FOILS:
        foil, there = scenes.foils(kind, seed=row)
        if bool(there[0]):
            kinds.append(kind)
            texts.append(foil)
    text = torch.cat(texts)
    with evaluating(model):
        features = model.encode({PICTURE: scenes.pictures.repeat(len(text), 1, 1, 1), TEXT: text})
        matching = matching_scores(model, features[PICTURE], features[TEXT]).sigmoid().tolist()
        cosine: list[float | None] = [None] * len(text)
        if isinstance(model.fusion, TwoTower):
            places = model.fusion.places(features)
            cosine = [float(c) for c in (places[PICTURE] * places[TEXT]).sum(1)]
    captions = [" ".join(words[1:]) for words in words_in(text)]  # without [cls]
    return tuple(Scored(*row) for row in zip(kinds, captions, matching, cosine, strict=True))


def name_of(kind: str, asked: int, network: str, layers: int) -> str:
    """A map in words, with its layer if it has one; ``asked`` may lie beyond the last."""
    if kind not in OF_A_LAYER:
        return kind
    beyond = f" ({network} has no more)" if asked > layers else ""
    return f"{OF_A_LAYER[kind]}, layer {min(asked, layers)}{beyond}"


def look(
    scene: float, word: str, network: str, kind: str, layer: float
) -> Generator[Looked, None, Looked]:
    """Both maps and all scores; where a file cannot be read, the reason instead."""
    yield Looked(sorry="Opening scenes and networks …")
    row, who, asked = int(scene) - 1, OBJECTS.index(word), int(layer)
    try:
        scenes, model = shown_scenes(), stored_network(network)
    except DataFileError as error:
        return Looked(sorry=str(error))
    layers = layers_of(model)
    stranger = stranger_of(scenes, row, who)
    own, other = (
        mapped(model, row, caption, who, kind, min(asked, layers)) for caption in (row, stranger)
    )
    return Looked(
        picture=scenes.pictures[row],
        caption=scenes.captions[row],
        other_caption=scenes.captions[stranger],
        own=own,
        other=other,
        scores=scored(model, row),
        network=network,
        map_name=name_of(kind, asked, network, layers),
    )


@put_off()
def where_explorer() -> Explorer:
    """Lesson 10: where does a network look for a word, and what does its score notice?"""
    knobs: dict[str, Control] = {
        "scene": Slider("scene", 1, SHOWN, 1, 4),
        "word": Choice("noun of", OBJECTS, OBJECTS[1]),
        "network": Choice("network", tuple(NETWORKS), next(iter(NETWORKS))),
        "kind": Choice("map", MAPS, MAPS[0]),
        "layer": Slider("layer", 1, LAYERS, 1, 1),
    }
    return Explorer(
        key="where",
        title="Where does it look for a word?",
        question=(
            "Go through twenty scenes with attention, then with occlusion: how often does each "
            "hit? Does the map for a word that is not there look less sure? (Each map is shaded by "
            "its own range; the table has the numbers.) Which foil comes nearest to the caption's "
            "score, and is any above it?"
        ),
        controls=knobs,
        compute=look,
        make_view=WhereView,
        presets={
            "attention": {"network": "align before fuse", "kind": "attention", "layer": 1},
            "the last layer's gradient": {
                "network": "align before fuse",
                "kind": "gradient",
                "layer": 2,
            },
            "occlusion": {"network": "align before fuse", "kind": "occlusion"},
            "transport": {"network": "align before fuse", "kind": "transport"},
            "one stream": {"network": "one stream", "kind": "attention", "layer": 3},
        },
        busy="looking …",
    )
