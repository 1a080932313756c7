"""What one process of `benchmarks.device` does: train one variant, or measure the yardsticks.

``python -m benchmarks.device_script JOB ANSWER``: JOB a task and the name of a variant as
JSON, ANSWER the file that takes the figures, or under "failed" why there are none.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psutil
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.data import DataLoader, RandomSampler, TensorDataset

from benchmarks.device import SCRIPT, YARDSTICKS, Task, variants
from benchmarks.device_flops import best_product, flop_counter, now
from coursekit import balancing
from coursekit import fusion as fusions
from coursekit.data.multimodal import Split
from coursekit.layers.initialise import initialise
from coursekit.models import Conformer, MultimodalClassifier, ResNet18, width_of
from coursekit.training import Settings, epochs
from coursekit.training.engine import AnySplit, Engine
from coursekit.training.loop import begin
from coursekit.training.method import Step
from coursekit.utils.threads import threads

SEED, CLASSES, MODALITIES = 0, 6, ("A", "B")
CHANNELS, BANDS = 3, 80  # of a picture, of a step of time
RATE, MOMENTUM = 1e-4, 0.9
DTYPES = {"32-true": torch.float32, "bf16-mixed": torch.bfloat16}
T = TypeVar("T")


@dataclass
class Clock:
    """Seconds of the very first step, and of each epoch from its second step to its last."""

    device: str
    first: float = 0.0
    epochs: list[float] = field(default_factory=list)

    def timed(self, batches: Iterable[T]) -> Iterator[T]:
        """The batches of an epoch; whoever asks for the next one has done the step before."""
        iterator = iter(batches)
        before = now(self.device)
        yield next(iterator)
        started = now(self.device)
        yield from iterator
        if not self.epochs:
            self.first = started - before
        self.epochs.append(now(self.device) - started)


class TimedEngine(Engine):
    """The loop's engine, with a clock on the batches of training."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        super().__init__(settings)
        self.clock = clock

    def batches(self, split: AnySplit, parts: Sequence[Tensor]) -> Iterator[dict[str, Tensor]]:
        """As those of `Engine`."""
        batches = super().batches(split, parts)
        yield from self.clock.timed(batches) if torch.is_grad_enabled() else batches


def make_model(task: Task) -> MultimodalClassifier:
    """Two encoders of the task's kind under its fusion, on the CPU; always the same weights."""
    made: dict[str, nn.Module] = {
        m: ResNet18(CHANNELS)
        if task.encoder == "resnet18"
        else Conformer(BANDS, layers=task.layers)
        for m in MODALITIES
    }
    joint = fusions.build(task.fusion, {m: width_of(e) for m, e in made.items()}, CLASSES)
    model = MultimodalClassifier(made, joint, CLASSES)
    initialise(model, SEED)
    return model


def make_split(task: Task, rows: int) -> Split:
    """Noise and labels drawn at random, on the CPU: (rows, 3, size, size) or (rows, size, 80)."""
    rng = torch.Generator().manual_seed(SEED)
    pictures = task.encoder == "resnet18"
    shape = (CHANNELS, task.size, task.size) if pictures else (task.size, BANDS)
    inputs = {m: torch.randn(rows, *shape, generator=rng) for m in MODALITIES}
    labels = torch.randint(0, CLASSES, (rows,), generator=rng)
    return Split(inputs, labels, torch.zeros(rows, dtype=torch.int64))


def settings_of(task: Task, name: str) -> Settings:
    """How the loop trains the variant ``name``; one epoch more than repeats, to get warm."""
    return Settings(
        epochs=task.repeats + 1,
        batch_size=task.batch_size,
        lr=RATE,
        momentum=MOMENTUM,
        clip=None,
        device=task.device,
        threads=task.threads,
        measure_train=False,
        **variants()[name],
    )


def by_loop(task: Task, engine: TimedEngine, model: MultimodalClassifier, data: Split) -> None:
    """Train ``model`` by the course's loop; one batch stands for the validation data."""
    method, settings = balancing.build(task.method), engine.settings
    valid = data.part(torch.arange(task.batch_size, device=data.labels.device))
    for _ in epochs(model, data, valid, settings, seed=SEED, method=method, engine=engine):
        pass


