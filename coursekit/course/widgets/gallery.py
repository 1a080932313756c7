"""The course's explorers by key: a lesson shows one, a test builds the same without a kernel."""

import re
from collections.abc import Callable, Mapping

from coursekit.course.registry import explorers
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.course.widgets.pasted_code import cleaned
from coursekit.course.widgets.share_code import is_of
from coursekit.utils.checks import require

EXPLORERS: Mapping[str, Callable[..., Explorer]] = explorers()


def explorer_from_code(code: str) -> Explorer:
    """The explorer whose code this is, opened where the code says; a handout's knobs are closed.

    Errors: ValueError, in a sentence, when no explorer has such codes or the code is mistyped.
    """
    written = re.split(r"[-\s]", cleaned(code).lower())[0]
    keys = [key for key in EXPLORERS if is_of(key, code)]
    keys.sort(key=lambda key: (key == written, len(key)), reverse=True)
    known = ", ".join(sorted(EXPLORERS))
    require(bool(keys), f"The code {code!r} is of no explorer; codes begin with one of {known}.")
    with put_off():
        made = [EXPLORERS[key]() for key in keys]
    # A longer key may begin like a code of a shorter one; the right one is the one that reads it.
    return next((e for e in made if _reads(e, code)), made[0]).open(code)


def _reads(explorer: Explorer, code: str) -> bool:
    try:
        explorer.read(code)
    except ValueError:
        return False
    return True
