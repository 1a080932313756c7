"""What was graded of whom: one small file per student and assignment."""

import json
import os
from pathlib import Path

STATE = "graded"  # folder in the class's


def remember(
    folder: Path, name: str, student: str, digest: str, problem: str, remark: str = ""
) -> None:
    """Keep what a student was graded with, and why there is no mark ("" when there is).

    remark: what a human should know although there are marks.
    """
    path = folder / STATE / name / f"{student}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {"digest": digest, "problem": problem, "remark": remark}
    text = json.dumps(kept, indent=1) + "\n"
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def graded_digest(folder: Path, name: str, student: str) -> str:
    """The digest of what was graded last, or ""; what had no marks is tried anew."""
    stored = _read(folder / STATE / name / f"{student}.json")
    return "" if stored.get("problem") else stored.get("digest", "")


def for_a_human(folder: Path, name: str) -> dict[str, str]:
    """Students whose submission has no marks → why; or what is odd about one that has."""
    paths = sorted((folder / STATE / name).glob("*.json"))
    kept = {path.name.removesuffix(".json"): _read(path) for path in paths}
    odd = {student: x.get("problem") or x.get("remark", "") for student, x in kept.items()}
    return {student: why for student, why in odd.items() if why}


def _read(path: Path) -> dict[str, str]:
    """Nothing where there is no such file, or a power cut has left half of one."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return {}
