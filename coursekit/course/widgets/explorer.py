"""The explorer: knobs, a picture that is a pure function of them, and a code to share a setting."""

import html
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import closing
from functools import cached_property
from types import MappingProxyType
from typing import Any, Self
from uuid import uuid4

import ipywidgets as W
import pandas as pd

from coursekit.course.plots.display import png
from coursekit.course.widgets.computed_data import Computed, start
from coursekit.course.widgets.controls import Control, State, changed, start_state
from coursekit.course.widgets.cursor_buttons import Player, cursor_of
from coursekit.course.widgets.deferred_picture import PUT_OFF
from coursekit.course.widgets.explorer_layout import Panel
from coursekit.course.widgets.handout import Handout, with_closed
from coursekit.course.widgets.latest_wins import Latest, Steps
from coursekit.course.widgets.picture_on_card import Screen, View, tables, tables_html
from coursekit.course.widgets.share_code import decode, encode
from coursekit.utils.checks import choose, require
from coursekit.utils.stepwise import drive

# Between two pictures of what is not finished: seconds, and drawings' worth of work.
EVERY, SHARE = 0.25, 5.0


class Explorer:
    """Knobs on the left, the picture they decide on the right.

    key: prefix of the codes, letters and digits.  controls: argument of compute → Slider or Choice.
    compute(**state) → data; or a generator function that yields wherever it may be abandoned and
    returns data. What it yields is None or data so far, which a page with a kernel shows meanwhile.
    make_view() → a fresh `View`.  presets: name → values of some controls.
    busy: what to say when a picture takes longer than 0.3 s, or busy(state) → that; who says there
    how long it takes says it beforehand. Meanwhile “Stop” goes back to the picture before.
    cursor: a Slider with buttons to step and to play. With ``at``, compute does not get it: moving
    it recomputes nothing, and the view is given ``at(data, its value)``, for data so far as well.
    Without, compute gets it as any other and should be quick at what it has computed before.

    groups: heading → names of the controls that stand below it; what none names stands on top.

    Displayed with a kernel it is a widget; stored in a notebook it is an image with its text. The
    first picture is made at once, or later inside `deferred_picture.put_off`.
    Errors: ValueError when a preset or a group does not fit the controls; what compute raises at
    first.
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
        busy: str | Callable[[State], str] = "computing …",
        cursor: str = "",
        at: Callable[[Any, float], Any] | None = None,
        groups: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        require(key.isalnum(), f"key is {key!r}; letters and digits were expected.")
        require(bool(controls), "controls is empty; an explorer needs a knob.")
        self.key, self.title, self.question = key, title, question
        self.controls = dict(controls)
        named = [name for names in groups.values() for name in names]
        for name in named:
            choose("a name in groups", name, self.controls)
        require(len(named) == len(set(named)), f"groups is {dict(groups)}; each knob stands once.")
        self.presets = {name: dict(values) for name, values in presets.items()}
        # What Reset goes back to, and which knobs are closed; another once a handout is opened.
        self._handed = Handout(start_state(self.controls))
        for values in self.presets.values():
            changed(self.controls, self._handed.state, values)
        self._compute, self._make_view = compute, make_view
        self._computing = Computed(compute)
        self._cursor, self._at = cursor, at
        self._state = dict(self._handed.state)
        slider = cursor_of(self.controls, cursor, at)
        self.player: Player | None = None
        if slider:
            self.player = Player(slider, self._where, self._play_on, self.settle)
        self._shown: State = {}
        self._panel = Panel(
            f"ck-{uuid4().hex[:8]}", title, question, self.controls, list(self.presets), self,
            {cursor: self.player} if self.player else {}, groups,
        )  # fmt: skip
        self._latest: Latest[dict[str, float | str]] = Latest(
            self._work, lambda on: self._panel.say(_words(busy, self._state) if on else "")
        )
        if not PUT_OFF.get():
            self._begin()

    @property
    def state(self) -> dict[str, float | str]:
        """Where the knobs stand, hidden ones too."""
        return dict(self._state)

    @property
    def start(self) -> dict[str, float | str]:
        """Where the knobs stand at first, or as they were handed out."""
        return dict(self._handed.state)

    @property
    def code(self) -> str:
        """The short code of `state`; it locks and hides what is locked and hidden here."""
        return self._code_of(self._state)

    @property
    def widget(self) -> W.Widget:
        """What a page with a kernel shows."""
        self._begin()
        return self._panel.box

    @property
    def shown(self) -> State:
        """The state of the last good picture."""
        self._begin()
        return self._shown

    @property
    def data(self) -> Any:
        """What the last good picture shows."""
        self._begin()
        return self._screen.data

    @property
    def picture(self) -> bytes:
        """The last good picture, PNG."""
        self._begin()
        return self._screen.picture

    @property
    def alt(self) -> str:
        """The text of the last good picture."""
        self._begin()
        return self._screen.alt

    def set(self, **state: float | str) -> None:
        """Turn some knobs. Errors: ValueError, and nothing is changed."""
        wanted = changed(self.controls, self._state, state)
        self._handed.refuse(state)
        self._go(wanted)

    def preset(self, name: str) -> None:
        """Set the knobs that the preset ``name`` decides; the others stay."""
        self.set(**self.presets[choose("preset", name, self.presets)])

    def reset(self) -> None:
        """All knobs back to where they were at first, or as they were handed out."""
        self._go(self._handed.state)

    def stop(self) -> None:
        """Leave what is being computed: knobs and picture as they were before it."""
        self._begin()
        if self.player:
            self.player.pause()
        self._latest.stop()
        self._state = dict(self._shown)
        self._panel.put(self._state, self.code)
        self._screen.back()

    def read(self, code: str) -> dict[str, float | str]:
        """The state that ``code`` stands for. Errors: ValueError, in a sentence."""
        return dict(self._decoded(code).state)

    def restore(self, code: str) -> None:
        """Set all knobs to what ``code`` says; a handout's code closes knobs too.

        Errors: ValueError, and nothing is changed. Where knobs are closed, only codes of handouts
        are taken.
        """
        handout = self._decoded(code)
        if handout.closed:
            self._handed = handout
            self._panel.restrict(handout, handout.allows(self.presets))
        else:
            self._handed.refuse(sorted(self._handed.closed))
        self._go(handout.state)

    def open(self, code: str) -> Self:
        """`restore`, and the explorer itself: ``EXPLORERS["lines"]().open(code)``."""
        self.restore(code)
        return self

    def handout(self, locked: Collection[str] = (), hidden: Collection[str] = ()) -> str:
        """A code of the present state that locks and hides knobs wherever it is entered.

        Locked knobs are greyed, hidden ones leave the card; presets that would move either are
        gone, and Reset leads back to this state. For a link, put it behind the address of the
        course's app: ``http://127.0.0.1:8866/?code=CODE``. Nothing is kept secret: the card, the
        picture's tag and ``repr`` do not name a hidden value, but whoever reads the source can
        decode the code, and ``explorer.state`` tells all.
        Errors: ValueError for unknown knobs, for hidden ones whose value stands in the picture.
        """
        now, written = self._handed.at(self.state), getattr(self._view, "writes", ())
        closed = with_closed(now, self.controls, locked, hidden, written)
        return encode(self.key, self.controls, closed)

    def settle(self) -> Awaitable[None]:
        """``await explorer.settle()`` until the newest state is shown; without a loop it is."""
        self._begin()
        return self._latest.settle()

    def table(self) -> pd.DataFrame:
        """The numbers of the picture shown."""
        return self._view.table(self.data)

    def tables(self) -> dict[str, pd.DataFrame]:
        """All its numbers: caption → table, the first of them `table`."""
        return tables(self._view, self.data)

    def tables_html(self) -> str:
        """`tables` as they stand on the card."""
        return tables_html(self._view, self.data)

    def render(self, **state: float | str) -> bytes:
        """PNG of ``state`` (knobs not named stand at their start) from a fresh view; no kernel."""
        view, full = self._make_view(), changed(self.controls, self._handed.state, state)
        view.update(self._cut(drive(start(self._compute, self._without_cursor(full))), full))
        return png(view.figure)

    # What the panel's parts call.

    def turn(self, name: str, value: float | str) -> None:
        """The learner turned a knob; what it cannot take, a text too long, is answered there."""
        try:
            self.set(**{name: value})
        except ValueError as error:
            self._panel.put(self._state, self.code)
            self._panel.warn(str(error))

    def enter_code(self, code: str) -> None:
        """The learner entered a code; a wrong one is answered in the widget."""
        try:
            self.restore(code)
        except ValueError as error:
            self._panel.warn(str(error))

    # What draws is made when it is first needed.

    @cached_property
    def _view(self) -> View:
        return self._make_view()

    @property
    def _computed(self) -> Computed:
        """What has the data, by now of one picture at least."""
        self._begin()
        return self._computing

    @cached_property
    def _screen(self) -> Screen:
        return Screen(self.key, self._view, self._panel)

    # From a state to its picture.

    def _begin(self) -> None:
        """The first picture, if there is none yet: of the state as it is by now.

        An error of the explorer's own first state is the author's to see. One of another state, a
        code's say, becomes a sentence beside the picture of the first.
        """
        if self._shown:
            return
        self._panel.put(self._state, self.code)
        try:
            drive(self._steps(self._state))
        except Exception as error:  # whatever the lesson's compute or view raises
            first = start_state(self.controls)
            if self._state == first:
                raise
            drive(self._steps(first))
            self._warn(error)

    def _where(self) -> float:
        return float(self._state[self._cursor])

    def _play_on(self, value: float) -> None:
        self._handed.refuse([self._cursor])
        self._go({**self._state, self._cursor: value}, playing=True)

    def _go(self, state: State, playing: bool = False) -> None:
        if self.player and not playing:
            self.player.pause()
        self._state = dict(state)
        if not self._shown:
            self._begin()
            return
        self._panel.put(self._state, self.code)
        self._latest.ask(self.state)

    def _work(self, state: dict[str, float | str]) -> Steps:
        """The steps towards the picture of ``state``; an error becomes a sentence in the widget."""
        try:
            yield from self._steps(state)
        except Exception as error:  # whatever the lesson's compute or view raises
            self._screen.back()
            self._warn(error)

    def _warn(self, error: Exception) -> None:
        self._panel.warn(
            f"This setting could not be computed ({type(error).__name__}: {error}). "
            "The picture still shows the setting before it."
        )

    def _steps(self, state: State) -> Steps:
        started, drawn = time.time(), time.monotonic()
        with closing(self._computing.steps(self._without_cursor(state))) as work:
            while True:
                try:
                    so_far = next(work)
                except StopIteration as end:
                    data = end.value
                    break
                watched = yield
                rest = EVERY + SHARE * self._screen.seconds
                if watched and so_far is not None and time.monotonic() - drawn > rest:
                    self._screen.so_far(self._cut(so_far, state))
                    drawn = time.monotonic()
        self._screen.finish(self._cut(data, state), self._code_of(state), started)
        self._shown = dict(state)

    def _without_cursor(self, state: State) -> dict[str, float | str]:
        apart = self._cursor if self._at is not None else ""
        return {name: value for name, value in state.items() if name != apart}

    def _cut(self, data: Any, state: State) -> Any:
        """What the view gets of ``data``."""
        return data if self._at is None else self._at(data, float(state[self._cursor]))

    def _code_of(self, state: State) -> str:
        return encode(self.key, self.controls, self._handed.at(state))

    def _decoded(self, code: str) -> Handout:
        if not isinstance(code, str):
            raise TypeError(f"code is {code!r}; a code such as {self.code!r} was expected.")
        return decode(self.key, self.controls, code)

    def __repr__(self) -> str:
        visible = {n: value for n, value in self._state.items() if n not in self._handed.hidden}
        knobs = ", ".join(f"{name}={value}" for name, value in visible.items())
        return f"Explorer {self.key}: {knobs}. {self.alt}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """The widget for a page with a kernel; for one without, the picture with its text."""
        image = self._screen.image(self.picture, self.alt)
        bundle = dict(self.widget._repr_mimebundle_())
        bundle["text/html"] = f"<p><b>{html.escape(self.title)}</b></p>{image}"
        bundle["text/plain"] = repr(self)
        return bundle


def _words(busy: str | Callable[[State], str], state: State) -> str:
    return busy(state) if callable(busy) else busy
