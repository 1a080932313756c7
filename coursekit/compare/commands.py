"""``python -m coursekit train …``: one training, on any data; ``sweep``: many of them."""

import math
import os
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import torch
import torch.distributed as dist
import typer

from coursekit import balancing
from coursekit.analysis.intervals import summarise
from coursekit.compare import cells, protocol
from coursekit.compare.plan import Plan, data_names, read_plan
from coursekit.compare.run import described, run
from coursekit.compare.stored_data import require_same_data
from coursekit.compare.stored_tables import store
from coursekit.compare.sweep import compare, defined_for
from coursekit.compare.training_costs import training_costs
from coursekit.compare.tuning import FIRST_SEED
from coursekit.data.files import DataFileError
from coursekit.fusion import names as operators
from coursekit.models.build import KINDS
from coursekit.training import Settings
from coursekit.training.alignment import names as objectives
from coursekit.training.engine import Engine
from coursekit.utils.checks import require

FEW = 5  # seeds, below which an interval by Student's t is too wide to tell methods apart
WORDS = {"true": True, "false": False, "none": None}


def train(
    data: Annotated[str, typer.Option(help=f"data set: {', '.join(data_names())}")],
    root: Annotated[Path | None, typer.Option(help="folder of research data")] = None,
    out: Annotated[Path, typer.Option(help="folder for all that comes out")] = Path("training"),
    method: Annotated[
        str,
        typer.Option(
            help=f"balancing: {', '.join(balancing.names())}; aligning: {', '.join(objectives())}"
        ),
    ] = "joint",
    fusion: Annotated[
        str, typer.Option(help=f"operator: {', '.join(operators())}")
    ] = "late-linear",
    encoder: Annotated[
        str, typer.Option(help=f"{', '.join(KINDS)}, or MODALITY=NAME,MODALITY=NAME")
    ] = "mlp",
    widths: Annotated[str, typer.Option(help="of the encoders' layers")] = "64,32",
    option: Annotated[list[str] | None, typer.Option(help="of the loader, NAME=VALUE")] = None,
    standardise: Annotated[bool, typer.Option(help="research data, by rows of train")] = True,
    own: Annotated[
        list[str] | None, typer.Option("--set", help="setting of the method, NAME=VALUE")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1)] = 20,
    batch_size: Annotated[int, typer.Option(min=1, help="over all processes")] = 128,
    optimizer: Annotated[str, typer.Option(help="sgd, adagrad or adam")] = "sgd",
    lr: float = 0.1,
    weight_decay: float = 0.0,
    clip: Annotated[float, typer.Option(help="largest gradient norm; 0 = none")] = 1.0,
    keep_best: Annotated[bool, typer.Option(help="end with the best valid epoch")] = True,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda, mps; auto takes what is there")] = "auto",
    threads: Annotated[int, typer.Option(min=0, help="of the CPU; 0 = PyTorch's choice")] = 0,
    measure_train: Annotated[bool, typer.Option(help="loss on train after every epoch")] = True,
    precision: Annotated[str, typer.Option(help="32-true or bf16-mixed")] = "32-true",
    checkpointing: Annotated[bool, typer.Option(help="recompute activations")] = False,
    accumulate: Annotated[int, typer.Option(min=1, help="parts of a batch, in turn")] = 1,
    compile_: Annotated[bool, typer.Option("--compile/--no-compile")] = False,
    probes: Annotated[bool, typer.Option(help="also probe every encoder")] = False,
    dry: Annotated[bool, typer.Option("--dry", help="open and build only, and say what")] = False,
) -> None:
    """Train a model with a balancing method, or align it; stopped and started again, it goes on.

    An objective that aligns learns from no label; it is reported by a linear probe, contrastive and
    correspondence by retrieval too. The best valid epoch is then the probe's, which sees labels.

    Several processes of one or many machines share each batch when torchrun starts them:
    torchrun --nproc-per-node 2 -m coursekit train …
    """
    first = os.environ.get("RANK", "0") == "0"  # the others would say the same
    warnings.simplefilter("always" if first else "ignore", UserWarning)
    warnings.showwarning = lambda message, *_: typer.echo(f"Note: {message}", err=True)
    try:
        settings = Settings(
            epochs=epochs, batch_size=batch_size, optimizer=optimizer, lr=lr,
            weight_decay=weight_decay, clip=clip or None, keep_best=keep_best,
            device=best_device() if device == "auto" else device, threads=threads or None,
            measure_train=measure_train, precision=precision, checkpointing=checkpointing,
            accumulate=accumulate, compile=compile_,
        )  # fmt: skip
        plan = Plan(
            data, root, pairs("option", option), standardise, method, pairs("set", own), fusion,
            encoder_of(encoder), widths_of(widths), settings, seed,
        )  # fmt: skip
        engine = Engine(settings, progress=sys.stderr.isatty())
        if dry:
            typer.echo(described(plan))
            return
        result = run(plan, out, probes=probes, engine=engine, tell=typer.echo)
    except KeyboardInterrupt:
        typer.echo(f"Stopped. The same command goes on behind the last epoch in {out}.", err=True)
        raise typer.Exit(130) from None
    except (ValueError, TypeError, OSError, FloatingPointError, ModuleNotFoundError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()
    if engine.rank == 0:
        width = max(map(len, result))
        typer.echo("\n".join(f"{name:<{width}}  {value}" for name, value in result.items()))


def pairs(name: str, texts: list[str] | None) -> dict[str, Any]:
    """NAME=VALUE, several times, as a dictionary: numbers, true, false, none, else text."""
    values = {}
    for text in texts or []:
        key, equals, value = text.partition("=")
        fits = bool(key and equals)
        require(fits, f"{name} is {text!r}; NAME=VALUE was expected.")
        values[key.replace("-", "_")] = value_of(value)
    return values


def value_of(text: str) -> Any:
    """A number, true, false, none, or the text itself."""
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def widths_of(text: str) -> tuple[int, ...]:
    """Whole numbers from a text such as 64,32."""
    parts = [part.strip() for part in text.split(",")]
    whole = all(part.isdecimal() for part in parts)
    require(whole, f"widths is {text!r}; whole numbers with commas between them were expected.")
    return tuple(int(part) for part in parts)


def encoder_of(text: str) -> str | dict[str, str]:
    """resnet18, or video=resnet18,audio=cnn."""
    if "=" not in text:
        return text
    names = pairs("encoder", text.split(","))
    return {m: str(name) for m, name in names.items()}


def best_device() -> str:
    """CUDA or Apple's GPU where there is one."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def sweep(
    like: Annotated[Path, typer.Argument(help="folder of a training, or its plan.json")],
    method: Annotated[
        str, typer.Option(help="name, several with commas, or all that balance")
    ] = "mlb",
    fusion: Annotated[str, typer.Option(help="name, or several; the plan's without it")] = "",
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 5,
    rates: Annotated[
        str, typer.Option(help="learning rates, the best on valid with seeds 0, 1, 2: 0.01,0.03,…")
    ] = "",
    out: Annotated[Path, typer.Option(help="folder for all that comes out")] = Path("sweep"),
    jobs: Annotated[int, typer.Option(min=1, help="processes on this machine")] = 1,
    dask: Annotated[str, typer.Option(help="address of a Dask scheduler, instead of jobs")] = "",
) -> None:
    """Train as a plan says, with several methods and over seeds, on one machine or a cluster.

    Joint training, the ensemble and every unimodal model are among them, unless encoders give
    sequences, which only objectives that align read. Started again with
    the same OUT it goes on where it was, in the middle of trainings too.
    """
    try:
        plan = read_plan(like)
        fusions = fusion.split(",") if fusion else [plan.fusion]
        named = defined_for(fusions) if method == "all" else method.split(",")
        tried = rates_of(rates)
        table = compare(plan, named, fusions, out, seeds=seeds, rates=tried, jobs=jobs, dask=dask)
    except KeyboardInterrupt:
        typer.echo(f"Stopped. The same command goes on where it was, in {out}.", err=True)
        raise typer.Exit(130) from None
    except (ValueError, TypeError, OSError, RuntimeError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    store(table, summary_of(table), out / "results.csv")


def summary_of(table: pd.DataFrame) -> str:
    """Mean test accuracy and its 95 % interval over seeds, by fusion and method, as text."""
    seeds = table["seed"].nunique()
    means = summarise(table, ["fusion", "method"], "test").round(4)
    head = f"Test accuracy over {seeds} seeds: mean and 95 % interval, from low to high."
    few = "" if seeds >= FEW else f"\nWith {seeds} seeds these say little; take {FEW} or more."
    return f"{head}\n{means.to_string(index=False)}{few}"


bench = typer.Typer(no_args_is_help=True)


@bench.callback()
def benchmark() -> None:
    """Methods held against each other."""


@bench.command()
def methods(
    data: Annotated[str, typer.Option(help="name, or several with commas")] = "starve",
    fusion: Annotated[str, typer.Option(help="name, several, or all five")] = "late-linear",
    method: Annotated[str, typer.Option(help="name, several, or all")] = "all",
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 10,
    out: Annotated[Path, typer.Option(help="the CSV to write, and OUT_trials.csv")] = Path(
        "methods.csv"
    ),
    rates: Annotated[
        str, typer.Option(help="learning rates to try, with default settings: 0.1,0.2,…")
    ] = "",
    jobs: Annotated[int, typer.Option(min=1, help="processes on this machine")] = 2,
    dask: Annotated[str, typer.Option(help="address of a Dask scheduler, instead of jobs")] = "",
) -> None:
    """Balancing methods against each other, at equal tuning budgets.

    Six trials a method on seeds 0 to 2, chosen on validation; the winner on fresh seeds, tested.
    Started again with the same OUT it goes on where it was; rows there of other data, fusions and
    methods stay.
    """
    trials_out = out.with_name(f"{out.stem}_trials.csv")
    every = list(protocol.FUSIONS) if fusion == "all" else fusion.split(",")
    named = balancing.names() if method == "all" else method.split(",")
    try:
        places, left_out = cells.places(data.split(","), every, named)
        for sentence in left_out:
            typer.echo(sentence)
        tried = rates_of(rates)
        _require_same_data(data.split(","), out, trials_out)
        todo = cells.tuning_cells(places, tried)
        tuned = cells.work(protocol.tuning_row, todo, trials_out, jobs, "tuning", dask)
        todo = cells.result_cells(places, tuned, seeds, tried)
        table = cells.work(protocol.result_row, todo, out, jobs, "results", dask)
    except (ValueError, DataFileError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    summary = summarise(cells.tidy(table), ["data", "fusion", "method"], "test").round(3)
    store(cells.tidy(cells.read(trials_out)), "", trials_out)
    store(cells.tidy(cells.read(out)), summary.to_string(index=False), out)


@bench.command()
def costs(
    data: Annotated[str, typer.Option(help="name of a data set")] = "starve",
    method: Annotated[str, typer.Option(help="name, several, or all")] = "all",
    repeats: Annotated[int, typer.Option(min=1, help="trainings timed per method")] = 5,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("methods_costs.csv"),
) -> None:
    """What a whole training with each method costs, over joint training: seconds, multiply-adds."""
    try:
        named = [] if method == "all" else method.split(",")
        table = training_costs(data, named, repeats)
    except (ValueError, DataFileError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    columns = ["method", "relative_multiply_adds", "relative_seconds"]
    store(table, table[columns].to_string(index=False), out)


def _require_same_data(data: list[str], out: Path, trials_out: Path) -> None:
    """Refuse to add to rows of other data than those that go by the same names now."""
    stored = pd.concat([cells.read(out), cells.read(trials_out)])["data"].unique()
    drawn = {name: protocol.data_of(name, FIRST_SEED) for name in data}
    for begun in (True, False):
        those = {name: d for name, d in drawn.items() if (name in stored) == begun}
        path, advice = out.with_name(f"{out.stem}_data.json"), f"They stand in {out}; name another."
        require_same_data(path, those, begun=begun, advice=advice)


def rates_of(text: str) -> list[float]:
    """Positive numbers from a text such as 0.1,0.2; none from an empty one."""
    try:
        rates = [float(part) for part in text.split(",")] if text else []
    except ValueError:
        rates = [0.0]
    fits = all(0 < rate < math.inf for rate in rates)
    require(fits, f"rates is {text!r}; positive numbers with commas between them were expected.")
    return rates
