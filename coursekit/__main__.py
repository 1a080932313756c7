"""Commands: trainings, tables of slow studies (``python -m coursekit folds``), benchmarks, …"""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from coursekit.bench.commands import app as bench
from coursekit.data.files import DataFileError
from coursekit.grading.commands import assign, grade, preview
from coursekit.stats import summarise
from coursekit.studies import blend_optimizers as optimizer_study
from coursekit.studies import cures as cure_study
from coursekit.studies import depths as depth_study
from coursekit.studies import folds as fold_study
from coursekit.studies import interactions as interaction_study
from coursekit.studies import operators as operator_study
from coursekit.studies import rates
from coursekit.studies import surfaces as surface_study
from coursekit.studies.cards import keep
from coursekit.trainings.commands import sweep, train

app = typer.Typer(add_completion=False, no_args_is_help=True)
app.add_typer(bench, name="bench")
app.command()(assign)
app.command()(preview)
app.command()(grade)
app.command()(train)
app.command()(sweep)


@app.callback()
def commands() -> None:
    """Train, make the tables of slow studies, run benchmarks, hand out and grade assignments."""


@app.command()
def folds(
    speech: Annotated[str, typer.Option(help="fsdd (real recordings) or synth")] = "fsdd",
    seeds: Annotated[int, typer.Option(min=1, help="how many, from 0 on")] = 10,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/av_fsdd_folds.csv"),
) -> None:
    """Train image, audio and both on the audio-visual digits, on every fold of the speakers."""
    try:
        table = pd.concat(fold_study.folds(speech, seeds), ignore_index=True)
    except (ValueError, DataFileError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    keep(table, fold_study.fold_summary(table).round(3).to_string(index=False), out)


@app.command()
def cures(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 10,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/cures.csv"),
) -> None:
    """Try the usual cures on both illnesses of the generator, and more data on the first."""
    table = pd.concat(cure_study.cure_study(seeds), ignore_index=True)
    summary = summarise(table, ["data", "train", "model"]).round(3)
    keep(table, summary.to_string(index=False), out)


@app.command()
def depths(
    case: Annotated[list[str] | None, typer.Option(help="one of the cases; all without it")] = None,
    out: Annotated[Path, typer.Option(help="folder for the three CSVs")] = Path("data"),
) -> None:
    """Compare early, intermediate and late fusion with equal parameters and equal tuning."""
    try:
        found = list(depth_study.study(case or list(depth_study.cases())))
    except (ValueError, DataFileError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    for name in ("trials", "results", "curves"):
        table = pd.concat([getattr(tables, name) for tables in found], ignore_index=True)
        summary = depth_study.summary(table) if name == "results" else ""
        keep(table, summary, out / f"depth_{name}.csv")


@app.command()
def surfaces(
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/surfaces.csv"),
) -> None:
    """Fit every operator to the four surfaces of lesson 02, over seeds, at its best rate."""
    table = surface_study.surface_study()
    kept = rates.results(table, ["encoder", "operator"], "r2")
    summary = summarise(kept, ["encoder", "operator", "target"], "r2").round(3)
    keep(table, summary.to_string(index=False), out)


@app.command()
def operators(
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/operators.csv"),
) -> None:
    """Train the operators on generated classes, over seeds, each at its best rate."""
    table = operator_study.accuracy_study()
    kept = rates.results(table, ["study", "model"], "valid")
    summary = summarise(kept, ["study", "model"], "test").round(3)
    keep(table, summary.to_string(index=False), out)


@app.command()
def optimizers(
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/blend_optimizers.csv"),
) -> None:
    """Train with Gradient-Blending under SGD, AdaGrad and Adam, each method at its best rate."""
    table = optimizer_study.optimizer_study()
    kept = rates.results(table, ["data", "optimizer", "method"], "valid")
    summary = summarise(kept, ["data", "optimizer", "method"], "test").round(3)
    keep(table, summary.to_string(index=False), out)


@app.command()
def interactions(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 10,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/emap.csv"),
) -> None:
    """Project four heads on four data sets with EMAP, the ensemble beside them, over seeds."""
    table = pd.concat(interaction_study.emap_table(seeds), ignore_index=True)
    keep(table, interaction_study.summary(table).round(3).to_string(index=False), out)


if __name__ == "__main__":
    app()
