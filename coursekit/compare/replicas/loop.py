"""The training loop for K models at once; step by step the same as `coursekit.training.loop`."""

from collections.abc import Callable, Generator, Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from coursekit.compare.replicas.arguments import SPLITS, require_looks
from coursekit.compare.replicas.loop_state import Job, Rows
from coursekit.compare.replicas.predictions import SplitPredictions
from coursekit.data.multimodal import Split
from coursekit.models import MultimodalClassifier
from coursekit.training.method import Method, Run
from coursekit.training.settings import Settings
from coursekit.utils.checks import require_list
from coursekit.utils.threads import threads

NO_SPLITS: Mapping[str, Split] = MappingProxyType({})


def epochs(
    models: Sequence[MultimodalClassifier],
    train: Split | Sequence[Split],
    valid: Split | Sequence[Split],
    settings: Settings | Sequence[Settings],
    *,
    seeds: Sequence[int],
    methods: Sequence[Method] | None = None,
    watch: Callable[[int, Run], None] | None = None,
    look: Callable[[SplitPredictions], None] | None = None,
    extra: Mapping[str, Split] = NO_SPLITS,
    measured: Sequence[str] = SPLITS,
) -> Generator[list[Rows], None, dict[int, str]]:
    """Train K models in place; after each epoch yield each one's rows of the history.

    Every model ends as `coursekit.training.epochs` would leave it, but for rounding. models: the
    same encoders and heads; their fusions may differ; nothing in them that a stack would go round
    or that draws at random, see `coursekit.compare.replicas.stackable`.  train, valid: one split
    for all, or one each, of equal lengths.  settings: one, or one each; lr, momentum and clip may
    differ.  seeds: of the order of the batches.  methods: `replicable` ones.  watch: called with
    the replica's number and run after every epoch.  look: called after every epoch, before
    ``watch``, with what gives all models' predictions on a split by its name: "train", "valid", or
    one of ``extra`` (the same for all).  measured: splits that the history tells of.

    Rows as in `coursekit.training.epochs`. A model whose loss is not finite leaves the race: it has
    no rows any more, the others go on. Returns by number why.
    Errors: ValueError or TypeError, naming what does not fit.
    """
    require_list("models", models, "classifiers")
    require_looks(watch, look, measured, extra)
    job = Job(models, train, valid, settings, seeds, methods, measured, extra)
    try:
        for epoch in range(1, job.settings[0].epochs + 1):
            with threads(job.settings[0].threads):
                rows = job.epoch(epoch)
                if look is not None:
                    look(job.looks)
                for k, run in enumerate(job.runs):
                    if k in job.stopped or not job.allows(k, "end_epoch", f"after epoch {epoch}"):
                        continue
                    if watch is not None:
                        watch(job.order[k], run)
            yield job.in_callers_order(rows)
        job.end()
    finally:
        job.stack.release()
    return {job.order[k]: why for k, why in job.stopped.items()}


def raise_on_divergence(
    training: Generator[list[Rows], None, dict[int, str]], names: Sequence[str] = ()
) -> Generator[list[Rows], None, None]:
    """`epochs` for those who need every model: the same rows, and an error at the end.

    training: of `epochs`.  names: of the models, before each one's reason; empty = reasons alone.
    Errors: FloatingPointError with the reason of every model that diverged, after the last epoch.
    """
    stopped = yield from training
    if stopped:
        reasons = (f"{names[k]}: {why}" if names else why for k, why in stopped.items())
        raise FloatingPointError(" ".join(reasons))


def fit(
    models: Sequence[MultimodalClassifier],
    train: Split | Sequence[Split],
    valid: Split | Sequence[Split],
    settings: Settings | Sequence[Settings],
    *,
    seeds: Sequence[int],
    methods: Sequence[Method] | None = None,
) -> list[pd.DataFrame]:
    """`epochs` to the end: each model's history, a row per epoch and split.

    Errors: also FloatingPointError, naming every model that diverged.
    """
    require_list("models", models, "classifiers")
    history: list[Rows] = [[] for _ in models]
    training = epochs(models, train, valid, settings, seeds=seeds, methods=methods)
    for epoch in raise_on_divergence(training, [f"Model {k}" for k in range(len(models))]):
        for rows, new in zip(history, epoch, strict=True):
            rows.extend(new)
    return [pd.DataFrame(rows) for rows in history]
