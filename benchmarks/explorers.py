"""The explorers in a real JupyterLab: from a key press to the new picture, retraining included."""

import json
import math
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchmarks import browser, servers
from benchmarks.latency import Watched, watch_moves
from coursekit.course.lesson import UNBOUND
from coursekit.course.registry import explorer_entries
from coursekit.course.widgets import EXPLORERS
from coursekit.course.widgets.controls import Slider
from coursekit.utils.checks import choose, require_count

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from playwright.sync_api import Page

MOVES = 15
SIZE, REPEATS = 1024, 9  # the matrix product that says how fast the machine is just now
USUAL_MS = 22.0  # the shortest that the product took on two cores
# A move is mostly Python, whose speed need not follow that of products: so it is told as well.
ADDITIONS, USUAL_LOOP_MS = 1_000_000, 45.0  # a plain loop, and the shortest that it took
SETTLE = 500  # milliseconds until a page that has just been filled is quiet


@dataclass(frozen=True)
class Case:
    """One explorer, and what it may take, as its lesson declares it.

    slider: the name of the knob that is moved.  state: knobs to set first.  median, p95: bounds in
    milliseconds on two quiet cores.
    """

    explorer: str
    slider: str
    median: float
    p95: float
    state: Mapping[str, float | str]


def room(case: Case) -> int:
    """How many steps the case's slider can be moved up."""
    explorer = EXPLORERS[case.explorer]()
    state = {**explorer.state, **case.state}  # set would draw the picture, and nobody looks
    name, slider = next(
        (name, control)
        for name, control in explorer.controls.items()
        if isinstance(control, Slider) and control.name == case.slider
    )
    return round((slider.high - float(state[name])) / slider.step)


def cases() -> dict[str, Case]:
    """What is measured: the explorers of all lessons, with bounds where one is promised."""
    every = {
        key: Case(key, entry.moved, entry.median_ms, entry.p95_ms, entry.state)
        for key, (_, entry) in explorer_entries().items()
    }
    bounded_first = sorted(every, key=lambda key: (every[key].median == UNBOUND, key))
    return {key: every[key] for key in bounded_first}


@dataclass(frozen=True)
class Figures:
    """What one run found: a `Watched` a case, errors of the page, what the machine was like.

    matmul_ms, loop_ms: milliseconds of the matrix product and of the plain loop, medians.
    """

    watched: dict[str, Watched]
    errors: list[str]
    matmul_ms: float
    loop_ms: float = math.nan

    @property
    def scale(self) -> float:
        """How many times slower than on two quiet cores this machine is now; at least 1."""
        return max(1.0, self.matmul_ms / USUAL_MS)

    def table(self) -> pd.DataFrame:
        """A row per case; times in milliseconds, as measured."""
        rows = []
        known = cases()
        for name, watched in self.watched.items():
            taken, bound = watched.milliseconds, known[name]
            rows.append(
                {
                    "explorer": name,
                    "n": len(taken),
                    "median": statistics.median(taken),
                    "p90": rank(taken, 0.9),
                    "p95": rank(taken, 0.95),
                    "max": max(taken),
                    "bound median": bound.median,
                    "bound p95": bound.p95,
                    "blank": watched.blank,
                    "burst seen": len(watched.burst),
                    "last right": watched.burst_ends_right,
                    "stale": watched.stale,
                }
            )
        return pd.DataFrame(rows).replace(UNBOUND, np.nan)

    def figures(self) -> dict[str, object]:
        """What ``--json`` writes: the table's rows, every time, errors, the product's time."""
        rows = json.loads(self.table().to_json(orient="records"))
        for row, watched in zip(rows, self.watched.values(), strict=True):
            row["milliseconds"] = [round(taken, 1) for taken in watched.milliseconds]
        machine = {"matmul_ms": self.matmul_ms, "loop_ms": self.loop_ms}
        return {"explorers": rows, "errors": self.errors, **machine}


def text_of(figures: Figures) -> str:
    """The table with what is to be said of it."""
    lines = [
        "Key press to new picture, milliseconds; then a burst of as many presses:",
        figures.table().round(0).to_string(index=False, na_rep="", float_format="{:.0f}".format),
        f"Product of two {SIZE} × {SIZE} matrices: {figures.matmul_ms:.1f} ms, "
        f"on two quiet cores {USUAL_MS:.1f} ms. {ADDITIONS} additions in Python: "
        f"{figures.loop_ms:.0f} ms, at best {USUAL_LOOP_MS:.0f} ms. "
        f"Errors of the page: {len(figures.errors)}.",
    ]
    return "\n".join([*lines, *figures.errors])


