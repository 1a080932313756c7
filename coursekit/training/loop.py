"""The one training loop: shuffled mini-batches, a loss, a clipped step, a record per epoch."""

import copy
import math
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from coursekit.checks import NotFinite, choose, require, require_count, require_finite
from coursekit.data.multimodal import Split
from coursekit.models import MultimodalClassifier, Prediction
from coursekit.threads import threads
from coursekit.training.evaluate import accuracy, predict

OPTIMIZERS = ("sgd", "adam")
DEVICES = ("cpu", "cuda", "mps")


@dataclass(frozen=True)
class Settings:
    """How to train. Defaults: what every small experiment of the course starts from.

    momentum: of SGD.  clip: largest gradient norm, None = no clipping (single seeds diverge
    without it).  keep_best: early stopping, return the weights of the epoch with the best
    validation accuracy.  device: "cpu", "cuda", "cuda:1" or "mps".  threads: CPU threads; more
    than one pays only for networks much larger than the course's, None leaves PyTorch's choice.
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

    def __post_init__(self) -> None:
        choose("optimizer", self.optimizer, OPTIMIZERS)
        choose("device", str(self.device).partition(":")[0], DEVICES)
        require_count("epochs", self.epochs, 1)
        require_count("batch_size", self.batch_size, 1)
        if self.threads is not None:
            require_count("threads", self.threads, 1)
        for name in ("lr", "momentum", "weight_decay"):
            require_finite(name, getattr(self, name))
        require(self.lr > 0, f"lr is {self.lr}; a positive number was expected.")
        for name in ("momentum", "weight_decay"):
            value = getattr(self, name)
            require(value >= 0, f"{name} is {value}; zero or a positive number was expected.")
        fits = self.clip is None or self.clip > 0
        require(fits, f"clip is {self.clip}; a positive number or None was expected.")


Objective = Callable[[Prediction, Tensor], Tensor]


def joint_loss(prediction: Prediction, labels: Tensor) -> Tensor:
    """Cross-entropy of the joint logits, mean over the batch."""
    return F.cross_entropy(prediction.joint, labels)


def multi_loss(prediction: Prediction, labels: Tensor) -> Tensor:
    """Joint cross-entropy plus that of every modality's own head, all with weight 1.

    Source: Kontras and colleagues 2024, eq. 3.
    """
    alone = [F.cross_entropy(logits, labels) for logits in prediction.unimodal.values()]
    return joint_loss(prediction, labels) + torch.stack(alone).sum()


def make_optimizer(model: nn.Module, s: Settings) -> torch.optim.Optimizer:
    """The optimiser that ``s`` names, in its fused form (one kernel for all tensors)."""
    if s.optimizer == "sgd":
        return torch.optim.SGD(
            model.parameters(),
            lr=s.lr,
            momentum=s.momentum,
            weight_decay=s.weight_decay,
            fused=True,
        )
    return torch.optim.Adam(model.parameters(), lr=s.lr, weight_decay=s.weight_decay, fused=True)


def require_device(device: str) -> None:
    """Refuse a device that this machine does not have."""
    kind, _, number = str(device).partition(":")
    if kind == "cuda":
        found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    else:
        found = int(kind == "cpu" or torch.backends.mps.is_available())
    fits = found > 0 and (not number or (number.isdigit() and int(number) < found))
    require(fits, f"device is {device!r}, which this machine does not have; try 'cpu'.")


def require_split(name: str, split: object, model: MultimodalClassifier) -> None:
    """Refuse what is no `Split`, or one whose modalities or labels ``model`` cannot use."""
    if not isinstance(split, Split):
        what = type(split).__name__
        raise TypeError(f"{name} is a {what}; one split was expected: pass data.{name}.")
    missing = [m for m in model.modalities if m not in split.inputs]
    require(not missing, f"{name} lacks {missing}; the model reads {list(model.modalities)}.")
    require(len(split) > 0, f"{name} has no rows; one or more were expected.")
    y, c = split.labels, model.num_classes
    if y.dtype != torch.int64:
        raise TypeError(f"the labels of {name} are {y.dtype}; classes as int64 were expected.")
    low, high = int(y.min()), int(y.max())
    fits = low >= 0 and high < c
    require(fits, f"the labels of {name} lie in {low} to {high}; 0 to {c - 1} was expected.")


def epochs(
    model: MultimodalClassifier,
    train: Split,
    valid: Split,
    settings: Settings,
    *,
    seed: int = 0,
    objective: Objective = joint_loss,
) -> Generator[list[dict[str, object]], None, None]:
    """Train ``model`` in place; after each epoch yield its rows of the history.

    A generator, so that whoever drives it can show progress, or stop, between epochs. The seed
    fixes the order of the batches. Rows: epoch (1, 2, …), split, and
    the loss and accuracy of the joint logits.
    Errors: FloatingPointError with epoch and batch (both from 1) when the loss is not finite, or
    with the epoch when the loss measured after it is not; TypeError or ValueError when ``train``,
    ``valid`` or the device does not fit.
    """
    if not isinstance(settings, Settings):
        what = type(settings).__name__
        raise TypeError(f"settings is a {what}; Settings(epochs=20, …) was expected.")
    require_split("train", train, model)
    require_split("valid", valid, model)
    require_device(settings.device)
    rng = torch.Generator().manual_seed(seed)  # always on the CPU: the same order on every device
    model.to(settings.device)
    x = {m: train.inputs[m].to(settings.device) for m in model.modalities}
    y = train.labels.to(settings.device)
    optimizer, parameters = make_optimizer(model, settings), list(model.parameters())
    best_accuracy, best_weights = -1.0, None
    for epoch in range(1, settings.epochs + 1):
        with threads(settings.threads):
            model.train()
            order = torch.randperm(len(y), generator=rng).to(settings.device)
            shuffled = {m: part[order].split(settings.batch_size) for m, part in x.items()}
            for batch, labels in enumerate(y[order].split(settings.batch_size), 1):
                with _divergence(f"in epoch {epoch}, batch {batch}"):
                    prediction = model({m: parts[batch - 1] for m, parts in shuffled.items()})
                    loss = objective(prediction, labels)
                if not torch.isfinite(loss):
                    raise FloatingPointError(
                        f"The loss is {loss.item()} in epoch {epoch}, batch {batch}."
                    )
                optimizer.zero_grad()
                loss.backward()
                if settings.clip is not None:
                    nn.utils.clip_grad_norm_(parameters, settings.clip)
                optimizer.step()
            with _divergence(f"after epoch {epoch}"):
                measured = {"train": measure(model, train), "valid": measure(model, valid)}
        for name, figures in measured.items():
            if not math.isfinite(figures["loss"]):
                raise FloatingPointError(
                    f"The loss on {name} is {figures['loss']} after epoch {epoch}."
                )
        if settings.keep_best and measured["valid"]["accuracy"] > best_accuracy:
            best_accuracy = measured["valid"]["accuracy"]
            best_weights = copy.deepcopy(model.state_dict())
        yield [{"epoch": epoch, "split": split, **m} for split, m in measured.items()]
    if best_weights is not None:
        model.load_state_dict(best_weights)


@contextmanager
def _divergence(when: str) -> Iterator[None]:
    """A fusion operator that meets NaN refuses it; in a training that means it diverged."""
    try:
        yield
    except NotFinite as problem:
        raise FloatingPointError(f"{str(problem).rstrip('.')} {when}.") from None


def measure(model: MultimodalClassifier, split: Split) -> dict[str, float]:
    """Mean cross-entropy and accuracy of the joint logits on one split."""
    logits = predict(model, split.inputs).joint
    labels = split.labels.to(logits.device)
    return {"loss": float(F.cross_entropy(logits, labels)), "accuracy": accuracy(logits, labels)}


def fit(
    model: MultimodalClassifier,
    train: Split,
    valid: Split,
    settings: Settings | None = None,
    *,
    seed: int = 0,
    objective: Objective = joint_loss,
    progress: bool = False,
) -> pd.DataFrame:
    """Train ``model`` in place and return the history, one row an epoch and split (tidy).

    progress: show a bar; interrupting the kernel stops between batches.
    The same seed, model and data give the same history bit for bit on the same machine.
    """
    settings = Settings() if settings is None else settings
    steps = epochs(model, train, valid, settings, seed=seed, objective=objective)
    bar = tqdm(
        steps,
        total=getattr(settings, "epochs", None),
        disable=not progress,
        unit="epoch",
        leave=False,
    )
    return pd.DataFrame([row for rows in bar for row in rows])
