"""What several explorers offer: the same presets of the generator, the same optimisers."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

OPTIMISERS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "SGD, rate 0.1": {"optimizer": "sgd", "lr": 0.1, "batch_size": 128},
        "Adam, rate 0.001": {"optimizer": "adam", "lr": 1e-3, "batch_size": 64},
    }
)
SGD, ADAM = OPTIMISERS
PRESETS = ("starve", "imbalance", "overfit", "balanced")
