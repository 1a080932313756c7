"""The learner's own record: attempts, hints, guesses, ratings, checkpoints, one JSON line each.

The file is ``record.jsonl`` in the folder that the environment variable COURSEKIT_RECORD names,
else in the working directory. It never leaves the machine unless the learner hands it in.
"""

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from coursekit.utils.checks import choose

if TYPE_CHECKING:
    from coursekit.data.lazy_split import LazyData
    from coursekit.data.multimodal import MultimodalData

KINDS = ("attempt", "hint", "solution", "guess", "game", "rating", "checkpoint")
OUTCOMES = ("not attempted", "cannot be checked", "incorrect", "correct")  # worst to best


def path() -> Path:
    """Where the record is kept."""
    return Path(os.environ.get("COURSEKIT_RECORD") or ".") / "record.jsonl"


def append(kind: str, **fields: Any) -> dict[str, Any]:
    """Add one entry with the present time (UTC) and return it.

    Errors: ValueError for an unknown kind; OSError when the folder cannot be written.
    """
    choose("kind", kind, KINDS)
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    entry = {"time": now, "kind": kind, **{name: _plain(x) for name, x in fields.items()}}
    line = json.dumps(entry, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+b") as stream:
        if stream.seek(0, os.SEEK_END) > 0:
            stream.seek(-1, os.SEEK_END)
            if stream.read(1) != b"\n":  # an earlier write was cut off; do not lengthen its line
                line = b"\n" + line
        stream.write(line)
    return entry


def keep(kind: str, **fields: Any) -> str:
    """`append`, where a record that cannot be written must not stop the lesson.

    Returns "", or a sentence that says what went wrong.
    """
    try:
        append(kind, **fields)
    except OSError as error:
        return f"This could not be written to {path().name}: {error.strerror}."
    return ""


def _plain(x: Any) -> Any:
    """``x`` in JSON's types: numbers of numpy and torch become Python's, NaN becomes a word."""
    if isinstance(x, Mapping):
        return {str(name): _plain(item) for name, item in x.items()}
    if isinstance(x, list | tuple):
        return [_plain(item) for item in x]
    if hasattr(x, "tolist"):
        return _plain(x.tolist())
    if isinstance(x, float) and not (abs(x) < float("inf")):
        return str(x)
    return x if x is None or isinstance(x, bool | int | float | str) else str(x)


def read() -> list[dict[str, Any]]:
    """All entries, oldest first.

    A line that cannot be read comes as ``{"kind": "damaged", "line": number, "text": line}``, so
    that nothing is lost; `problems` says it in sentences.
    """
    file = path()
    if not file.exists():
        return []
    lines = file.read_bytes().decode("utf-8", errors="replace").split("\n")
    return [_parse(i, text) for i, text in enumerate(lines, 1) if text.strip()]


def _parse(number: int, text: str) -> dict[str, Any]:
    try:
        entry = json.loads(text)
    except ValueError:
        entry = None
    known = isinstance(entry, dict) and entry.get("kind") in KINDS
    if known and isinstance(entry.get("time"), str):
        return entry
    return {"kind": "damaged", "line": number, "text": text}


def problems() -> list[str]:
    """One sentence for each line of the record that cannot be read."""
    return [
        f"Line {entry['line']} of {path().name} cannot be read and is left as it is: "
        f"{entry['text'][:60]!r}"
        for entry in read()
        if entry["kind"] == "damaged"
    ]


def lesson_of(entry: Mapping[str, Any]) -> str:
    """The two digits of the lesson an entry belongs to; "" when it names none."""
    for name in ("lesson", "exercise", "key"):
        digits = re.match(r"\d{2}", str(entry.get(name, "")))
        if digits:
            return digits[0]
    return ""


def progress() -> pd.DataFrame:
    """One row per exercise tried, and one per lesson of which none was tried yet.

    Columns: lesson, exercise, points (best so far), best outcome, attempts (those with something
    to check), guesses and skipped (guesses of that lesson, each by what was done last),
    checkpoint (time of the lesson's last one, or "").
    Prints a sentence for each line that cannot be read.
    """
    for sentence in problems():
        print(sentence)
    entries = [entry for entry in read() if entry["kind"] != "damaged"]
    rows = []
    for lesson in sorted({lesson_of(entry) for entry in entries}):
        of_lesson = [entry for entry in entries if lesson_of(entry) == lesson]
        last = {str(entry.get("key")): entry for entry in of_lesson if entry["kind"] == "guess"}
        skipped = sum(bool(entry.get("skipped")) for entry in last.values())
        times = [entry["time"] for entry in of_lesson if entry["kind"] == "checkpoint"]
        shared = {
            "guesses": len(last) - skipped,
            "skipped": skipped,
            "checkpoint": max(times, default=""),
        }
        tried = [entry for entry in of_lesson if entry["kind"] == "attempt"]
        for name in sorted({str(entry.get("exercise", "")) for entry in tried}) or [""]:
            mine = [entry for entry in tried if str(entry.get("exercise", "")) == name]
            rows.append({"lesson": lesson, "exercise": name, **_best(mine), **shared})
    names = ["lesson", "exercise", "points", "best outcome", "attempts"]
    names += ["guesses", "skipped", "checkpoint"]
    return pd.DataFrame(rows, columns=names)


def _best(attempts: list[dict[str, Any]]) -> dict[str, Any]:
    outcomes = [entry["outcome"] for entry in attempts if entry.get("outcome") in OUTCOMES]
    return {
        "points": max((entry.get("points", 0) for entry in attempts), default=0),
        "best outcome": max(outcomes, key=OUTCOMES.index, default=""),
        "attempts": sum(outcome != "not attempted" for outcome in outcomes),
    }


def checkpoint(
    lesson: str,
    observed: Mapping[str, float | str],
    data: "MultimodalData | LazyData | Path | str | None" = None,
) -> None:
    """Print and record what is needed to compare this run with another one.

    lesson: its two digits.  observed: name → figure of this run.  data: the data set used, a file
    with it, or None for a lesson without data.
    """
    from coursekit.course.run_facts import run_facts  # needs torch, which other entries do not

    facts = run_facts(data)
    failed = keep("checkpoint", lesson=lesson, observed=dict(observed), **facts)
    print(f"Checkpoint of lesson {lesson}" + ("" if failed else f", kept in {path().name}"))
    if failed:
        print(failed)
    figures = {name: f"{x:.4g}" if isinstance(x, float) else str(x) for name, x in observed.items()}
    for name, text in {**facts, **figures}.items():
        print(f"  {name:<28} {text}")
