"""The map of the course: its lessons from left to right, the routes through them as lines."""

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from matplotlib.axes import Axes

from coursekit.course.plots.style import INK, MUTED, STYLE, legend_key
from coursekit.course.registry import lessons, rooms
from coursekit.course.routes import PARTS, ROUTES, ranges

FILLED: Mapping[str, Any] = MappingProxyType({})
HOLLOW: Mapping[str, Any] = MappingProxyType({"markerfacecolor": "white", "markeredgewidth": 2.0})
SIZE = 11


def draw_routes(ax: Axes) -> str:
    """Draw the map; the text that says the same."""
    names = sorted(rooms())
    place = {n: x for x, n in enumerate(names)}
    _parts(ax, names)
    looks = [look for role, look in STYLE.items() if role != "ensemble"]
    for row, (route, look) in enumerate(zip(ROUTES.values(), looks, strict=True)):
        y = len(ROUTES) - 1 - row
        ends = [place[route.stops[0]], place[route.stops[-1]]]
        ax.plot(ends, [y, y], color=look["color"], linestyle=look["linestyle"])
        for n in route.stops:
            fill = HOLLOW if n in route.in_part else FILLED
            ax.plot(
                place[n], y, color=look["color"], marker=look["marker"], markersize=SIZE, **fill
            )
    ax.set_xticks(range(len(names)), [_title(n) for n in names], rotation=38, ha="left")
    ax.set_yticks(range(len(ROUTES)), list(ROUTES)[::-1], weight="bold")
    ax.xaxis.tick_top()
    ax.set_title("The lessons, and three routes through them")
    ax.tick_params(length=0)
    ax.grid(axis="y", visible=False)
    ax.spines[:].set_visible(False)
    ax.set_xlim(-0.6, len(names) - 0.4)
    ax.set_ylim(-1.0, len(ROUTES) - 0.4)
    keys = (("the whole lesson", FILLED), ("one section of it", HOLLOW))
    look = {"color": MUTED, "linestyle": "", "marker": "o"}
    ax.legend(
        handles=[legend_key(label=label, **look, **fill) for label, fill in keys],
        loc="upper right", bbox_to_anchor=(1.0, -0.01), ncols=2,
    )  # fmt: skip
    lines = (
        f"{name} stops at {ranges(r.whole)}"
        + (f", and at a section of {ranges(sorted(r.in_part))}" if r.in_part else "")
        for name, r in ROUTES.items()
    )
    return f"A map of lessons {names[0]} to {names[-1]} with three lines. {'. '.join(lines)}."


def _parts(ax: Axes, names: list[str]) -> None:
    begins = [*map(names.index, PARTS), len(names)]
    for number, (part, (left, right)) in enumerate(
        zip(PARTS.values(), pairwise(begins), strict=True)
    ):
        if number % 2 == 0:
            ax.axvspan(left - 0.5, right - 0.5, color=INK, alpha=0.05, linewidth=0)
        words = part.replace(". ", "\n")
        ax.text((left + right - 1) / 2, -0.52, words, ha="center", va="top", size=8.5, color=MUTED)


def _title(lesson: str) -> str:
    words = rooms()[lesson].rpartition(".")[2].split("_")[1:]
    return f"{lesson} {lessons()[lesson].listed_as or ' '.join(words).capitalize()}"
