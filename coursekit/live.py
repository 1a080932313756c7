"""Slider speed: one seed, both modalities and the joint model at once."""

from collections.abc import Generator, Sequence

import pandas as pd

from coursekit import replicas
from coursekit.balancing.ensemble import Ensemble
from coursekit.data.multimodal import MultimodalData
from coursekit.experiments import Comparison
from coursekit.models import MultimodalClassifier, Prediction, build_classifier
from coursekit.probes import quick_probe
from coursekit.threads import threads
from coursekit.training import Settings, accuracy, predict
from coursekit.training.method import Method, Run

JOINT, ENSEMBLE = "joint", "ensemble"


def steps(
    data: MultimodalData,
    settings: Settings | None = None,
    *,
    seed: int = 0,
    fusion: str = "late-linear",
    widths: Sequence[int] = (64, 32),
) -> Generator[None, None, Comparison]:
    """Train each modality alone and all jointly, as two replicas, pausing after every epoch.

    The modalities alone are the ensemble's: they start from the joint model's own first weights and
    see the same batches. Probes are quick ones. History: validation accuracy only.
    Errors: FloatingPointError when a training diverges.
    """
    settings = settings or Settings()
    methods: dict[str, Method] = {ENSEMBLE: Ensemble(), JOINT: Method()}
    models = [
        build_classifier(
            data.train.inputs, data.num_classes, fusion=fusion, widths=widths, seed=seed
        )
        for _ in methods
    ]
    history: list[dict[str, object]] = []

    def note_modalities(k: int, run: Run) -> None:
        if k == 0:
            alone = predict(run.model, run.valid.inputs).unimodal
            history.extend(
                {"model": m, "epoch": run.epoch, "split": "valid",
                 "accuracy": accuracy(x, run.valid.labels)}
                for m, x in alone.items()
            )  # fmt: skip

    training = replicas.epochs(
        models, data.train, data.valid, settings,
        seeds=[seed] * len(models), methods=list(methods.values()), watch=note_modalities,
        measured=("valid",),
    )  # fmt: skip
    while True:
        try:
            rows = next(training)
        except StopIteration as end:
            stopped: dict[int, str] = end.value
            break
        history += [
            {"model": JOINT, "epoch": r["epoch"], "split": r["split"], "accuracy": r["accuracy"]}
            for r in rows[1]
        ]
        yield
    if stopped:
        raise FloatingPointError(" ".join(stopped.values()))
    with threads(settings.threads):
        return _compare(dict(zip(methods, models, strict=True)), data, history)


def _compare(
    models: dict[str, MultimodalClassifier],
    data: MultimodalData,
    history: list[dict[str, object]],
) -> Comparison:
    test, train = data.test, data.train
    found = {name: predict(model, test.inputs) for name, model in models.items()}
    logits = {**found[ENSEMBLE].unimodal, **{name: p.joint for name, p in found.items()}}
    reached = [{"model": n, "accuracy": accuracy(x, test.labels)} for n, x in logits.items()]
    probes = []
    for name, trained in ((ENSEMBLE, "alone"), (JOINT, "joint")):
        before = predict(models[name], train.inputs)
        probes += _probe_rows(before, found[name], data, trained)
    return Comparison(pd.DataFrame(reached), pd.DataFrame(probes), pd.DataFrame(history))


def _probe_rows(
    before: Prediction, after: Prediction, data: MultimodalData, trained: str
) -> list[dict[str, object]]:
    labels, test_labels = data.train.labels, data.test.labels
    return [
        {
            "modality": m,
            "trained": trained,
            "accuracy": quick_probe(before.features[m], labels, after.features[m], test_labels),
        }
        for m in data.modalities
    ]
