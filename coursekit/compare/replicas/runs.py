"""K trainings that have begun, each by itself, and are found fit for a stack."""

from collections.abc import Sequence
from typing import cast

from coursekit.compare.replicas.stackable import (
    obstacle,
    refuse_if,
    require_deterministic,
    require_stackable,
)
from coursekit.data.multimodal import Split
from coursekit.models import MultimodalClassifier
from coursekit.training.classes import require_classes
from coursekit.training.loop import begin, require_split
from coursekit.training.method import Method, Run
from coursekit.training.settings import Settings
from coursekit.utils.checks import require


def begun(
    models: Sequence[MultimodalClassifier],
    trains: Sequence[Split],
    valids: Sequence[Split],
    settings: Sequence[Settings],
    seeds: Sequence[int],
    methods: Sequence[Method],
) -> list[Run]:
    """A run for each model, its method started.

    Models are looked at before anything is done to them, and once more behind the methods' begin,
    which may replace a head; a method may train for long in its start.
    Errors: ValueError for a split that does not fit, splits of different lengths, or a model that
    cannot be stacked.
    """
    for k, (model, method) in enumerate(zip(models, methods, strict=True)):
        if method.fusions != ():  # else it brings its own fusion, whatever the model had
            refuse_if(k, model, obstacle(model))
    runs = []
    for model, t, v, s, seed in zip(models, trains, valids, settings, seeds, strict=True):
        require_split("train", t, model)
        require_split("valid", v, model)
        require_classes(t.labels, {"valid": v.labels})
        runs.append(begin(model, t, v, s, seed))
    for name, splits in (("train", trains), ("valid", valids)):
        lengths = sorted({len(s) for s in splits})
        require(len(lengths) == 1, f"{name} has splits of {lengths} rows; one length expected.")
    for method, run in zip(methods, runs, strict=True):
        method.begin(run)
    require_stackable(models)
    require_deterministic(models, [cast("Split", run.train).inputs for run in runs])
    for method, run in zip(methods, runs, strict=True):
        method.start(run)
    return runs
