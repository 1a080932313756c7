"""A plan carried out: history, weights and results in a folder; stopped, it goes on there."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.analysis.calibration import ece
from coursekit.analysis.probes import probe
from coursekit.analysis.retrieval import both_ways
from coursekit.compare.all_methods import PROBE, is_objective
from coursekit.compare.plan import AnyData, Plan
from coursekit.data.lazy_split import LazyData
from coursekit.models import MultimodalClassifier
from coursekit.models.two_tower import TwoTower
from coursekit.training import accuracy, epochs
from coursekit.training.alignment.common_space import CommonSpace
from coursekit.training.checkpoint import write_whole
from coursekit.training.classes import require_classes
from coursekit.training.engine import AnySplit, Engine
from coursekit.training.evaluate import predict_rows
from coursekit.utils.precision import not_half

LARGEST_POOL = 5000  # rows among which retrieval is measured
SPENT = "seconds.txt"  # in the folder of a training: how long it has taken so far


def run(
    plan: Plan,
    out: Path,
    *,
    parts: Sequence[str] = ("valid", "test"),
    probes: bool = False,
    engine: Engine | None = None,
    tell: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Train, then measure; the result also stands in ``out/result.json``.

    In ``out``: plan.json, missing.txt (samples that were left out), checkpoints/, history.csv,
    model.pt (weights alone), result.json, where ``seconds`` are those of all attempts, each up to
    its last whole epoch. A training that is done is not done again.
    Of an objective that aligns, loss and accuracy in the history are those of a linear probe on its
    features, and so are the accuracies of the result; see `measured`.
    parts: splits that are measured.  probes: also the accuracy of a linear probe of every encoder.
    tell: gets a line per epoch.
    Errors: those of the loader and of `coursekit.training.fit`.
    """
    engine = Engine(plan.settings) if engine is None else engine
    data = plan.open_data()
    first = engine.rank == 0
    if "test" in parts and data.num_classes:  # scores are refused where the training begins
        require_classes(data.train.labels, {"test": data.test.labels})
    model, began = plan.build_model(data), time.perf_counter()
    fresh: list[int] = []  # epochs that are trained now, not taken from a checkpoint
    steps = epochs(
        model, data.train, data.valid, plan.settings, seed=plan.seed, method=plan.build_method(),
        checkpoints=out / "checkpoints", engine=engine, watch=lambda now: fresh.append(now.epoch),
        origin=plan.origin(),
    )  # fmt: skip
    history: list[dict[str, Any]] = []
    before = 0.0  # seconds that earlier attempts took
    for rows in steps:
        if first and not history:  # only now is it sure that the folder is not another training's
            before = _spent(out) if not fresh else 0.0
            _open_folder(plan, data, out)
        history += rows
        if first and fresh:
            with suppress(OSError):  # to know the seconds is not worth a training
                _write(out / SPENT, f"{before + time.perf_counter() - began:.2f}\n")
        if first and tell is not None:
            for line in lines_of(rows, fresh, plan.settings.epochs):
                tell(line)
    seconds = before + (time.perf_counter() - began if fresh else 0)
    aligned = is_objective(plan.method)
    accuracy_of = {"accuracy of": PROBE} if aligned else {}
    result = {
        "data": data.name, "fusion": plan.fusion, "method": plan.method, "seed": plan.seed,
        **accuracy_of,
        **measured(model, data, engine, plan.settings.batch_size, parts, probes, aligned),
        "seconds": round(seconds, 2),
    }  # fmt: skip
    if aligned:
        del result["fusion"]  # a common space took its place
    if first:
        table = pd.DataFrame(history).to_csv(index=False, lineterminator="\n")
        _write(out / "history.csv", table)
        _write(out / "result.json", json.dumps(result, indent=1) + "\n")
        torch.save(model.state_dict(), out / "model.pt")
    return result


def lines_of(rows: list[dict[str, Any]], fresh: Sequence[int], last: int) -> list[str]:
    """What to say of an epoch's rows of the history: of those done before only how many."""
    epoch = rows[0]["epoch"]
    if not fresh:
        return [f"All {last} epochs were done before."] if epoch == last else []
    going_on = len(fresh) == 1 and epoch > 1
    parts = [f"{r['split']} loss {r['loss']:.4f} accuracy {r['accuracy']:.4f}" for r in rows]
    line = f"epoch {epoch} of {last}: " + ", ".join(parts)
    return [f"Going on behind epoch {epoch - 1}.", line] if going_on else [line]


