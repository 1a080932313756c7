"""What ``python course.py site`` does: make the site, compute states, check what was made."""

import shutil
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from coursekit.course.registry import explorers, games
from coursekit.course.site import explorer_card, game_card, state_archive
from coursekit.course.site.browser_check import look_at_all
from coursekit.course.site.links import broken_links
from coursekit.course.site.page_parts import PageParts
from coursekit.course.site.site_source import STATES, write_source
from coursekit.course.site.sphinx_site import build
from coursekit.utils.checks import require

MARK = "coursekit-site.txt"  # says that a folder is ours, so that it may be made anew
MOST = 80_000_000  # bytes of the whole site


def make_site(out: Path, base: str, lessons: Sequence[str], solutions: bool) -> int:
    """Make the site in ``out``; returns the exit status: 1 when something is left to mend."""
    started = time.monotonic()
    _emptied(out)
    parts = PageParts(partial(_explorer, out), partial(_game, out), solutions)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder)
        print("Reading the notebooks …", flush=True)
        written = write_source(source, out, lessons, partial(_explorer, out), parts)
        print("Writing the pages …", flush=True)
        built = build(source, out, base, written.meanings)
    for leftover in ("_sources", ".buildinfo", "objects.inv"):
        _remove(out / leftover)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    broken = broken_links(out)
    for problem in (*built.warnings, *broken):
        print(problem)
    if size > MOST:
        print(f"The site has {size / 1e6:.0f} MB; {MOST / 1e6:.0f} at most were expected.")
    print(f"{built.pages} pages, {size / 1e6:.1f} MB, {time.monotonic() - started:.0f} s: "
          f"{(out / 'index.html').resolve()}")  # fmt: skip
    return int(bool(built.warnings or broken or size > MOST))


def _emptied(out: Path) -> None:
    """An empty folder to write to. Errors: ValueError for one with something that is not ours."""
    if out.exists():
        ours = (out / MARK).exists() or not any(out.iterdir())
        require(ours, f"out is {out}, which has other files; a new folder was expected, or one "
                "that this command made.")  # fmt: skip
        shutil.rmtree(out)
    out.mkdir(parents=True)
    (out / MARK).write_text("Made by `python course.py site`, which may make it anew.\n", "utf-8")
    (out / ".nojekyll").touch()  # GitHub Pages leaves out folders with an underscore else


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _explorer(out: Path, key: str, base: str, stored: str = "") -> str:
    """The card of an explorer; its states are written beside the pages the first time."""
    if state_archive.stale(key):
        print(f"{key}: its stored states are missing or older than the code; it is left to the "
              f"Lab. `python course.py site --states {key}` makes them.")  # fmt: skip
        return explorer_card.lab_only_card(key, stored)
    folder = out / STATES / key
    if not folder.exists():
        explorer_card.write_explorer(key, state_archive.read(key), folder)
    return explorer_card.explorer_card(key, base)
