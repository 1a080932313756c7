"""A guess and the truth in one picture."""

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from coursekit.course.plots.style import GRID, INK, STYLE, new_figure

GUESS: Mapping[str, Any] = {"color": STYLE["B"]["color"], "marker": "s"}
TRUTH: Mapping[str, Any] = {"color": STYLE["A"]["color"], "marker": "o"}

WIDTH = 7.2  # inches
LINE = 0.19  # inches from one line of the head to the next
BOLD, PLAIN = 84, 96  # characters of a line of the head that surely fit into the width


def headed(question: str, words: str, body: float) -> tuple[Figure, Axes]:
    """A figure under a head, and its axes; the axes with their labels get ``body`` inches.

    The head is the question, bold, then ``words``, both wrapped.
    """
    question_lines, word_lines = wrap(question, BOLD), wrap(words, PLAIN)
    head = LINE * (len(question_lines) + len(word_lines)) + 0.2
    figure, (ax,) = new_figure(WIDTH, body + head)
    figure.set_layout_engine("constrained", rect=(0, 0, 1, body / (body + head)))
    top = 0.08  # inches
    for lines, weight in ((question_lines, "bold"), (word_lines, "normal")):
        place = 1 - top / (body + head)
        figure.text(
            0.01, place, "\n".join(lines), va="top", fontsize=10, weight=weight, parse_math=False
        )
        top += LINE * len(lines) + 0.04
    return figure, ax


def number_line(
    ax: Axes,
    truth: float,
    guess: float | None,
    within: float,
    ends: tuple[float, float],
    unit: str = "",
) -> str:
    """Draw guess and truth on a line from ``ends[0]`` to ``ends[1]``; return the alt text.

    The shaded band is what counts as right: the truth plus or minus ``within``.
    """
    low, high = min(ends[0], truth), max(ends[1], truth)
    _bare(ax, f"answer ({unit})" if unit else "answer")
    ax.set_xlim(low - 0.03 * (high - low), high + 0.03 * (high - low))
    ax.axhline(0, color=GRID, linewidth=4, zorder=0)
    ax.axvspan(truth - within, truth + within, color=TRUTH["color"], alpha=0.15, linewidth=0)
    _point(ax, truth, f"truth {truth:.4g}", TRUTH, above=True)
    if guess is None:
        return f"The truth is {truth:.4g} {unit}".rstrip() + "."
    ax.plot([guess, truth], [0, 0], color=INK, linestyle=":", linewidth=1.5)
    _point(ax, guess, f"your guess {guess:.4g}", GUESS, above=False)
    return (
        f"The truth is {truth:.4g}, the guess was {guess:.4g} {unit}".rstrip()
        + f", off by {abs(guess - truth):.4g}."
    )


def option_line(ax: Axes, options: Sequence[str], truth: str, guess: object) -> str:
    """Draw the options one below the other, guess and truth beside theirs; return the alt text."""
    ax.set_ylim(len(options) - 0.5, -0.5)
    ax.set_yticks(range(len(options)), list(options))
    ax.set_xlim(0, 1)
    ax.set_xticks([])
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.grid(visible=False)
    ax.hlines(range(len(options)), 0, 1, color=GRID, linewidth=1, zorder=0)
    _beside(ax, 0.05, options.index(truth), "truth", TRUTH)
    if guess is None:
        return f"The truth is: {truth}."
    _beside(ax, 0.3, options.index(str(guess)), "your guess", GUESS)
    return f"The truth is: {truth}. The guess was: {guess}."


def _beside(ax: Axes, x: float, row: int, words: str, look: Mapping[str, Any]) -> None:
    ax.plot([x], [row], linestyle="", markersize=10, **look)
    ax.annotate(words, (x, row), (10, 0), textcoords="offset points", va="center", fontsize=9)


def _bare(ax: Axes, label: str) -> None:
    ax.set_ylim(-1, 1)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.grid(visible=False)
    ax.set_xlabel(label)


def _point(ax: Axes, x: float, words: str, look: Mapping[str, Any], *, above: bool) -> None:
    size = 11 if above else 8  # a guess that hits stays visible inside the truth
    ax.plot([x], [0], linestyle="", markersize=size, zorder=3 if above else 4, **look)
    left, right = ax.get_xlim()
    share = (x - left) / (right - left)
    align = "left" if share < 0.15 else "right" if share > 0.85 else "center"
    ax.annotate(
        words,
        (x, 0),
        (0, 14 if above else -14),
        textcoords="offset points",
        ha=align,
        va="bottom" if above else "top",
        fontsize=9,
        color=INK,
    )
