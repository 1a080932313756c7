"""Every lesson in a real JupyterLab: it runs, its explorer obeys, axe-core finds nothing.

The first two run whole. Of the others, whose cells all run without a browser too, there run those
that only a browser can show: explorers, guesses and exercises, with what they need. Several of
these are one notebook, for opening Lab and a kernel takes longer than most of them.
"""

import base64
import io
import re
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest
from matplotlib.image import imread

from benchmarks import browser
from benchmarks.latency import CARD
from browser import axe
from coursekit.course.authoring.exercise_slices import grade_id, with_needs
from coursekit.course.widgets import EXPLORERS

LESSONS = sorted((Path(__file__).parents[2] / "notebooks").glob("[0-9]*.ipynb"))
WHOLE = ("00", "01")
TOGETHER = 6  # lessons in a notebook
LIVE = re.compile(r"EXPLORERS\[|Guess\(")
PICTURE = ".ck-card img[data-explorer]"
OPENED = re.compile(r'EXPLORERS\["(\w+)"\]\(')


def pixels(png: bytes) -> np.ndarray:
    return imread(io.BytesIO(png), format="png")


def shown_pixels(source: str) -> np.ndarray:
    return pixels(base64.b64decode(source.removeprefix("data:image/png;base64,")))


def is_live(cell):
    return bool(LIVE.search(cell.source) or grade_id(cell))


def parts():
    """Lessons that are opened together, one after the other in one notebook."""
    whole = [[lesson] for lesson in LESSONS if lesson.name[:2] in WHOLE]
    others = [lesson for lesson in LESSONS if lesson.name[:2] not in WHOLE]
    return [*whole, *(others[i : i + TOGETHER] for i in range(0, len(others), TOGETHER))]


def joined(lessons):
    """One notebook with the lesson's cells, or with what only a browser can show of several."""
    read = [nbformat.read(lesson, 4) for lesson in lessons]
    if lessons[0].name[:2] in WHOLE:
        return read[0]
    live = [with_needs(notebook, is_live) for notebook in read]
    live[0].cells = [cell for notebook in live for cell in notebook.cells]
    for number, cell in enumerate(live[0].cells):
        cell.id = f"cell-{number}"  # two lessons may have a cell alike
    return live[0]


@pytest.mark.parametrize("lessons", parts(), ids=lambda part: "+".join(p.stem for p in part))
def test_lesson_runs_and_its_explorer_obeys(lessons, served, page):
    server, _ = served
    notebook = joined(lessons)
    nbformat.write(notebook, server.root / lessons[0].name)
    browser.open_notebook(page, server, lessons[0].name)
    cells = browser.run_all(page)
    assert [cell["errors"] for cell in cells if cell["errors"]] == []
    assert [cell["stderr"] for cell in cells if cell["stderr"]] == []
    keys = [key for cell in notebook.cells for key in OPENED.findall(cell.source)]
    assert len(keys) >= len(lessons)
    for key in keys:
        assert browser.show_output(page, f'data-explorer="{key}"')
        check_explorer(page, key)
    assert axe.serious(page) == []
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    assert page.page_errors == []


def check_explorer(page, key):
    """One key press changes the picture to what is drawn for that state without a kernel."""
    where = f".ck-card img[data-explorer='{key}']"
    picture = page.locator(where).first
    picture.wait_for(timeout=browser.minute())
    before = picture.get_attribute("data-state")
    card = page.locator(CARD.format(key=key)).first
    handle = card.get_by_role("slider").first
    handle.focus()
    at, last = (handle.get_attribute(f"aria-value{end}") for end in ("now", "max"))
    pressed = time.time()
    handle.press("ArrowLeft" if at == last else "ArrowRight")  # the film starts at its last epoch
    page.wait_for_function(
        "([where, state]) => document.querySelector(where).dataset.state !== state",
        arg=[where, before],
        timeout=browser.minute(),
    )
    code, source, started = picture.evaluate("e => [e.dataset.state, e.src, e.dataset.started]")
    assert float(started) >= pressed - 0.001  # the tag gives milliseconds
    explorer = EXPLORERS[key]()
    expected = explorer.render(**explorer.read(code))
    assert np.array_equal(shown_pixels(source), pixels(expected))
    assert picture.get_attribute("alt").strip()
