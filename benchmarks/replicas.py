"""Replicas beside the usual ways of training a small network; one thread on every side.

All train the same bare network, two MLP encoders (64, 32) under a linear layer, with the same
steps: shuffled batches, gradients clipped to norm 1, SGD with momentum. Nothing is measured
meanwhile. The plainer ways have no checks and no method in their loop.
"""

import gc
import math
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pandas as pd
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from coursekit.compare import replicas
from coursekit.data.multimodal import Split
from coursekit.data.preset_recipes import preset
from coursekit.data.synthetic import generate
from coursekit.models import MultimodalClassifier, build_classifier
from coursekit.training.settings import Settings
from coursekit.utils.checks import require_count
from coursekit.utils.threads import threads

SAMPLES, CLASSES, WIDTHS = 2000, 6, (64, 32)
BATCH, RATE, MOMENTUM, LARGEST = 64, 0.1, 0.9, 1.0
COUNTS = (1, 8, 32)
PEAK = 1024  # side of the square matrices whose product stands for the machine's best
LOADER, MEMORY, VMAP, REPLICAS = "DataLoader loop", "in-memory loop", "vmap", "replicas"
Inputs = dict[str, Tensor]


class Bare(nn.Module):
    """Both encoders and the joint layer, without heads and checks."""

    def __init__(self, widths: dict[str, int]) -> None:
        super().__init__()
        first, last = WIDTHS
        self.encoders = nn.ModuleDict(
            {
                m: nn.Sequential(nn.Linear(d, first), nn.ReLU(), nn.Linear(first, last), nn.ReLU())
                for m, d in widths.items()
            }
        )
        self.joint = nn.Linear(last * len(widths), CLASSES)

    def forward(self, inputs: Inputs) -> Tensor:
        """(B, C)."""
        return self.joint(torch.cat([e(inputs[m]) for m, e in self.encoders.items()], dim=1))


@dataclass(frozen=True)
class Timed:
    """seconds: a model, median of the repeats.  share: of the product's rate at equal shapes."""

    way: str
    models: int
    seconds: float
    gflops: float
    share: float
    share_of_peak: float


def measure(epochs: int = 30, counts: tuple[int, ...] = COUNTS, repeats: int = 3) -> pd.DataFrame:
    """Train 1 model, or K at once, for ``epochs``; a row per way and K, with the speed-ups.

    Columns: way, models, seconds (a model), gflops, share (of the matrix products' rate at the same
    shapes), share_of_peak, over_loader, over_memory (how many times faster per model).
    """
    require_count("epochs", epochs, 1)
    require_count("repeats", repeats, 1)
    for count in counts:
        require_count("a number in counts", count, 1)
    data = _split()
    widths = {m: x.shape[1] for m, x in data.inputs.items()}
    steps = epochs * math.ceil(len(data) / BATCH)
    work = epochs * len(data) / BATCH * flops(widths)  # of one model
    jobs: list[tuple[str, int, Callable[[], object]]] = [
        (LOADER, 1, lambda: loader_loop(data, epochs)),
        (MEMORY, 1, lambda: memory_loop(data, epochs)),
    ]
    for k in counts:
        jobs.append((VMAP, k, lambda k=k: vmap_loop(data, epochs, k)))  # type: ignore[misc]
        jobs.append((REPLICAS, k, lambda k=k: replica_loop(data, epochs, k)))  # type: ignore[misc]
    took: dict[tuple[str, int], list[float]] = {(way, k): [] for way, k, _ in jobs}
    bare: dict[int, list[float]] = {k: [] for k in (1, *counts)}
    peaks = []
    with threads(1):
        for _ in range(repeats):  # in turns, so that a slow minute strikes all alike
            for way, k, job in jobs:
                took[way, k].append(_once(job) / k)
            for k in bare:
                bare[k].append(products(widths, k) / k)
            peaks.append(2 * PEAK**3 / _seconds(_square(), 5))
    rows = []
    for way, k, _ in jobs:
        seconds = statistics.median(took[way, k])
        ideal = steps * statistics.median(bare[k])
        rate = work / seconds
        rows.append(Timed(way, k, seconds, rate / 1e9, ideal / seconds, rate / max(peaks)))
    table = pd.DataFrame(rows)
    for name, way in (("over_loader", LOADER), ("over_memory", MEMORY)):
        table[name] = float(table.loc[table["way"] == way, "seconds"].iloc[0]) / table["seconds"]
    return table


def _split() -> Split:
    recipe = replace(preset("starve").recipe, train=SAMPLES, valid=BATCH, test=BATCH)
    return generate(recipe, 0).train


def _network(data: Split) -> Bare:
    return Bare({m: x.shape[1] for m, x in data.inputs.items()})


def _sgd(model: nn.Module, fused: bool) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM, fused=fused)


def _learn(model: Bare, optimizer: torch.optim.Optimizer, inputs: Inputs, labels: Tensor) -> None:
    loss = F.cross_entropy(model(inputs), labels)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), LARGEST)
    optimizer.step()


