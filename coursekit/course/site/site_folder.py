"""The folder of the site: a new site takes the place of the last one, and of nothing else.

``coursekit-site.txt`` in it lists the files that were made, so that just these are made anew.
"""

import shutil
import tempfile
from pathlib import Path

from coursekit.utils.checks import require

MARK = "coursekit-site.txt"
SAYS = "Made by `python course.py site`, which makes these files anew and leaves others alone:"


def require_ours(out: Path) -> None:
    """Make ``out`` if need be.

    Errors: ValueError, in a sentence, for what is no folder, has other files and no site of ours,
    or cannot be written to.
    """
    require(not out.exists() or out.is_dir(), f"out is {out}, a file; a folder was expected.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            ours = (out / MARK).exists() or not any(out.iterdir())
    except OSError as problem:
        why = problem.strerror
        raise ValueError(f"out is {out}, which cannot be written to: {why}.") from None
    require(ours, f"out is {out}, which has other files; a new folder was expected, or one that "
            "this command made.")  # fmt: skip


def put(made: Path, out: Path) -> None:
    """Copy the site in ``made`` to ``out``, without what is left there of the site before it."""
    names = {p.relative_to(made).as_posix() for p in made.rglob("*") if p.is_file()}
    before = _listed(out)
    _list(out, names | before)  # cut short, the next time knows of either
    for name in sorted(names):  # contents only: rights and owners are those of the folder
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made / name, out / name)
    for name in sorted(before - names):
        _remove(out, name)
    _list(out, names)


def _listed(out: Path) -> set[str]:
    if not (out / MARK).exists():
        return set()
    return set((out / MARK).read_text("utf-8").splitlines()[1:])


def _list(out: Path, names: set[str]) -> None:
    text = "\n".join([SAYS, *sorted(names)]) + "\n"
    (out / MARK).write_text(text, encoding="utf-8", newline="\n")


def _remove(out: Path, name: str) -> None:
    """Remove a file and the folders that it leaves empty, nothing outside ``out``."""
    path = out / name
    if not path.parent.resolve().is_relative_to(out.resolve()):
        return  # the list was edited, or a folder has become a link to elsewhere
    path.unlink(missing_ok=True)
    for folder in path.parents:
        if folder == out or not folder.is_dir() or any(folder.iterdir()):
            return
        folder.rmdir()
