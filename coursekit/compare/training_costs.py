"""What a training costs beside joint training: multiply-adds counted, seconds taken in turns."""

import statistics
from collections.abc import Sequence
from typing import Any

import pandas as pd
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from coursekit import balancing
from coursekit.compare.protocol import NO_FUSION, RATES, data_of, entries, train
from coursekit.compare.ranks import FIRST_FUSION
from coursekit.compare.tuning import FIRST_SEED
from coursekit.training.method import JOINT
from coursekit.utils.checks import choose, require_count, require_instance
from coursekit.utils.threads import threads

RATE = max(RATES)  # the usual one, which every method tries


def training_costs(
    data: str, methods: Sequence[str] = (), repeats: int = 5, seed: int = FIRST_SEED
) -> pd.DataFrame:
    """Cost of one whole training of each method, and over joint's.

    Settings are the method's defaults, at the learning rate 0.1 that the benchmark calls usual.

    data: name of a data set.  methods: names, none = all.  repeats: trainings timed per method; all
    methods take turns, so that what else the machine does falls on all of them.
    Columns data, fusion, method, multiply_adds (of matrix products, forward and backward, with all
    that the method computes on the side, and measuring after each epoch), seconds (median),
    relative_multiply_adds, relative_seconds (median of the ratios to joint training in the same
    round).  A method that is not defined for late-linear is trained with the first fusion that it
    names.
    """
    names = [choose("a name in methods", m, balancing.names()) for m in methods]
    require_count("repeats", repeats, 1)
    data_of(data, seed)
    every = names or balancing.names()
    todo = [
        (fusion_for(name), label)
        for name in dict.fromkeys([JOINT, *every])
        for label, _ in entries(data, name)
    ]
    counted = {place: count_multiply_adds(data, *place, seed) for place in todo}
    rounds = [
        {place: train(data, *place, {"lr": RATE}, seed)[1] for place in todo}
        for _ in range(repeats)
    ]
    base = (FIRST_FUSION, JOINT)
    return pd.DataFrame([
        _row(data, place, counted[place], counted[base], [(r[place], r[base]) for r in rounds])
        for place in todo
    ])  # fmt: skip


def fusion_for(method: str) -> str:
    """Late-linear, or what the method is defined for; "none" where it brings its own."""
    fusions = balancing.registry()[choose("method", method, balancing.names())].fusions
    if fusions is None or FIRST_FUSION in fusions:
        return FIRST_FUSION
    return fusions[0] if fusions else NO_FUSION


def count_multiply_adds(data: str, fusion: str, method: str, seed: int) -> int:
    """Multiply-adds of the matrix products of one whole training, evaluation included.

    By PyTorch's counter, which knows no element-wise products; attention is written out for it.
    """
    require_instance("method", method, str)
    counter = FlopCounterMode(display=False)
    with threads(1), counter, sdpa_kernel(SDPBackend.MATH):
        train(data, fusion, method, {"lr": RATE}, seed)
    return counter.get_total_flops() // 2


def _row(
    data: str,
    place: tuple[str, str],
    count: int,
    joint: int,
    seconds: Sequence[tuple[float, float]],
) -> dict[str, Any]:
    return {
        "data": data,
        "fusion": place[0],
        "method": place[1],
        "multiply_adds": count,
        "seconds": round(statistics.median(own for own, _ in seconds), 3),
        "relative_multiply_adds": round(count / joint, 4),
        "relative_seconds": round(statistics.median(own / its for own, its in seconds), 3),
    }
