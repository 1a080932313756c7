"""The number of an option in the codes of an explorer: once given, it is never another option's.

``share_code_numbers.json`` names for each explorer and knob every option ever offered, in the
order in which they came; an option's number is its place there. New names are appended by ``python
course.py refresh`` and nothing is ever taken out or moved, so that a code stays good whatever is
added, and one that asks for something that is gone can still say what it was. The same file has
the ``layouts`` of each explorer, its knobs and their ranges as they were at one time: what a
slider's number means depends on them.
"""

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from coursekit.course.widgets.controls import Choice, Control
from coursekit.utils.checks import require

FILE = Path(__file__).with_name("share_code_numbers.json")
ROOM = 100  # numbers that every choice has in a code, used or not: additions change no code
LISTED = 80  # of them for the options in the file, the others for those that are not


@dataclass(frozen=True)
class Ledger:
    """What the file has of one explorer.

    layouts: oldest first.  options: knob → names by number.  seal: a digest of both, by which a
    change by hand shows.
    """

    layouts: tuple[str, ...] = ()
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    seal: str = ""

    def number(self, knob: str, option: str) -> int:
        """The option's number; for one that is not in the file a mark, which others may share."""
        listed = self.options.get(knob, ())
        return listed.index(option) if option in listed else mark(option)

    def layout_number(self, controls: Mapping[str, Control]) -> int:
        """The number of the knobs' present layout; that of the next one where it is not listed."""
        now = layout(controls)
        if now in self.layouts:
            return self.layouts.index(now)
        return len(self.layouts) or zlib.crc32(now.encode())

    def always(self, controls: Mapping[str, Control]) -> bool:
        """Whether these are the only knobs and ranges that the explorer is known to have had."""
        return self.layouts == (layout(controls),)

    def new_options(self, controls: Mapping[str, Control]) -> dict[str, tuple[str, ...]]:
        """Knob → options it offers that have no number; only knobs with such options."""
        unlisted = {
            name: tuple(o for o in control.options if o not in self.options.get(name, ()))
            for name, control in controls.items()
            if isinstance(control, Choice)
        }
        return {name: new for name, new in unlisted.items() if new}

    def extended(self, controls: Mapping[str, Control]) -> "Ledger":
        """With whatever is new in ``controls`` appended; itself when nothing is."""
        new, now = self.new_options(controls), layout(controls)
        if not new and now in self.layouts:
            return self
        grown = {name: (*self.options.get(name, ()), *names) for name, names in new.items()}
        layouts = self.layouts if now in self.layouts else (*self.layouts, now)
        ledger = replace(self, layouts=layouts, options={**self.options, **grown})
        return replace(ledger, seal=ledger.digest())

    def digest(self) -> str:
        """What the seal should be, 16 hexadecimal digits."""
        text = json.dumps([self.layouts, list(self.options.items())])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def mark(option: str) -> int:
    """A number for an option that is not in the file: at least `LISTED`, of its name alone."""
    return LISTED + zlib.crc32(option.encode()) % (ROOM - LISTED)


def layout(controls: Mapping[str, Control]) -> str:
    """The knobs in their order, with their ranges; which options they have does not matter."""
    return "; ".join(
        name if isinstance(c, Choice) else f"{name} {c.low!r} to {c.high!r} by {c.grid!r}"
        for name, c in controls.items()
    )


@cache
def ledgers(file: Path = FILE) -> Mapping[str, Ledger]:
    """Explorer → what the file has of it."""
    if not file.exists():
        return {}
    stored = json.loads(file.read_text(encoding="utf-8"))
    return {
        key: Ledger(
            tuple(part["layouts"]),
            {knob: tuple(names) for knob, names in part["options"].items()},
            part["seal"],
        )
        for key, part in stored.items()
    }


def ledger_of(key: str) -> Ledger:
    """The explorer's part of the file; an empty one where it has none."""
    return ledgers().get(key, Ledger())


def problems(
    known: Mapping[str, Ledger], explorers: Mapping[str, Mapping[str, Control]]
) -> list[str]:
    """A sentence for each thing that makes codes wrong or would; explorers: key → its controls."""
    sentences = _tampered(known)
    for key, controls in explorers.items():
        ledger = known.get(key, Ledger())
        for knob, names in ledger.new_options(controls).items():
            sentences.append(
                f"{key}, {knob}: {', '.join(map(repr, names))} has no number in codes yet; "
                "`python course.py refresh` gives it one."
            )
        if layout(controls) not in ledger.layouts:
            sentences.append(
                f"{key}: its knobs or ranges are not those that codes know of; "
                "`python course.py refresh` notes them down."
            )
    return sentences


def extended(
    known: Mapping[str, Ledger], explorers: Mapping[str, Mapping[str, Control]]
) -> dict[str, Ledger]:
    """``known`` with all that is new in ``explorers``, key → its controls.

    Errors: ValueError when something was changed by hand, or a knob has more options than numbers.
    """
    tampered = _tampered(known)
    require(not tampered, " ".join(tampered))
    grown = {k: known.get(k, Ledger()).extended(controls) for k, controls in explorers.items()}
    for key, ledger in grown.items():
        for knob, names in ledger.options.items():
            fits = f"{key}, {knob} has had {len(names)} options; codes have room for {LISTED}."
            require(len(names) <= LISTED, fits)
    return {**known, **grown}


def write(known: Mapping[str, Ledger], file: Path = FILE) -> None:
    """Store ``known``, one name per line, so that two additions can be merged."""
    stored = {
        key: {
            "layouts": list(ledger.layouts),
            "options": {knob: list(names) for knob, names in ledger.options.items()},
            "seal": ledger.seal,
        }
        for key, ledger in known.items()
    }
    file.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    ledgers.cache_clear()


def _tampered(known: Mapping[str, Ledger]) -> list[str]:
    return [
        f"{FILE.name}: the part of {key} was changed by hand, so that codes would open something "
        "else; put the published file back (after a merge: one side's) and run `python course.py "
        "refresh`, which appends what is new."
        for key, ledger in known.items()
        if ledger.seal != ledger.digest()
    ]
