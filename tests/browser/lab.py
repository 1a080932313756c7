"""A JupyterLab on the loopback address with folders of its own, and a browser to see it with."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

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
MINUTE = 60_000  # milliseconds, as the browser counts


def browser_path() -> str | None:
    """The first browser of `BROWSERS` on the PATH."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


@dataclass(frozen=True)
class Lab:
    """A running server."""

    url: str
    token: str
    root: Path


@contextmanager
def serve(root: Path, home: Path) -> Iterator[Lab]:
    """JupyterLab over ``root``; config, data, runtime, settings and record in ``home``."""
    # No question about news at the first start.
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
        "MPLCONFIGDIR": "matplotlib",
        "COURSEKIT_RECORD": "record",
    }
    env = dict(os.environ, **{name: str(home / folder) for name, folder in folders.items()})
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    lab = Lab(f"http://127.0.0.1:{port}", secrets.token_hex(16), root)
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ip=127.0.0.1"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", "--allow-root"]
    command += [f"--IdentityProvider.token={lab.token}", f"--ServerApp.root_dir={root}"]
    command += ["--LabApp.expose_app_in_browser=True"]  # lets a test ask the notebook model
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT, cwd=root)
        try:
            _wait(lab, server, home / "log")
            yield lab
        finally:
            server.terminate()
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait(lab: Lab, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{lab.url}/api/status?token={lab.token}", timeout=2).read()
            return
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


@contextmanager
def browse(profile: Path) -> Iterator[BrowserContext]:
    """A headless browser of 1280 by 900 with a profile of its own."""
    with sync_playwright() as play:
        context = play.chromium.launch_persistent_context(
            profile,
            executable_path=browser_path(),
            headless=True,
            args=FLAGS,
            viewport={"width": 1280, "height": 900},
        )
        try:
            yield context
        finally:
            context.close()


def watch(page: Page) -> list[str]:
    """Console errors and uncaught exceptions of ``page``, as they come; nothing is filtered."""
    errors: list[str] = []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors


def open_notebook(page: Page, lab: Lab, name: str) -> None:
    """Open ``name`` (a file in the server's root) and wait for its kernel."""
    page.goto(f"{lab.url}/lab/tree/{name}?reset&token={lab.token}")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=MINUTE)
    page.wait_for_selector(
        ".jp-Notebook-ExecutionIndicator[data-status='idle']", state="attached", timeout=MINUTE
    )
    page.get_by_text("| Idle").first.wait_for(timeout=MINUTE)


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


def show_output(page: Page, text: str) -> bool:
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


def run_all(page: Page, timeout: float = 5 * MINUTE) -> list[dict[str, object]]:
    """Run all cells; wait until they are done or one has failed. What each code cell left behind.

    Lab drops "Run All" when the kernel is not quite ready, so it is asked again until a cell runs.
    """
    page.evaluate("window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    before = page.evaluate(CELLS)
    for _ in range(5):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.locator("li.lm-Menu-item[data-command='runmenu:run-all']").click()
        try:
            begun = f"() => ({CELLS})().some(c => c.count || c.state === 'running')"
            page.wait_for_function(begun, timeout=8000)
            break
        except PlaywrightTimeout:
            continue
    else:
        raise AssertionError(f"Run All was dropped five times; {len(before)} cells never ran.")
    done = f"""() => {{ const c = ({CELLS})();
      return c.some(x => x.errors.length) || c.every(x => x.count && x.state !== 'running'); }}"""
    page.wait_for_function(done, timeout=timeout, polling=200)
    return page.evaluate(CELLS)
