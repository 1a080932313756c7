"""Many modalities: motion by block matching, Fourier positions, latent attention, pairs."""

import torch

from coursekit.data.block_matching import compensated, full_search, three_step_search
from coursekit.layers.fourier_positions import fourier_positions
from coursekit.layers.latent_attention import GatedFeedForward, LatentAttention
from coursekit.layers.modality_tokens import modality_tokens
from coursekit.models.paired_latents import PairedLatents
from coursekit.models.perceiver import Perceiver
from vector_checkers.reading import WHOLE
from vector_checkers.unimodal_bias import filled


def motion(case):
    """Both searches, both costs, what not moving costs, and the compensated frame."""
    frames = case.whole("previous"), case.whole("current")
    sizes = case.count("block"), case.count("search_range")
    full = full_search(*frames, *sizes)
    case.same("full_search_dy_dx", full.vectors)
    case.same("full_search_cost_sum_abs", full.costs)
    case.same("zero_motion_cost_sum_abs", full.zero_costs)
    squares = full_search(*frames, *sizes, cost="squares")
    case.same("full_search_by_squares_dy_dx_not_executed", squares.vectors)
    case.same("full_search_by_squares_cost", squares.costs)
    three = three_step_search(*frames, *sizes)
    case.same("three_step_dy_dx", three.vectors)
    case.same("three_step_costs_evaluated_per_block", three.evaluated.double().mean())
    case.same("compensated", compensated(frames[0], full.vectors, sizes[0]))
    if all(int(x.min()) >= 0 and int(x.max()) < 256 for x in frames):  # bytes must not wrap around
        as_bytes = full_search(*(x.to(torch.uint8) for x in frames), *sizes)
        case.same("full_search_dy_dx", as_bytes.vectors)


def exhibits(file):
    """A square on black: the library's own full search, and its search that turns vectors round."""
    trap = file.part("library_traps_seen").part(
        "diamond_search_returns_dx_dy_while_others_return_dy_dx"
    )
    trap.text("case")
    previous, current = torch.zeros(2, 16, 16, dtype=torch.int64)
    previous[4:10, 4:10] = current[5:11, 6:12] = 255
    vectors = full_search(previous, current, 4, 2).vectors
    trap.same("ES", vectors)
    trap.same("DS", vectors.flip(-1))


def positions(case):
    """Sines, cosines and the position itself, per axis."""
    sizes = [int(size) for size in case.whole("sizes")]
    encoded = fourier_positions(sizes, case.count("bands"), case.number("max_freq"))
    case.same("encoded", encoded)
    case.same("positions", encoded[..., -1])
    case.same("flattened_channels", encoded.flatten(len(sizes)).shape[-1])


def latent_attention(case):
    """Latents read inputs; the first half of the file's second matrix makes the keys."""
    latents, inputs = case.tensor("latents"), case.tensor("inputs")
    layer = LatentAttention(
        latents.shape[-1], inputs.shape[-1], case.count("heads"), case.count("dim_head")
    )
    layer.query.weight = torch.nn.Parameter(case.tensor("to_q"))
    key, value = case.tensor("to_kv_k_first").chunk(2)
    layer.key.weight, layer.value.weight = torch.nn.Parameter(key), torch.nn.Parameter(value)
    filled(layer.out, case, "to_out_weight", "to_out_bias")
    padding = None
    if case.take("mask") is not None:  # of the inputs that are there
        padding = ~torch.tensor(case.value["mask"], dtype=torch.bool)
    case.same("output", layer(latents, inputs, padding))


def gated_feed_forward(case):
    """The gated feed-forward part."""
    x = case.tensor("x")
    layer = GatedFeedForward(x.shape[-1], case.tensor("last_weight").shape[1] // x.shape[-1])
    filled(layer.first, case, "first_weight", "first_bias")
    filled(layer.last, case, "last_weight", "last_bias")
    case.same("output", layer(x))


def tokens_and_pairs(file):
    """Tokens of every modality at one width; how wide all pairs together are."""
    bands, width, largest = file.count("bands"), file.count("token_width"), file.number("max_freq")
    cases = file.parts("tokens")
    data = [case.tensor("data") for case in cases]
    channels = [x.shape[-1] + (x.ndim - 2) * (2 * bands + 1) for x in data]
    modalities = width - max(channels)
    file.same("token_width", max(channels) + modalities)
    for case, x, own in zip(cases, data, channels, strict=True):
        place = case.count("index")
        case.same("tokens", modality_tokens(x, place, modalities, width, bands, largest))
        case.same("padding", width - modalities - own)
    pairs = file.part("pairs")
    widths = pairs.part("widths_for_latent_dim_64")
    for count in widths:
        names = [f"m{i}" for i in range(int(count))]
        network = PairedLatents(names, Perceiver(4, 2, width=64), 2)
        rows = {name: torch.zeros(1, 2, 4) for name in names}
        widths.same(count, network.pairs(rows).shape[1])


CHECKERS = {
    "block_matching.json": {WHOLE: exhibits, "cases": motion},
    "perceiver.json": {
        WHOLE: tokens_and_pairs,
        "fourier": positions,
        "cross_attention": latent_attention,
        "feed_forward_geglu": gated_feed_forward,
    },
}
