"""Batches that are too small: for batch norm, or to compare a row with others.

Of one value per channel there is no variance.
An epoch's last batch may have a single row, and so may a part of a batch that is computed in parts
or shared by processes. What will happen is known before the first step: a last batch that is too
small is joined to the one before, and where that is no help the training does not begin.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from coursekit.data.multimodal import Split
from coursekit.layers.batch_norm import BatchNorm2d
from coursekit.models import evaluating
from coursekit.training.extra_state import generators_of
from coursekit.training.method import Run
from coursekit.utils.checks import require
from coursekit.utils.random_generators import (
    global_states,
    set_global_states,
    set_state,
    state_of,
)

PROBED = 2  # rows, for a norm without running statistics needs two even when it is not trained


def settle_batches(run: Run) -> None:
    """Find how many rows a batch must have: ``run.least``. A last batch of fewer is joined.

    Errors: ValueError, with the batch norm and what to change, where all batches are too small.
    """
    norms = _norms(run.model)
    if not norms:
        return
    values = dict.fromkeys(norms, 1)
    if _smallest(run) < _least(run, values):  # only then it matters what else there is in a row
        values = _values_per_row(run)
    least = _least(run, values)
    if min(len(run.train), run.settings.batch_size) < least:
        raise ValueError(_refusal(run, values))
    run.least = max(run.least, least)


def join_a_single_row(run: Run) -> None:
    """Join a last batch of one row to the one before: there it has other rows to be told from.

    Errors: ValueError where all batches have one row.
    """
    rows, size = len(run.train), run.settings.batch_size
    sentence = f"train has {rows} rows and batch_size is {size}; two or more were expected"
    require(min(rows, size) > 1, f"{sentence}: a wrong partner is another row of the batch.")
    run.least = max(run.least, 2)


def _norms(model: nn.Module) -> dict[str, nn.Module]:
    return {name: m for name, m in model.named_modules() if isinstance(m, _BatchNorm)}


def _smallest(run: Run) -> int:
    """Rows of the smallest batch of an epoch."""
    rows, size = len(run.train), run.settings.batch_size
    return rows if rows <= size else rows % size or size


def _least(run: Run, values: dict[str, int]) -> int:
    """The fewest rows with which every batch norm gets more than one value per channel."""
    most = 2 * run.settings.accumulate * run.engine.world
    return next(size for size in range(1, most + 1) if not _suspect(run, values, size))


def _suspect(run: Run, values: dict[str, int], size: int) -> str:
    """The first batch norm that gets one value per channel in a batch of ``size`` rows, or ""."""
    norms = _norms(run.model)
    for name, per_row in values.items():
        if any(n * per_row == 1 for n in _rows_of(run, name, norms[name], size)):
            return name
    return ""


def _rows_of(run: Run, name: str, norm: nn.Module, size: int) -> Iterator[int]:
    """How many rows ``norm`` sees at a time of a batch of ``size``."""
    if not name.startswith("encoders."):  # fusion and heads see the whole batch
        yield size
        return
    rows, world = torch.arange(size), run.engine.world
    own = [part.tensor_split(run.settings.accumulate) for part in rows.tensor_split(world)]
    if world > 1 and isinstance(norm, BatchNorm2d):  # its statistics are those of all processes
        yield from (sum(map(len, parts)) for parts in zip(*own, strict=True))
    else:
        yield from (len(part) for parts in own for part in parts)


def _values_per_row(run: Run) -> dict[str, int]:
    """Values per channel that each batch norm gets of one row; those that are not met have none."""
    seen: dict[str, int] = {}

    def note(name: str, x: Tensor) -> None:
        seen[name] = min(seen.get(name, x.numel()), x.numel() // max(x.shape[1], 1) // PROBED)

    hooks = [
        norm.register_forward_pre_hook(lambda _, given, name=name: note(name, given[0]))
        for name, norm in _norms(run.model).items()
    ]
    try:
        with _undisturbed(run.model), evaluating(run.model), torch.no_grad():
            run.model(_first_row(run))
    finally:
        for hook in hooks:
            hook.remove()
    return seen


def _first_row(run: Run) -> dict[str, Tensor]:
    train = run.train
    row = torch.zeros(1, dtype=torch.int64)
    if isinstance(train, Split):
        inputs = next(train.batches([row.to(train.labels.device)]))
    else:
        sample = train.read(int(train.rows[0]))
        inputs = {m: sample[m][None] for m in train.modalities}
    device = run.engine.device
    return {m: torch.cat([x] * PROBED).to(device) for m, x in inputs.items()}


@contextmanager
def _undisturbed(model: nn.Module) -> Iterator[None]:
    """Afterwards every random generator, shared or the model's own, is where it was."""
    own = [(g, state_of(g)) for g in generators_of(model)]
    states = global_states("cpu")
    try:
        yield
    finally:
        set_global_states(states, "cpu")
        for generator, state in own:
            set_state(generator, state)


def _refusal(run: Run, values: dict[str, int]) -> str:
    s, world, n = run.settings, run.engine.world, len(run.train)
    name = _suspect(run, values, min(n, s.batch_size))
    shared = f" of {world} processes" if world > 1 else ""
    parts = f", in {s.accumulate} parts{shared}" if s.accumulate > 1 or world > 1 else ""
    least = 2 * s.accumulate * world if name.startswith("encoders.") else 2
    got = f"train has {n} rows and batch_size is {s.batch_size}{parts}"
    cure = f"a batch_size of {least} or more"
    if s.accumulate > 1:
        cure += " or fewer parts (accumulate)"
    if n < least:
        cure = f"{least} rows or more" + cure.removeprefix(f"a batch_size of {least} or more")
    return (
        f"{got}: the batch norm at {name} would get one value per channel, which has no variance; "
        f"{cure} would do."
    )
