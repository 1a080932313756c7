"""Large encoders on a device: speed, memory and share of the device's best, setting by setting.

Two encoders, fusion and method go through the course's loop, once for each way in which `Settings`
let it use the device, and once through the usual script: a DataLoader, full precision, joint loss.
Every variant has a process of its own, so that no other one's memory or compiled code is in it.

What the figures are says `benchmarks.device_table`.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from benchmarks.device_table import Report, row_of
from coursekit import balancing
from coursekit import fusion as fusions
from coursekit.training.settings import DEVICES, PRECISIONS, require_device
from coursekit.utils.checks import choose, require_count

ENCODERS = ("resnet18", "conformer")
SCRIPT, YARDSTICKS, ALL = "script", "yardsticks", "all"
PARTS = 4  # of a batch, where gradients are accumulated
PATIENCE = 1200.0  # seconds for one variant
LONGEST = 160  # characters of a reason
SIDES = {"cpu": (512, 1024, 2048), "cuda": (2048, 4096, 8192, 16384), "mps": (1024, 2048, 4096)}
SMALL = {"batch_size": 16, "steps": 4}
LARGE = {"batch_size": 128, "steps": 30}


@dataclass(frozen=True)
class Task:
    """What is trained, and on what.

    size: pixels of the pictures' sides, or steps of time.  layers: of each conformer.  steps: an
    epoch, the first of which is not timed.  repeats: epochs that are timed.  threads: of a CPU.
    sides: of the matrices whose products are the device's best.
    Errors: ValueError or TypeError for what is unknown, out of range or not there.
    """

    device: str
    encoder: str
    fusion: str
    method: str
    batch_size: int
    size: int
    layers: int
    steps: int
    repeats: int = 3
    threads: int = 1
    sides: Sequence[int] = (1024,)

    def __post_init__(self) -> None:
        choose("device", self.device, DEVICES)
        choose("encoder", self.encoder, ENCODERS)
        choose("fusion", self.fusion, fusions.names())
        choose("method", self.method, balancing.names())
        require_count("batch_size", self.batch_size, PARTS)
        require_count("steps", self.steps, 2)
        for name in ("size", "layers", "repeats", "threads"):
            require_count(name, getattr(self, name), 1)
        require_device(self.device)


def make_task(
    device: str = "auto",
    encoder: str = "resnet18",
    fusion: str = "mid-mlp",
    method: str = "mlb",
    **sizes: int | None,
) -> Task:
    """A task with the device's defaults for every number that is None or not given.

    device: "auto" takes CUDA, else MPS, else the CPU.  Errors: those of `Task`.
    """
    choose("device", device, ("auto", *DEVICES))
    choose("encoder", encoder, ENCODERS)
    if device == "auto":
        other = "mps" if torch.backends.mps.is_available() else "cpu"
        device = "cuda" if torch.cuda.is_available() else other
    large = device != "cpu"
    pictures = {"size": 224 if large else 32, "layers": 1}
    sounds = {"size": 512 if large else 64, "layers": 16 if large else 2}
    usual = (LARGE if large else SMALL) | (pictures if encoder == "resnet18" else sounds)
    numbers: Any = usual | {name: n for name, n in sizes.items() if n is not None}
    return Task(device, encoder, fusion, method, sides=SIDES[device], **numbers)


def variants() -> dict[str, dict[str, Any]]:
    """The variants' names, and what each sets in `Settings`; the script sets nothing."""
    settings: dict[str, dict[str, Any]] = {SCRIPT: {}}
    for precision, again, compiled in product(PRECISIONS, (False, True), (False, True)):
        name = precision + "+checkpointing" * again + "+compile" * compiled
        settings[name] = {"precision": precision, "checkpointing": again, "compile": compiled}
    return settings | {f"{PRECISIONS[0]}+accumulate": {"accumulate": PARTS}}


def chosen(task: Task, only: Sequence[str] = ()) -> list[str]:
    """The variants to run: those named, or ("all",) of them.

    Without names all, too, but for a CPU those that need no compiler, which takes minutes there.
    Errors: ValueError for an unknown name, with the nearest known one.
    """
    known = list(variants())
    named = [choose("only", name, [*known, ALL]) for name in only]
    if ALL in named or (not named and task.device != "cpu"):
        return known
    return [n for n in known if (n in named if named else "compile" not in n)]


def run(task: Task, name: str, patience: float = PATIENCE) -> dict[str, Any]:
    """One variant, or the yardsticks, in a process of its own; why not, under "failed"."""
    with TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        job = json.dumps({"task": asdict(task), "name": name})
        command = [sys.executable, "-m", "benchmarks.device_script", job, str(answer)]
        try:
            process = subprocess.run(
                command,
                check=False,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=patience,
            )
        except subprocess.TimeoutExpired:
            return {"failed": f"not done after {patience:g} s"}
        if answer.exists():
            answered = json.loads(answer.read_text(encoding="utf-8"))
        else:
            answered = {"failed": ended(process.returncode, process.stderr)}
    return {k: v[:LONGEST] if k == "failed" else v for k, v in answered.items()}


def ended(code: int, errors: str) -> str:
    """Why a process left no answer: the signal that ended it, or the last line it wrote."""
    if code < 0:
        known = {s.value: s.name for s in signal.Signals}
        name = known.get(-code, f"signal {-code}")
        return f"ended by {name}" + (", as when memory runs out" if name == "SIGKILL" else "")
    lines = [line for line in errors.splitlines() if line.strip()]
    return lines[-1].strip() if lines else f"ended with code {code} and no word"


def measure(
    task: Task, only: Sequence[str] = (), tell: Callable[[str], None] = lambda name: None
) -> Report:
    """Run every variant that is `chosen`, one after the other; ``tell`` hears each one's name."""
    from coursekit.compare.stored_tables import (
        machine,  # slow, and the variants' processes need it not
    )

    names = chosen(task, only)
    tell(YARDSTICKS)
    yard = run(task, YARDSTICKS)
    rows = []
    for name in names:
        tell(name)
        precision = variants()[name].get("precision", PRECISIONS[0])
        answered = run(task, name)
        rows.append(row_of(name, answered, task.batch_size, task.steps - 1, yard, precision))
    gpu = f", {torch.cuda.get_device_name()}" if task.device == "cuda" else ""
    left_out = [name for name in variants() if name not in names]
    return Report(asdict(task), yard, rows, left_out, machine() + gpu)
