"""Word-region maps: by hand where they are a formula, and on networks made to look at one cell."""

import math
from functools import partial

import pytest
import torch
from torch import nn

from coursekit.analysis.grounding import (
    attention_map,
    blanked,
    gradient_weighted_attention,
    occlusion_map,
    pointing,
    transport_map,
)
from coursekit.data.scene_captions import MASK, PLACE_OF_WORD
from coursekit.data.scenes import draw_scenes
from coursekit.layers.initialise import initialise
from coursekit.models import build_classifier
from coursekit.models.pair_network import PairNetwork
from coursekit.models.single_stream import SingleStream
from coursekit.models.two_tower import TwoTower

WIDTH = 16
WIDTHS = {"picture": WIDTH, "text": WIDTH}
KINDS = {"two towers": TwoTower, "one stream": SingleStream}


def network(kind):
    made = KINDS[kind](WIDTHS, 4, 30).double()
    initialise(made, 2)
    return made


def tokens(n=3, seed=0):
    draw = torch.Generator().manual_seed(seed)
    words = torch.randn(n, 5, WIDTH, generator=draw).double()
    words[0, 3:] = 0  # a shorter text
    return torch.randn(n, 9, WIDTH, generator=draw).double(), words


# ---- attention and its gradient -------------------------------------------------------------


def test_attention_sums_to_one_over_patches_or_leaves_the_rest_to_words():
    patches, words = tokens()
    for layer in (0, 1):
        two = attention_map(network("two towers"), patches, words, layer)
        torch.testing.assert_close(two.sum(2), torch.ones(3, 5).double())
    one = attention_map(network("one stream"), patches, words, 2)
    assert one.shape == (3, 5, 9) and one.sum(2).min() > 0 and one.sum(2).max() < 1


def test_a_patch_more_looked_at_has_the_larger_number():
    patches, words = tokens()
    made = network("two towers")
    for layer in made.layers:
        attention = layer.cross_attention
        width = attention.embed_dim
        nn.init.zeros_(attention.in_proj_weight[:width])  # all queries are the same
        nn.init.ones_(attention.in_proj_bias[:width])
        attention.in_proj_weight.data[width : 2 * width] = torch.eye(width).double()
    patches[:, 4] = 3.0
    assert (attention_map(made, patches, words, 0).argmax(2) == 4).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_is_that_of_the_matching_logit(kind):
    """By moving one weight of the attention a little, in a network that runs on from there."""
    made, (patches, words) = network(kind), tokens(1)
    got = gradient_weighted_attention(made, patches, words, 0)
    first = made.layers[0]
    attention = first.cross_attention if kind == "two towers" else first.attention
    weights = made.fuse(patches, words, weights=True)[1][0].detach()
    start = 0 if kind == "two towers" else 5  # patches stand behind the words

    def logit(moved):
        """The matching logit where the first layer's weights are these."""
        heads, width = 4, WIDTH

        def mixed(_, query, keys, *args, **kwargs):
            w, b = attention.in_proj_weight[-width:], attention.in_proj_bias[-width:]
            values = (keys @ w.T + b).unflatten(2, (heads, -1)).transpose(1, 2)
            return attention.out_proj((moved @ values).transpose(1, 2).flatten(2)), moved

        before = attention.forward
        attention.forward = partial(mixed, None)
        try:
            fused, _ = made.fuse(patches, words)
        finally:
            attention.forward = before
        return float(made.match_logits(fused)[0, 1].detach())

    for word, patch in ((0, 2), (2, 8), (1, 0)):
        want = 0.0
        for h in range(4):
            step = torch.zeros_like(weights)
            step[0, h, word, start + patch] = 1e-5
            slope = (logit(weights + step) - logit(weights - step)) / 2e-5
            want += float(weights[0, h, word, start + patch]) * max(slope, 0) / 4
        assert float(got[0, word, patch]) == pytest.approx(want, rel=1e-4, abs=1e-9)
    assert (got >= 0).all() and not got.requires_grad


