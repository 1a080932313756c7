"""The one training loop: shuffled mini-batches, a loss, a clipped step, a record per epoch."""

import copy
import math
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm.auto import tqdm

from coursekit.checks import NotFinite, require
from coursekit.data.multimodal import Split
from coursekit.models import MultimodalClassifier
from coursekit.threads import threads
from coursekit.training.evaluate import accuracy, predict
from coursekit.training.method import Method, Run, Step, scale_gradients, scaled_step
from coursekit.training.settings import Settings, make_optimizer, require_device

DRAWS = 1_000_003  # a method's own draws must not shift the order of the batches


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
    method: Method | None = None,
    watch: Callable[[Run], None] | None = None,
) -> Generator[list[dict[str, object]], None, None]:
    """Train ``model`` in place; after each epoch yield its rows of the history.

    watch: called with the run after every epoch, to look at what the method did.

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
    method = Method() if method is None else method
    run = begin(model, train, valid, settings, seed)
    method.begin(run)  # before the optimiser: a method may replace the head
    optimizer = make_optimizer(model, settings)
    best_accuracy, best_weights = -1.0, None
    for epoch in range(1, settings.epochs + 1):
        run.epoch = epoch
        with threads(settings.threads):
            method.begin_epoch(run)
            model.train()
            for batch, (inputs, labels) in enumerate(
                batches(run.train, settings.batch_size, rng), 1
            ):
                with _divergence(f"in epoch {epoch}, batch {batch}"):
                    step = Step(run, inputs, labels, method.predict(run, inputs), batch)
                    take(step, method, optimizer)
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
        rows: list[dict[str, object]] = [
            {"epoch": epoch, "split": split, **m} for split, m in measured.items()
        ]
        run.history += rows
        method.end_epoch(run)
        if watch is not None:
            watch(run)
        yield rows
    if best_weights is not None:
        model.load_state_dict(best_weights)


def begin(
    model: MultimodalClassifier, train: Split, valid: Split, settings: Settings, seed: int
) -> Run:
    """The model and both splits on the device, and nothing done yet."""
    model.to(settings.device)
    train, valid = (_on(settings.device, split, model.modalities) for split in (train, valid))
    drawn = torch.Generator().manual_seed(seed + DRAWS)
    return Run(model, train, valid, settings, seed, drawn)


def batches(
    split: Split, size: int, rng: torch.Generator
) -> Iterator[tuple[dict[str, Tensor], Tensor]]:
    """The rows of ``split`` in a new order, ``size`` at a time: inputs by modality, labels."""
    order = torch.randperm(len(split), generator=rng).to(split.labels.device)
    shuffled = {m: x[order].split(size) for m, x in split.inputs.items()}
    for batch, labels in enumerate(split.labels[order].split(size)):
        yield {m: parts[batch] for m, parts in shuffled.items()}, labels


def take(step: Step, method: Method, optimizer: torch.optim.Optimizer) -> None:
    """Loss, gradients, scales, step: what every method goes through."""
    run, settings = step.run, step.run.settings
    weights = method.weights(step)
    loss = method.loss(step, weights)
    if not torch.isfinite(loss):
        where = f"in epoch {run.epoch}, batch {step.batch}"
        raise FloatingPointError(f"The loss is {loss.item()} {where}.")
    optimizer.zero_grad()
    method.backward(step, loss)
    scales = method.scales(step)
    if settings.scale == "gradient":
        scale_gradients(run.model, scales)
    if settings.clip is not None:
        method.clip(step, settings.clip)
    if settings.scale == "gradient":
        optimizer.step()
    else:
        scaled_step(run.model, optimizer, scales)
    at = {"epoch": run.epoch, "batch": step.batch}
    run.trace += [{**at, "head": k, "weight": float(w)} for k, w in weights.items()]
    run.trace += [{**at, "modality": m, "scale": float(k)} for m, k in scales.items()]


def _on(device: str, split: Split, modalities: tuple[str, ...]) -> Split:
    inputs = {m: split.inputs[m].to(device) for m in modalities}
    return Split(inputs, split.labels.to(device), split.group)


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
    method: Method | None = None,
    progress: bool = False,
) -> pd.DataFrame:
    """Train ``model`` in place and return the history, one row an epoch and split (tidy).

    progress: show a bar; interrupting the kernel stops between batches.
    The same seed, model and data give the same history bit for bit on the same machine.
    """
    settings = Settings() if settings is None else settings
    steps = epochs(model, train, valid, settings, seed=seed, method=method)
    bar = tqdm(
        steps,
        total=getattr(settings, "epochs", None),
        disable=not progress,
        unit="epoch",
        leave=False,
    )
    return pd.DataFrame([row for rows in bar for row in rows])
