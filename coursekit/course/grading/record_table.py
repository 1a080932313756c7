"""What a learner's record says of a lesson, for whoever reads their written answer."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from coursekit.course import record

COLUMNS = ("what", "answer", "truth", "result", "last done")


def record_table(lesson: str) -> pd.DataFrame:
    """Guesses, exercises tried and checkpoints of a lesson, one per row, as last done.

    lesson: its two digits. One row that says so when ``record.jsonl`` tells nothing of it.
    """
    last: dict[tuple[str, str], dict[str, Any]] = {}
    tries: dict[str, int] = {}
    for entry in record.read():
        if entry["kind"] not in ("guess", "attempt", "checkpoint"):
            continue
        if record.lesson_of(entry) != lesson or entry.get("outcome") == "not attempted":
            continue
        name = str(entry.get("question") or entry.get("exercise") or "checkpoint")
        tries[name] = tries.get(name, 0) + 1
        last[entry["kind"], name] = entry
    rows = [_row(kind, name, entry, tries[name]) for (kind, name), entry in last.items()]
    nothing = dict.fromkeys(COLUMNS, "") | {"what": f"Nothing is recorded of lesson {lesson}."}
    return pd.DataFrame(rows or [nothing], columns=list(COLUMNS))


def _row(kind: str, name: str, entry: Mapping[str, Any], tries: int) -> dict[str, str]:
    when = str(entry["time"])[:16].replace("T", " ")
    if kind == "guess":
        score = entry.get("score")
        result = "skipped" if entry.get("skipped") else f"{score} of 100"
        answer, truth = _short(entry.get("guess")), _short(entry.get("truth"))
    elif kind == "attempt":
        answer, truth = f"{tries} tries", str(entry.get("misconception") or "")
        result = str(entry.get("outcome", ""))
    else:
        observed = entry.get("observed") or {}
        answer = ", ".join(f"{k} {_short(v)}" for k, v in observed.items())
        truth, result = "", f"coursekit {entry.get('coursekit')}, torch {entry.get('torch')}"
    return dict(zip(COLUMNS, (name, answer, truth, result, when), strict=True))


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_short, value))
    return f"{value:.4g}" if isinstance(value, float) else "" if value is None else str(value)
