"""``python -m benchmarks …``: tables of the benchmarks, and their figures for a machine."""

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import device as device_bench
from benchmarks import device_table
from benchmarks import emap as emap_bench
from benchmarks import explorers as explorers_bench
from benchmarks import replicas as replicas_bench
from benchmarks.browser import NoBrowserError
from benchmarks.hub import rehearse
from benchmarks.hub_memory import forecast
from coursekit import fusion as fusions
from coursekit.utils.checks import choose, require

app = typer.Typer(no_args_is_help=True)


@app.callback()
def benchmarks() -> None:
    """Time parts of the course beside the plain way, with the same threads on both sides."""


@app.command()
def emap(
    n: Annotated[str, typer.Option(help="samples, or several: 500,1000,2000,4000")] = "1000",
    fusion: Annotated[str, typer.Option(help="name, several, or all")] = "mid-mlp",
    dtype: Annotated[str, typer.Option(help="float32 or float64")] = "float32",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads, for every method")] = 1,
    budget: Annotated[float, typer.Option(min=0, help="seconds for each plainer way")] = 3.0,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="write the figures: an object, or a list of them")
    ] = None,
) -> None:
    """EMAP beside the double loop over pairs.

    The figures of --json are n, speedup, max_gap (relative), extra_mb, seconds and threads: one
    object, or for several runs a list of objects, each with its fusion too.
    """
    try:
        sizes, names = sizes_of(n), names_of(fusion)
        measured = []
        for name in names:
            for size in sizes:
                b = emap_bench.measure(size, name, dtype, threads, budget)
                typer.echo(text_of(b))
                measured.append(b)
    except (ValueError, TypeError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    if json_file is not None:
        rows = [{"fusion": b.fusion, **b.figures()} for b in measured]
        figures = measured[0].figures() if len(measured) == 1 else rows
        json_file.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


@app.command()
def replicas(
    epochs: Annotated[int, typer.Option(min=1, help="of 2000 samples in batches of 64")] = 30,
    repeats: Annotated[int, typer.Option(min=1, help="of every way; the median counts")] = 3,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="write the figures: a list of objects")
    ] = None,
) -> None:
    """K models at once beside a DataLoader loop, an in-memory loop and vmap; one thread each."""
    table = replicas_bench.measure(epochs, repeats=repeats)
    shown = table.assign(seconds=table["seconds"].round(4)).round(2)
    typer.echo(f"Two modalities, 2000 samples, {epochs} epochs, batch 64, one thread; a model:")
    typer.echo(shown.to_string(index=False))
    if json_file is not None:
        json_file.write_text(table.to_json(orient="records", indent=1) + "\n", encoding="utf-8")


