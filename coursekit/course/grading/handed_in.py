"""What was handed in made ready for nbgrader: each notebook under its own name, its cells known."""

from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import parse_utc

from coursekit.course.grading.released_cells import (
    NoNotebookError,
    likeness,
    read_notebook,
    relabel,
)
from coursekit.course.grading.submission_files import Refused, shown

STAMP = "timestamp.txt"
ASK = "ask for the file again as it was handed out, with the answers in it"


def make_ready(folder: Path, release: Path) -> list[str]:
    """Prepare a copy of a submission, in place; what a human has to know beside the marks.

    A notebook under another name, or in a folder below, is known by its cells and gets its own
    name. One that is missing, or that has none of the assignment's cells, is named; its exercises
    count 0. A time stamp that cannot be read is named and counts as none.
    Errors: Refused where no notebook of the assignment is left; its text says what to do.
    """
    released = {path.name: nbformat.read(path, 4) for path in sorted(release.glob("*.ipynb"))}
    remarks = _time_stamp(folder)
    theirs: dict[Path, NotebookNode] = {}
    broken: dict[Path, str] = {}
    for file in sorted(folder.rglob("*.ipynb")):
        path = file.relative_to(folder)
        try:
            theirs[path] = read_notebook(file.read_bytes())
        except NoNotebookError as problem:
            broken[path] = f"has {shown(path)}, which is no notebook: {problem}"
        file.unlink()
    chosen = _chosen(theirs, released)
    _require_some(chosen, theirs, broken)
    for name, notebook in released.items():
        if name not in chosen:
            lost = broken.get(Path(name)) or _lost(name, Path(name) in theirs)
            remarks.append(f"{lost}; its exercises count 0 until it is there")
            continue
        path = chosen[name]
        relabel(theirs[path], notebook)
        if str(path) != name:
            remarks.append(f"handed in {shown(path)}, which was graded as {name}")
        nbformat.write(theirs[path], folder / name, version=4)
    return remarks


def _chosen(
    theirs: Mapping[Path, NotebookNode], released: Mapping[str, NotebookNode]
) -> dict[str, Path]:
    """Released name → which of theirs it is: the one of its name, else the likest of the rest."""
    own = [name for name in released if Path(name) in theirs]
    chosen = {name: Path(name) for name in own if likeness(theirs[Path(name)], released[name])}
    for name in [name for name in released if name not in chosen]:
        left = [path for path in theirs if path not in chosen.values()]
        counts = {path: likeness(theirs[path], released[name]) for path in left}
        best = max(counts, key=lambda path: counts[path], default=None)
        if best is not None and counts[best]:
            chosen[name] = best
    return chosen


def _lost(name: str, there: bool) -> str:
    return f"has no cell of this assignment in {name}: {ASK}" if there else f"lacks {name}"


def _require_some(
    chosen: Mapping[str, Path], theirs: Mapping[Path, NotebookNode], broken: Mapping[Path, str]
) -> None:
    if chosen:
        return
    if broken:
        raise Refused(f"{next(iter(broken.values()))}; {ASK}")
    if theirs:
        name = shown(next(iter(theirs)))
        raise Refused(f"has no cell of this assignment in {name}: {ASK}")
    raise Refused("has no notebook of this assignment")


def _time_stamp(folder: Path) -> list[str]:
    """Take a time stamp away that nbgrader could not read."""
    path = folder / STAMP
    if not path.is_file():
        return []
    text = path.read_bytes().decode("utf-8", errors="replace").strip()
    try:
        parse_utc(text)
    except (ValueError, OverflowError, TypeError):
        path.unlink()
        written = shown(Path(text[:40])) if text else "nothing"
        form = "2027-01-31 12:00:00 UTC is the form"
        return [f"has {written} in {STAMP} ({form}), so it counts as handed in in time"]
    return []
