"""Gates that start closed: nothing is changed at first, and then as much as they are open."""

import pytest
import torch

from coursekit.layers.gated_cross_attention import GatedCrossAttentionBlock
from coursekit.layers.initialise import initialise
from coursekit.layers.self_attention import attend

WORDS = torch.randn(2, 5, 12, generator=torch.Generator().manual_seed(0)).double()
PATCHES = torch.randn(2, 9, 12, generator=torch.Generator().manual_seed(1)).double()


def made(seed=0):
    block = GatedCrossAttentionBlock(12, 3, 20).double()
    initialise(block, seed)
    return block


@pytest.mark.parametrize("seed", [0, 1])
def test_at_the_start_it_is_exactly_the_identity(seed):
    block = made(seed)
    assert torch.equal(block(WORDS, PATCHES), WORDS)
    assert block.gates() == (0.0, 0.0)


def test_open_gates_let_in_what_tanh_says():
    block = made()
    with torch.no_grad():
        block.attention_gate.fill_(0.7)
        block.feed_forward_gate.fill_(-0.4)
    seen, _ = attend(block.attention, block.norm(WORDS), PATCHES)
    x = WORDS + torch.tensor(0.7).double().tanh() * seen
    x = x + torch.tensor(-0.4).double().tanh() * block.feed_forward(x)
    torch.testing.assert_close(block(WORDS, PATCHES), x, rtol=0, atol=1e-8)
    assert block.gates() == pytest.approx((0.604368, -0.379949), abs=1e-6)


def test_at_the_start_only_the_gates_get_a_gradient():
    block = made()
    block(WORDS, PATCHES).square().sum().backward()
    gates = {"attention_gate", "feed_forward_gate"}
    moved = {name for name, p in block.named_parameters() if p.grad.abs().sum() > 0}
    assert moved == gates


def test_wrong_sequences_are_refused():
    block = made()
    with pytest.raises(ValueError, match="words has 2 rows, patches 1"):
        block(WORDS, PATCHES[:1])
    with pytest.raises(ValueError, match="patches has shape"):
        block(WORDS, PATCHES[..., :4])
    with pytest.raises(ValueError, match="words contains NaN"):
        block(WORDS * float("nan"), PATCHES)
    with pytest.raises(TypeError, match="words has dtype"):
        block(WORDS.float(), PATCHES)
