"""Short codes: all knobs of an explorer in a handful of letters, safe to read out over a table.

A code is the explorer's key, the numbers of the knobs' values packed into one number, and a check
letter: ``lines-jbfuk-ekft-m``. The letters, and what the check letter finds, are those of
`coursekit.course.widgets.share_code_letters`.

An option's number is the one it has for ever (`coursekit.course.widgets.share_code_numbers`), and
how many options there are is nowhere in a code: those that were handed out stay good when some are
added. An option that has no number, a method of the learner's own say, makes a code longer by
`OWN` letters, a digest of its name: it opens wherever such a name is offered, and nowhere else.

A text that was typed stands behind all this, in letters of its own, see
`coursekit.course.widgets.share_code_text`.

A handout's code says of every knob too whether it is open, locked or hidden. It is longer by a few
letters, which is how the two are told apart, and stirred, so that a look at it tells nothing and
one knob changes all letters. That is no secret: whoever reads this file can decode it.
"""

import hashlib
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coursekit.course.widgets.controls import Choice, Control, State
from coursekit.course.widgets.handout import HIDDEN, LOCKED, OPEN, Handout
from coursekit.course.widgets.pasted_code import cleaned
from coursekit.course.widgets.share_code_letters import (
    BASE,
    LETTERS,
    letters_of,
    needed,
    pack,
    unpack,
    value_of,
    weighted_sum,
)
from coursekit.course.widgets.share_code_numbers import (
    LISTED,
    ROOM,
    Ledger,
    layout,
    ledger_of,
    mark,
)
from coursekit.course.widgets.share_code_text import (
    BREAK,
    sections_of,
    suggested,
    with_texts,
)
from coursekit.utils.checks import require

GROUP = 5  # letters between two hyphens
OWN = 5  # letters of the digest; more where a handout needs as many for its knobs
KINDS = len((OPEN, LOCKED, HIDDEN))
STIR = 1_000_000_007  # a prime larger than any control's count, hence with an inverse
MISTYPED = "The code does not add up: a letter is wrong or two are swapped."
CHANGED = "it was made when this explorer had other knobs or ranges"


def encode(key: str, controls: Mapping[str, Control], handout: Handout) -> str:
    """The code of ``handout``. Errors: ValueError when a value is none of its control's values."""
    form, ledger = _Form(controls), ledger_of(key)
    state = suggested(controls, handout.state)
    numbers = {n: _number(ledger, n, c, state[n]) for n, c in controls.items()}
    packed = pack((numbers[name], form.counts[name]) for name in controls)
    if handout.closed:
        kinds = pack((handout.access(name), KINDS) for name in controls)
        packed = (packed * KINDS ** len(controls) + kinds) * STIR % form.handouts
    letters = letters_of(packed, form.length(bool(handout.closed)))
    own = [state[name] for name in controls if _is_own(controls[name], numbers[name])]
    if own:
        letters += letters_of((_digest(controls, own) + packed) % BASE**form.own, form.own)
    sections = sections_of(controls, handout.state)
    check = _check(key, ledger.layout_number(controls), letters)
    parts = [*_groups(letters), check, *(g for part in sections for g in _groups(BREAK + part))]
    return "-".join([key, *parts])


