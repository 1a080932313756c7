"""The explorer: knobs, a picture that is a pure function of them, and a code to share a setting."""

import html
import inspect
import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import closing
from types import MappingProxyType
from typing import Any, Protocol
from uuid import uuid4

import pandas as pd
from matplotlib.figure import Figure

from coursekit.checks import choose, require
from coursekit.plots.show import image_html, pixels, png
from coursekit.widgets.code import decode, encode
from coursekit.widgets.controls import Control, State, changed, start_state
from coursekit.widgets.latest import Latest, Steps
from coursekit.widgets.panel import Panel

EVERY = 0.15  # seconds of work between two pictures of what is not finished


class View(Protocol):
    """A picture whose artists are made once; ``update`` must set everything that data decides."""

    figure: Figure

    def update(self, data: Any) -> None:
        """Put ``data`` into the artists."""

    def describe(self, data: Any) -> str:
        """What the picture shows, with its numbers: the alternative text."""

    def table(self, data: Any) -> pd.DataFrame:
        """The picture's numbers."""


class Explorer:
    """Knobs on the left, the picture they decide on the right.

    key: prefix of the codes, letters and digits.  controls: argument of compute → Slider or Choice.
    compute(**state) → data; or a generator function that yields wherever it may be abandoned and
    returns data. What it yields is None or data so far, which a page with a kernel shows meanwhile.
    make_view() → a fresh `View`.  presets: name → values of some controls.
    busy: what to say when a picture takes longer than 0.3 s.

    Displayed with a kernel it is a widget; stored in a notebook it is an image with its text.
    Errors: ValueError when a preset does not fit the controls; what compute raises at first.
    """

    def __init__(
        self,
        key: str,
        title: str,
        controls: Mapping[str, Control],
        compute: Callable[..., Any],
        make_view: Callable[[], View],
        presets: Mapping[str, State] = MappingProxyType({}),
        question: str = "",
        busy: str = "computing …",
    ) -> None:
        require(key.isalnum(), f"key is {key!r}; letters and digits were expected.")
        require(bool(controls), "controls is empty; an explorer needs a knob.")
        self.key, self.title = key, title
        self.controls = dict(controls)
        self.presets = {name: dict(values) for name, values in presets.items()}
        self._start = start_state(self.controls)
        for values in self.presets.values():
            changed(self.controls, self._start, values)
        self._compute, self._make_view = compute, make_view
        self._state = dict(self._start)
        self._view = make_view()
        self._runs = 0
        self._unfinished = False  # whether the page shows data so far
        # What the last good picture shows; all four change together.
        self.shown: State = {}
        self.data: Any = None
        self.picture = b""
        self.alt = ""
        self._panel = Panel(
            f"ck-{uuid4().hex[:8]}", title, question, self.controls, list(self.presets), self
        )
        self._latest: Latest[dict[str, float | str]] = Latest(
            self._work, lambda on: self._panel.say(busy if on else "")
        )
        self._panel.put(self._state, self.code)
        for _ in self._steps(self._state):  # at once, and an error here is the author's to see
            pass

    @property
    def state(self) -> dict[str, float | str]:
        """Where the knobs stand."""
        return dict(self._state)

    @property
    def code(self) -> str:
        """The short code of `state`."""
        return encode(self.key, self.controls, self._state)

    def set(self, **state: float | str) -> None:
        """Turn some knobs. Errors: ValueError, and nothing is changed."""
        self._go(changed(self.controls, self._state, state))

    def preset(self, name: str) -> None:
        """Set the knobs that the preset ``name`` decides; the others stay."""
        self.set(**self.presets[choose("preset", name, self.presets)])

    def reset(self) -> None:
        """All knobs back to where they were at first."""
        self._go(self._start)

    def read(self, code: str) -> dict[str, float | str]:
        """The state that ``code`` stands for. Errors: ValueError, in a sentence."""
        if not isinstance(code, str):
            raise TypeError(f"code is {code!r}; a code such as {self.code!r} was expected.")
        return decode(self.key, self.controls, code)

    def restore(self, code: str) -> None:
        """Set all knobs to what ``code`` says. Errors: ValueError, and nothing is changed."""
        self._go(self.read(code))

    def settle(self) -> Awaitable[None]:
        """``await explorer.settle()`` until the newest state is shown; without a loop it is."""
        return self._latest.settle()

    def table(self) -> pd.DataFrame:
        """The numbers of the picture shown."""
        return self._view.table(self.data)

    def render(self, **state: float | str) -> bytes:
        """PNG of ``state`` (knobs not named stand at their start) from a fresh view; no kernel."""
        view = self._make_view()
        steps = self._data(changed(self.controls, self._start, state))
        while True:
            try:
                next(steps)
            except StopIteration as end:
                view.update(end.value)
                return png(view.figure)

    # What the panel's parts call.

    def turn(self, name: str, value: float | str) -> None:
        """The learner turned a knob."""
        self.set(**{name: value})

    def enter_code(self, code: str) -> None:
        """The learner entered a code; a wrong one is answered in the widget."""
        try:
            self.restore(code)
        except ValueError as error:
            self._panel.warn(str(error))

    def table_html(self) -> str:
        """The table below the picture."""
        return _as_html(self.table())

    # From a state to its picture.

    def _go(self, state: State) -> None:
        self._state = dict(state)
        self._panel.put(self._state, self.code)
        self._latest.ask(self.state)

    def _work(self, state: dict[str, float | str]) -> Steps:
        """The steps towards the picture of ``state``; an error becomes a sentence in the widget."""
        try:
            yield from self._steps(state)
        except Exception as error:  # whatever the lesson's compute or view raises
            if self._unfinished:
                self._view.update(self.data)
                self._put_picture()
            self._panel.warn(
                f"This setting could not be computed ({type(error).__name__}: {error}). "
                "The picture still shows the setting before it."
            )

    def _steps(self, state: State) -> Steps:
        started, drawn = time.time(), time.monotonic()
        with closing(self._data(state)) as work:
            while True:
                try:
                    so_far = next(work)
                except StopIteration as end:
                    data = end.value
                    break
                watched = yield
                if watched and so_far is not None and time.monotonic() - drawn > EVERY:
                    self._show_so_far(so_far)
                    drawn = time.monotonic()
        self._view.update(data)
        picture, alt = png(self._view.figure), self._view.describe(data)
        self._runs += 1
        self.shown, self.data, self.picture, self.alt = dict(state), data, picture, alt
        self._put_picture(started=f"{started:.3f}", runs=self._runs)

    def _show_so_far(self, data: Any) -> None:
        """Unfinished data in the page and nowhere else; its tag still names the finished state."""
        self._view.update(data)
        picture, alt = png(self._view.figure), self._view.describe(data)
        self._unfinished = True
        self._panel.show(
            self._image(picture, alt, unfinished="yes"), lambda: _as_html(self._view.table(data))
        )

    def _put_picture(self, **marks: object) -> None:
        self._unfinished = False
        self._panel.show(self._image(self.picture, self.alt, **marks), self.table_html)

    def _data(self, state: State) -> Generator[Any, None, Any]:
        """Computes the data of ``state`` step by step and returns them."""
        if inspect.isgeneratorfunction(self._compute):
            return (yield from self._compute(**state))
        return self._compute(**state)

    def _image(self, picture: bytes, alt: str, **marks: object) -> str:
        code = encode(self.key, self.controls, self.shown)
        size = pixels(self._view.figure)
        return image_html(picture, alt, size, explorer=self.key, state=code, **marks)

    def __repr__(self) -> str:
        knobs = ", ".join(f"{name}={value}" for name, value in self._state.items())
        return f"Explorer {self.key}: {knobs}. {self.alt}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """The widget for a page with a kernel; for one without, the picture with its text."""
        image = self._image(self.picture, self.alt)
        bundle = dict(self._panel.box._repr_mimebundle_())
        bundle["text/html"] = f"<p><b>{html.escape(self.title)}</b></p>{image}"
        bundle["text/plain"] = repr(self)
        return bundle


def _as_html(numbers: pd.DataFrame) -> str:
    return f"<div>{numbers.to_html(index=False, border=0, float_format='{:.3f}'.format)}</div>"
