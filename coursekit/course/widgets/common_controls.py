"""What several explorers offer: the same presets of the generator, the same optimisers."""

from collections.abc import Iterable, Mapping
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

# Seconds per epoch of a thousand samples on one core, where they are many; all else is quick.
SLOW_FUSION, USUAL = "transformer", 0.08
SLOW_METHODS: Mapping[str, float] = MappingProxyType(
    {"agm": 0.17, "gblend-online": 0.19, "gradnorm": 0.13, "pcgrad": 0.1}
)
LONG = 4.0  # seconds of which one is told beforehand


def training_words(fusion: str, methods: Iterable[str], epochs: float, samples: float) -> str:
    """That there is a training, and for about how long where that is more than a few seconds.

    epochs, samples: that each of ``methods`` is trained for, and on.
    """
    each = sum(SLOW_METHODS.get(method, USUAL) for method in methods)
    seconds = each * epochs * samples / 1000 if fusion == SLOW_FUSION else 0.0
    if seconds < LONG:
        return "training …"
    return f"training for about {5 * round(seconds / 5 + 0.5)} s; “Stop” goes back …"
