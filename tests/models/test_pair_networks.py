"""Encoders that keep every token, and networks that read pairs of picture and text."""

import math

import pytest
import torch

from coursekit.data.scenes import draw_scenes
from coursekit.layers.initialise import initialise
from coursekit.models import build_classifier
from coursekit.models.pair_network import mean_word
from coursekit.models.single_stream import SingleStream
from coursekit.models.token_encoders import PatchEncoder, WordEncoder, no_token
from coursekit.models.two_tower import TwoTower

WIDTHS = {"picture": 48, "text": 48}
NETWORKS = {"two towers": TwoTower, "one stream": SingleStream}


@pytest.fixture(scope="module")
def scenes():
    return draw_scenes(6, seed=2)


def drawn(module, seed=1):
    initialise(module, seed)
    return module


def features(scenes):
    picture, text = drawn(PatchEncoder(3, 48, 48)), drawn(WordEncoder(28, 9))
    with torch.no_grad():
        return {"picture": picture(scenes.pictures), "text": text(scenes.text)}


# ---- encoders ------------------------------------------------------------------------------


def test_a_patch_is_a_cell_of_the_picture(scenes):
    encoder = drawn(PatchEncoder(3, 48, 48, layers=0))
    moved = scenes.pictures.clone()
    moved[:, :, 16:32, 32:48] += 1  # row 1, column 2
    differs = (encoder(moved) != encoder(scenes.pictures)).any(2)
    assert torch.equal(differs, (torch.arange(9) == 5).expand(6, 9))
    by_hand = scenes.pictures[0, :, 16:32, 32:48].flatten() @ encoder.embedding.weight.T
    by_hand = encoder.norm(by_hand + encoder.positions.vectors[5])
    torch.testing.assert_close(encoder(scenes.pictures)[0, 5], by_hand, rtol=1e-4, atol=1e-5)


def test_patches_meet_in_the_blocks_and_places_matter(scenes):
    one = drawn(PatchEncoder(3, 48, 48, layers=1))
    moved = scenes.pictures.clone()
    moved[:, :, :16, :16] += 1
    assert (one(moved) != one(scenes.pictures)).any(2).all()
    turned = scenes.pictures.roll(16, 3)
    assert not torch.allclose(one(turned).mean(1), one(scenes.pictures).mean(1), atol=1e-3)


def test_words_behind_the_end_are_rows_of_zeros_and_change_nothing(scenes):
    encoder = drawn(WordEncoder(28, 9, layers=2))
    out, there = encoder(scenes.text), scenes.words >= 0
    assert torch.equal(no_token(out), ~there)
    short = scenes.text.clone()
    short[:, 5:] = 0
    longer = drawn(WordEncoder(28, 12, layers=2))
    longer.load_state_dict(
        {
            k: v if "positions" not in k else torch.cat([v, torch.randn(3, 48)])
            for k, v in encoder.state_dict().items()
        }
    )
    padded = torch.cat([short, torch.zeros(6, 3, 28)], 1)
    torch.testing.assert_close(longer(padded)[:, :5], encoder(short)[:, :5])


def test_the_order_of_words_matters(scenes):
    encoder = drawn(WordEncoder(28, 9))
    wrong, _ = scenes.foils("relation")
    one, other = (mean_word(encoder(text)) for text in (scenes.text, wrong))
    assert not torch.allclose(one, other, atol=1e-3)


def test_mean_word_counts_words_only():
    words = torch.tensor([[[1.0, 2.0], [3.0, 6.0], [0.0, 0.0]], [[1.0, 1.0], [0, 3], [5, 2]]])
    assert mean_word(words).tolist() == [[2, 4], [2, 2]]


def test_the_classifier_is_built_with_one_block_per_further_width(scenes):
    for widths, blocks in (((8,), 0), ((8, 8), 1), ((8, 8, 8), 2)):
        kinds = {"picture": "patches", "text": "words"}
        model = build_classifier(scenes.inputs, 4, encoder=kinds, widths=widths)
        for encoder in model.encoders.values():
            assert len(encoder.layers) == blocks and encoder.out_features == 8
        assert model.encode(scenes.inputs)["picture"].shape == (6, 9, 8)


@pytest.mark.parametrize("rows", [0, 1])
def test_no_row_and_one_row(scenes, rows):
    for encoder, x in (
        (drawn(PatchEncoder(3, 48, 48)), scenes.pictures),
        (drawn(WordEncoder(28, 9)), scenes.text),
    ):
        assert encoder(x[:rows]).shape == (rows, 9, 48)
        torch.testing.assert_close(encoder(x)[:rows], encoder(x[:rows]))


def test_half_precision_stays_near(scenes):
    for encoder, x in (
        (drawn(PatchEncoder(3, 48, 48)), scenes.pictures),
        (drawn(WordEncoder(28, 9)), scenes.text),
    ):
        whole = encoder(x)
        half = encoder.bfloat16()(x.bfloat16())
        torch.testing.assert_close(half.float(), whole, rtol=0.1, atol=0.1)