def test_in_the_last_layer_of_two_towers_only_the_first_word_reaches_the_head():
    last = gradient_weighted_attention(network("two towers"), *tokens(), 1)
    assert not last[:, 1:].any() and last[:, 0].any()


def test_maps_of_frozen_networks_and_without_gradients_are_the_same():
    made, pair = network("two towers"), tokens()
    want = gradient_weighted_attention(made, *pair, 0)
    made.requires_grad_(False)
    with torch.no_grad():
        torch.testing.assert_close(gradient_weighted_attention(made, *pair, 0), want)


# ---- transport ------------------------------------------------------------------------------


class Unfused(PairNetwork):
    """Words and patches as they come."""

    def fuse(self, patches, words, weights=False):
        return words, []


def test_transport_moves_words_to_the_patches_that_are_like_them():
    draw = torch.Generator().manual_seed(1)
    patches = torch.linalg.qr(torch.randn(2, WIDTH, 9, generator=draw)).Q.transpose(1, 2)
    words = torch.zeros(2, 6, WIDTH)
    words[:, 0] = patches[:, 8]
    order = torch.tensor([[3, 7, 1, 0], [2, 5, 8, 6]])
    words[:, 1:5] = patches.gather(1, order[..., None].expand(-1, -1, WIDTH))
    made = Unfused(WIDTHS, 2, 30)
    plan = transport_map(made, patches, words)
    assert torch.equal(plan[:, 1:5].argmax(2), order)
    assert not plan[:, 0].any() and not plan[:, 5].any()  # [cls], and no word
    torch.testing.assert_close(plan.sum(2)[:, 1:5], torch.full((2, 4), 0.25))


@pytest.mark.parametrize("kind", KINDS)
def test_both_networks_have_a_plan(kind):
    plan = transport_map(network(kind), *tokens())
    assert plan.shape == (3, 5, 9)
    torch.testing.assert_close(plan.sum((1, 2)), torch.ones(3).double())


# ---- occlusion ------------------------------------------------------------------------------


class Peeking(PairNetwork):
    """Guesses word 5 the surer, the more there is to see in cell 7; asks no word for anything."""

    def fuse(self, patches, words, weights=False):
        return words + patches[:, 7:8] * 0 + patches[:, 7:8].sum(2, keepdim=True), []

    def word_logits(self, fused):
        logits = fused.new_zeros(*fused.shape[:2], 28)
        logits[..., 5] = fused.mean(2)
        return logits


class Summed(nn.Module):
    """Patches as their sums of pixels, words as nothing."""

    def __init__(self, picture):
        super().__init__()
        self.picture, self.out_features = picture, WIDTH

    def forward(self, x):
        if not self.picture:
            return x.new_zeros(*x.shape[:2], WIDTH)
        sums = nn.functional.avg_pool2d(x, 16).sum(1).flatten(1)
        return sums[..., None].expand(-1, -1, WIDTH)


def test_occlusion_is_the_fall_of_the_log_probability():
    scenes = draw_scenes(4)
    model = build_classifier(scenes.inputs, 4, encoder={"picture": "patches", "text": "words"})
    model.encoders = nn.ModuleDict({"picture": Summed(True), "text": Summed(False)})
    model.fusion = Peeking(WIDTHS, 4, 28)
    text = scenes.text.clone()
    text[:, 1] = nn.functional.one_hot(torch.tensor(5), 28)
    which = torch.zeros(4, 9, dtype=torch.bool)
    which[:, 1] = True
    maps = occlusion_map(model, scenes.pictures, text, which, PLACE_OF_WORD[MASK])
    seen = Summed(True)(scenes.pictures)[:, 7].sum(1)

    def log_probability(logit):
        return logit - (logit.exp() + 27).log()

    want = log_probability(seen) - log_probability(torch.zeros(4))
    torch.testing.assert_close(maps[:, 1, 7], want, rtol=1e-4, atol=1e-5)
    assert maps[:, 1, :7].abs().max() < 1e-6 > maps[:, 1, 8].abs().max()
    assert not maps[:, 2:].any() and not maps[:, 0].any()


