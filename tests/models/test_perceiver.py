"""Perceivers: sets without an order, weights that do not grow, and all pairs that do."""

import pytest
import torch

from coursekit.models.paired_latents import PairedLatents
from coursekit.models.perceiver import Perceiver


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_the_order_of_tokens_is_nothing_to_it_but_the_tokens_are():
    torch.manual_seed(0)
    network, tokens = Perceiver(5, 3, depth=2), drawn(4, 6, 5)
    logits = network(tokens)
    assert logits.shape == (4, 3)
    torch.testing.assert_close(network(tokens[:, torch.randperm(6)]), logits, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(network(tokens + drawn(4, 6, 5, seed=1)), logits)
    padded = torch.cat([tokens, 9 * torch.ones(4, 2, 5)], dim=1)
    padding = torch.arange(8).expand(4, 8) >= 6
    torch.testing.assert_close(network(padded, padding), logits, atol=1e-5, rtol=1e-5)


def test_depth_costs_no_weights():
    def count(network):
        return sum(p.numel() for p in network.parameters())

    assert count(Perceiver(5, 3, depth=4)) == count(Perceiver(5, 3))


def test_all_pairs_grow_with_the_square_and_only_in_the_head():
    sizes = {}
    for modalities in (2, 3, 6):
        names = [f"m{i}" for i in range(modalities)]
        network = PairedLatents(names, Perceiver(5, 3, width=8), 3)
        tokens = {name: drawn(2, 3 + i, 5, seed=i) for i, name in enumerate(names)}
        assert network.pairs(tokens).shape == (2, modalities * (modalities - 1) * 8)
        assert network(tokens).shape == (2, 3)
        head = sum(p.numel() for p in network.head.parameters())
        sizes[modalities] = head, sum(p.numel() for p in network.parameters()) - head
    assert {rest for _, rest in sizes.values()} == {sizes[2][1]}
    assert sizes[6][0] - 3 == 15 * (sizes[2][0] - 3)


def test_pairs_go_by_sorted_names_and_each_way():
    torch.manual_seed(0)
    network = PairedLatents(["b", "a"], Perceiver(5, 3, width=8), 3)
    tokens = {"b": drawn(2, 3, 5), "a": drawn(2, 4, 5, seed=1)}
    both = network.pairs(tokens)
    read = {m: network.reader.read(tokens[m]) for m in "ab"}
    torch.testing.assert_close(both[:, :8], network.pairing(read["a"], read["b"])[:, -1])
    torch.testing.assert_close(both[:, 8:], network.pairing(read["b"], read["a"])[:, -1])
    with pytest.raises(ValueError, match="tokens lacks"):
        network({"a": tokens["a"]})
    with pytest.raises(ValueError, match="modalities holds 1"):
        PairedLatents(["a"], Perceiver(5, 3), 3)


def test_padding_of_one_modality_has_no_vote_in_any_pair():
    torch.manual_seed(0)
    network = PairedLatents(["b", "a"], Perceiver(5, 3, width=8), 3)
    tokens = {"a": drawn(2, 3, 5), "b": drawn(2, 4, 5, seed=1)}
    padded = tokens | {"b": torch.cat([tokens["b"], 9 * torch.ones(2, 2, 5)], dim=1)}
    padding = {"b": torch.arange(6).expand(2, 6) >= 4}
    torch.testing.assert_close(network(padded, padding), network(tokens), atol=1e-5, rtol=1e-5)
    assert not torch.allclose(network(padded), network(tokens), atol=1e-5)
    with pytest.raises(ValueError, match=r"padding has \['c'\]"):
        network(tokens, {"c": padding["b"]})


@pytest.mark.parametrize(
    ("tokens", "error", "sentence"),
    [
        (drawn(2, 3, 4), ValueError, r"tokens has shape \(2, 3, 4\); \(any, any, 5\)"),
        (drawn(3, 5), ValueError, r"tokens has shape \(3, 5\)"),
        (drawn(2, 0, 5), ValueError, r"tokens has shape \(2, 0, 5\)"),
        (drawn(2, 3, 5).double(), TypeError, "tokens has dtype torch.float64"),
        (drawn(2, 3, 5).numpy(), TypeError, "tokens is a ndarray"),
        (None, TypeError, "tokens is a NoneType"),
        (drawn(2, 3, 5) / 0, ValueError, "tokens contains NaN or infinite"),
    ],
)
def test_other_tokens_are_refused_by_name(tokens, error, sentence):
    with pytest.raises(error, match=sentence):
        Perceiver(5, 3)(tokens)


def test_sizes_and_names_that_are_none_are_refused():
    for sizes, name in (
        (dict(token_width=0), "token_width"), (dict(token_width=None), "token_width"),
        (dict(width="8"), "width"), (dict(heads=0), "heads"),
    ):  # fmt: skip
        with pytest.raises((ValueError, TypeError), match=f"^{name} is"):
            Perceiver(**{"token_width": 5, "num_classes": 3} | sizes)
    reader = Perceiver(5, 3)
    for names in ("ab", ["a"], ["a", "a", "b"], ["a", 1], None):
        with pytest.raises((ValueError, TypeError), match=r"^modalities "):
            PairedLatents(names, reader, 3)
    with pytest.raises(TypeError, match="reader is a Linear"):
        PairedLatents(["a", "b"], torch.nn.Linear(5, 3), 3)