def test_what_an_encoder_cannot_read_is_refused(scenes):
    picture, text = PatchEncoder(3, 48, 48), WordEncoder(28, 9)
    for encoder, x, error, sentence in (
        (picture, scenes.pictures[:, :, :32], ValueError, r"\(6, 3, 32, 48\); \(any, 3, 48, 48\)"),
        (picture, scenes.pictures.double(), TypeError, "x has dtype torch.float64"),
        (picture, scenes.pictures / 0, ValueError, "x contains NaN"),
        (text, scenes.text[:, :8], ValueError, r"\(6, 8, 28\); \(any, 9, 28\)"),
        (text, scenes.text.long(), TypeError, "x has dtype torch.int64"),
        (text, scenes.text * 0, ValueError, "x has a text without a word"),
    ):
        with pytest.raises(error, match=sentence):
            encoder(x)
    with pytest.raises(ValueError, match="height is 40; a multiple of 16"):
        PatchEncoder(3, 40, 48)
    with pytest.raises(ValueError, match="layers is -1"):
        WordEncoder(28, 9, layers=-1)


# ---- networks ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NETWORKS)
def test_fused_words_have_seen_the_picture_and_padding_has_not_been_seen(kind, scenes):
    network, seen = drawn(NETWORKS[kind](WIDTHS, 4, 28)), features(scenes)
    patches, words = seen["picture"], seen["text"]
    fused, none = network.fuse(patches, words)
    assert fused.shape == (6, 9, 48) and none == []
    other, _ = network.fuse(patches.roll(1, 0), words)
    assert (fused != other).any(2)[~no_token(words)].all()
    alone, attention = network.fuse(patches[:1], words[:1], weights=True)
    torch.testing.assert_close(alone, fused[:1], rtol=1e-4, atol=1e-5)
    assert len(attention) == len(network.layers)
    for weights in attention:
        assert network.words_to_patches(weights, 9).shape == (1, 4, 9, 9)
    cut = 4
    short = words[:1].clone()
    short[:, cut:] = 0
    one, _ = network.fuse(patches[:1], short)
    same, _ = network.fuse(patches[:1], short[:, :cut])
    torch.testing.assert_close(one[:, :cut], same, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", NETWORKS)
def test_heads_read_the_first_word_and_every_word(kind, scenes):
    network = drawn(NETWORKS[kind](WIDTHS, 4, 28))
    fused = torch.randn(5, 9, 48)
    assert network.match_logits(fused).shape == (5, 2)
    assert network.word_logits(fused).shape == (5, 9, 28)
    changed = fused.clone()
    changed[:, 1:] = 0
    assert torch.equal(network.match_logits(fused), network.match_logits(changed))


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_probe_gets_features_without_a_gradient(kind, scenes):
    network, seen = drawn(NETWORKS[kind](WIDTHS, 4, 28)), features(scenes)
    leaves = {m: x.requires_grad_() for m, x in seen.items()}
    logits = network(leaves)
    assert logits.shape == (6, 4)
    logits.sum().backward()
    assert all(x.grad is None for x in leaves.values())
    probe, rest = network.apart(network)
    assert all(p.grad is not None for p in probe) and all(p.grad is None for p in rest)
    assert len(probe) + len(rest) == len(list(network.parameters()))


def test_places_have_length_one_and_the_temperature_keeps_its_bounds(scenes):
    network, seen = drawn(TwoTower(WIDTHS, 4, 28, temperature=0.2)), features(scenes)
    for places in network.places(seen).values():
        torch.testing.assert_close(places.norm(dim=1), torch.ones(6))
    value = network.contrast.value
    assert float(value.detach()) == pytest.approx(0.2)
    for before, after in ((-1.0, 0.001), (0.3, 0.3), (9.0, 0.5)):
        value.data.fill_(before)
        network.contrast.clamp()
        assert float(value.detach()) == pytest.approx(after)


@pytest.mark.parametrize("kind", NETWORKS)
def test_networks_refuse_what_are_no_pairs(kind, scenes):
    make = NETWORKS[kind]
    with pytest.raises(ValueError, match="'picture' and 'text' of one width"):
        make({"picture": 48, "text": 32}, 4, 28)
    with pytest.raises(ValueError, match="'picture' and 'text' of one width"):
        make({"picture": 48, "sound": 48}, 4, 28)
    with pytest.raises(ValueError, match="words is 1"):
        make(WIDTHS, 4, 1)
    network, seen = drawn(make(WIDTHS, 4, 28)), features(scenes)
    with pytest.raises(ValueError, match=r"features\['picture'\] has shape \(6, 48\)"):
        network({"picture": seen["picture"].mean(1), "text": seen["text"]})
    with pytest.raises(ValueError, match=r"features\['text'\] contains NaN"):
        network({"picture": seen["picture"], "text": seen["text"] * math.nan})
    with pytest.raises(ValueError, match="contains NaN"):
        network.fuse(seen["picture"] * math.nan, seen["text"])
