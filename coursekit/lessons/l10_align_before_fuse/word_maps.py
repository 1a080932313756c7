"""Every word–region map of a network at once, and how often each points at the right cell."""

from collections.abc import Mapping

import torch
from torch import Tensor

from coursekit.analysis.grounding import (
    attention_map,
    gradient_weighted_attention,
    occlusion_map,
    pointing,
    transport_map,
)
from coursekit.data.scene_captions import MASK, PLACE_OF_WORD
from coursekit.data.scenes import Scenes
from coursekit.lessons.l10_align_before_fuse.scene_training import network_of
from coursekit.models import MultimodalClassifier, evaluating
from coursekit.models.pair_network import PICTURE, TEXT
from coursekit.utils.checks import choose, require_count

KINDS = ("attention", "gradient", "transport", "occlusion")


def layers_of(model: MultimodalClassifier) -> int:
    """In how many layers words look at patches.  Errors: TypeError for another model."""
    return len(network_of(model).layers)  # type: ignore[arg-type]


def word_maps(
    model: MultimodalClassifier, pictures: Tensor, text: Tensor, which: Tensor
) -> dict[str, Tensor]:
    """Maps (N, L, 9) by name: attention and gradient of each layer, transport, occlusion.

    pictures (N, 3, 48, 48), text (N, L, V).  which (N, L) bool: the words that occlusion asks for;
    its map is 0 for others.
    """
    network = network_of(model)
    with torch.no_grad(), evaluating(model):
        features = model.encode({PICTURE: pictures, TEXT: text})
    pair = network, features[PICTURE], features[TEXT]
    layers = range(layers_of(model))
    maps = {f"attention {i + 1}": attention_map(*pair, i) for i in layers}
    maps |= {f"gradient {i + 1}": gradient_weighted_attention(*pair, i) for i in layers}
    maps["transport"] = transport_map(*pair)
    maps["occlusion"] = occlusion_map(model, pictures, text, which, PLACE_OF_WORD[MASK])
    return maps


def pointing_by_map(maps: Mapping[str, Tensor], scenes: Scenes) -> dict[str, float]:
    """Share of nouns whose largest cell is their own, of all cells and of the occupied ones."""
    return {
        f"{name}{where}": float(pointing(one, scenes.noun_cells, among).mean())
        for name, one in maps.items()
        for where, among in (("", None), (", occupied", scenes.occupied))
    }


def pointing_with_wrong_captions(model: MultimodalClassifier, scenes: Scenes) -> dict[str, float]:
    """The control: maps of the next scene's caption, counted at the cells of the own nouns.

    Asked for are places that hold a noun in both captions. What is left above one in nine comes of
    cells that attract every word.
    """
    nouns = scenes.noun_cells >= 0
    both = nouns & nouns.roll(1, 0)
    cells = scenes.noun_cells.masked_fill(~both, -1)
    maps = word_maps(model, scenes.pictures, scenes.text.roll(1, 0), both)
    return {name: float(pointing(one, cells).mean()) for name, one in maps.items()}


def map_of(
    model: MultimodalClassifier, picture: Tensor, text: Tensor, place: int, kind: str, layer: int
) -> Tensor:
    """One map of one word, (9,).

    picture (1, 3, 48, 48), text (1, L, V).  place: of the word.  kind: "attention", "gradient",
    "transport" or "occlusion".  layer: from 1 on, of the first two.
    Errors: ValueError for another kind or a layer that the network does not have.
    """
    choose("kind", kind, KINDS)
    network = network_of(model)
    require_count("layer", layer, 1, layers_of(model))
    require_count("place", place, 0, text.shape[1] - 1)
    with torch.no_grad(), evaluating(model):
        features = model.encode({PICTURE: picture, TEXT: text})
    pair = network, features[PICTURE], features[TEXT]
    if kind == "attention":
        return attention_map(*pair, layer - 1)[0, place]
    if kind == "gradient":
        return gradient_weighted_attention(*pair, layer - 1)[0, place]
    if kind == "transport":
        return transport_map(*pair)[0, place]
    which = torch.zeros(text.shape[:2], dtype=torch.bool)
    which[0, place] = True
    return occlusion_map(model, picture, text, which, PLACE_OF_WORD[MASK])[0, place]
