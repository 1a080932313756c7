"""How long to wait for something: longer on a slow or busy machine, as measured once at the start.

A wait has a limit so that what hangs is noticed. The limit is no verdict: on a machine that is
three times slower, or has other work beside, it is three times longer, and has a margin on top.
"""

import os
import statistics
import time

VARIABLE = "COURSEKIT_SLOWNESS"  # what was measured, for the processes that are started later
ADDITIONS, USUAL = 1_000_000, 0.045  # a plain loop, and its seconds on a quiet core
MARGIN = 4  # what is started beside the wait slows the machine further


def slowness() -> float:
    """How many times slower than a quiet core a plain loop is here, at least 1; measured once."""
    if VARIABLE not in os.environ:
        os.environ[VARIABLE] = f"{max(1.0, statistics.median(map(_loop, range(5))) / USUAL):.2f}"
    return float(os.environ[VARIABLE])


def patient(seconds: float) -> float:
    """How long to wait for what takes at most ``seconds`` on a quiet machine."""
    return MARGIN * slowness() * seconds


def _loop(_: int) -> float:
    began, total = time.perf_counter(), 0
    for number in range(ADDITIONS):
        total += number
    return time.perf_counter() - began
