"""Short codes: all knobs of an explorer in a handful of letters, safe to read out over a table.

A code is the explorer's key, the numbers of the knobs' values packed into one number, and a check
letter: ``lines-kdmqz-afbcw-t``. The alphabet leaves out i, l and o, which are mistaken for digits.
Its 23 letters are a prime number, so that the weighted check sum finds every single wrong letter
and every swap of neighbours.
"""

from collections.abc import Mapping

from coursekit.checks import require
from coursekit.widgets.controls import Control, State

LETTERS = "abcdefghjkmnpqrstuvwxyz"
BASE = len(LETTERS)
GROUP = 5  # letters between two hyphens


def encode(key: str, controls: Mapping[str, Control], state: State) -> str:
    """The code of ``state``. Errors: ValueError when a value is none of its control's values."""
    packed = 0
    for name, control in controls.items():
        packed = packed * control.count + control.index(state[name])
    digits = []
    for _ in range(_length(controls)):
        packed, digit = divmod(packed, BASE)
        digits.append(digit)
    letters = "".join(LETTERS[d] for d in reversed(digits))
    groups = [letters[i : i + GROUP] for i in range(0, len(letters), GROUP)]
    return "-".join([key, *groups, _check(key, controls, letters)])


def decode(key: str, controls: Mapping[str, Control], code: str) -> dict[str, float | str]:
    """The state that ``code`` stands for; spaces, hyphens and capitals do not matter.

    Errors: ValueError, in a sentence, for another explorer's code or a mistyped one.
    """
    text = "".join(code.lower().replace("-", " ").split())
    head = key.lower().replace("-", "")
    require(bool(text), "The code is empty; paste one, for example the code shown here.")
    require(
        text.startswith(head),
        f"The code {code.strip()!r} is not one of this explorer; its codes begin with {key!r}.",
    )
    letters = text[len(head) :]
    foreign = sorted(set(letters) - set(LETTERS))
    require(not foreign, f"The code contains {''.join(foreign)!r}, which no code uses.")
    length = _length(controls) + 1
    require(
        len(letters) == length,
        f"The code has {len(letters)} letters after {key!r}; {length} were expected.",
    )
    mistyped = "The code does not add up: a letter is wrong or two are swapped."
    require(letters[-1] == _check(key, controls, letters[:-1]), mistyped)
    packed = 0
    for letter in letters[:-1]:
        packed = packed * BASE + LETTERS.index(letter)
    state: dict[str, float | str] = {}
    for name, control in reversed(list(controls.items())):
        packed, index = divmod(packed, control.count)
        state[name] = control.at(index)
    require(packed == 0, mistyped)
    return {name: state[name] for name in controls}


def _length(controls: Mapping[str, Control]) -> int:
    """Letters needed for every combination of the controls' values."""
    states = 1
    for control in controls.values():
        states *= control.count
    length = 1
    while BASE**length < states:
        length += 1
    return length


def _check(key: str, controls: Mapping[str, Control], letters: str) -> str:
    """Weighted sum of the letters, begun with the explorer itself so that old codes are refused."""
    total = sum(ord(c) for c in key) + sum(control.count for control in controls.values())
    for place, letter in enumerate(letters, 1):
        total += (place % (BASE - 1) + 1) * LETTERS.index(letter)
    return LETTERS[total % BASE]
