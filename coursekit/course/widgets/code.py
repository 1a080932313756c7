"""Short codes: all knobs of an explorer in a handful of letters, safe to read out over a table.

A code is the explorer's key, the numbers of the knobs' values packed into one number, and a check
letter: ``lines-kdmqz-afbcw-t``. The alphabet leaves out i, l and o, which are mistaken for digits.
Its 23 letters are a prime number, so that the weighted check sum finds every single wrong letter
and every swap of neighbours.

A handout's code says of every knob too whether it is open, locked or hidden. It is longer by a few
letters, which is how the two are told apart, and stirred, so that a look at it tells nothing and
one knob changes all letters. That is no secret: whoever reads this file can decode it.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from coursekit.course.widgets.controls import Control
from coursekit.course.widgets.handout import HIDDEN, LOCKED, OPEN, Handout
from coursekit.utils.checks import require

LETTERS = "abcdefghjkmnpqrstuvwxyz"
BASE = len(LETTERS)
GROUP = 5  # letters between two hyphens
KINDS = len((OPEN, LOCKED, HIDDEN))
STIR = 1_000_000_007  # a prime larger than any control's count, hence with an inverse
MISTYPED = "The code does not add up: a letter is wrong or two are swapped."


def encode(key: str, controls: Mapping[str, Control], handout: Handout) -> str:
    """The code of ``handout``. Errors: ValueError when a value is none of its control's values."""
    packed = _pack(
        (control.index(handout.state[name]), control.count) for name, control in controls.items()
    )
    if handout.closed:
        kinds = _pack((handout.access(name), KINDS) for name in controls)
        total = _handouts(controls)
        packed = (packed * KINDS ** len(controls) + kinds) * STIR % total
    digits = []
    for _ in range(_length(controls, bool(handout.closed))):
        packed, digit = divmod(packed, BASE)
        digits.append(digit)
    letters = "".join(LETTERS[d] for d in reversed(digits))
    groups = [letters[i : i + GROUP] for i in range(0, len(letters), GROUP)]
    return "-".join([key, *groups, _check(key, controls, letters)])


def decode(key: str, controls: Mapping[str, Control], code: str) -> Handout:
    """What ``code`` stands for; spaces, hyphens and capitals do not matter.

    Errors: ValueError, in a sentence, for another explorer's code or a mistyped one.
    """
    letters = _letters(key, code)
    lengths = {_length(controls, handed) + 1: handed for handed in (False, True)}
    require(
        len(letters) in lengths,
        f"The code has {len(letters)} letters after {key!r}; {min(lengths)} were expected, or "
        f"{max(lengths)} for a handout.",
    )
    require(letters[-1] == _check(key, controls, letters[:-1]), MISTYPED)
    packed = _pack((LETTERS.index(letter), BASE) for letter in letters[:-1])
    kinds = dict.fromkeys(controls, OPEN)
    if lengths[len(letters)]:
        total = _handouts(controls)
        require(packed < total, MISTYPED)
        packed, found = divmod(packed * pow(STIR, -1, total) % total, KINDS ** len(controls))
        kinds = dict(zip(controls, _unpack(found, [KINDS] * len(controls)), strict=True))
    require(packed < _states(controls), MISTYPED)
    places = _unpack(packed, [control.count for control in controls.values()])
    state = {n: c.at(place) for (n, c), place in zip(controls.items(), places, strict=True)}
    locked, hidden = (
        frozenset(name for name, found in kinds.items() if found == kind)
        for kind in (LOCKED, HIDDEN)
    )
    return Handout(state, locked, hidden)


def is_of(key: str, code: str) -> bool:
    """Whether ``code`` begins with ``key``."""
    return _plain(code).startswith(_plain(key))


def _plain(text: str) -> str:
    return "".join(text.lower().replace("-", " ").split())


def _letters(key: str, code: str) -> str:
    """What stands after the key, check letter included."""
    text = _plain(code)
    require(bool(text), "The code is empty; paste one, for example the code shown here.")
    require(
        is_of(key, code),
        f"The code {code.strip()!r} is not one of this explorer; its codes begin with {key!r}.",
    )
    letters = text[len(_plain(key)) :]
    foreign = sorted(set(letters) - set(LETTERS))
    require(not foreign, f"The code contains {''.join(foreign)!r}, which no code uses.")
    return letters


def _pack(digits: Iterable[tuple[int, int]]) -> int:
    """Numbers (value, how many values there are) as one number."""
    packed = 0
    for value, count in digits:
        packed = packed * count + value
    return packed


def _unpack(packed: int, counts: Sequence[int]) -> list[int]:
    """The values of `_pack` again."""
    values = []
    for count in reversed(counts):
        packed, value = divmod(packed, count)
        values.append(value)
    return values[::-1]


def _states(controls: Mapping[str, Control]) -> int:
    return math.prod(control.count for control in controls.values())


def _handouts(controls: Mapping[str, Control]) -> int:
    return _states(controls) * KINDS ** len(controls)


def _length(controls: Mapping[str, Control], handed: bool) -> int:
    """Letters needed for every combination of the controls' values; for handouts always more."""
    length, wanted = 1, _states(controls)
    while BASE**length < wanted:
        length += 1
    if handed:
        length += 1
        while BASE**length < _handouts(controls):
            length += 1
    return length


def _check(key: str, controls: Mapping[str, Control], letters: str) -> str:
    """Weighted sum of the letters, begun with the explorer itself so that old codes are refused."""
    total = sum(ord(c) for c in key) + sum(control.count for control in controls.values())
    for place, letter in enumerate(letters, 1):
        total += (place % (BASE - 1) + 1) * LETTERS.index(letter)
    return LETTERS[total % BASE]