@app.command()
def device(
    on: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps")] = "auto",
    encoder: Annotated[str, typer.Option(help="resnet18 or conformer")] = "resnet18",
    fusion: Annotated[str, typer.Option(help="name of an operator")] = "mid-mlp",
    method: Annotated[str, typer.Option(help="name; the script trains jointly")] = "mlb",
    batch_size: Annotated[int | None, typer.Option(help="4 or more")] = None,
    size: Annotated[int | None, typer.Option(help="pixels per side, or steps of time")] = None,
    layers: Annotated[int | None, typer.Option(help="of each conformer")] = None,
    steps: Annotated[int | None, typer.Option(help="an epoch, 2 or more")] = None,
    repeats: Annotated[int, typer.Option(help="timed epochs; the median counts")] = 3,
    threads: Annotated[int, typer.Option(help="CPU threads, for every variant")] = 1,
    only: Annotated[str, typer.Option(help="variants, with commas: script,32-true; or all")] = "",
    json_file: Annotated[
        Path | None, typer.Option("--json", help="write the figures: an object")
    ] = None,
    markdown: Annotated[Path | None, typer.Option(help="write the table as a card")] = None,
) -> None:
    """Large encoders on a device: speed, memory and share of its best, setting by setting.

    Beside the usual script. Each variant runs in a process of its own; numbers not given follow
    the device. On a CPU the variants with a compiler run only when named: it takes minutes.
    """
    numbers = {"batch_size": batch_size, "size": size, "layers": layers, "steps": steps}
    try:
        task = device_bench.make_task(
            on, encoder, fusion, method, repeats=repeats, threads=threads, **numbers
        )
        names = [part.strip() for part in only.split(",")] if only else []
        report = device_bench.measure(task, names, lambda name: typer.echo(f"… {name}", err=True))
    except (ValueError, TypeError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    typer.echo(device_table.text_of(report))
    if json_file is not None:
        json_file.write_text(json.dumps(report.figures(), indent=1) + "\n", encoding="utf-8")
    if markdown is not None:
        markdown.write_text(device_table.card_of(report), encoding="utf-8")


@app.command()
def explorers(
    explorer: Annotated[
        list[str] | None, typer.Option(help="name; again for several; all without it")
    ] = None,
    moves: Annotated[int, typer.Option(min=2, help="key presses per explorer")] = 15,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="write the figures: an object")
    ] = None,
) -> None:
    """From a key press to the new picture, retraining included, in JupyterLab and Chromium.

    Milliseconds on the page's clock, then the same number of presses in a burst. The bounds are
    for two quiet cores; a product of two matrices and a plain loop, timed in between, say how quiet
    these were.
    """
    try:
        figures = explorers_bench.measure(explorer or (), moves)
    except (ValueError, TypeError, NoBrowserError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    typer.echo(explorers_bench.text_of(figures))
    if json_file is not None:
        json_file.write_text(json.dumps(figures.figures(), indent=1) + "\n", encoding="utf-8")


@app.command()
def hub(
    people: Annotated[int, typer.Option(min=1, help="how many")] = 10,
    at_once: Annotated[int, typer.Option(min=1, help="who arrive at the same time")] = 2,
    spare: Annotated[float, typer.Option(min=0, help="MiB more a person in the forecast")] = 0.0,
) -> None:
    """Let people arrive at a class's server on this machine: the seconds and memory of each."""
    try:
        with tempfile.TemporaryDirectory() as place:
            seconds, memory = rehearse(Path(place), people, at_once)
    except (ValueError, RuntimeError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    tables = {
        "Seconds, of those who arrived:": seconds.drop(columns="user")
        .agg(["min", "median", "max"])
        .round(1),
        "At the end: CPU seconds, MiB.": memory.replace("", "(the hub)").set_index("user").round(1),
        "All of them with a kernel:": forecast(memory, (1, 10, 30, 100, 300), spare),
    }
    for title, table in tables.items():
        typer.echo(f"\n{title}\n{table.to_string()}")


def sizes_of(text: str) -> list[int]:
    """Whole numbers from a text such as 500,1000."""
    parts = [part.strip() for part in text.split(",")]
    whole = all(part.isdecimal() for part in parts)
    require(whole, f"n is {text!r}; whole numbers with commas between them were expected.")
    return [int(part) for part in parts]


def names_of(text: str) -> list[str]:
    """Operators from a text such as mid-mlp,film, or from "all"; unknown ones are refused."""
    if text == "all":
        return fusions.names()
    return [choose("fusion", part.strip(), fusions.names()) for part in text.split(",")]


def text_of(b: emap_bench.Benchmark) -> str:
    """The table of one benchmark with its head and its foot."""
    head = (
        f"EMAP of {b.n:,} samples, two modalities, CNN encoders, fusion {b.fusion}, "
        f"{b.dtype}, CPU threads {b.threads}"
    )
    foot = (
        f"Largest difference to the plain grids, relative to the largest logit: {b.max_gap:.1e}. "
        f"Memory above the model: {b.extra_mb:.1f} MiB."
    )
    return f"\n{head}\n{b.table().to_string()}\n{foot}"
