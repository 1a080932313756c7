"""Every page in Chromium, on a wide and on a narrow screen: what is wrong with it, in sentences."""

import functools
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.utils.checks import require

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

SCREENS = {"desktop": (1280, 900), "phone": (360, 740)}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
SERIOUS = ("serious", "critical")
FIRST_VIEW = 1_500_000  # bytes of a page until it stands there, nothing scrolled
SLOWEST = 5.0  # seconds until then; six times what a page takes on two busy cores
PATIENCE = 60_000  # milliseconds that a page may take on a busy machine
SUB_PATH = "courses/fusion"  # where the site stands while it is looked at
# A page's own width, apart from parts that scroll by themselves.
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass
class Seen:
    """What one view of a page showed.

    size: bytes received.  seconds: until everything of the first view was there.
    """

    page: str
    screen: str
    size: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


class _Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, below the sub-path, without a line per request."""

    def translate_path(self, path: str) -> str:
        inside = path.removeprefix(f"/{SUB_PATH}")
        return super().translate_path(inside if inside != path else "/nothing-outside-the-path")

    def log_message(self, *_: Any) -> None:
        return


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The site over http on this machine, below a sub-path: its address."""
    handler = functools.partial(_Quiet, directory=str(site))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{SUB_PATH}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def browser() -> Iterator["BrowserContext"]:
    """A headless browser. Errors: ValueError when there is none on the PATH."""
    from playwright.sync_api import sync_playwright

    path = next((p for name in BROWSERS if (p := shutil.which(name))), None)
    require(path is not None, f"PATH has no browser; one of {', '.join(BROWSERS)} was expected.")
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=path, args=FLAGS)
        context = started.new_context()
        context.set_default_timeout(PATIENCE)
        try:
            yield context
        finally:
            started.close()


def look_at_all(site: Path, pages: Sequence[str] = (), say: Any = print) -> list[Seen]:
    """Look at pages (all without any named) over http, and at the first from its file as well."""
    names = list(pages) or [p.relative_to(site).as_posix() for p in sorted(site.rglob("*.html"))]
    seen = []
    with served(site) as address, browser() as context:
        for name in names:
            for screen in SCREENS:
                seen.append(look_at(context, address, name, screen))
                say(f"{name} {screen}: {seen[-1].size / 1000:.0f} kB, "
                    f"{len(seen[-1].problems)} problems")  # fmt: skip
        for name in names:
            seen.append(look_at(context, site.resolve().as_uri(), name, "desktop", axe=False))
            seen[-1].screen = "file"
    return seen


def look_at(
    context: "BrowserContext", address: str, name: str, screen: str, axe: bool = True
) -> Seen:
    """One page on one screen."""
    width, height = SCREENS[screen]
    seen = Seen(name, screen)
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": height})
    _watch(page, seen, address)
    started = time.perf_counter()
    page.goto(f"{address}/{name}", wait_until="load")
    seen.seconds = time.perf_counter() - started
    seen.size = sum(map(int, page.evaluate(RECEIVED)))
    if seen.size > FIRST_VIEW:
        seen.problems.append(f"{seen.size} bytes are loaded at first; {FIRST_VIEW} at most.")
    if seen.seconds > SLOWEST:
        seen.problems.append(f"It takes {seen.seconds:.1f} s; {SLOWEST:.0f} at most.")
    wide = int(page.evaluate(TOO_WIDE))
    if wide > 0:
        seen.problems.append(f"The page is {wide} pixels wider than the screen.")
    if axe:
        seen.problems += _serious(page)
    page.close()
    return seen


# What the browser has kept of pages before counts whole: asked is what a first view takes.
RECEIVED = """() => [...performance.getEntriesByType('navigation'),
  ...performance.getEntriesByType('resource')]
  .map((e) => Math.max(e.transferSize || 0, e.encodedBodySize || 0))
"""


def _watch(page: "Page", seen: Seen, address: str) -> None:
    """Errors of the page, and requests that leave the site, become problems."""

    def on_request(url: str) -> None:
        if not url.startswith((address, "data:", "blob:")):
            seen.problems.append(f"It asks for {url}, which is not in the site.")

    page.on("request", lambda request: on_request(request.url))
    page.on("console", lambda m: seen.problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: seen.problems.append(str(error)))


def _serious(page: "Page") -> list[str]:
    """What axe-core finds that is serious."""
    from axe_playwright_python.sync_playwright import Axe

    violations = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:160]} — {node['failureSummary'][:200]}"
        for one in violations
        if one["impact"] in SERIOUS
        for node in one["nodes"][:3]
    ]