def decode(key: str, controls: Mapping[str, Control], code: str) -> Handout:
    """What ``code`` stands for; spaces, hyphens, capitals and what mails add do not matter.

    Errors: ValueError, in a sentence, for another explorer's code, a mistyped one, and one that
    asks for what this explorer does not offer.
    """
    form, ledger = _Form(controls), ledger_of(key)
    letters, *sections = _letters_of(key, code)
    _require_length(key, controls, form, ledger, len(letters) - 1)
    body, check = letters[:-1], letters[-1]
    _require_sum(key, controls, ledger, body, check)
    closed, has_own = form.lengths[len(body)]
    length = form.length(closed)
    packed = value_of(body[:length])
    own = (value_of(body[length:]) - packed) % BASE**form.own if has_own else None
    kinds = dict.fromkeys(controls, OPEN)
    if closed:
        require(packed < form.handouts, MISTYPED)
        stirred = packed * pow(STIR, -1, form.handouts) % form.handouts
        packed, access = divmod(stirred, KINDS ** len(controls))
        kinds = dict(zip(controls, unpack(access, [KINDS] * len(controls)), strict=True))
    require(packed < form.states, MISTYPED)
    places = unpack(packed, list(form.counts.values()))
    state = _state(controls, ledger, dict(zip(controls, places, strict=True)), own)
    state = with_texts(controls, state, sections, MISTYPED)
    locked, hidden = (
        frozenset(name for name, access in kinds.items() if access == kind)
        for kind in (LOCKED, HIDDEN)
    )
    return Handout(state, locked, hidden)


@dataclass(frozen=True)
class Recipe:
    """What a script needs to write codes of states without texts and options of one's own.

    The state's numbers (`number_of`), in the order of the knobs and one after the other packed with
    counts, are ``length`` letters; the check letter's sum begins with ``begin``.
    """

    counts: tuple[int, ...]
    length: int
    begin: int


def recipe(key: str, controls: Mapping[str, Control]) -> Recipe:
    """How `encode` makes plain codes for these knobs."""
    form, number = _Form(controls), ledger_of(key).layout_number(controls)
    return Recipe(tuple(form.counts.values()), form.length(False), _begin(key, number))


def number_of(key: str, knob: str, control: Control, value: float | str) -> int:
    """The number of a value in codes.

    Errors: ValueError when it is none of the control's values, or an option without a number.
    """
    number = _number(ledger_of(key), knob, control, value)
    require(not _is_own(control, number), f"{key}, {knob}: {value!r} has no number in codes.")
    return number


def is_of(key: str, code: str) -> bool:
    """Whether ``code`` begins with ``key``."""
    return _plain(code).startswith(_plain(key))


@dataclass(frozen=True)
class _Form:
    """How long codes for these knobs are, and how many there are."""

    controls: Mapping[str, Control]

    @property
    def counts(self) -> dict[str, int]:
        """Knob → how many numbers its values have; of a choice the same whatever it offers."""
        return {n: ROOM if isinstance(c, Choice) else c.count for n, c in self.controls.items()}

    @property
    def states(self) -> int:
        return math.prod(self.counts.values())

    @property
    def handouts(self) -> int:
        return self.states * KINDS ** len(self.controls)

    def length(self, closed: bool) -> int:
        """Letters for every combination of values; of a handout always more."""
        plain = needed(self.states)
        return max(plain + 1, needed(self.handouts)) if closed else plain

    @property
    def own(self) -> int:
        """Letters of the digest, so many that all four kinds of code differ in length."""
        return max(OWN, self.length(True) - self.length(False) + 1)

    @property
    def lengths(self) -> dict[int, tuple[bool, bool]]:
        """Letters without the check letter → a handout's? with options that have no number?"""
        both = (False, True)
        return {
            self.length(closed) + own * self.own: (closed, own) for closed in both for own in both
        }


def _number(ledger: Ledger, knob: str, control: Control, value: float | str) -> int:
    place = control.index(value)
    return ledger.number(knob, str(value)) if isinstance(control, Choice) else place


def _is_own(control: Control, number: int) -> bool:
    return isinstance(control, Choice) and number >= LISTED


def _digest(controls: Mapping[str, Control], options: Sequence[float | str]) -> int:
    """A number of the options' names and their order, and of the knobs that they are of."""
    text = "\n".join([layout(controls), *map(str, options)]).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big")