def measured(
    model: MultimodalClassifier,
    data: AnyData,
    engine: Engine,
    size: int,
    parts: Sequence[str],
    probes: bool,
    aligned: bool = False,
) -> dict[str, float]:
    """Loss, accuracy and ECE on each of ``parts``; probe_MODALITY, on the last, if wanted.

    aligned: by an objective without labels. The accuracy is then that of its probe, whose loss and
    ECE say nothing of the model; in their place stands retrieval where two modalities share a
    space: recall, mean of both ways, among all rows of the part, and how many these are.
    """
    figures: dict[str, float] = {}
    for name in parts:
        split: AnySplit = data.split(name)
        predictions = predict_rows(model, split, engine, size)
        logits, labels = predictions.joint.cpu(), split.labels
        figures |= {name: accuracy(logits, labels)}
        if aligned:
            figures |= {f"{name}_{k}": v for k, v in recalls(model, predictions.features).items()}
            continue
        figures[f"{name}_loss"] = float(F.cross_entropy(not_half(logits), labels))
        figures[f"{name}_ece"] = float(ece(logits.double().softmax(1), labels))
    if probes:
        before = predict_rows(model, data.train, engine, size).features
        for m, z in before.items():
            after = predictions.features[m].cpu()
            figures[f"probe_{m}"] = probe(z.cpu(), data.train.labels, after, labels)
    return {k: round(v, 6) for k, v in figures.items()}


def recalls(model: MultimodalClassifier, features: Mapping[str, Tensor]) -> dict[str, float]:
    """recall@1 and @10, mean of both ways, and the pool; empty unless two modalities meet.

    Empty too for a pool of more than `LARGEST_POOL`, whose cosines need its square.
    """
    rows = len(next(iter(features.values())))
    fusion = model.fusion
    if not isinstance(fusion, CommonSpace | TwoTower) or len(features) != 2 or rows > LARGEST_POOL:
        return {}
    with torch.no_grad():
        if isinstance(fusion, TwoTower):
            first, second = fusion.places(features).values()
        else:
            first, second = fusion.aligned(features).values()
        ways = both_ways((first @ second.T).cpu())
    most = ways[0].candidates
    recall = {f"recall@{k}": sum(w.recall(k) for w in ways) / 2 for k in (1, 10) if k <= most}
    return {**recall, "pool": most}


def done(plan: Plan, out: Path) -> dict[str, Any] | None:
    """The result in ``out`` if it is of this plan, else None."""
    asked, answer = out / "plan.json", out / "result.json"
    if not answer.exists() or plan.differences(asked.read_text(encoding="utf-8")):
        return None
    return dict(json.loads(answer.read_text(encoding="utf-8")))


def described(plan: Plan) -> str:
    """What a plan comes to, without training: rows, groups, shapes, parameters."""
    data = plan.open_data()
    model = plan.build_model(data)
    example = next(data.train.batches([torch.tensor([0])]))
    lines = [f"{data.name}: {data.num_classes} classes"]
    for name in ("train", "valid", "test"):
        split = data.split(name)
        lines.append(f"{name}: {len(split)} rows, {len(split.group.unique())} groups")
    for m in model.modalities:
        size = sum(p.numel() for p in model.encoders[m].parameters())
        lines.append(f"{m}: {tuple(example[m].shape[1:])} a sample, encoder of {size:,} parameters")
    size = sum(p.numel() for p in model.parameters())
    if is_objective(plan.method):
        lines.append(f"{plan.method}: {size:,} parameters before its own head replaces the fusion")
    else:
        lines.append(f"{plan.method} on {plan.fusion}: {size:,} parameters in all")
    missing = data.missing if isinstance(data, LazyData) else ()
    return "\n".join([*lines, *missing])


def _open_folder(plan: Plan, data: AnyData, out: Path) -> None:
    """Say what is trained here; a result that stands there is of fewer epochs, or made again."""
    (out / "result.json").unlink(missing_ok=True)
    _write(out / "plan.json", plan.text())
    if isinstance(data, LazyData) and data.missing:
        _write(out / "missing.txt", "\n".join(data.missing) + "\n")


def _spent(out: Path) -> float:
    """Seconds that earlier attempts took; 0 where that is not known any more."""
    with suppress(OSError, ValueError):
        return float((out / SPENT).read_text(encoding="utf-8"))
    with suppress(OSError, ValueError, KeyError):
        return float(json.loads((out / "result.json").read_text(encoding="utf-8"))["seconds"])
    return 0.0


def _write(path: Path, text: str) -> None:
    write_whole(path, text.encode())
