"""The time cursor's buttons: a step back, a step on, and play."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from weakref import ReferenceType, ref

from coursekit.course.widgets.controls import Control, Slider
from coursekit.utils.checks import choose, require

PACE = 0.45  # seconds from picture to picture; few and whole ones rather than a flicker


def cursor_of(controls: Mapping[str, Control], cursor: str, at: object) -> Slider | None:
    """The slider that ``cursor`` names; None without one. ``at``: what cuts the data at it, if any.

    Errors: ValueError for ``at`` without a cursor, or an unknown one; TypeError for a Choice.
    """
    require(bool(cursor) or at is None, "at is given without a cursor; name the slider it is for.")
    if not cursor:
        return None
    slider = controls[choose("cursor", cursor, controls)]
    if not isinstance(slider, Slider):
        raise TypeError(f"cursor names {cursor!r}, a Choice; a Slider was expected.")
    return slider


class Player:
    """Moves one slider step by step, by hand or on its own.

    where() → the slider's value.  move(value): put it there.  settle() → what to await until the
    picture shows it.  tell(playing): called when it begins or ends to play.

    Playing is one task of the running event loop. It ends at the last value or at `pause`, and
    keeps nothing alive that nobody else holds.
    """

    def __init__(
        self,
        slider: Slider,
        where: Callable[[], float],
        move: Callable[[float], None],
        settle: Callable[[], Awaitable[None]],
    ) -> None:
        self._slider, self._where = slider, where
        self._move, self._settle = move, settle
        self._task: asyncio.Task[None] | None = None
        self.tell: Callable[[bool], None] = lambda playing: None

    @property
    def playing(self) -> bool:
        """Whether it moves on its own."""
        return self._task is not None and not self._task.done()

    def step(self, steps: int = 1) -> None:
        """So many steps on, or back where negative; at the ends it stays."""
        self.pause()
        value = self._after(steps)
        if value != self._where():
            self._move(value)

    def toggle(self) -> None:
        """Play, or pause where it plays."""
        if self.playing:
            self.pause()
        else:
            self.play()

    def play(self) -> None:
        """Step on at a fixed pace up to the end; from the end it starts anew at the first value.

        Errors: RuntimeError without a running event loop; there `step` serves.
        """
        if self.playing:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise RuntimeError(
                "Playing needs a running event loop, as in a notebook; use step() without one."
            ) from None
        self._task = loop.create_task(_play(ref(self)))
        self.tell(True)

    def pause(self) -> None:
        """Stand still; nothing happens when it does already."""
        task, self._task = self._task, None
        if task is not None and not task.done():
            task.cancel()
            self.tell(False)

    def _after(self, steps: int) -> float:
        slider = self._slider
        return slider.nearest_step(slider.nearest_step(self._where()) + steps * slider.step)

    async def _next(self) -> bool:
        """One step with its picture; whether there is another."""
        at_end = self._where() >= self._slider.high
        self._move(self._slider.low if at_end else self._after(1))
        await self._settle()
        return self._where() < self._slider.high

    def _ended(self) -> None:
        self._task = None
        self.tell(False)


async def _play(player: ReferenceType[Player]) -> None:
    while (alive := player()) is not None:
        if not await alive._next():
            alive._ended()
            return
        del alive  # held by nobody while it waits, so that it can go
        await asyncio.sleep(PACE)
