"""The one training loop: shuffled mini-batches, a loss, a clipped step, a record per epoch."""

import copy
import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from coursekit.data.multimodal import Split
from coursekit.models import MultimodalClassifier
from coursekit.training.batch_sizes import settle_batches
from coursekit.training.checkpoint import Store
from coursekit.training.classes import require_classes
from coursekit.training.divergence import bad_gradient, divergence, lost, when
from coursekit.training.engine import AnySplit, Engine
from coursekit.training.evaluate import largest
from coursekit.training.method import Method, Run, Step, scale_gradients, scaled_step
from coursekit.training.method_answers import batches_of, turns_of
from coursekit.training.settings import Settings, make_optimizer, require_device
from coursekit.training.training_state import Training
from coursekit.utils.accelerator_checks import check, settle
from coursekit.utils.checks import (
    require,
    require_callable,
    require_count,
    require_flag,
    require_instance,
    require_present,
)
from coursekit.utils.precision import not_half
from coursekit.utils.threads import threads

DRAWS = 1_000_003  # a method's own draws must not shift the order of the batches


def require_split(name: str, split: object, model: MultimodalClassifier) -> None:
    """Refuse what is no split, or one whose modalities or labels ``model`` cannot use."""
    require_instance("model", model, MultimodalClassifier)
    if not isinstance(split, AnySplit):
        what = type(split).__name__
        raise TypeError(f"{name} is a {what}; one split was expected: pass data.{name}.")
    require_present(name, split.modalities, model.modalities)
    require(len(split) > 0, f"{name} has no rows; one or more were expected.")
    y, c = split.labels, model.num_classes
    if y.dtype != torch.int64:
        raise TypeError(f"the labels of {name} are {y.dtype}; classes as int64 were expected.")
    low, high = int(y.min()), int(y.max())
    fits = low >= 0 and high < c
    require(fits, f"the labels of {name} lie in {low} to {high}; 0 to {c - 1} was expected.")


def epochs(
    model: MultimodalClassifier,
    train: AnySplit,
    valid: AnySplit,
    settings: Settings,
    *,
    seed: int = 0,
    method: Method | None = None,
    watch: Callable[[Run], None] | None = None,
    checkpoints: Path | None = None,
    engine: Engine | None = None,
    origin: Mapping[str, str] | None = None,
) -> Generator[list[dict[str, object]], None, None]:
    """Train ``model`` in place; after each epoch yield its rows of the history.

    watch: called with the run after every epoch, to look at what the method did.
    checkpoints: a folder. After every epoch all that a training is made of is stored there; begun
    again with the same arguments it goes on behind the last stored epoch, and first yields the
    rows of those that were done. What model and method own is found,
    see `coursekit.training.extra_state`:
    random generators of PyTorch, NumPy and Python, buffers, tensors and numbers that change; the
    generators that everybody shares are stored and put back as well. Checkpoints of other data are
    refused, see `coursekit.training.data_identity`.
    engine: of a training this one is part of; its own without it.  origin: what the data were made
    of, name → text; a checkpoint of another one is refused, naming it.

    A generator, so that whoever drives it can show progress, or stop, between epochs. The seed
    fixes the order of the batches; a last batch that is too small for batch norm is joined to the
    one before. Rows: epoch (1, 2, …), split, and the loss and accuracy of the joint logits.
    Errors: FloatingPointError when loss or gradient is not finite, with epoch, batch and step (from
    1), the method, and the modality it came from; TypeError or ValueError when ``train``,
    ``valid`` or the device does not fit, all labels of train are the same, batches are too small
    for batch norm, or the method answers with no batches or turns; CheckpointError when one cannot
    be written or used, or, before the first epoch, when model or method have a state that cannot
    be stored.  `coursekit.training.classes` warns of classes that train lacks.
    """
    if not isinstance(settings, Settings):
        what = type(settings).__name__
        raise TypeError(f"settings is a {what}; Settings(epochs=20, …) was expected.")
    require_split("train", train, model)
    require_split("valid", valid, model)
    require_classes(train.labels, {"valid": valid.labels})
    require_device(settings.device)
    require_count("seed", seed)
    method = Method() if method is None else method
    require_instance("method", method, Method)
    if watch is not None:
        require_callable("watch", watch)
    if engine is not None:
        require_instance("engine", engine, Engine)
    require_instance("origin", origin, Mapping | None)
    store = None if checkpoints is None else Store(checkpoints, method, settings, seed, origin)
    run = begin(model, train, valid, settings, seed, engine)
    method.begin(run)  # before the optimiser: a method may replace the head
    settle_batches(run)
    state = Training(run, method, make_optimizer(model, settings))
    if store is not None:
        store.begin(state)
        yield from store.restore(state)
    if run.epoch == 0:
        undefined = divergence(run, method, "before epoch 1")
        with threads(settings.threads), run.engine.running(model), undefined:
            method.start(run)
        if store is not None:
            store.require_storable(state)
    while run.epoch < settings.epochs:
        run.epoch += 1
        with threads(settings.threads), run.engine.running(model):
            rows = one_epoch(state)
            with divergence(run, method, f"after epoch {run.epoch}"):
                method.end_epoch(run)
        if store is not None:
            store.save(state)
        if watch is not None:
            watch(run)
        yield rows
    if state.best_weights is not None:
        model.load_state_dict(state.best_weights)


