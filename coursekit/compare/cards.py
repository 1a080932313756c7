"""A made table, and the line of its card that says on which machine it was made."""

import re
from pathlib import Path

import pandas as pd
import typer

from coursekit.compare.machine import machine

MADE_WITH = re.compile(r"^- Made with: .*$", re.MULTILINE)


def keep(table: pd.DataFrame, summary: str, out: Path) -> None:
    """Write the table, show its summary, and renew the line of the card that names the machine."""
    table.to_csv(out, index=False, lineterminator="\n")
    line = f"- Made with: {machine()}"
    typer.echo(f"{summary}\n{len(table)} rows in {out}\n{line}")
    card = out.with_suffix(".md")
    if card.exists():
        card.write_text(MADE_WITH.sub(line, card.read_text(encoding="utf-8")), encoding="utf-8")
