"""From a key press to the new picture on the screen, seen from inside the page.

The page's own clock counts: from the time stamp of the key's event until the task that follows the
first frame in which the new picture was there, decoded, its state new and its training over.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.browser import minute

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

CARD = ".ck-card:has(img[data-explorer='{key}'])"
BETWEEN = 120  # milliseconds of rest between two moves
APART = 25  # milliseconds between two presses of a burst
PATIENCE = 20_000  # milliseconds to wait for the last picture of a burst
LATE = 1000  # milliseconds in which a picture of an older state would still come

# An unfinished picture (data-unfinished) carries the state before it and does not count.
WATCH = """key => {
  const find = () => document.querySelector(`.ck-card img[data-explorer='${key}']`);
  const ready = image => image && image.complete && image.naturalWidth > 0;
  const seen = window.seen = {frames: 0, blank: 0, states: [], at: null, next: null};
  const here = find().dataset.state;
  document.addEventListener('keydown', e => { seen.at = e.timeStamp; }, {capture: true});
  const look = () => {
    const image = find(); seen.frames += 1;
    if (!ready(image)) seen.blank += 1;
    else if ((seen.states.at(-1) ?? here) !== image.dataset.state) {
      seen.states.push(image.dataset.state);
      const pressed = seen.at, after = new MessageChannel();
      after.port1.onmessage = () => { seen.took = performance.now() - pressed; };
      after.port2.postMessage(0);
    }
    if (window.seen === seen) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


@dataclass(frozen=True)
class Watched:
    """What one explorer did.

    milliseconds: of every move.  blank: frames without a picture.  states: codes of the pictures
    after each move, in order.  burst: codes seen while the same way was gone back in a hurry.
    """

    key: str
    milliseconds: tuple[float, ...]
    blank: int
    states: tuple[str, ...]
    burst: tuple[str, ...]

    @property
    def burst_ends_right(self) -> bool:
        """Whether the last picture of the burst is that of the last press."""
        return self.burst[-1:] == self.states[:1]

    @property
    def stale(self) -> int:
        """Pictures of the burst that came after one of a later press, or belong to none."""
        ahead = list(reversed(self.states))
        wrong = 0
        for code in self.burst:
            if code in ahead:
                ahead = ahead[ahead.index(code) + 1 :]
            else:
                wrong += 1
        return wrong


def watch_moves(page: "Page", key: str, slider: str, moves: int) -> Watched:
    """Press → ``moves`` times on ``slider``, one at a time, then as often ← in a burst.

    The explorer stands in the page, its slider far enough from the upper end.
    Errors: Playwright's TimeoutError when no new picture comes in a minute.
    """
    from playwright.sync_api import TimeoutError

    handle = page.locator(CARD.format(key=key)).get_by_role("slider", name=slider, exact=True)
    handle.focus()
    before = page.locator(f"img[data-explorer='{key}']").first.get_attribute("data-state")
    page.evaluate(WATCH, key)
    taken = [_move(page, handle, number) for number in range(1, moves + 1)]
    after_moves = page.evaluate("window.seen")
    states = (str(before), *after_moves["states"])
    for _ in range(moves):
        handle.press("ArrowLeft")
        page.wait_for_timeout(APART)
    with suppress(TimeoutError):  # then the figures say that the last picture is not the right one
        page.wait_for_function(
            "state => window.seen.states.at(-1) === state", arg=before, timeout=PATIENCE
        )
    page.wait_for_timeout(LATE)
    record = page.evaluate("window.seen")
    page.evaluate("window.seen = null")
    burst = tuple(record["states"][moves:])
    return Watched(key, tuple(taken), int(record["blank"]), states, burst)


def _move(page: "Page", handle: "Locator", number: int) -> float:
    """Milliseconds of one press; ``number`` pictures have come when it is over."""
    page.evaluate("window.seen.took = null")
    handle.press("ArrowRight")
    page.wait_for_function(
        "n => window.seen.states.length >= n && window.seen.took !== null",
        arg=number, timeout=minute(),
    )  # fmt: skip
    page.wait_for_timeout(BETWEEN)
    return float(page.evaluate("window.seen.took"))
