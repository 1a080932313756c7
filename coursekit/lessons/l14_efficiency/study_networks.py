"""The networks that the lesson prunes, quantises and follows.

    python -m coursekit efficiency-networks

makes ``data/efficiency_networks.npz`` in about two processor minutes; then
`python data/make_checksums.py`.
"""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from coursekit.compare.tuning import fresh_seeds, run_all
from coursekit.lessons.l14_efficiency.digit_networks import (
    STORED,
    digits,
    network,
    packed,
    train,
)
from coursekit.utils.threads import threads


def trained(seed: int) -> dict[str, np.ndarray]:
    """One plain training: its weights in half precision, "seed/name" each."""
    with threads(1):
        return packed({seed: train(network(seed), digits(seed), seed)})


def networks(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 6,
    out: Annotated[Path, typer.Option(help="the file to write")] = Path("data") / STORED,
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 1,
) -> None:
    """Train the networks on which the lesson tries everything."""
    parts = run_all(trained, [(seed,) for seed in fresh_seeds(seeds)], jobs, "efficiency-networks")
    arrays: dict[str, Any] = {key: value for part in parts for key, value in part.items()}
    np.savez_compressed(out, **arrays)