def test_blanked_pictures_lack_one_cell_each():
    picture = torch.ones(1, 3, 32, 48)
    without = blanked(picture)
    assert len(without) == 6
    for i, one in enumerate(without):
        cells = one.unfold(2, 16, 16).unfold(3, 16, 16).amax((1, 4, 5)).flatten()
        assert [int(x) for x in cells] == [int(k != i) for k in range(6)]
    assert picture.all()
    with pytest.raises(ValueError, match="cell is 16, pictures are 20 by 48"):
        blanked(torch.ones(1, 3, 20, 48))


# ---- the score ------------------------------------------------------------------------------


def test_pointing_by_hand_with_ties_at_their_expected_value():
    maps = torch.tensor(
        [[[0.1, 0.9, 0.0], [0.5, 0.5, 0.1], [0.2, 0.2, 0.2]], [[0.0, 0.0, 1.0]] * 3]
    )
    cells = torch.tensor([[1, 0, 2], [-1, 0, -1]])
    assert pointing(maps, cells).tolist() == pytest.approx([1, 1 / 2, 1 / 3, 0])
    among = torch.tensor([[True, False, True], [True, True, False]])
    with pytest.raises(ValueError, match="among leaves out the own cell of a word"):
        pointing(maps, cells, among)
    cells[0, 0] = 0
    assert pointing(maps, cells, among).tolist() == pytest.approx([1, 1, 1 / 2, 1 / 2])


def test_maps_that_say_nothing_are_worth_chance():
    scenes = draw_scenes(50)
    flat = torch.full((50, 9, 9), 0.3)
    assert float(pointing(flat, scenes.noun_cells).mean()) == pytest.approx(1 / 9)
    near = pointing(flat, scenes.noun_cells, scenes.occupied)
    assert float(near.mean()) == pytest.approx(1 / 3)
    truth = nn.functional.one_hot(scenes.noun_cells.clamp(min=0), 9).float()
    assert pointing(truth, scenes.noun_cells).tolist() == [1.0] * 150


def test_what_cannot_be_pointed_at_is_refused():
    maps, cells = torch.rand(2, 3, 4), torch.zeros(2, 3, dtype=torch.int64)
    for wrong, sentence in (
        (cells + 4, r"cells lie in 4 to 4; -1 to 3"),
        (cells - 2, r"cells lie in -2 to -2"),
        (cells - 1, r"cells asks for no word"),
        (cells[:1], r"cells has shape \(1, 3\); \(2, 3\)"),
    ):
        with pytest.raises(ValueError, match=sentence):
            pointing(maps, wrong)
    with pytest.raises(ValueError, match="maps contains NaN"):
        pointing(maps * math.nan, cells)
    with pytest.raises(ValueError, match="layer is 2; a whole number, 0 to 1"):
        attention_map(network("two towers"), *tokens(), 2)


def test_a_place_without_a_word_is_not_asked_for():
    scenes = draw_scenes(2, 0)
    model = build_classifier(
        scenes.inputs, 4, encoder={"picture": "patches", "text": "words"}, widths=(WIDTH,)
    )
    model.fusion = TwoTower(WIDTHS, 4, scenes.text.shape[2])
    everywhere = torch.ones(scenes.words.shape, dtype=torch.bool)
    with pytest.raises(ValueError, match="which asks for a place without a word"):
        occlusion_map(model, scenes.pictures, scenes.text, everywhere, PLACE_OF_WORD[MASK])


def test_ties_of_a_map_are_counted_where_the_map_is():
    maps, cells = torch.zeros(1, 1, 9), torch.tensor([[3]])
    with torch.device("meta"):
        assert float(pointing(maps, cells)) == pytest.approx(1 / 9)