def loader_loop(data: Split, epochs: int) -> Bare:
    """The usual script; the trained network, as from all others."""
    model, names = _network(data), list(data.inputs)
    rows = TensorDataset(*data.inputs.values(), data.labels)
    loader, optimizer = DataLoader(rows, BATCH, shuffle=True), _sgd(model, fused=False)
    for _ in range(epochs):
        for *inputs, labels in loader:
            _learn(model, optimizer, dict(zip(names, inputs, strict=True)), labels)
    return model


def memory_loop(data: Split, epochs: int) -> Bare:
    """The data permuted in memory once an epoch, and a fused optimiser."""
    model = _network(data)
    optimizer = _sgd(model, fused=True)
    for _ in range(epochs):
        for inputs, labels in _batches(data, torch.randperm(len(data))):
            _learn(model, optimizer, inputs, labels)
    return model


def _batches(data: Split, order: Tensor) -> Iterator[tuple[Inputs, Tensor]]:
    """order: (N,), or (N, K) for K models' own batches (B, K, …)."""
    parts = {m: x[order].split(BATCH) for m, x in data.inputs.items()}
    for i, labels in enumerate(data.labels[order].split(BATCH)):
        yield {m: p[i] for m, p in parts.items()}, labels


def vmap_loop(data: Split, epochs: int, k: int) -> Inputs:
    """torch.func: the gradient of one model, vectorised over K; the weights, (K, …) by name."""
    models = [_network(data) for _ in range(k)]
    state, _ = stack_module_state(models)
    velocity = {n: torch.zeros_like(w) for n, w in state.items()}
    base = _network(data)

    def loss(weights: Inputs, inputs: Inputs, labels: Tensor) -> Tensor:
        return F.cross_entropy(functional_call(base, weights, (inputs,)), labels)

    gradient = vmap(grad(loss), in_dims=(0, 1, 1))
    for _ in range(epochs):
        order = torch.stack([torch.randperm(len(data)) for _ in range(k)], dim=1)
        for inputs, labels in _batches(data, order):
            grads = gradient(state, inputs, labels)
            with torch.no_grad():
                norms = [g.flatten(1).norm(dim=1) for g in grads.values()]
                factor = (LARGEST / (torch.stack(norms).norm(dim=0) + 1e-6)).clamp_max(1)
                for n, g in grads.items():
                    velocity[n].mul_(MOMENTUM).add_(g * factor.view(-1, *[1] * (g.ndim - 1)))
                    state[n].sub_(RATE * velocity[n])
    return state


def replica_loop(data: Split, epochs: int, k: int) -> list[MultimodalClassifier]:
    """`coursekit.compare.replicas`, each with its own batches."""
    models = [build_classifier(data.inputs, CLASSES, widths=WIDTHS, seed=i) for i in range(k)]
    settings = Settings(epochs=epochs, batch_size=BATCH, lr=RATE, momentum=MOMENTUM, clip=LARGEST)
    training = replicas.epochs(models, data, data, settings, seeds=range(k), measured=())
    for _ in training:
        pass
    return models


def shapes(widths: dict[str, int]) -> list[tuple[int, int, bool]]:
    """Every layer's inputs and outputs, and whether a gradient goes on through its inputs."""
    first, last = WIDTHS
    layers = [layer for d in widths.values() for layer in ((d, first, False), (first, last, True))]
    return [*layers, (last * len(widths), CLASSES, True)]


def flops(widths: dict[str, int]) -> float:
    """Multiplications and additions of one model's matrix products in a step."""
    return sum(2.0 * BATCH * i * o * (3 if through else 2) for i, o, through in shapes(widths))


def products(widths: dict[str, int], k: int) -> float:
    """Seconds that the bare matrix products of one step of K models take."""
    total = 0.0
    for i, o, through in shapes(widths):
        x, w, y = torch.randn(k, BATCH, i), torch.randn(k, o, i), torch.randn(k, BATCH, o)
        total += _seconds(lambda x=x, w=w: torch.bmm(x, w.transpose(1, 2)))  # type: ignore[misc]
        total += _seconds(lambda x=x, y=y: torch.bmm(y.transpose(1, 2), x))  # type: ignore[misc]
        if through:
            total += _seconds(lambda w=w, y=y: torch.bmm(y, w))  # type: ignore[misc]
    return total


def _square() -> Callable[[], Tensor]:
    a = torch.randn(PEAK, PEAK)
    return lambda: a @ a


def _once(job: Callable[[], object]) -> float:
    """Seconds, without pauses for garbage, as `timeit` counts them."""
    gc.collect()
    gc.disable()
    try:
        started = time.perf_counter()
        job()
        return time.perf_counter() - started
    finally:
        gc.enable()


def _seconds(work: Callable[[], Tensor], times: int = 30) -> float:
    work()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)
