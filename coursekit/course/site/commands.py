"""What ``python course.py site`` does: make the site, compute states, check what was made."""

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from coursekit.course.registry import explorer_entries, explorers, games
from coursekit.course.site import game_cases, state_archive
from coursekit.course.site.browser_check import look_at_all
from coursekit.course.site.explorer_card import write_explorer
from coursekit.course.site.game_card import write_game
from coursekit.course.site.links import broken_links
from coursekit.course.site.make_states import make_states
from coursekit.course.site.page_parts import PageParts
from coursekit.course.site.site_folder import put, require_ours
from coursekit.course.site.site_source import STATES, write_source
from coursekit.course.site.sphinx_site import build
from coursekit.course.site.start_page import FIRST
from coursekit.utils.checks import require

MOST = 80_000_000  # bytes of the whole site


def make_site(out: Path, base: str, lessons: Sequence[str], solutions: bool) -> int:
    """Make the site in ``out``; returns the exit status: 1 when something is left to mend.

    Until all of it is made, ``out`` stays as it is.
    Errors: ValueError for a folder with something that is not ours, and for a base that is no
    address.
    """
    started = time.monotonic()
    full = not base or base.startswith(("https://", "http://"))
    require(full, f"base is {base!r}; an address was expected, https://example.org/course.")
    require_ours(out)
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "source", Path(folder) / "made"
        parts = _with_states(made, lessons, solutions)
        print("Reading the notebooks …", flush=True)
        written = write_source(source, made, lessons, parts)
        print("Writing the pages …", flush=True)
        built = build(source, made, base, written.terms)
        for leftover in ("_sources", ".buildinfo", "objects.inv"):
            _remove(made / leftover)
        (made / ".nojekyll").touch()  # GitHub Pages leaves out folders with an underscore else
        size = sum(path.stat().st_size for path in made.rglob("*") if path.is_file())
        broken = broken_links(made)
        put(made, out)
    for problem in (*built.warnings, *broken):
        print(problem)
    if size > MOST:
        print(f"The site has {size / 1e6:.0f} MB; {MOST / 1e6:.0f} at most were expected.")
    print(f"{built.pages} pages, {size / 1e6:.1f} MB, {time.monotonic() - started:.0f} s: "
          f"{(out / 'index.html').resolve()}")  # fmt: skip
    return int(bool(built.warnings or broken or size > MOST))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _with_states(out: Path, wanted: Sequence[str], solutions: bool) -> PageParts:
    """What the pages can show; states are written beside them, stale ones are named."""
    good: dict[str, list[str]] = {"explorer": [], "game": []}
    for key, (lesson, _) in explorer_entries().items():
        if wanted and lesson not in wanted and key != FIRST:
            continue
        why = state_archive.stale(key)
        if why:
            print(why)
            continue
        write_explorer(key, state_archive.read(key), out / STATES / key)
        good["explorer"].append(key)
    for key in games():
        why = game_cases.stale_cases(key)
        if why:
            print(why)
            continue
        write_game(key, game_cases.read_cases(key), out / STATES / f"game-{key}")
        good["game"].append(key)
    return PageParts(good["explorer"], good["game"], solutions)


def compute_states(keys: Sequence[str]) -> int:
    """Compute what explorers and games show, all that is stale without ``keys``; the exit status.

    Errors: ValueError for a key that no explorer and no game has.
    """
    for key in keys:
        require(key in explorers() or key in games(), f"KEY is {key!r}; an explorer or a game was "
                f"expected, {', '.join([*explorers(), *games()])}.")  # fmt: skip
    failed = []
    wanted = [key for key in explorers() if not keys or key in keys]
    if wanted:
        failed += make_states(wanted)
    for key in games():
        if (not keys or key in keys) and game_cases.stale_cases(key):
            print(f"{key}: training the cases …", flush=True)
            game_cases.make_cases(key)
    return int(bool(failed))


def check_site(out: Path) -> int:
    """Follow every link and look at every page in Chromium; the exit status."""
    require((out / "index.html").exists(), f"out is {out}; a site that was made was expected.")
    stale = [*map(state_archive.stale, explorers()), *map(game_cases.stale_cases, games())]
    seen = look_at_all(out)
    problems = [
        *filter(None, stale),
        *broken_links(out),
        *(f"{s.page} ({s.screen}): {p}" for s in seen for p in s.problems),
    ]
    print(*problems, sep="\n")
    lessons = [s for s in seen if s.page.startswith("lessons/") and s.screen != "file"]
    if lessons:
        largest = max(lessons, key=lambda s: s.size)
        slowest = max(seen, key=lambda s: s.seconds)
        print(f"Largest first view of a lesson: {largest.size / 1000:.0f} kB, {largest.page}. "
              f"Slowest page: {slowest.seconds:.1f} s, {slowest.page}.")  # fmt: skip
    print(f"{len(seen)} views, {len(problems)} problems.")
    return int(bool(problems))
