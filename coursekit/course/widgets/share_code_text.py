"""Typed text in a code: it stands behind the letters of the knobs, in letters of its own.

Each knob for text has a section that begins with `BREAK`, a digit that no other part of a code has,
and ends in a check letter. It is as long as the text wants, two letters for each of its own at
most if these are plain. A knob that stands on one of its suggestions has an empty section, and
where all do there is none. Whoever reads this file can read the text, in a handout's code too.
"""

import zlib
from collections.abc import Mapping, Sequence

from coursekit.course.widgets.controls import Control, State, Text
from coursekit.course.widgets.share_code_letters import (
    BASE,
    letters_of,
    value_of,
    weighted_sum,
)
from coursekit.utils.checks import require

BREAK = "0"
AS_IT_IS, PACKED = 1, 2  # the first byte: how the others hold the text
RAW = -15  # deflate without a header of its own


def suggested(controls: Mapping[str, Control], state: State) -> dict[str, float | str]:
    """``state`` with a knob's first value in place of what was typed."""
    typed = {name for name, text in _typed(controls, state).items() if text is not None}
    return {name: controls[name].value if name in typed else state[name] for name in controls}


def sections_of(controls: Mapping[str, Control], state: State) -> list[str]:
    """A section for every knob for text, or none where nothing was typed."""
    typed = _typed(controls, state)
    if all(text is None for text in typed.values()):
        return []
    return ["" if text is None else _section(text) for text in typed.values()]


def with_texts(
    controls: Mapping[str, Control], state: State, sections: Sequence[str], mistyped: str
) -> dict[str, float | str]:
    """``state`` with the texts that stand in these sections.

    Errors: ValueError, the sentence ``mistyped``, for a section that does not add up.
    """
    texts = {name: c for name, c in controls.items() if isinstance(c, Text)}
    require(not sections or (len(sections) == len(texts) and any(sections)), mistyped)
    full = dict(state)
    for (name, control), section in zip(texts.items(), sections, strict=False):
        if section:
            full[name] = control.kept(_text(section, control.most, mistyped))
    return full


def _typed(controls: Mapping[str, Control], state: State) -> dict[str, str | None]:
    """Every knob for text, with what was typed; None for a suggestion."""
    return {
        name: None if state[name] in control.options else str(state[name])
        for name, control in controls.items()
        if isinstance(control, Text)
    }


def _section(text: str) -> str:
    plain = text.encode()
    small = zlib.compress(plain, level=9, wbits=RAW)
    kind, body = (PACKED, small) if len(small) < len(plain) else (AS_IT_IS, plain)
    number = int.from_bytes(bytes([kind]) + body, "big")
    length = 1
    while BASE**length <= number:
        length += 1
    letters = letters_of(number, length)
    return letters + weighted_sum(letters, len(letters))


def _text(section: str, most: int, mistyped: str) -> str:
    """The text of a section with at most so many characters."""
    letters, check = section[:-1], section[-1]
    require(bool(letters) and weighted_sum(letters, len(letters)) == check, mistyped)
    number = value_of(letters)
    whole = number.to_bytes((number.bit_length() + 7) // 8, "big")
    kind, body = whole[:1], whole[1:]
    require(kind in (bytes([AS_IT_IS]), bytes([PACKED])), mistyped)
    try:
        if kind[0] == PACKED:  # a few letters can stand for gigabytes
            body = zlib.decompressobj(wbits=RAW).decompress(body, 4 * most + 1)
        return body.decode()
    except (zlib.error, UnicodeDecodeError):
        raise ValueError(mistyped) from None
