"""The states of an explorer that its page can show: around each preset one knob is turned."""

from collections.abc import Iterator
from dataclasses import dataclass

from coursekit.course.lesson import ExplorerEntry
from coursekit.course.registry import explorer_entries
from coursekit.course.site.web_knobs import WebKnobs, web_knobs
from coursekit.course.widgets.controls import State, changed
from coursekit.course.widgets.explorer import Explorer
from coursekit.course.widgets.gallery import EXPLORERS
from coursekit.utils.checks import choose


@dataclass(frozen=True)
class PlannedState:
    """A state, and how it is reached: from ``preset`` by turning ``knob`` ("": none of them)."""

    preset: str
    knob: str
    state: State


@dataclass(frozen=True)
class Plan:
    """Everything a page shows of an explorer.

    states: each once, and every preset under its own name.
    """

    explorer: Explorer
    entry: ExplorerEntry
    lesson: str
    knobs: WebKnobs
    states: tuple[PlannedState, ...]

    @property
    def module(self) -> str:
        """The part of the lesson's room that makes the explorer."""
        return self.entry.function.partition(":")[0]


def plan_of(key: str) -> Plan:
    """The plan of the course's explorer ``key``; nothing is computed."""
    lesson, entry = explorer_entries()[choose("explorer", key, EXPLORERS)]
    return planned(EXPLORERS[key](), entry, lesson)


def planned(explorer: Explorer, entry: ExplorerEntry, lesson: str = "") -> Plan:
    """The plan of any explorer. Errors: ValueError where ``entry`` does not fit it."""
    knobs = web_knobs(explorer, entry)
    reached: dict[tuple[float | str, ...], PlannedState] = {}
    starts = [tuple(state.values()) for state in knobs.starts.values()]
    for one in _around(explorer, knobs):
        place = tuple(one.state.values())
        if not one.knob or place not in starts:  # one preset may be a step away from another
            reached.setdefault(place, one)
    return Plan(explorer, entry, lesson, knobs, tuple(reached.values()))


def _around(explorer: Explorer, knobs: WebKnobs) -> Iterator[PlannedState]:
    """Each preset and what is around it; what one has computed, the next may need again."""
    for preset, start in knobs.starts.items():
        yield PlannedState(preset, "", start)
        for knob, values in knobs.values.items():
            for value in values:
                state = changed(explorer.controls, start, {knob: value})
                yield PlannedState(preset, knob, state)
