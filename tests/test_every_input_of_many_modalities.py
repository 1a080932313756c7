"""Latent attention, Perceiver and all pairs refuse every kind of wrong argument by its name."""

import pytest
import torch
from wrong_arguments import (
    Argument,
    Wrong,
    batch,
    by_name,
    call,
    cases,
    count,
    good_of,
    optional,
    parameters,
    require_refused,
)

from coursekit.layers.latent_attention import GatedFeedForward, LatentAttention, LatentBlock
from coursekit.models.paired_latents import PairedLatents
from coursekit.models.perceiver import Perceiver

torch.manual_seed(5)
LATENTS, TOKENS = torch.randn(2, 3, 4), torch.randn(2, 5, 6)
HIDDEN = torch.tensor([[True, False, False, False, True]] * 2)
READER = Perceiver(6, 3, latents=2, width=4, heads=1, head_width=4)
PAIRS = PairedLatents(["a", "b"], READER, 3, heads=1, head_width=4)
SIZE = count(4, 0, -1)

PADDING = optional(
    Argument(
        HIDDEN,
        (
            Wrong("numbers", HIDDEN.float()),
            Wrong("another size", HIDDEN[:, 1:]),
            Wrong("all of a row", HIDDEN | torch.tensor([[True], [False]])),
            Wrong("list", HIDDEN.tolist()),
        ),
    )
)
LATENT_VECTORS = batch(LATENTS, "deeper", "empty")
INPUTS = Argument(
    TOKENS,
    (
        Wrong("NaN", TOKENS / 0),
        Wrong("flatter", TOKENS[0]),
        Wrong("another size", TOKENS[:, :, 1:]),
        Wrong("whole numbers", TOKENS.long()),
        Wrong("numpy", TOKENS.numpy()),
    ),
)
FUNCTIONS = {
    "LatentAttention": LatentAttention,
    "LatentAttention.forward": LatentAttention(4, 6, 1, 4).forward,
    "GatedFeedForward": GatedFeedForward,
    "LatentBlock": LatentBlock,
    "LatentBlock.forward": LatentBlock(4, 1, 4, 6).forward,
    "Perceiver": Perceiver,
    "Perceiver.forward": READER.forward,
    "PairedLatents": PairedLatents,
    "PairedLatents.forward": PAIRS.forward,
}
TABLE = {
    "LatentAttention": {
        "width": SIZE, "input_width": SIZE, "heads": SIZE, "head_width": SIZE,
    },
    "LatentAttention.forward": {
        "latents": LATENT_VECTORS, "inputs": INPUTS, "padding": PADDING,
    },
    "GatedFeedForward": {"width": SIZE, "factor": SIZE},
    "LatentBlock": {
        "width": SIZE, "heads": SIZE, "head_width": SIZE, "input_width": count(6, 0, -1),
    },
    "LatentBlock.forward": {
        "latents": LATENT_VECTORS,
        "inputs": INPUTS._replace(wrong=(*INPUTS.wrong, Wrong("none", None))),
        "padding": PADDING,
    },
    "Perceiver": {
        "token_width": count(6, 0, -1), "num_classes": SIZE, "latents": SIZE, "width": SIZE,
        "heads": SIZE, "head_width": SIZE, "depth": count(1, 0, -1),
    },
    "Perceiver.forward": {
        "tokens": batch(TOKENS, "deeper"),
        "padding": PADDING,
    },
    "PairedLatents": {
        "modalities": Argument(["a", "b"], (Wrong("one", ["a"]), Wrong("twice one", ["a", "a"]))),
        "reader": Argument(READER), "num_classes": SIZE, "heads": SIZE, "head_width": SIZE,
    },
    "PairedLatents.forward": {
        "tokens": by_name({"a": TOKENS, "b": TOKENS}),
        "padding": optional(
            Argument(
                {"a": HIDDEN},
                (
                    Wrong("a tensor", HIDDEN),
                    Wrong("another name", {"c": HIDDEN}),
                    Wrong("numbers", {"a": HIDDEN.float()}),
                    Wrong("another size", {"a": HIDDEN[:, 1:]}),
                    Wrong("all of a row", {"a": HIDDEN | torch.tensor([[True], [False]])}),
                ),
            )
        ),
    },
}  # fmt: skip


@pytest.mark.parametrize("key", TABLE)
def test_every_parameter_has_a_kind_and_good_arguments_pass(key):
    assert sorted(TABLE[key]) == sorted(parameters(FUNCTIONS[key]))
    call(FUNCTIONS[key], good_of(TABLE[key]))


@pytest.mark.parametrize(("key", "parameter", "wrong"), cases(TABLE))
def test_a_wrong_argument_is_refused_by_its_name(key, parameter, wrong):
    require_refused(FUNCTIONS[key], TABLE[key], parameter, wrong)
