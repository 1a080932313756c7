"""The parts of the course, and three routes through its lessons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType

# First lesson → the part that begins with it.
PARTS: Mapping[str, str] = MappingProxyType(
    {
        "00": "Part I. Fusion as a function",
        "05": "Part II. Why training it is hard",
        "09": "Part III. Alignment and data",
        "14": "Part IV. Scale, evaluation, open ends",
    }
)


@dataclass(frozen=True)
class Route:
    """One way through the lessons, in their order.

    whole: lessons to work through (two digits).  in_part: lesson → the section that is enough of
    it.  whom: for whom the route is, as a sentence.  able: what one can do at its end.
    """

    whole: tuple[str, ...]
    whom: str
    able: str
    in_part: Mapping[str, str] = field(default_factory=dict)

    @property
    def stops(self) -> list[str]:
        """All lessons on the route, in order."""
        return sorted({*self.whole, *self.in_part})


ROUTES: Mapping[str, Route] = MappingProxyType(
    {
        "The arc": Route(
            ("00", "01", "02", "03", "04", "05", "06", "07", "08"),
            "For everyone who trains on more than one modality; a week, two hours a day.",
            "you tell starvation from overfitting, cure each, and hold it against an ensemble",
        ),
        "Alignment": Route(
            ("00", "03", "05", "09", "10", "11", "12", "13", "15"),
            "For those who work with pictures and words.",
            "you align, filter and test pairs, and know which score sees which mistake",
            {"04": "The video and audio transformer"},
        ),
        "Research": Route(
            ("00", "05", "07", "08", "14", "15", "16", "17", "18"),
            "For those who will propose a method, or judge one.",
            "you compare methods so that the table holds, and diagnose data you have not seen",
            {
                "02": "All of them in one table",
                "03": "What follows, and what does not",
                "04": "The video and audio transformer",
                "09": "Who wins a tie?",
                "10": "Scenes whose truth is known",
                "11": "Whose score?",
                "12": "Move the prior",
            },
        ),
    }
)


def ranges(lessons: Sequence[str]) -> str:
    """Two digits each, runs of three and more as a range: “00, 05, 07, 08, 14–18”."""
    runs = [[n] for n in lessons[:1]]
    for before, n in pairwise(lessons):
        if int(n) == int(before) + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    return ", ".join(f"{r[0]}–{r[-1]}" if len(r) > 2 else ", ".join(r) for r in runs)


def in_words(name: str, minutes: Mapping[str, int]) -> str:
    """A route as one line of Markdown.  minutes: each lesson's core path."""
    route = ROUTES[name]
    hours = round(sum(minutes[n] for n in route.whole) / 60)
    parts = ", ".join(f"{n} (*{section}*)" for n, section in sorted(route.in_part.items()))
    more = f" One section is enough of {parts}." if parts else ""
    return (
        f"**{name}**: {ranges(route.whole)}, about {hours} hours. {route.whom} At its end "
        f"{route.able}.{more}"
    )
