"""Numbers for the explorers' options, so that their codes stay good whatever is added later.

What is numbered, and why for ever, is in `coursekit.course.widgets.share_code_numbers`. Explorers
are made here, which loads all that they train with, and compute nothing.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coursekit.course.widgets.controls import Control


def offered() -> dict[str, Mapping[str, "Control"]]:
    """Explorer → its knobs as they are now."""
    from coursekit.course.widgets.deferred_picture import put_off
    from coursekit.course.widgets.gallery import EXPLORERS

    with put_off():
        return {key: make().controls for key, make in EXPLORERS.items()}


def missing(file: Path | None = None) -> list[str]:
    """A sentence for each option without a number and each change by hand; nothing is written."""
    from coursekit.course.widgets.share_code_numbers import FILE, ledgers, problems

    return problems(ledgers(file or FILE), offered())


def renew(file: Path | None = None) -> list[str]:
    """Number what is new; the file's name when it was written, else nothing.

    Errors: ValueError when the file was changed by hand, or a knob has more options than numbers.
    """
    from coursekit.course.widgets.share_code_numbers import FILE, extended, ledgers, write

    known = ledgers(file or FILE)
    grown = extended(known, offered())
    if grown == known:
        return []
    write(grown, file or FILE)
    return [(file or FILE).name]
