"""Word-region maps: where in the picture a network finds a word, and whether it stands there.

A map is a claim about the network, and is tested against the cell in which the thing is. All maps
are (N, L, P), a number per word and patch, of a `PairNetwork`.
Attention weighted by its gradient: Selvaraju and colleagues, Grad-CAM (2017),
https://arxiv.org/abs/1610.02391, as used on cross-attention by Li and colleagues, Align before Fuse
(2021), https://arxiv.org/abs/2107.07651, section 6. Occlusion: Zeiler and Fergus (2014),
https://arxiv.org/abs/1311.2901, section 4.2.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.models import MultimodalClassifier, evaluating
from coursekit.models.pair_network import PICTURE, TEXT, PairNetwork
from coursekit.models.single_stream import SingleStream
from coursekit.models.token_encoders import CELL, no_token
from coursekit.training.word_patch_alignment import cosine_costs, transport_plan
from coursekit.utils.checks import require, require_count, require_instance
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import require_batch, require_bools


@torch.no_grad()
def attention_map(network: PairNetwork, patches: Tensor, words: Tensor, layer: int) -> Tensor:
    """What each word takes from each patch in one layer, from 0 on; mean over the heads.

    patches (N, P, W), words (N, L, W): encoded.
    Errors: ValueError for a layer that the network does not have.
    """
    weights = _attention(network, patches, words, layer)[1]
    return network.words_to_patches(weights, words.shape[1]).mean(1)


def gradient_weighted_attention(
    network: PairNetwork, patches: Tensor, words: Tensor, layer: int
) -> Tensor:
    """Attention times the positive part of the matching logit's gradient by it, mean over heads.

    In the last layer of a network whose matching head reads the first word only, the gradient by
    all other words' attention is 0, and with it the map; take an earlier one.
    Otherwise as `attention_map`.
    """
    require_batch("patches", patches, (None, None, None))
    with torch.enable_grad():  # a network whose parameters are frozen has a graph from here on
        fused, weights = _attention(network, patches.detach().requires_grad_(), words, layer)
        logit = network.match_logits(fused)[:, 1].sum()
        (gradient,) = torch.autograd.grad(logit, weights)
    weighted = (weights * gradient.clamp(min=0)).mean(1, keepdim=True).detach()
    return network.words_to_patches(weighted, words.shape[1])[:, 0]


def _attention(
    network: PairNetwork, patches: Tensor, words: Tensor, layer: int
) -> tuple[Tensor, Tensor]:
    """The fused words, and the attention of one layer as the network gives it."""
    require_instance("network", network, PairNetwork)
    require_batch("patches", patches, (None, None, network.width))
    require_batch("words", words, (len(patches), None, network.width))
    fused, attention = network.fuse(patches, words, weights=True)
    require_count("layer", layer, 0, len(attention) - 1)
    return fused, attention[layer]


@torch.no_grad()
def transport_map(
    network: PairNetwork, patches: Tensor, words: Tensor, beta: float = 0.1, steps: int = 100
) -> Tensor:
    """How much of each word goes to each patch at the least cost, of the last layer's features.

    [cls], the first word, gets nothing.  beta, steps: of
    `coursekit.training.word_patch_alignment.transport_plan`.  Otherwise as `attention_map`.
    """
    require_instance("network", network, PairNetwork)
    require_batch("patches", patches, (None, None, network.width))
    require_batch("words", words, (len(patches), None, network.width))
    length = words.shape[1]
    if isinstance(network, SingleStream):
        both, _ = network.sequence(patches, words)
        fused, seen = both[:, :length], both[:, length:]
    else:
        fused, seen = network.fuse(patches, words)[0], patches
    there = ~no_token(words)
    there[:, 0] = False
    return transport_plan(cosine_costs(fused, seen), there, None, beta, steps)


@torch.no_grad()
def occlusion_map(
    model: MultimodalClassifier, pictures: Tensor, words: Tensor, which: Tensor, mask: int
) -> Tensor:
    """By how much the log probability of a masked word falls when a cell is blanked.

    pictures (N, C, H, W).  words (N, L, V): a one per word.  which (N, L) bool: the words to ask
    for, each masked by itself; the map is 0 for others.  mask: the place of [mask] in V.
    Errors: TypeError for a model without a `PairNetwork`; ValueError for other shapes.
    """
    require_instance("model", model, MultimodalClassifier)
    require_instance("the fusion of model", model.fusion, PairNetwork)
    network = model.fusion
    assert isinstance(network, PairNetwork)
    require_batch("pictures", pictures, (None, None, None, None))
    require_batch("words", words, (len(pictures), None, None))
    require_bools("which", which, tuple(words.shape[:2]))
    require_count("mask", mask, 0, words.shape[2] - 1)
    empty = which & no_token(words)
    require(not bool(empty.any()), "which asks for a place without a word; words were expected.")
    with evaluating(model):
        row, place = which.nonzero(as_tuple=True)
        asked = words[row].clone()
        at = torch.arange(len(row), device=words.device)
        masked = F.one_hot(torch.tensor(mask, device=words.device), words.shape[2])
        asked[at, place] = masked.to(words)
        hidden = words[row, place].argmax(1)
        encoded = model.feature(TEXT, asked)

        def log_probability(seen: Tensor) -> Tensor:
            fused, _ = network.fuse(model.feature(PICTURE, seen)[row], encoded)
            logits = not_half(network.word_logits(fused)[at, place])
            return logits.log_softmax(1)[at, hidden]

        whole = log_probability(pictures)
        falls = [whole - log_probability(seen) for seen in blanked(pictures)]
    fall = torch.stack(falls, 1)
    maps = fall.new_zeros(*words.shape[:2], len(falls))
    maps[row, place] = fall
    return maps


def blanked(pictures: Tensor, cell: int = CELL) -> list[Tensor]:
    """The pictures without each cell in turn, row by row: white, 0, stands in its place.

    pictures (N, C, H, W).  cell: pixels each way.
    Errors: ValueError where cells do not fill the picture.
    """
    require_batch("pictures", pictures, (None, None, None, None))
    require_count("cell", cell, 1)
    height, width = pictures.shape[2:]
    sentence = f"cell is {cell}, pictures are {height} by {width}; whole cells were expected."
    require(height % cell == width % cell == 0, sentence)
    without = []
    for top in range(0, height, cell):
        for left in range(0, width, cell):
            copy = pictures.clone()
            copy[:, :, top : top + cell, left : left + cell] = 0
            without.append(copy)
    return without


def pointing(maps: Tensor, cells: Tensor, among: Tensor | None = None) -> Tensor:
    """Whether the largest cell of each word is its own, (W,); ties count as their expected value.

    maps (N, L, P).  cells (N, L) int64: where the thing stands that the word names, −1 for words
    that are not asked for; the result has an entry for each of the others, in their order.
    among (N, P) bool: only these cells count, such as the occupied ones; each own cell is one.
    Errors: ValueError for other shapes, NaN, a cell beyond P, or an own cell that does not count.
    """
    require_batch("maps", maps, (None, None, None))
    rows, length, patches = maps.shape
    _require_cells(cells, (rows, length), patches)
    counts = torch.ones(rows, patches, dtype=torch.bool, device=maps.device)
    counts = counts if among is None else among
    require_bools("among", counts, (rows, patches))
    row, place = (cells >= 0).nonzero(as_tuple=True)
    own, allowed = cells[row, place], counts[row]
    at = torch.arange(len(row), device=maps.device)
    require(bool(allowed[at, own].all()), "among leaves out the own cell of a word.")
    values = maps[row, place].masked_fill(~allowed, -math.inf)
    largest = values == values.max(1, keepdim=True).values
    return largest[at, own].double() / largest.sum(1)


def _require_cells(cells: Tensor, shape: tuple[int, int], patches: int) -> None:
    if not isinstance(cells, Tensor) or cells.dtype != torch.int64:
        what = getattr(cells, "dtype", type(cells).__name__)
        raise TypeError(f"cells is {what}; places of cells as int64 were expected.")
    require(cells.shape == shape, f"cells has shape {tuple(cells.shape)}; {shape} was expected.")
    low, high = int(cells.min()), int(cells.max())
    fits = low >= -1 and high < patches
    require(fits, f"cells lie in {low} to {high}; -1 to {patches - 1} was expected.")
    require(high >= 0, "cells asks for no word; one or more were expected.")
