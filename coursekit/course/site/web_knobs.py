"""Which knobs of an explorer can be turned on its page, from where, and to which values.

A page has no kernel: it shows what was drawn before, about six values of each of a few knobs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coursekit.course.lesson import ExplorerEntry
from coursekit.course.widgets.controls import Choice, Control, State, changed
from coursekit.course.widgets.explorer import Explorer
from coursekit.utils.checks import choose, require

PRESETS, KNOBS = 3, 5  # at most, of an explorer
VALUES, OPTIONS, NAMED = (
    6,
    8,
    20,
)  # of a slider; at most, of a choice; at most, when named one by one
START = "start"  # stands for a preset where an explorer has none


@dataclass(frozen=True)
class WebKnobs:
    """What can be turned on the page.

    starts: preset → its whole state, the first of them shown at first.  values: knob → the values
    that can be chosen, in the order of its slider or its list, the presets' own among them.
    """

    starts: Mapping[str, State]
    values: Mapping[str, tuple[float | str, ...]]


def web_knobs(explorer: Explorer, entry: ExplorerEntry) -> WebKnobs:
    """The knobs of ``explorer`` that ``entry`` names for the web.

    Errors: ValueError, in a sentence, for names that the explorer does not have, for values that
    its knobs cannot take, and for more of anything than a page is to hold.
    """
    key, start = explorer.key, explorer.start
    presets, knobs = entry.web_presets or (START,), entry.web_knobs
    _require_few(f"{key}: web_presets", presets, PRESETS)
    _require_few(f"{key}: web_knobs", knobs, KNOBS)
    require(bool(knobs), f"{key}: web_knobs is empty; a page without a knob explores nothing.")
    for name in entry.web_values:
        choose(f"{key}: a name in web_values", name, knobs)
    known = {START: {}, **explorer.presets}
    starts = {
        name: changed(
            explorer.controls, start, known[choose(f"{key}: a name in web_presets", name, known)]
        )
        for name in presets
    }
    values = {}
    for name in knobs:
        control = explorer.controls[choose(f"{key}: a name in web_knobs", name, explorer.controls)]
        own = [state[name] for state in starts.values()]
        named = entry.web_values.get(name, ())
        _require_few(f"{key}: the values of {name}", named, NAMED)
        values[name] = _values(f"{key}, {name}", name, control, own, named)
    return WebKnobs(starts, values)


def _require_few(what: str, names: Sequence[float | str], most: int) -> None:
    require(len(set(names)) == len(names), f"{what} names something twice: {tuple(names)}.")
    require(len(names) <= most, f"{what} are {len(names)}; at most {most} were expected.")


def _values(
    where: str,
    name: str,
    control: Control,
    own: Sequence[float | str],
    named: Sequence[float | str],
) -> tuple[float | str, ...]:
    """The values of one knob: those that were named, else all options, or about six numbers."""
    if named:
        numbers = {control.index(value) for value in named}
    elif isinstance(control, Choice):
        many = f"{where} has {control.count} options; name at most {OPTIONS} in web_values."
        require(control.count <= OPTIONS, many)
        numbers = set(range(control.count))
    elif name == "seed":  # seeds have no order: neighbours tell as much as those far apart
        numbers = set(range(VALUES))
    else:
        numbers = _spread(control.count, {control.index(value) for value in own})
    numbers |= {control.index(value) for value in own}
    if isinstance(control, Choice):
        require(len(numbers) <= OPTIONS, f"{where}: {len(numbers)} options; at most {OPTIONS}.")
    return tuple(control.at(number) for number in sorted(numbers))


def _spread(count: int, own: set[int]) -> set[int]:
    """Some of the numbers 0 to count - 1, evenly spaced; ``own`` in the place of their neighbours.

    Both ends stay.
    """
    last = count - 1
    steps = min(VALUES, count) - 1
    even = {round(i * last / steps) for i in range(steps + 1)}
    for number in sorted(own - even):
        inside = even - {0, last} - own
        nearest = min(inside, key=lambda i: abs(i - number), default=None)
        if nearest is not None and abs(nearest - number) <= last / steps / 2:
            even.discard(nearest)
        even.add(number)
    return even
