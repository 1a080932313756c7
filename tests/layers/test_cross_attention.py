"""Attention blocks against sums over heads written out, and against torch's own call."""

import math

import pytest
import torch
from torch import nn

from coursekit.layers.cross_attention import CrossAttentionBlock
from coursekit.layers.initialise import initialise
from coursekit.layers.self_attention import SelfAttentionBlock, attend

HEADS, WIDTH = 3, 12
CLOSE = {"rtol": 0, "atol": 1e-8}


def drawn(*shape, seed=0):
    return torch.randn(*shape, WIDTH, generator=torch.Generator().manual_seed(seed)).double()


def made(kind):
    block = kind(WIDTH, HEADS, 20).double()
    initialise(block, seed=4)
    for p in block.parameters():  # norms and biases away from ones and zeros
        p.data += 0.1 * torch.randn(p.shape, generator=torch.Generator().manual_seed(p.numel()))
    return block


def oracle(attention, query, keys, padding=None):
    """softmax(q·k / √(W/H)) v, head by head, by einsum."""
    wq, wk, wv = attention.in_proj_weight.reshape(3, HEADS, WIDTH // HEADS, WIDTH)
    bq, bk, bv = attention.in_proj_bias.reshape(3, HEADS, WIDTH // HEADS)
    q = torch.einsum("blw,hdw->bhld", query, wq) + bq[None, :, None]
    k = torch.einsum("bsw,hdw->bhsd", keys, wk) + bk[None, :, None]
    v = torch.einsum("bsw,hdw->bhsd", keys, wv) + bv[None, :, None]
    exps = (torch.einsum("bhld,bhsd->bhls", q, k) / math.sqrt(WIDTH / HEADS)).exp()
    if padding is not None:
        exps = exps * ~padding[:, None, None]
    weights = exps / exps.sum(3, keepdim=True)
    mixed = torch.einsum("bhls,bhsd->blhd", weights, v).flatten(2)
    return mixed @ attention.out_proj.weight.T + attention.out_proj.bias, weights


def normed(norm, x):
    centred = x - x.mean(2, keepdim=True)
    return centred / (centred.pow(2).mean(2, keepdim=True) + norm.eps).sqrt() * norm.weight + (
        norm.bias
    )


def fed(layers, x):
    norm, wide, _, narrow = layers
    hidden = (normed(norm, x) @ wide.weight.T + wide.bias).clamp(min=0)
    return hidden @ narrow.weight.T + narrow.bias


PADDING = torch.tensor([[0, 0, 0, 1, 1], [0, 0, 0, 0, 0]], dtype=torch.bool)


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("padding", [None, PADDING])
def test_cross_attention_is_its_equation(weights, padding):
    block, words, patches = made(CrossAttentionBlock), drawn(2, 5), drawn(2, 4, seed=1)
    got, seen = block(words, patches, padding, weights)
    x = normed(block.norm, words)
    x = words + oracle(block.attention, x, x, padding)[0]
    change, want = oracle(block.cross_attention, normed(block.norm_before_cross, x), patches)
    x = x + change
    torch.testing.assert_close(got, x + fed(block.feed_forward, x), **CLOSE)
    if weights:
        torch.testing.assert_close(seen, want, **CLOSE)
    else:
        assert seen is None


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("padding", [None, PADDING])
def test_self_attention_is_its_equation(weights, padding):
    block, x = made(SelfAttentionBlock), drawn(2, 5)
    got, seen = block(x, padding, weights)
    n = normed(block.norm, x)
    change, want = oracle(block.attention, n, n, padding)
    y = x + change
    torch.testing.assert_close(got, y + fed(block.feed_forward, y), **CLOSE)
    if weights:
        torch.testing.assert_close(seen, want, **CLOSE)
        torch.testing.assert_close(seen.sum(3), torch.ones_like(seen[..., 0]))


def test_what_stands_behind_the_end_does_not_matter():
    block, words, patches = made(CrossAttentionBlock), drawn(2, 5), drawn(2, 4, seed=1)
    other = torch.where(PADDING[..., None], drawn(2, 5, seed=9), words)
    one, two = (block(x, patches, PADDING)[0] for x in (words, other))
    torch.testing.assert_close(one[~PADDING], two[~PADDING], **CLOSE)
    shorter = block(words[:1, :3], patches[:1])[0]
    torch.testing.assert_close(one[0, :3], shorter[0], **CLOSE)
    assert not torch.allclose(one[1], block(words, patches.flip(0), PADDING)[0][1])


def test_attend_gives_what_torch_gives_and_weights_with_a_gradient():
    attention = made(CrossAttentionBlock).cross_attention
    query, keys = drawn(2, 5), drawn(2, 4, seed=1)
    got, weights = attend(attention, query, keys)
    want, theirs = attention(query, keys, keys, average_attn_weights=False)
    torch.testing.assert_close(got, want, **CLOSE)
    torch.testing.assert_close(weights, theirs, **CLOSE)
    (gradient,) = torch.autograd.grad(got[..., 0].sum(), weights)
    assert gradient.shape == weights.shape and gradient.abs().min() > 0


def test_no_row_gives_no_row_and_one_row_is_as_among_others():
    block = made(SelfAttentionBlock)
    assert block(drawn(0, 5))[0].shape == (0, 5, WIDTH)
    assert block(drawn(0, 5), PADDING[:0])[0].shape == (0, 5, WIDTH)
    x = drawn(3, 5)
    torch.testing.assert_close(block(x)[0][:1], block(x[:1])[0], **CLOSE)


def test_half_precision_stays_near():
    block, words, patches = made(CrossAttentionBlock), drawn(2, 5), drawn(2, 4, seed=1)
    whole = block(words, patches)[0]
    half, _ = block.bfloat16()(words.bfloat16(), patches.bfloat16())
    torch.testing.assert_close(half.double(), whole, rtol=0.05, atol=0.1)


NAN = drawn(2, 5).masked_fill(torch.eye(5, WIDTH, dtype=torch.bool), math.nan)


@pytest.mark.parametrize(
    ("words", "patches", "error", "sentence"),
    [
        (NAN, drawn(2, 4), ValueError, "words contains NaN"),
        (drawn(2, 5), NAN, ValueError, "patches contains NaN"),
        (drawn(2, 5), drawn(3, 4), ValueError, "words has 2 rows, patches 3"),
        (drawn(2, 5)[0], drawn(2, 4), ValueError, r"words has shape \(5, 12\); \(any, any, 12\)"),
        (drawn(2, 5), drawn(2, 4)[..., :6], ValueError, r"patches has shape \(2, 4, 6\)"),
        (drawn(2, 5).float(), drawn(2, 4), TypeError, "words has dtype torch.float32"),
        (drawn(2, 5).long(), drawn(2, 4), TypeError, "words has dtype torch.int64"),
        ([1.0], drawn(2, 4), TypeError, "words is a list"),
    ],
)
def test_what_is_no_sequence_is_refused(words, patches, error, sentence):
    with pytest.raises(error, match=sentence):
        made(CrossAttentionBlock)(words, patches)


@pytest.mark.parametrize("kind", [SelfAttentionBlock, CrossAttentionBlock])
def test_sizes_that_cannot_be_are_refused(kind):
    with pytest.raises(ValueError, match="width is 12, heads 5; width / heads must be whole"):
        kind(12, 5, 20)
    with pytest.raises(ValueError, match="hidden is 0"):
        kind(12, 3, 0)
    with pytest.raises(TypeError, match="attention is a Linear"):
        attend(nn.Linear(2, 2), drawn(1, 2), drawn(1, 2))
    with pytest.raises(TypeError, match=r"padding is torch.int64"):
        attend(made(SelfAttentionBlock).attention, drawn(2, 5), drawn(2, 5), PADDING.long())


@pytest.mark.parametrize("weights", [False, True])
def test_padding_leaves_a_key_and_is_of_true_and_false(weights):
    block, x = made(SelfAttentionBlock), drawn(2, 5)
    everything = torch.tensor([[True] * 5, [False] * 5])
    with pytest.raises(ValueError, match="padding leaves a row without a key"):
        block(x, everything, weights)
    with pytest.raises(ValueError, match=r"padding has shape \(2, 4\)"):
        block(x, PADDING[:, :4], weights)
    with pytest.raises(TypeError, match="True and False"):
        block(x, PADDING.double(), weights)
    cross = made(CrossAttentionBlock)
    with pytest.raises(ValueError, match="padding leaves a row without a key"):
        cross(x, drawn(2, 3), everything, weights)


def test_queries_and_keys_are_as_many():
    with pytest.raises(ValueError, match="query has 2 rows, keys 3"):
        attend(made(SelfAttentionBlock).attention, drawn(2, 5), drawn(3, 4))
