"""A press of a button waits for the choice that was made just before it."""

import asyncio
from collections.abc import Callable

LATE = 0.25  # seconds by which a choice may arrive after the press of a button that came after it


def after_choices(act: Callable[[], None]) -> None:
    """Call ``act`` when a choice made before the press has arrived; without an event loop at once.

    A page that is busy holds back a widget's next value until the kernel has taken the one before,
    and sends the press of a button at once.
    """
    try:
        asyncio.get_running_loop().call_later(LATE, act)
    except RuntimeError:
        act()
