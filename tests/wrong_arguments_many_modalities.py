"""Entries of the table of wrong arguments: tokens of many modalities, block matching."""

import math

import torch
from wrong_arguments import Argument, Wrong, batch, changed, count, name, number, with_also

from coursekit.data.block_matching import full_search

MODULES = (
    *("data.block_matching", "layers.fourier_positions", "layers.modality_tokens"),
    *("layers.latent_attention", "models.perceiver", "models.paired_latents"),
)

torch.manual_seed(6)
BEFORE, NOW = torch.randn(2, 8, 8), torch.randn(2, 8, 8)
VECTORS = full_search(BEFORE, NOW, 4, 1).vectors
SERIES = torch.randn(2, 5, 3)
OUTSIDE = changed(VECTORS, 0, -1)


def frames(good):
    """Two frames of one shape and type."""
    return Argument(
        good,
        (
            Wrong("NaN", changed(good, 0, math.nan)),
            Wrong("another size", good[..., :-1]),
            Wrong("one line", good[0, 0]),
            Wrong("another type", (10 * good).long()),
            Wrong("flags", good > 0),
            Wrong("numpy", good.numpy()),
            Wrong("nothing", None),
        ),
    )


SEARCH = {
    "previous": frames(BEFORE),
    "current": frames(NOW),
    "block": count(4, 0, -1, 9),
    "cost": name("absolute"),
}

TABLE = {
    "data.block_matching.full_search": {**SEARCH, "search_range": count(2, -1)},
    "data.block_matching.three_step_search": {**SEARCH, "search_range": count(2, -1, 0)},
    "data.block_matching.compensated": {
        "previous": Argument(BEFORE, (Wrong("numpy", BEFORE.numpy()), Wrong("nothing", None))),
        "vectors": Argument(
            VECTORS,
            (
                Wrong("another size", VECTORS[:, :1]),
                Wrong("out of the frame", OUTSIDE),
                Wrong("list", VECTORS.tolist()),
            ),
        ),
        "block": count(4, 0, -1),
    },
    "layers.fourier_positions.fourier_positions": {
        "sizes": Argument(
            [3, 4],
            (
                Wrong("none", []),
                Wrong("number", 7),
                Wrong("zero", [3, 0]),
                Wrong("a half", [3, 0.5]),
                Wrong("text", "34"),
            ),
        ),
        "bands": count(2, 0, -1),
        "max_frequency": number(4.0, 0, -1.0),
    },
    "layers.modality_tokens.modality_tokens": {
        "x": with_also(batch(SERIES, "deeper", "empty"), Wrong("without axes", SERIES[:, 0])),
        "place": count(1, -1, 3),
        "modalities": count(3, 0, -1),
        "width": count(20, 0, 4),
        "bands": count(2, 0, -1),
        "max_frequency": number(4.0, 0, -1.0),
    },
}

EXEMPT: dict[str, str] = {}
