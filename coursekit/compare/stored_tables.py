"""A made table, and the line of its card that says on which machine it was made."""

import platform
import re
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import torch
import typer

MADE_WITH = re.compile(r"^- Made with: .*$", re.MULTILINE)


def store(table: pd.DataFrame, summary: str, out: Path) -> None:
    """Write the table, show its summary, and renew the line of the card that names the machine."""
    table.to_csv(out, index=False, lineterminator="\n")
    line = f"- Made with: {machine()}"
    typer.echo(f"{summary}\n{len(table)} rows in {out}\n{line}")
    card = out.with_suffix(".md")
    if card.exists():
        card.write_text(MADE_WITH.sub(line, card.read_text(encoding="utf-8")), encoding="utf-8")


def machine() -> str:
    """Versions and processor on which numbers are made; the same line, the same numbers."""
    return (
        f"torch {torch.__version__}, scikit-learn {version('scikit-learn')}, "
        f"{platform.system()} {platform.machine()}, {_processor()}"
    )


def _processor() -> str:
    """The processor's name, model numbers and widest instructions, as far as the system tells."""
    widest = torch.backends.cpu.get_cpu_capability()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return f"{platform.processor()} {widest}"
    pairs = [line.partition(":") for line in lines if ":" in line]
    fields = {key.strip(): value.strip() for key, _, value in pairs}
    family = "/".join(fields.get(key, "?") for key in ("cpu family", "model", "stepping"))
    return f"{fields.get('model name', 'unnamed')} {family} {widest}"