def _state(
    controls: Mapping[str, Control], ledger: Ledger, numbers: Mapping[str, int], own: int | None
) -> State:
    """The values with these numbers. Errors: ValueError for what is not offered (any more)."""
    marked = [name for name, control in controls.items() if _is_own(control, numbers[name])]
    require((own is not None) == bool(marked), MISTYPED)
    state: dict[str, float | str] = {}
    withdrawn = []
    for name, control in controls.items():
        if name in marked:
            continue
        if not isinstance(control, Choice):
            state[name] = control.at(numbers[name])
            continue
        listed = ledger.options.get(name, ())
        newer = (
            f"The code asks for something as {control.kind} that this copy of the course does not "
            "know; it was made with a newer one."
        )
        require(numbers[name] < len(listed), newer)
        state[name] = listed[numbers[name]]
        if state[name] not in control.options:
            withdrawn.append(f"the {control.kind} {state[name]!r}")
    everything = " and ".join(dict.fromkeys(withdrawn))
    lost = f"The code asks for {everything}, which the course does not have any more"
    require(not withdrawn, f"{lost} in this explorer: taken out, or under another name.")
    if own is not None:
        state |= _own_options(controls, {name: numbers[name] for name in marked}, own)
    return {name: state[name] for name in controls}


def _own_options(
    controls: Mapping[str, Control], marks: Mapping[str, int], digest: int
) -> dict[str, str]:
    """Which of the options offered have these marks, by their knobs, and this digest."""
    choices = {n: c for n, c in controls.items() if isinstance(c, Choice) and n in marks}
    offered = [[o for o in c.options if mark(o) == marks[n]] for n, c in choices.items()]
    size = BASE ** _Form(controls).own
    for options in itertools.product(*offered):
        if _digest(controls, options) % size == digest:
            return dict(zip(choices, options, strict=True))
    kinds = " and ".join(dict.fromkeys(choice.kind for choice in choices.values()))
    raise ValueError(
        f"The code asks for something of somebody's own as {kinds}, which the course does not "
        "have; it opens only where that is offered under the same name."
    )


def _plain(text: str) -> str:
    return "".join(cleaned(text).lower().replace("-", " ").split())


def _groups(letters: str) -> list[str]:
    return [letters[i : i + GROUP] for i in range(0, len(letters), GROUP)]


def _letters_of(key: str, code: str) -> list[str]:
    """What stands after the key, check letter included; then the sections of texts."""
    text = _plain(code)
    require(bool(text), "The code is empty; paste one, for example the code shown here.")
    require(
        is_of(key, code),
        f"The code {code.strip()!r} is not one of this explorer; its codes begin with {key!r}.",
    )
    letters = text[len(_plain(key)) :]
    foreign = sorted(set(letters) - set(LETTERS) - {BREAK})
    require(not foreign, f"The code contains {''.join(foreign)!r}, which no code uses.")
    return letters.split(BREAK)


def _require_length(
    key: str, controls: Mapping[str, Control], form: _Form, ledger: Ledger, length: int
) -> None:
    plain, handed = (form.length(closed) + 1 for closed in (False, True))
    want = f"{plain} were expected, or {handed} for a handout"
    if ledger.new_options(controls):
        want += f", and {form.own} more with an option of one's own"
    if not ledger.always(controls):
        want += f"; perhaps {CHANGED}"
    fits = length in form.lengths
    require(fits, f"The code has {length + 1} letters after {key!r}; {want}.")


def _require_sum(
    key: str, controls: Mapping[str, Control], ledger: Ledger, letters: str, check: str
) -> None:
    """Refuse letters that do not add up; where they would have once, say that too."""
    now, earlier = ledger.layout_number(controls), range(len(ledger.layouts))
    once = not earlier or any(_check(key, n, letters) == check for n in earlier)
    reason = f"{MISTYPED[:-1]}, or {CHANGED}." if once else MISTYPED
    require(_check(key, now, letters) == check, reason)


def _check(key: str, number: int, letters: str) -> str:
    """Weighted sum of the letters, begun with the explorer and the number of its knobs' layout."""
    return weighted_sum(letters, _begin(key, number))


def _begin(key: str, number: int) -> int:
    return sum(ord(c) for c in key) + number
