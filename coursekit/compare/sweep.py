"""Several methods and fusions, each trained as one plan says, over seeds; at any time resumed."""

import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from coursekit import balancing, fusion
from coursekit.compare import all_methods, cells
from coursekit.compare.plan import Plan
from coursekit.compare.protocol import NO_FUSION, UNIMODAL
from coursekit.compare.run import done, run
from coursekit.compare.stored_data import require_same_data
from coursekit.compare.trial_text import Trial, write_trial
from coursekit.models.build import SEQUENCES
from coursekit.utils.checks import choose, require, require_count, require_positive

ALWAYS = ("joint", "ensemble", UNIMODAL)  # what every method has to be seen beside
FIGURES = ("valid", "test", "test_loss", "test_ece")


def places(plan: Plan, methods: Sequence[str], fusions: Sequence[str]) -> list[cells.Place]:
    """What is trained: data, fusion, method; joint, ensemble and every unimodal model always.

    Where encoders give sequences, which none of these reads, only the methods that are named.
    Errors: ValueError for unknown names, and for methods that none of the fusions allows.
    """
    known = all_methods.registry()
    for name in fusions:
        choose("fusion", name, fusion.names())
    every: list[cells.Place] = []
    kinds = plan.encoder.values() if isinstance(plan.encoder, Mapping) else [plan.encoder]
    always = () if SEQUENCES & set(kinds) else ALWAYS
    for name in dict.fromkeys([*always, *methods]):
        allowed = known[choose("method", name, known)].fusions
        fitting = [f for f in fusions if allowed is None or f in allowed]
        fitting = [NO_FUSION] if allowed == () else fitting
        require(
            bool(fitting), f"method {name!r} is for the fusions {allowed}; {list(fusions)} came."
        )
        labels = [name]
        if name == UNIMODAL:
            labels = [f"{name} {m}" for m in plan.open_data().modalities]
        every += [(plan.data, f, label) for label in labels for f in fitting]
    return every


def defined_for(fusions: Sequence[str]) -> list[str]:
    """All balancing methods that at least one of the fusions allows; objectives are named."""
    known = balancing.registry()
    return [n for n, kind in known.items() if not kind.fusions or set(kind.fusions) & set(fusions)]


def compare(
    plan: Plan,
    methods: Sequence[str],
    fusions: Sequence[str],
    out: Path,
    *,
    seeds: int = 5,
    rates: Sequence[float] = (),
    jobs: int = 1,
    dask: str = "",
) -> pd.DataFrame:
    """One row per training: data, fusion, method, seed, accuracies, loss, ECE, seconds, trial.

    And diverged: why a training did, empty where it did not.  The accuracies of an objective that
    aligns are those of a linear probe; it has neither loss nor ECE.

    out: the folder of results.csv, trials.csv and one folder per training. rates: learning rates
    that every place tries on seeds 0 to 2; the best on valid, where alone they are measured, goes
    on. Without them all have the plan's. Results are of the seeds 100, 101, …
    Errors: ValueError for a folder of another plan; those of `coursekit.compare.cells.work`, and of
    a training.
    """
    require_count("seeds", seeds, 2)
    for rate in rates:
        require_positive("a rate in rates", rate)
    tried = list(rates) or [plan.settings.lr]
    out = out.absolute()  # a worker elsewhere may stand in another folder
    plan = replace(plan, root=None if plan.root is None else plan.root.absolute())
    wanted = places(plan, methods, fusions)
    _open_folder(plan, out)
    work = partial(cells.work, jobs=jobs, dask=dask)
    todo = cells.fresh_cells([(p, {"lr": tried[0]}) for p in wanted], seeds)
    if len(tried) > 1:
        row_of = partial(row, plan, out / "trials", ("valid",))
        tuning = cells.tuning_cells(wanted, tried)
        tuned = work(row_of, tuning, out / "trials.csv", label="tuning")
        todo = cells.result_cells(wanted, tuned, seeds, tried)
    row_of = partial(row, plan, out / "trainings", ("valid", "test"))
    return cells.tidy(work(row_of, todo, out / "results.csv", label="results"))


def _open_folder(plan: Plan, out: Path) -> None:
    """Refuse a folder whose rows are of another plan or data; they would be taken for this one's.

    Only that data in a folder lie elsewhere now makes no difference.
    """
    path = out / "plan.json"
    begun = path.exists()
    words = plan.differences(path.read_text(encoding="utf-8")) if begun else []
    sentence = f"out is {out}, where a sweep of another plan stands: {', '.join(words)}"
    require(not words, f"{sentence}; name another folder.")
    out.mkdir(parents=True, exist_ok=True)
    advice = f"They stand in {out}; name another folder."
    require_same_data(out / "data.json", {plan.data: plan.open_data()}, begun=begun, advice=advice)
    path.write_text(plan.text(), encoding="utf-8")


def row(
    plan: Plan,
    folder: Path,
    parts: Sequence[str],
    data: str,
    with_fusion: str,
    method: str,
    trial: Trial,
    seed: int,
) -> dict[str, Any]:
    """One training in a folder of its own, where it goes on if it was stopped; its row.

    A training that diverges has the accuracy 0, why in the column diverged, and nothing else.
    """
    head = {"data": data, "fusion": with_fusion, "method": method, "seed": seed}
    place = folder / " ".join([with_fusion, method, write_trial(trial), f"seed={seed}"])
    own_plan = _of(plan, with_fusion, method, trial["lr"], seed)
    result = done(own_plan, place)
    if result is None:
        try:
            result = run(own_plan, place, parts=parts)
        except FloatingPointError as problem:
            result = {"valid": 0.0, "test": 0.0, "diverged": str(problem)}
        shutil.rmtree(place / "checkpoints", ignore_errors=True)
    wanted = [f for f in FIGURES if f.split("_")[0] in parts]
    figures = {f: result.get(f, math.nan) for f in wanted}
    end = {"trial": write_trial(trial), "diverged": result.get("diverged", "")}
    return {**head, **figures, "seconds": result.get("seconds"), **end}


def _of(plan: Plan, with_fusion: str, method: str, lr: float, seed: int) -> Plan:
    """The plan with another fusion, method, rate and seed."""
    name, _, modality = method.partition(" ")
    own = plan.own if name == plan.method else {}
    return replace(
        plan,
        fusion="late-linear" if with_fusion == NO_FUSION else with_fusion,
        method=name,
        own={"modality": modality} if modality else own,
        settings=replace(plan.settings, lr=lr),
        seed=seed,
    )
