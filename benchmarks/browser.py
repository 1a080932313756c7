"""A headless browser, and what it does with a notebook in JupyterLab.

Needs Playwright (the ``test`` extra) and an installed Chromium; both are looked for when used.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.patience import patient
from benchmarks.servers import Server

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",  # root has no sandbox; the browser opens nothing but the loopback address
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class NoBrowserError(RuntimeError):
    """There is no browser, or nothing to drive it with."""


def minute() -> float:
    """Milliseconds, as the browser counts, that anything on a page may take."""
    return 1000 * patient(30)


def browser_path() -> str | None:
    """The first browser of `BROWSERS` on the PATH."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


@contextmanager
def browse(profile: Path) -> Iterator["BrowserContext"]:
    """A headless browser of 1280 by 900 with a profile of its own.

    Errors: NoBrowserError, in a sentence, when Playwright or the browser is missing.
    """
    try:
        from playwright.sync_api import expect, sync_playwright
    except ImportError:
        raise NoBrowserError(
            "Playwright drives the browser and is not installed; `python course.py test` installs "
            "it with the other test tools."
        ) from None
    if browser_path() is None:
        raise NoBrowserError(f"No browser on the PATH; one of {', '.join(BROWSERS)} is needed.")
    expect.set_options(timeout=minute())
    with sync_playwright() as play:
        context = play.chromium.launch_persistent_context(
            profile,
            executable_path=browser_path(),
            headless=True,
            args=FLAGS,
            viewport={"width": 1280, "height": 900},
        )
        context.set_default_navigation_timeout(minute())
        context.set_default_timeout(minute())
        try:
            yield context
        finally:
            context.close()


def watch(page: "Page") -> list[str]:
    """Console errors and uncaught exceptions of ``page``, as they come; nothing is filtered."""
    errors: list[str] = []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors


def open_notebook(page: "Page", lab: Server, name: str) -> None:
    """Open ``name`` (a file in the server's root) and wait for its kernel."""
    page.goto(f"{lab.url}/lab/tree/{name}?reset&token={lab.token}")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=minute())
    page.wait_for_selector(
        ".jp-Notebook-ExecutionIndicator[data-status='idle']", state="attached", timeout=minute()
    )
    page.get_by_text("| Idle").first.wait_for(timeout=minute())


# Lab renders cells as they come into view, but keeps every model; the page's own app object tells
# how many code cells have an execution number, without scrolling.
CELLS = """() => {
  const panel = window.jupyterapp.shell.currentWidget, out = [];
  for (const cell of panel.content.model.cells) {
    if (cell.type !== 'code' || !cell.sharedModel.source.trim()) continue;
    const outputs = cell.outputs.toJSON();
    out.push({source: cell.sharedModel.source, count: cell.executionCount,
      state: cell.executionState || '',
      errors: outputs.filter(o => o.output_type === 'error').map(o => o.ename + ': ' + o.evalue),
      stderr: outputs.filter(o => o.name === 'stderr').map(o => String(o.text))});
  }
  return out;
}"""


# The same without reading any output: it is asked again and again while the cells run.
PROGRESS = """() => {
  const cells = [...window.jupyterapp.shell.currentWidget.content.model.cells];
  const code = cells.filter(c => c.type === 'code' && c.sharedModel.source.trim());
  const failed = c => Array.from({length: c.outputs.length}, (_, i) => c.outputs.get(i).type)
    .includes('error');
  return {begun: code.some(c => c.executionCount || c.executionState === 'running'),
    ended: code.every(c => c.executionCount && c.executionState !== 'running'),
    failed: code.some(failed)};
}"""


def show_output(page: "Page", text: str) -> bool:
    """Scroll to the first cell whose stored HTML output contains ``text``; False when none has."""
    find = """text => {
      const notebook = window.jupyterapp.shell.currentWidget.content;
      const index = [...notebook.model.cells].findIndex(cell => cell.type === 'code' &&
        cell.outputs.toJSON().some(o => String((o.data || {})['text/html'] || '').includes(text)));
      if (index < 0) return false;
      notebook.activeCellIndex = index;
      notebook.scrollToItem(index, 'start');
      return true;
    }"""
    return bool(page.evaluate(find, text))


def run_all(page: "Page", timeout: float | None = None) -> list[dict[str, object]]:
    """Run all cells; wait until they are done or one has failed. What each code cell left behind.

    timeout: milliseconds, five minutes without it.
    Lab drops "Run All" when the kernel is not quite ready, so it is asked again until a cell runs.
    """
    from playwright.sync_api import TimeoutError as PlaywrightTimeout

    page.evaluate("window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    before = page.evaluate(CELLS)
    for _ in range(5):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.locator("li.lm-Menu-item[data-command='runmenu:run-all']").click()
        try:
            page.wait_for_function(f"() => ({PROGRESS})().begun", timeout=1000 * patient(3))
            break
        except PlaywrightTimeout:
            continue
    else:
        raise RuntimeError(f"Run All was dropped five times; {len(before)} cells never ran.")
    done = f"() => {{ const now = ({PROGRESS})(); return now.failed || now.ended; }}"
    page.wait_for_function(done, timeout=timeout or 5 * minute(), polling=500)
    return page.evaluate(CELLS)
