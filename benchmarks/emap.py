"""EMAP beside the plain double loop: time, agreement and memory, same threads on both sides."""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context

import pandas as pd
import psutil
import torch
from torch import Tensor

from coursekit.analysis.emap import emap, project
from coursekit.analysis.emap_blocks import combinations
from coursekit.models import MultimodalClassifier, build_classifier
from coursekit.utils.checks import choose, require_count
from coursekit.utils.threads import threads as torch_threads

DTYPES = {"float32": torch.float32, "float64": torch.float64}
CLASSES = 10
SHAPES = {"image": (1, 14, 14), "audio": (1, 16, 16)}  # those of the audio-visual digits
LOOPED, WHOLE = 20, 400  # samples whose loop, and whose grid of features, checks the result
TOGETHER = 256  # pairs in a batch, for the batched grid
REPEATS = 5


@dataclass(frozen=True)
class Timed:
    """Seconds for all n² pairs; ``pairs`` of them were measured, the rest is extrapolated."""

    method: str
    seconds: float
    pairs: int


@dataclass(frozen=True)
class Benchmark:
    """One fusion at one n.

    seconds, speedup: of `emap`, against the loop.  max_gap: largest difference to the
    projection of the double loop's grid on the first samples, and of a grid of more of them,
    relative to the largest logit.  extra_mb: peak memory of a fresh process above what it had with
    model and inputs loaded.
    """

    fusion: str
    n: int
    dtype: str
    threads: int
    timed: tuple[Timed, ...]
    max_gap: float
    extra_mb: float

    @property
    def seconds(self) -> float:
        """Median time of `emap`."""
        return self.timed[-1].seconds

    @property
    def speedup(self) -> float:
        """The loop's time over that of `emap`."""
        return self.timed[0].seconds / self.seconds

    def figures(self) -> dict[str, float | int]:
        """What ``--json`` writes."""
        return {
            "n": self.n,
            "speedup": self.speedup,
            "max_gap": self.max_gap,
            "extra_mb": self.extra_mb,
            "seconds": self.seconds,
            "threads": self.threads,
        }

    def table(self) -> pd.DataFrame:
        """A row per method: seconds, times faster than the loop, how measured."""
        rows = []
        for t in self.timed:
            whole = t.pairs >= self.n**2
            how = "measured" if whole else f"extrapolated from {t.pairs:,} of {self.n**2:,} pairs"
            faster = f"{self.timed[0].seconds / t.seconds:,.0f} ×"
            rows.append((t.method, f"{t.seconds:.4g}", faster, how))
        columns = ["method", "seconds", "faster", "how"]
        return pd.DataFrame(rows, columns=columns).set_index("method")


def subject(n: int, fusion: str, dtype: str) -> tuple[MultimodalClassifier, dict[str, Tensor]]:
    """An untrained classifier with CNN encoders, in evaluation mode, and n random inputs."""
    rng = torch.Generator().manual_seed(0)
    inputs = {m: torch.randn(n, *shape, generator=rng) for m, shape in SHAPES.items()}
    model = build_classifier(inputs, CLASSES, fusion=fusion, encoder="cnn")
    kind = DTYPES[choose("dtype", dtype, DTYPES)]
    return model.to(kind).eval(), {m: x.to(kind) for m, x in inputs.items()}


def measure(
    n: int = 1000,
    fusion: str = "mid-mlp",
    dtype: str = "float32",
    threads: int = 1,
    budget: float = 3.0,
) -> Benchmark:
    """Time `emap` and three plainer ways on n samples of two modalities.

    budget: seconds after which a plainer way stops and the rest is extrapolated.
    Errors: ValueError for unknown names and counts out of range.
    """
    require_count("n", n, 2)
    require_count("threads", threads, 1)
    model, inputs = subject(n, fusion, dtype)
    first = {size: {m: x[:size] for m, x in inputs.items()} for size in (2, LOOPED, WHOLE)}
    with torch_threads(threads), torch.no_grad():
        emap(model, first[2])  # what loads at the first call, loads here
        seconds = timed_emap(model, inputs, budget)
        plain = {
            "double loop, one pair at a time": pairs_one_by_one(model, inputs),
            "all pairs in batches": pairs_in_batches(model, inputs),
            "inputs encoded once": pairs_of_features(model, model.encode(inputs)),
        }
        timed = [until(budget, work, n, method) for method, work in plain.items()]
        gap = max(loop_gap(model, first[LOOPED]), grid_gap(model, first[WHOLE]))
    timed.append(Timed("coursekit.analysis.emap", seconds, n**2))
    extra = extra_mb(n, fusion, dtype, threads)
    return Benchmark(fusion, n, dtype, threads, tuple(timed), gap, extra)