def rank(milliseconds: Sequence[float], q: float) -> float:
    """The smallest value that at least the share ``q`` of them do not exceed."""
    return float(np.quantile(milliseconds, q, method="inverted_cdf"))


def measure(names: Sequence[str] = (), moves: int = MOVES) -> Figures:
    """Open the explorers in JupyterLab, press keys, watch the screen.

    names: of `cases`, all when empty.  moves: presses of each slider, 2 to 15, or as many as it has
    steps.
    Errors: ValueError for an unknown name; NoBrowserError without Playwright or a browser.
    """
    known = cases()
    chosen = [choose("explorer", name, known) for name in names] or list(known)
    require_count("moves", moves, 2)
    with (
        tempfile.TemporaryDirectory(prefix="widgets-") as folder,
        opened(Path(folder)) as (lab, page),
    ):
        errors = browser.watch(page)
        figures = run(page, lab, {name: known[name] for name in chosen}, moves)
    return Figures(figures.watched, errors, figures.matmul_ms, figures.loop_ms)


def run(page: "Page", lab: servers.Server, chosen: Mapping[str, Case], moves: int) -> Figures:
    """Measure ``chosen`` in an open page, and the machine in between; no errors are noted."""
    watched, products, loops = {}, matmul_ms(), [loop_ms()]
    for name, case in chosen.items():
        open_cases(page, lab, [case])
        show(page, case)
        watched[name] = watch_moves(page, case.explorer, case.slider, min(moves, room(case)))
        products += matmul_ms()
        loops.append(loop_ms())
        page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    return Figures(watched, [], statistics.median(products), statistics.median(loops))


def open_cases(page: "Page", lab: servers.Server, chosen: Sequence[Case]) -> None:
    """Open a notebook with these explorers and run it.

    Errors: RuntimeError with what a cell raised.
    """
    import nbformat  # takes a second, and all commands are imported together

    file = f"bench_{'_'.join(case.explorer for case in chosen)}.ipynb"
    nbformat.write(notebook(chosen), lab.root / file)
    browser.open_notebook(page, lab, file)
    failed = [cell["errors"] for cell in browser.run_all(page) if cell["errors"]]
    if failed:
        raise RuntimeError(f"{file} could not be run: {failed[0]}")


def show(page: "Page", case: Case) -> None:
    """Scroll to the case's explorer, in the notebook that is open, and wait for its picture.

    Errors: RuntimeError when no cell shows it.
    """
    picture = f'data-explorer="{case.explorer}"'  # as in the stored output
    if not browser.show_output(page, picture):
        raise RuntimeError(f"No cell of the notebook shows the {case.explorer} explorer.")
    page.locator(f"img[{picture}]").first.wait_for(timeout=browser.minute())
    page.wait_for_timeout(SETTLE)


def notebook(chosen: Sequence[Case]) -> "NotebookNode":
    """A notebook with one explorer per cell, set as its case wants it."""
    from nbformat.v4 import new_code_cell, new_notebook

    made = new_notebook(cells=[new_code_cell(code(case)) for case in chosen])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    return made


def code(case: Case) -> str:
    """What shows the case's explorer."""
    lines = [
        "from coursekit.course.widgets import EXPLORERS",
        f"explorer = EXPLORERS[{case.explorer!r}]()",
        f"explorer.set(**{dict(case.state)!r})" if case.state else "",
        "await explorer.settle()",
        "explorer",
    ]
    return "\n".join(filter(None, lines))


def matmul_ms() -> list[float]:
    """Milliseconds of a few products of two float32 matrices; the first, a warm-up, is left out."""
    a = np.random.default_rng(0).random((SIZE, SIZE), dtype=np.float32)
    taken = []
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        a @ a
        taken.append(1000 * (time.perf_counter() - start))
    return taken[1:]


def loop_ms() -> float:
    """Milliseconds of a plain loop of additions."""
    start, total = time.perf_counter(), 0
    for i in range(ADDITIONS):
        total += i
    return 1000 * (time.perf_counter() - start)


@contextmanager
def opened(folder: Path) -> Iterator[tuple[servers.Server, "Page"]]:
    """A JupyterLab over a part of ``folder`` and an empty page of a browser."""
    root = folder / "lab"
    root.mkdir()
    with (  # the browser closes first: a page whose server has gone reports errors
        servers.lab(root, folder / "home") as lab,
        browser.browse(folder / "profile") as context,
    ):
        yield lab, context.new_page()
