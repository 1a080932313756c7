"""The lessons, found by the names of their rooms, and what they have; parts load when asked for."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any

from coursekit.course.lesson import ExplorerEntry, Lesson
from coursekit.utils.checks import require

ROOMS = "coursekit.lessons"


@cache
def rooms() -> Mapping[str, str]:
    """Two digits → the lesson's room, ``coursekit.lessons.l05_more_can_be_worse``."""
    package = import_module(ROOMS)
    names = sorted(module.name for module in iter_modules(package.__path__) if module.ispkg)
    return MappingProxyType({name[1:3]: f"{ROOMS}.{name}" for name in names})


@cache
def lessons() -> Mapping[str, Lesson]:
    """Two digits → what the lesson declares."""
    return MappingProxyType({n: import_module(room).LESSON for n, room in rooms().items()})


def part(lesson: str, name: str) -> Any:
    """A part of a lesson's room by its name, ``part("05", "explorer:imbalance")``."""
    module, _, attribute = name.partition(":")
    return getattr(import_module(f"{rooms()[lesson]}.{module}"), attribute)


def exercises(lesson: str) -> Any:
    """The module with a lesson's exercises."""
    return import_module(f"{rooms()[lesson]}.exercises")


class Parts(Mapping[str, Callable[..., Any]]):
    """Key → a function of some lesson's room, imported when it is asked for.

    named: lesson → key → the part's name.  Errors: ValueError for a key that two lessons have.
    """

    def __init__(self, named: Mapping[str, Mapping[str, str]]) -> None:
        self._places: dict[str, tuple[str, str]] = {}
        for lesson, parts in named.items():
            for key, name in parts.items():
                taken = f"{key!r} is a key of lesson {lesson} and of another one."
                require(key not in self._places, taken)
                self._places[key] = (lesson, name)

    def __getitem__(self, key: str) -> Callable[..., Any]:
        return part(*self._places[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def explorer_entries() -> dict[str, tuple[str, ExplorerEntry]]:
    """Explorer → its lesson, and what that declares of it; in the order of the lessons."""
    every = lessons().items()
    return {key: (n, entry) for n, lesson in every for key, entry in lesson.explorers.items()}


def explorers() -> Parts:
    """Explorer → the function that makes it."""
    every = lessons().items()
    return Parts({n: {k: e.function for k, e in lesson.explorers.items()} for n, lesson in every})


def games() -> Parts:
    """Game → the function that makes it."""
    return Parts({n: lesson.games for n, lesson in lessons().items()})


def studies() -> Parts:
    """Command → the function that makes a stored table."""
    return Parts({n: lesson.studies for n, lesson in lessons().items()})
