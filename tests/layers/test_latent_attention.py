"""Latents that read inputs: torch's own attention as the oracle, padding, positions, tokens."""

import pytest
import torch
from torch.nn import functional as F

from coursekit.layers.fourier_positions import fourier_positions
from coursekit.layers.latent_attention import GatedFeedForward, LatentAttention, LatentBlock
from coursekit.layers.modality_tokens import modality_tokens


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("hidden", [0, 2])
def test_it_is_torchs_attention_between_its_linear_layers(hidden):
    torch.manual_seed(0)
    layer = LatentAttention(6, 5, 2, 4).double()
    latents, inputs = drawn(3, 2, 6), drawn(3, 7, 5, seed=1)
    padding = torch.arange(7).expand(3, 7) >= 7 - hidden
    q, k, v = (
        part(x).unflatten(-1, (2, 4)).transpose(1, 2)
        for part, x in ((layer.query, latents), (layer.key, inputs), (layer.value, inputs))
    )
    seen = F.scaled_dot_product_attention(q, k, v, attn_mask=~padding[:, None, None])
    wanted = layer.out(seen.transpose(1, 2).flatten(-2))
    torch.testing.assert_close(layer(latents, inputs, padding), wanted)


def test_padding_has_no_vote_and_a_row_of_it_no_answer():
    torch.manual_seed(0)
    block = LatentBlock(6, 2, 3, 5).double()
    latents, inputs = drawn(2, 3, 6), drawn(2, 4, 5, seed=1)
    padding = torch.tensor([[False, False, True, True]] * 2)
    other = torch.where(padding[..., None], 100.0, inputs)
    torch.testing.assert_close(block(latents, inputs, padding), block(latents, other, padding))
    torch.testing.assert_close(block(latents, inputs, padding), block(latents, inputs[:, :2]))
    with pytest.raises(ValueError, match="hides every input"):
        block(latents, inputs, padding | True)
    with pytest.raises(ValueError, match="inputs is NoneType"):
        block(latents)
    with pytest.raises(ValueError, match="inputs is Tensor"):
        LatentBlock(6, 2, 3).double()(latents, inputs)


def test_half_of_the_first_layer_is_a_gate():
    layer = GatedFeedForward(2, 1).double()
    with torch.no_grad():
        layer.first.weight.copy_(torch.eye(4, 2))
        layer.first.bias.copy_(torch.tensor([0.0, 0.0, -50.0, 50.0]))
        layer.last.weight.copy_(torch.eye(2))
        layer.last.bias.zero_()
    x = drawn(3, 2)
    torch.testing.assert_close(layer(x), torch.stack([0 * x[:, 0], 50 * x[:, 1]], 1))


def test_positions_at_the_ends_and_of_one_place():
    line = fourier_positions([3], 1, 2.0)  # one frequency, 1
    wanted = torch.tensor([[0, -1, -1], [0, 1, 0], [0, -1, 1]], dtype=torch.float64)
    torch.testing.assert_close(line[:, 0], wanted, atol=1e-15, rtol=0)
    assert fourier_positions([1], 2, 4.0)[0, 0, -1] == -1
    assert fourier_positions([2, 3], 4, 10.0).shape == (2, 3, 2, 9)
    with pytest.raises(ValueError, match=r"sizes\[1\] is 0"):
        fourier_positions([2, 0], 1, 2.0)
    with pytest.raises(ValueError, match="max_frequency"):
        fourier_positions([2], 1, -1.0)


def test_tokens_say_what_where_and_whose():
    picture = drawn(2, 2, 3, 4)
    tokens = modality_tokens(picture, 1, 3, 20, bands=1, max_frequency=2.0)
    assert tokens.shape == (2, 6, 20)
    assert torch.equal(tokens[:, 4, :4], picture[:, 1, 1])
    assert not tokens[..., 4:11].any()
    assert torch.equal(tokens[0, :, -3:], torch.tensor([[0.0, 1.0, 0.0]] * 6).double())
    torch.testing.assert_close(
        tokens[0, 4, 11:17], fourier_positions([2, 3], 1, 2.0)[1, 1].flatten()
    )
    with pytest.raises(ValueError, match="width is 12; this modality alone needs 13"):
        modality_tokens(picture, 1, 3, 12, 1, 2.0)
    with pytest.raises(ValueError, match="place"):
        modality_tokens(picture, 3, 3, 20, 1, 2.0)
    with pytest.raises(ValueError, match="x has shape"):
        modality_tokens(picture[0, 0], 1, 3, 20, 1, 2.0)


def test_a_block_refuses_by_name_before_its_norms_do():
    torch.manual_seed(0)
    block, latents, inputs = LatentBlock(6, 2, 3, 5), torch.ones(2, 3, 6), torch.ones(2, 4, 5)
    for wrong, name in (
        ((latents[..., :5], inputs), "latents"), ((latents.double(), inputs), "latents"),
        ((latents, inputs[..., :4]), "inputs"), ((latents, inputs[:1]), "inputs"),
        ((latents, inputs.numpy()), "inputs"), ((latents, inputs.long()), "inputs"),
    ):  # fmt: skip
        with pytest.raises((ValueError, TypeError), match=f"^{name} (is|has)"):
            block(*wrong)
    for sizes, name in (((0, 1, 1), "width"), ((6, 1, 1, 0), "input_width")):
        with pytest.raises(ValueError, match=f"^{name} is 0"):
            LatentBlock(*sizes)