def one_epoch(state: Training) -> list[dict[str, object]]:
    """Every batch once, then what has been reached; the rows of the history."""
    run, method, model = state.run, state.method, state.run.model
    run.engine.agree(model)
    run.forget_batch()  # a training that goes on has none either
    with divergence(run, method, f"before epoch {run.epoch}"):
        method.begin_epoch(run)
        method.change_weights(run)
    model.train()
    parts = batches_of(method, run, state.order)
    bar = tqdm(
        batches(run, parts),
        total=len(parts),
        disable=not run.engine.progress,
        desc=f"epoch {run.epoch}",
        unit="batch",
        leave=False,
    )
    for batch, (inputs, labels) in enumerate(bar, 1):
        run.batch, run.rows = batch, parts[batch - 1]
        for turn in turns_of(method, run):
            run.turn = turn
            with divergence(run, method, when(run, batch), inputs):
                step = Step(run, inputs, labels, method.predict(run, inputs), batch)
                take(step, method, state.optimizer)
    with divergence(run, method, f"after epoch {run.epoch}"):
        splits = {"train": run.train, "valid": run.valid}
        wanted = list(splits) if run.settings.measure_train else ["valid"]
        measured = {name: measure(run, splits[name]) for name in wanted}
    for name, figures in measured.items():
        if not math.isfinite(figures["loss"]):
            sentence = f"The loss on {name} is {figures['loss']} after epoch {run.epoch}"
            raise FloatingPointError(f"{sentence}, method {method.name!r}.")
    valid_accuracy = measured["valid"]["accuracy"]
    if run.settings.keep_best and valid_accuracy > state.best_accuracy:
        state.best_accuracy, state.best_weights = valid_accuracy, copy.deepcopy(model.state_dict())
    rows: list[dict[str, object]] = [
        {"epoch": run.epoch, "split": split, **m} for split, m in measured.items()
    ]
    run.history += rows
    return rows


def begin(
    model: MultimodalClassifier,
    train: AnySplit,
    valid: AnySplit,
    settings: Settings,
    seed: int,
    engine: Engine | None = None,
) -> Run:
    """The model and both splits on the device, and nothing done yet."""
    engine = Engine(settings) if engine is None else engine
    model.to(engine.device)
    train, valid = (_on(engine.device, split, model.modalities) for split in (train, valid))
    drawn = torch.Generator().manual_seed(seed + DRAWS)
    return Run(model, train, valid, settings, seed, drawn, engine)


def batches(run: Run, parts: Sequence[Tensor]) -> Iterator[tuple[dict[str, Tensor], Tensor]]:
    """The training rows a batch at a time: inputs by modality, labels.  parts: rows of each."""
    for part, inputs in zip(parts, run.engine.batches(run.train, parts), strict=True):
        yield inputs, run.train.labels[part]


def take(step: Step, method: Method, optimizer: torch.optim.Optimizer) -> None:
    """Loss, gradients, scales, step: what every method goes through."""
    run, settings = step.run, step.run.settings
    weights = method.weights(step)
    loss = method.loss(step, weights)
    check(torch.isfinite(loss), lambda: FloatingPointError(lost(step, method, loss)))
    optimizer.zero_grad()
    method.backward(step, loss)
    scales = method.scales(step)
    if settings.scale == "gradient":
        scale_gradients(run.model, scales)
    if settings.clip is not None:
        method.clip(step, settings.clip)
    check(torch.isfinite(length(run.model)), lambda: bad_gradient(step, method))
    settle()  # here an accelerator is waited for: behind it nothing bad is left to move a weight
    if settings.scale == "gradient":
        optimizer.step()
    else:
        scaled_step(run.model, optimizer, scales)
    run.steps += 1
    at: dict[str, object] = {"epoch": run.epoch, "batch": step.batch}
    at |= {} if run.turn is None else {"turn": run.turn}
    run.trace += [{**at, "head": k, "weight": float(w)} for k, w in weights.items()]
    run.trace += [{**at, "modality": m, "scale": float(k)} for m, k in scales.items()]


def length(model: MultimodalClassifier) -> Tensor:
    """The norm of the whole gradient: not finite as soon as one number in it is not."""
    return nn.utils.get_total_norm([p.grad for p in model.parameters() if p.grad is not None])


def _on(device: str, split: AnySplit, modalities: tuple[str, ...]) -> AnySplit:
    labels = split.labels.to(device)
    if not isinstance(split, Split):
        return replace(split, labels=labels, modalities=modalities)
    return Split({m: split.inputs[m].to(device) for m in modalities}, labels, split.group)


def measure(run: Run, split: AnySplit) -> dict[str, float]:
    """Mean cross-entropy and accuracy of the joint logits on one split."""
    logits, labels = run.predict(split).joint, split.labels
    right = (largest(logits) == labels).double()  # numbers that are not finite show in the loss
    loss = F.cross_entropy(not_half(logits), labels)
    return {"loss": float(loss), "accuracy": float(right.mean())}


def fit(
    model: MultimodalClassifier,
    train: AnySplit,
    valid: AnySplit,
    settings: Settings | None = None,
    *,
    seed: int = 0,
    method: Method | None = None,
    progress: bool = False,
    checkpoints: Path | None = None,
    engine: Engine | None = None,
) -> pd.DataFrame:
    """Train ``model`` in place and return the history, one row per epoch and split (tidy).

    progress: show a bar; interrupting the kernel stops between batches.  checkpoints, engine: see
    `epochs`.
    The same seed, model and data give the same history bit for bit on the same machine.
    """
    settings = Settings() if settings is None else settings
    require_flag("progress", progress)
    steps = epochs(
        model, train, valid, settings,
        seed=seed, method=method, checkpoints=checkpoints, engine=engine,
    )  # fmt: skip
    bar = tqdm(
        steps,
        total=getattr(settings, "epochs", None),
        disable=not progress,
        unit="epoch",
        leave=False,
    )
    return pd.DataFrame([row for rows in bar for row in rows])
