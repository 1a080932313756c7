"""How to train: the settings, what optimiser they name, and whether the device is there."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from coursekit.training.optimizers import SGD, Adagrad, Adam
from coursekit.utils.checks import (
    choose,
    require,
    require_count,
    require_flag,
    require_instance,
    require_not_negative,
    require_positive,
)

OPTIMIZERS = ("sgd", "adagrad", "adam")
DEVICES = ("cpu", "cuda", "mps")
SCALES = ("step", "gradient")
PRECISIONS = ("32-true", "bf16-mixed")


@dataclass(frozen=True)
class Settings:
    """How to train. Defaults: what every small experiment of the course starts from.

    momentum: of SGD.  clip: largest gradient norm, None = no clipping (single seeds diverge
    without it).  keep_best: early stopping, return the weights of the epoch with the best
    validation accuracy.  weight_decay: of all but single numbers, such as the scale of cosines,
    which it would pull towards 1.  device: "cpu", "cuda", "cuda:1" or "mps".
    threads: CPU threads; more than one pays only for networks much larger than the course's, None
    leaves PyTorch's choice.
    scale: what a method's coefficients k multiply, the optimiser's "step" or the "gradient"; the
    same for plain SGD, while Adam cancels what is done to the gradient.

    For large encoders and data. measure_train: whether the history has the loss on train, which
    costs a pass over it after every epoch.  precision: "32-true", everything in the weights' own
    type, or "bf16-mixed", the encoders' products in bfloat16 (fusion, heads and losses stay as they
    are).  checkpointing:
    compute activations again in the backward pass instead of keeping them.  accumulate: the
    encoders see a batch in so many parts one after the other, and their gradients add up; a method
    sees the whole batch all the same. One part is in memory at a time, and each is computed twice.
    compile: encoders through torch.compile, which takes a while at first.
    """

    epochs: int = 20
    batch_size: int = 128
    optimizer: str = "sgd"
    lr: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 0.0
    clip: float | None = 1.0
    keep_best: bool = False
    device: str = "cpu"
    threads: int | None = 1
    scale: str = "step"
    measure_train: bool = True
    precision: str = "32-true"
    checkpointing: bool = False
    accumulate: int = 1
    compile: bool = False

    def __post_init__(self) -> None:
        choose("optimizer", self.optimizer, OPTIMIZERS)
        choose("scale", self.scale, SCALES)
        choose("precision", self.precision, PRECISIONS)
        choose("device", str(self.device).partition(":")[0], DEVICES)
        require_count("epochs", self.epochs, 1)
        require_count("batch_size", self.batch_size, 1)
        require_count("accumulate", self.accumulate, 1, self.batch_size)
        if self.threads is not None:
            require_count("threads", self.threads, 1)
        require_positive("lr", self.lr)
        for name in ("momentum", "weight_decay"):
            require_not_negative(name, getattr(self, name))
        for name in ("measure_train", "checkpointing", "compile", "keep_best"):
            require_flag(name, getattr(self, name))
        if self.clip is not None:
            require_positive("clip", self.clip)


def make_optimizer(model: nn.Module, s: Settings) -> torch.optim.Optimizer:
    """The optimiser that ``s`` names, in its fused form (one kernel for all tensors)."""
    require_instance("model", model, nn.Module)
    require_instance("s", s, Settings)
    if s.optimizer == "sgd":
        return SGD(
            _groups(model, s.weight_decay),
            lr=s.lr,
            momentum=s.momentum,
            weight_decay=s.weight_decay,
            fused=True,
        )
    kind = Adam if s.optimizer == "adam" else Adagrad
    return kind(_groups(model, s.weight_decay), lr=s.lr, weight_decay=s.weight_decay, fused=True)


def _groups(model: nn.Module, decay: float) -> list[dict[str, Any]]:
    """The parameters; single numbers, if there are any, in a group that decay leaves alone."""
    every = list(model.parameters())
    numbers = [p for p in every if p.ndim == 0]
    if decay == 0 or not numbers:
        return [{"params": every}]
    others = [p for p in every if p.ndim > 0]
    return [{"params": others}, {"params": numbers, "weight_decay": 0.0}]


def require_device(device: str) -> None:
    """Refuse a device that this machine does not have."""
    kind, _, number = str(device).partition(":")
    choose("device", kind, DEVICES)
    if kind == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    else:
        count = int(kind == "cpu" or torch.backends.mps.is_available())
    fits = count > 0 and (not number or (number.isdigit() and int(number) < count))
    require(fits, f"device is {device!r}, which this machine does not have; try 'cpu'.")
