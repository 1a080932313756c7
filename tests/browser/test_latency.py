"""Explorers of every kind in a real JupyterLab: the right picture, never blank, never stale.

How long a key press takes is told by ``python -m benchmarks explorers``, which has the bounds and
watches all of them; a test beside other work could not judge it.
"""

import statistics

import pytest

from benchmarks import browser
from benchmarks import explorers as bench
from benchmarks.latency import watch_moves
from browser.test_lessons_in_browser import check_explorer

MOVES = 5
# One that trains nothing, one that shows what is not finished, one with a time cursor. That each
# explorer obeys is seen in its lesson, `test_lessons_in_browser`.
KINDS = {key: bench.cases()[key] for key in ("lines", "race", "film")}


@pytest.fixture(scope="module")
def gallery(served):
    """A tab with them in one notebook; its errors are collected in ``page_errors``."""
    server, context = served
    tab = context.new_page()
    tab.page_errors = browser.watch(tab)
    bench.open_cases(tab, server, list(KINDS.values()))
    yield tab
    tab.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    tab.close()


@pytest.mark.parametrize("name", KINDS)
def test_a_key_press_brings_the_right_picture(name, gallery):
    case = KINDS[name]
    before = bench.matmul_ms()
    bench.show(gallery, case)
    one = watch_moves(gallery, case.explorer, case.slider, MOVES)
    product = statistics.median(before + bench.matmul_ms())
    check_explorer(gallery, case.explorer)
    figures = bench.Figures({name: one}, gallery.page_errors, product)
    text = bench.text_of(figures)
    assert gallery.page_errors == []
    assert one.blank == 0, text
    assert one.burst_ends_right, text
    assert one.stale == 0, text
    assert len(one.milliseconds) == MOVES, text
