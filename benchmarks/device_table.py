"""From what the processes of `benchmarks.device` answered to a table, as text and as a card.

    share = operations of a plain step · steps a second / best rate of a matrix product

What a variant computes twice to save memory is no further work. Source of such a share: Chowdhery
and colleagues 2022, "PaLM", appendix B (model FLOPs utilisation); there the best rate is that of
the data sheet, here it is measured.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

MIB = 2**20
HEAD = ("variant", "samples/s", "MiB", "share of peak", "first step, s")


@dataclass(frozen=True)
class Row:
    """What one variant reached; None where it failed, which is told in ``failed``.

    memory_mb: MiB above weights and data.  share: of the best rate of a matrix product; None also
    where that, or the operations, could not be had.  first_s: seconds of the very first step.
    """

    variant: str
    samples_per_s: float | None = None
    steps_per_s: float | None = None
    memory_mb: float | None = None
    share: float | None = None
    first_s: float | None = None
    failed: str = ""


def share_of_peak(flops: float, steps_per_s: float, peak: float) -> float:
    """flops · steps_per_s / peak: operations of a step, and the most in a second."""
    return flops * steps_per_s / peak


def row_of(
    name: str,
    answered: Mapping[str, Any],
    batch_size: int,
    steps: int,
    yard: Mapping[str, Any],
    precision: str,
) -> Row:
    """A variant's figures from what its process and that of the yardsticks answered.

    answered: "first", "bytes" and "seconds", of ``steps`` steps each, whose median counts; or
    "failed".  yard: "flops" of a step, "rates" by precision and "tf32", or "failed".
    """
    if "failed" in answered:
        return Row(name, failed=answered["failed"])
    rate = steps / statistics.median(answered["seconds"])
    share = None
    if "failed" not in yard:
        share = share_of_peak(yard["flops"], rate, yard["rates"][precision])
    return Row(name, rate * batch_size, rate, answered["bytes"] / MIB, share, answered["first"])


@dataclass(frozen=True)
class Report:
    """All rows of a task, the variants left out, and what the numbers were made with.

    task: its fields by name.  yard: "flops" of a step, "rates" by precision and "tf32", or else
    "failed".
    """

    task: Mapping[str, Any]
    yard: Mapping[str, Any]
    rows: Sequence[Row]
    left_out: Sequence[str]
    made_with: str

    def figures(self) -> dict[str, Any]:
        """All there is, for a JSON file."""
        return asdict(self)


def cells(row: Row) -> list[str]:
    """One row of the table, a text for every column of `HEAD`; one for the reason if it failed."""
    if row.failed:
        return [row.variant, f"failed: {row.failed}"]
    share = "?" if row.share is None else f"{row.share:.1%}"
    return [
        row.variant, f"{row.samples_per_s:.1f}", f"{row.memory_mb:.0f}", share, f"{row.first_s:.2f}"
    ]  # fmt: skip


def text_of(report: Report) -> str:
    """The table for a terminal, under what was measured and on what."""
    table = [list(HEAD), *map(cells, report.rows)]
    whole = [line for line in table if len(line) == len(HEAD)]
    wide = [max(len(line[i]) for line in whole) for i in range(len(HEAD))]
    wide[0] = max(len(line[0]) for line in table)
    lines = []
    for first, *others in table:
        fits = zip(others, wide[1:], strict=False)  # a reason may be longer than its column
        lines.append("  ".join([first.ljust(wide[0]), *(cell.rjust(n) for cell, n in fits)]))
    return "\n".join([*facts(report), "", *lines])


def card_of(report: Report) -> str:
    """The same as a card in Markdown."""
    rows = [line + [""] * (len(HEAD) - len(line)) for line in map(cells, report.rows)]
    plain = [[cell.replace("|", "\\|") for cell in line] for line in rows]
    table = [list(HEAD), ["---", *["---:"] * (len(HEAD) - 1)], *plain]
    lines = [f"| {' | '.join(line)} |" for line in table]
    notes = [f"- {sentence}" for sentence in facts(report)]
    return "\n".join(["# Large encoders on a device", "", *notes, "", *lines, ""])


def facts(report: Report) -> list[str]:
    """What was measured, and on what, a sentence each."""
    t, yard = report.task, report.yard
    pictures = t["encoder"] == "resnet18"
    x = f"3×{t['size']}×{t['size']}" if pictures else f"{t['size']} steps × 80"
    deep = "" if pictures else f" (layers: {t['layers']})"
    on = f"cpu, threads: {t['threads']}" if t["device"] == "cpu" else t["device"]
    if "failed" in yard:
        best = f"Share of peak unknown: {yard['failed']}"
    else:
        rates = ", ".join(f"{rate / 1e9:.0f} in {p}" for p, rate in yard["rates"].items())
        best = f"A step: {yard['flops'] / 1e9:.2f} GFLOP; best matrix product, GFLOP/s: {rates}."
        best += " The one in 32-true is by TF32, as the convolutions are." * yard["tf32"]
    lines = [
        f"Trained: two modalities of {x}, {t['encoder']}{deep} for each, fusion {t['fusion']}, "
        f"method {t['method']}, batch {t['batch_size']}; the script: the joint loss alone.",
        f"Device: {on}.",
        f"Samples/s: training steps only, median of {t['repeats']} epochs of {t['steps']} steps "
        "each, without each epoch's first step and the first epoch.",
        f"MiB: the most above weights and data{_of_what(t['device'])}.",
        best,
    ]
    if report.left_out:
        lines.append(f"Left out: {', '.join(report.left_out)}.")
    return [*lines, f"Made with: {report.made_with}"]


def _of_what(device: str) -> str:
    """Whose memory it is."""
    if device == "cuda":
        return ", of all tensors on the device"
    if device == "mps":
        return ", as the driver counts it at the end"
    return ", of a process of its own; a compiler's work counts, too"