def by_script(task: Task, model: MultimodalClassifier, data: Split, clock: Clock) -> list[float]:
    """Train ``model`` as scripts usually do, on the joint loss alone; the loss of every step.

    The first epoch has the loop's batches; a sampler draws once more than it needs at every end.
    """
    rows, cuda = TensorDataset(*data.inputs.values(), data.labels), task.device == "cuda"
    order, workers = torch.Generator().manual_seed(SEED), 2 if cuda else 0
    loader = DataLoader(
        rows,
        task.batch_size,
        sampler=RandomSampler(rows, generator=order),
        num_workers=workers,
        pin_memory=cuda,
        persistent_workers=workers > 0,
    )
    optimizer, losses = torch.optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM), []
    model.train()
    for _ in range(task.repeats + 1):
        for batch in clock.timed(loader):
            *inputs, labels = (x.to(task.device) for x in batch)
            optimizer.zero_grad()
            logits = model(dict(zip(data.inputs, inputs, strict=True))).joint
            loss = F.cross_entropy(logits, labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


def train(task: Task, name: str) -> dict[str, Any]:
    """One variant: seconds of its first step, of every repeat, and the bytes that it took.

    bytes: the most above what weights, data and libraries took before the training.
    """
    model, data = make_model(task).to(task.device), make_split(task, task.steps * task.batch_size)
    clock = Clock(task.device)
    engine = TimedEngine(settings_of(task, name), clock)  # which may import a library
    if name != SCRIPT:  # which takes its batches from the CPU
        inputs = {m: x.to(task.device) for m, x in data.inputs.items()}
        data = Split(inputs, data.labels.to(task.device), data.group)
    with threads(task.threads):
        load_kernels(task.device)
        forget_peak(task.device)
        before = peak(task.device)
        if name == SCRIPT:
            by_script(task, model, data, clock)
        else:
            by_loop(task, engine, model, data)
    took = peak(task.device) - before
    return {"first": clock.first, "seconds": clock.epochs[1:], "bytes": max(took, 0)}


def load_kernels(device: str) -> None:
    """A tiny training step, after which PyTorch's libraries are in memory."""
    tiny = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(64, 4))
    tiny.to(device)(torch.randn(2, 1, 6, 6, device=device)).logsumexp(1).sum().backward()
    torch.optim.SGD(tiny.parameters(), lr=RATE, momentum=MOMENTUM).step()


def forget_peak(device: str) -> None:
    """Let `peak` begin anew, where that can be done: on CUDA, and on Linux."""
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    elif device == "cpu" and sys.platform == "linux":
        with suppress(OSError):  # then the peak is that since the process began
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak(device: str) -> int:
    """Bytes: the most tensors took on CUDA, the driver's on MPS, the process's most on a CPU."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated()
    if device == "mps":
        return torch.mps.driver_allocated_memory()
    if sys.platform == "linux":  # getrusage would count the parent's memory, too
        line = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
        return int(line[1]) * 1024 if line else psutil.Process().memory_info().rss
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def count_flops(task: Task) -> float:
    """Multiplications and additions of a training step's products, forward and backward.

    Matrix products, convolutions and attention; the method's own passes belong to it. Counted on
    two samples without any of the variants' settings, on the CPU.
    """
    two, settings = make_split(task, 2), Settings(batch_size=2, clip=None)
    model, method = make_model(task).train(), balancing.build(task.method)
    run = begin(model, two, two, settings, SEED)
    method.begin(run)
    method.start(run)
    method.begin_epoch(run)
    with flop_counter() as counted, sdpa_kernel(SDPBackend.MATH):  # other kernels go uncounted
        step = Step(run, two.inputs, two.labels, method.predict(run, two.inputs), 1)
        method.backward(step, method.loss(step, method.weights(step)))
    return counted.get_total_flops() * task.batch_size / 2


def yardsticks(task: Task) -> dict[str, Any]:
    """Operations of a step, the best rate of a matrix product by precision, and whether in TF32.

    cuDNN may compute convolutions in float32 by TF32; then the product may, too.
    """
    cuda = task.device == "cuda" and task.encoder == "resnet18"
    tf32 = cuda and torch.backends.cudnn.allow_tf32
    if tf32:
        torch.set_float32_matmul_precision("high")
    with threads(task.threads):
        rates = {p: best_product(task.device, dtype, task.sides) for p, dtype in DTYPES.items()}
        return {"flops": count_flops(task), "rates": rates, "tf32": tf32}


def main(job: str, answer: str) -> None:
    """Do ``job`` and leave the figures, or why there are none, in the file ``answer``."""
    asked = json.loads(job)
    task, name = Task(**asked["task"]), asked["name"]
    try:
        figures = yardsticks(task) if name == YARDSTICKS else train(task, name)
    except Exception as problem:  # whatever it is, the other variants go on
        reason = next((line for line in str(problem).splitlines() if line.strip()), "")
        figures = {"failed": f"{type(problem).__name__}: {reason.strip()}"}
    Path(answer).write_text(json.dumps(figures), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
