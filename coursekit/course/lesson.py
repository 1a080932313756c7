"""What a lesson declares of itself: one `Lesson` in the ``__init__`` of its room.

Parts are named, ``"explorer:imbalance"`` is the function ``imbalance`` in the room's
``explorer.py``, and imported when asked for: whoever only lists lessons loads no torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

UNBOUND = float("inf")


@dataclass(frozen=True)
class ExplorerEntry:
    """An explorer, on the page of all explorers and in the timing of a move.

    function: makes it.  title: its own.  shows: what one sees in it, a sentence.  also: further
    lessons that open it, two digits each.  moved: the name of the knob that a timing moves, one
    that leaves the amount of work as it is.  state: knobs to set before that.  median_ms, p95_ms:
    bounds of the time from a key press to the new picture on two quiet cores.

    On the web no kernel answers, and what can be seen was drawn before: around each of web_presets
    (at most three; none of them: the start) a sweep of each of web_knobs (at most five), so that
    the explorer's question can be answered there as far as may be.  web_values: knob → its values
    there, where about six evenly spaced ones would be poor.
    """

    function: str
    title: str
    shows: str
    also: tuple[str, ...] = ()
    moved: str = "seed"
    state: Mapping[str, float | str] = field(default_factory=dict)
    median_ms: float = UNBOUND
    p95_ms: float = UNBOUND
    web_presets: tuple[str, ...] = ()
    web_knobs: tuple[str, ...] = ()
    web_values: Mapping[str, tuple[float | str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """A question for an answer in words, which no check can judge.

    question: what the learner reads; what it quotes from the lesson stands in “…”, word for word.
    criteria: points, and the sentence that says what earns them; learners see them too.
    """

    question: str
    criteria: tuple[tuple[float, str], ...]

    @property
    def points(self) -> float:
        """What a full answer earns."""
        return sum(points for points, _ in self.criteria)

    def rubric(self) -> str:
        """The criteria as a markdown table."""
        rows = [f"| {points:g} | {sentence} |" for points, sentence in self.criteria]
        return "\n".join(["| points | for |", "|---:|---|", *rows])


@dataclass(frozen=True)
class Lesson:
    """One lesson; what its source script says of itself (title, minutes) is not said again.

    teaches: what one learns, as in README's table.  listed_as: its name in lists, where that is
    shorter than the title.  invites: the lesson in the list of lesson 00.
    explorers, games: key → who makes it.  studies: command → its function, which makes a stored
    table.  question: for an answer in words.
    """

    teaches: str
    listed_as: str = ""
    invites: str = ""
    explorers: Mapping[str, ExplorerEntry] = field(default_factory=dict)
    games: Mapping[str, str] = field(default_factory=dict)
    studies: Mapping[str, str] = field(default_factory=dict)
    question: Question | None = None