def timed_emap(model: MultimodalClassifier, inputs: dict[str, Tensor], budget: float) -> float:
    """Median time of up to five runs; one, if that takes longer than ``budget`` seconds."""
    taken: list[float] = []
    while len(taken) < REPEATS and sum(taken) <= budget:
        start = time.perf_counter()
        emap(model, inputs)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def pairs_one_by_one(model: MultimodalClassifier, inputs: dict[str, Tensor]) -> Iterator[int]:
    """The whole model on one pair after the other; yields the number of pairs done."""
    (a, x), (b, y) = inputs.items()
    for i, j in product(range(len(x)), repeat=2):
        model({a: x[i : i + 1], b: y[j : j + 1]}).joint  # noqa: B018
        yield 1


def pairs_in_batches(model: MultimodalClassifier, inputs: dict[str, Tensor]) -> Iterator[int]:
    """The whole model on batches of pairs."""
    n = len(next(iter(inputs.values())))
    for rows in combinations(n, len(inputs), TOGETHER):
        model({m: x[i] for (m, x), i in zip(inputs.items(), rows, strict=True)}).joint  # noqa: B018
        yield len(rows[0])


def pairs_of_features(model: MultimodalClassifier, features: dict[str, Tensor]) -> Iterator[int]:
    """The fusion alone on batches of pairs of features."""
    n = len(next(iter(features.values())))
    for rows in combinations(n, len(features), TOGETHER * 16):
        model.fusion({m: z[i] for (m, z), i in zip(features.items(), rows, strict=True)})
        yield len(rows[0])


def until(budget: float, work: Iterator[int], n: int, method: str) -> Timed:
    """Do ``work`` until it ends or ``budget`` seconds are over; extrapolate to all n² pairs."""
    start, pairs = time.perf_counter(), 0
    for count in work:
        pairs += count
        if time.perf_counter() - start > budget:
            break
    taken = time.perf_counter() - start
    return Timed(method, taken * n**2 / pairs, pairs)


def loop_gap(model: MultimodalClassifier, inputs: dict[str, Tensor]) -> float:
    """`emap` against the projection of a grid made one pair at a time."""
    (a, x), (b, y) = inputs.items()
    n = len(x)
    cells = [
        model({a: x[i : i + 1], b: y[j : j + 1]}).joint for i, j in product(range(n), repeat=2)
    ]
    return relative_gap(emap(model, inputs), project(torch.cat(cells).reshape(n, n, -1)))


def grid_gap(model: MultimodalClassifier, inputs: dict[str, Tensor]) -> float:
    """`emap` against the projection of a grid made from all pairs of features."""
    features, n = model.encode(inputs), len(next(iter(inputs.values())))
    rows = combinations(n, len(features), TOGETHER * 16)
    cells = [
        model.fusion({m: z[i] for (m, z), i in zip(features.items(), at, strict=True)})
        for at in rows
    ]
    return relative_gap(emap(model, inputs), project(torch.cat(cells).reshape(n, n, -1)))


def relative_gap(actual: Tensor, expected: Tensor) -> float:
    """Largest difference over the largest expected logit."""
    return float((actual - expected).abs().max() / expected.abs().max())


def extra_mb(n: int, fusion: str, dtype: str, threads: int) -> float:
    """Peak memory of `emap` in a fresh process, MiB above model, inputs and a first tiny call.

    A fresh process, because one that has done it before keeps the memory and seems to need none.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
        return fresh.submit(_extra_mb, n, fusion, dtype, threads).result()


def _extra_mb(n: int, fusion: str, dtype: str, threads: int) -> float:
    model, inputs = subject(n, fusion, dtype)
    with torch_threads(threads):
        emap(model, {m: x[:2] for m, x in inputs.items()})
        return peak_mb(lambda: emap(model, inputs))


def peak_mb(work: Callable[[], object]) -> float:
    """How far the resident memory of this process rises while ``work`` runs, MiB."""
    me, over = psutil.Process(), threading.Event()
    start = me.memory_info().rss
    highest = [start]

    def watch() -> None:
        while not over.wait(0.0005):
            highest[0] = max(highest[0], me.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        over.set()
        watcher.join()
    return (max(highest[0], me.memory_info().rss) - start) / 2**20
