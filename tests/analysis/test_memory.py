"""Bytes kept for the backward pass, and bytes of the file: by hand."""

import gc
import weakref

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from coursekit.analysis.activation_bytes import activation_bytes
from coursekit.analysis.stored_bytes import stored_bytes
from coursekit.training.pruning import global_masks, magnitudes, weights_of
from coursekit.training.pruning_masks import apply_masks

FLOAT, ROWS = 4, 16


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 5))


def test_a_small_network_by_hand():
    """The input, and what comes out of the ReLU: read by itself and by the next layer, once."""
    x = torch.randn(ROWS, 10)
    model = network()
    want = FLOAT * ROWS * (10 + 20)
    assert activation_bytes(model, lambda: model(x)) == want
    # The log probabilities too, the labels (int64), and the sum of the weights, one number.
    labels = torch.zeros(ROWS, dtype=torch.int64)
    loss = activation_bytes(model, lambda: nn.functional.cross_entropy(model(x), labels))
    assert loss == want + FLOAT * ROWS * 5 + 8 * ROWS + FLOAT


def test_what_is_returned_does_not_matter():
    model, x = network(), torch.randn(ROWS, 10)

    def nothing():
        model(x)

    assert activation_bytes(model, nothing) == activation_bytes(model, lambda: model(x))


def test_it_grows_with_the_batch_and_not_with_the_weights():
    x = torch.randn(2 * ROWS, 10)
    model = network()
    half = activation_bytes(model, lambda: model(x[:ROWS].clone()))
    assert activation_bytes(model, lambda: model(x)) == 2 * half
    masks = global_masks(magnitudes(weights_of(model)), 0.9)
    apply_masks(model, masks)
    assert activation_bytes(model, lambda: model(x)) == 2 * half  # masks save nothing
    part = x[:ROWS]  # a view, and the whole that it keeps alive
    assert activation_bytes(model, lambda: model(part)) == half + FLOAT * ROWS * 10


def test_parameters_and_buffers_do_not_count():
    model = nn.BatchNorm1d(10).eval()
    x = torch.randn(ROWS, 10)
    assert activation_bytes(model, lambda: model(x)) == FLOAT * ROWS * 10


def test_checkpointing_keeps_the_input_of_the_block_only():
    x = torch.randn(ROWS, 10)
    torch.manual_seed(0)
    block = nn.Sequential(*[nn.Sequential(nn.Linear(10, 10), nn.Tanh()) for _ in range(6)])
    plain = activation_bytes(block, lambda: block(x))
    kept = activation_bytes(block, lambda: checkpoint(block, x, use_reentrant=False))
    assert plain == 7 * FLOAT * ROWS * 10
    assert kept <= 2 * FLOAT * ROWS * 10


def test_half_precision_keeps_half():
    model, x = network(), torch.randn(512, 10)
    whole = activation_bytes(model, lambda: model(x))
    with torch.autocast("cpu", torch.bfloat16):
        half = activation_bytes(model, lambda: model(x))
    weights = 2 * (10 * 20 + 20 + 20 * 5 + 5)  # their copies in bfloat16 are kept, too
    assert whole / 2 <= half <= whole / 2 + weights


def test_gradients_may_be_switched_off_outside():
    model, x = network(), torch.randn(ROWS, 10)
    with torch.no_grad():
        assert activation_bytes(model, lambda: model(x)) == FLOAT * ROWS * 30
    with pytest.raises(ValueError, match="compute left nothing for a backward pass"):
        activation_bytes(model, lambda: 1.0)
    with pytest.raises(ValueError, match="compute left nothing"):
        activation_bytes(model.requires_grad_(False), lambda: model(x))


def test_the_file_by_hand():
    small, large = (stored_bytes(nn.Linear(1000, n, bias=False)) for n in (100, 200))
    assert large - small == pytest.approx(FLOAT * 100_000, rel=1e-3)
    assert stored_bytes(nn.Linear(1000, 100, bias=False).half()) < 0.51 * small


def test_a_shared_layer_is_stored_once():
    one = nn.ModuleDict({"a": nn.Linear(300, 300)})
    apart = nn.ModuleDict({"a": nn.Linear(300, 300), "b": nn.Linear(300, 300)})
    shared = nn.ModuleDict({"a": one["a"], "b": one["a"]})
    assert len(shared.state_dict()) == 4
    assert stored_bytes(shared) < 1.01 * stored_bytes(one) < stored_bytes(apart)


def test_pruned_weights_take_less_room_only_when_compressed():
    model = nn.Sequential(nn.Linear(200, 200))
    before = stored_bytes(model), stored_bytes(model, compressed=True)
    apply_masks(model, global_masks(magnitudes(weights_of(model)), 0.9))
    assert stored_bytes(model) == before[0]
    assert stored_bytes(model, compressed=True) < 0.25 * before[1]


def test_nothing_of_the_forward_pass_is_still_there_afterwards():
    """A sigmoid's own result is saved for its backward pass; that may not hold it for ever."""
    model, results = nn.Sequential(nn.Linear(4, 4), nn.Sigmoid()), []

    def compute():
        y = model(torch.ones(3, 4))
        results.append(weakref.ref(y))
        return y.sum()

    assert activation_bytes(model, compute) == FLOAT * 3 * (4 + 4)
    gc.collect()
    assert results[0]() is None
