"""Progressive search: where to fuse is chosen layer by layer, the promising ones unfolded.

Pérez-Rúa and colleagues, MFAS: Multimodal Fusion Architecture Search (2019),
https://arxiv.org/abs/1903.06496, algorithm 1. A configuration is a tuple of rows, one per fusion
layer; a row says, for example, (level of modality 1, level of modality 2, activation).
"""

import math
from collections.abc import Callable, Hashable, Sequence

import torch
from torch import Tensor

from coursekit.utils.checks import (
    require,
    require_callable,
    require_count,
    require_finite,
    require_instance,
    require_list,
    require_positive,
)
from coursekit.utils.precision import wide
from coursekit.utils.tensor_checks import NoValue, require_batch, require_no_negative

Row = Hashable
Configuration = tuple[Row, ...]
Predict = Callable[[dict[Configuration, float], list[Configuration]], Sequence[float]]


def search_temperature(
    iteration: int, first: float = 10.0, last: float = 0.2, decay: float = 4.0
) -> float:
    """T_i = (T_0 − T_∞) e^{−(i + 1)² / decay²} + T_∞: hot at first, when nothing is known yet.

    iteration i: from 0.  first T_0, last T_∞, decay: positive.
    """
    require_count("iteration", iteration)
    require_positive("first", first)
    require_positive("last", last)
    require_positive("decay", decay)
    apart = (iteration + 1) / decay
    return (first - last) * math.exp(-apart * apart) + last


def sampling_probabilities(accuracies: Tensor, temperature: float) -> Tensor:
    """p_c ∝ (acc_c / Σ acc)^{1/T}, (N,) float64.

    accuracies: (N,), 0 or more, not all 0.  temperature T > 0: 1 in proportion, higher more even.
    """
    require_batch("accuracies", accuracies, (None,))
    require_no_negative("accuracies", accuracies)
    require_positive("temperature", temperature)
    shares = wide(accuracies.detach())
    if float(shares.max()) <= 0:
        raise NoValue("accuracies holds zeros only; a positive number was expected.")
    # Powers themselves would be too small; of logarithms below 0 a quotient may be −∞, which is 0.
    return ((shares.log() - shares.max().log()) / temperature).softmax(0)


def sampled(
    configurations: Sequence[Configuration],
    probabilities: Tensor,
    k: int,
    generator: torch.Generator,
) -> list[Configuration]:
    """k different ones of them, drawn one after the other without putting back; in that order.

    probabilities: (N,), of `sampling_probabilities`.  k: at most as many as can be drawn at all.
    """
    require_list("configurations", configurations, "configurations")
    require_batch("probabilities", probabilities, (len(configurations),))
    require_no_negative("probabilities", probabilities)
    require_instance("generator", generator, torch.Generator)
    require_count("k", k, 1, int((probabilities > 0).sum()))
    places = torch.multinomial(wide(probabilities), k, generator=generator)
    return [configurations[i] for i in places.tolist()]


def unfolded(
    kept: Sequence[Configuration], choices: Sequence[Row], layer: int
) -> list[Configuration]:
    """Every kept configuration with every choice at a layer, the choices running fastest.

    kept: those that earlier layers have left; none at layer 0 of the first round.  choices: rows.
    layer: from 0; one that a configuration has already is put in anew, one more is put behind.
    """
    if isinstance(kept, str) or not isinstance(kept, Sequence):
        raise TypeError(f"kept is {kept!r}; configurations in a list were expected.")
    require_list("choices", choices, "rows")
    require_count("layer", layer)
    for configuration in kept:
        require_instance("a configuration in kept", configuration, tuple)
        rows = len(configuration)
        require(layer <= rows, f"layer is {layer}, and kept has a configuration of {rows} rows.")
    begun = list(kept) or [()]
    require(layer <= len(begun[0]), f"layer is {layer} and kept is empty; layer 0 comes first.")
    return [(*c[:layer], row, *c[layer + 1 :]) for c in begun for row in choices]


def progressive_search(
    layers: Sequence[Sequence[Row]],
    score: Callable[[Configuration], float],
    predict: Predict,
    rounds: int,
    k: int,
    generator: torch.Generator,
) -> dict[Configuration, float]:
    """Score by configuration of all that were tried, in the order in which they were.

    layers: the choices of every layer.  score: trains a configuration, an accuracy.  predict: the
    surrogate; of the scores so far and of candidates, what these will be worth, 0 or more.
    rounds: over all layers.  k: configurations that are kept and tried at each layer. Layer after
    layer the kept ones are unfolded, k of the candidates are drawn by predicted accuracy at the
    `search_temperature` of the step, and tried unless they were before. Before the first score is
    known all are equal.
    Source: algorithm 1 of the paper, whose surrogate is an LSTM.
    """
    require_list("layers", layers, "layers")
    for name, function in (("score", score), ("predict", predict)):
        require_callable(name, function)
    require_count("rounds", rounds, 1)
    require_count("k", k, 1)
    known: dict[Configuration, float] = {}
    kept: list[Configuration] = []
    for step in range(rounds * len(layers)):
        layer = step % len(layers)
        candidates = list(dict.fromkeys(unfolded(kept, layers[layer], layer)))
        expected = _expected(predict, known, candidates)
        p = sampling_probabilities(expected, search_temperature(step))
        kept = sampled(candidates, p, min(k, int((p > 0).sum())), generator)
        for configuration in kept:
            if configuration not in known:
                value = score(configuration)
                require_finite("what score returns", value)
                known[configuration] = float(value)
    return known


def _expected(
    predict: Predict, known: dict[Configuration, float], candidates: list[Configuration]
) -> Tensor:
    """What the surrogate says of the candidates, (N,)."""
    if not known:
        return torch.ones(len(candidates))
    values = list(predict(dict(known), candidates))
    fits = len(values) == len(candidates)
    require(fits, f"predict returned {len(values)} numbers for {len(candidates)} candidates.")
    for value in values:
        require_finite("what predict returns", value)
    return torch.tensor(values, dtype=torch.float64)
