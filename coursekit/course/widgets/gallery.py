"""The course's explorers by key: a lesson shows one, a test builds the same without a kernel."""

from collections.abc import Callable, Mapping

from coursekit.course.registry import explorers
from coursekit.course.widgets.code import is_of
from coursekit.course.widgets.explorer import Explorer
from coursekit.utils.checks import require

EXPLORERS: Mapping[str, Callable[[], Explorer]] = explorers()


def explorer_from_code(code: str) -> Explorer:
    """The explorer whose code this is, opened where the code says; a handout's knobs are closed.

    Errors: ValueError, in a sentence, when no explorer has such codes or the code is mistyped.
    """
    keys = [key for key in EXPLORERS if is_of(key, code)]
    known = ", ".join(sorted(EXPLORERS))
    require(bool(keys), f"The code {code!r} is of no explorer; codes begin with one of {known}.")
    return EXPLORERS[max(keys, key=len)]().open(code)
