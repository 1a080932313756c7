"""A curve as the learner sketches it, and the sketch beside the truth."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from coursekit.course.plots.guesses import GUESS, TRUTH
from coursekit.course.plots.style import new_figure


class SketchView:
    """The sketch while it is drawn: its points at fixed places on a fixed scale."""

    def __init__(
        self, xs: Sequence[float], ends: tuple[float, float], names: tuple[str, str]
    ) -> None:
        self._xs = list(xs)
        self.figure, (ax,) = new_figure(7.2, 2.6, layout=None)
        self.figure.subplots_adjust(left=0.11, right=0.98, bottom=0.19, top=0.96)
        (self._line,) = ax.plot(xs, [ends[0]] * len(xs), linestyle="--", **GUESS)
        frame(ax, xs, ends, names)

    def update(self, heights: Sequence[float]) -> None:
        """Put the sketch at ``heights``, one per point."""
        self._line.set_ydata(heights)

    def describe(self, heights: Sequence[float]) -> str:
        """The alternative text."""
        return f"Your sketch: {spoken(self._xs, heights)}."


def sketch_and_truth(
    ax: Axes,
    truth: Mapping[float, float],
    guess: Sequence[float] | None,
    xs: Sequence[float],
    within: float,
    ends: tuple[float, float],
    names: tuple[str, str],
) -> str:
    """Draw the true curve with its band of ``within`` and the sketch; return the alt text.

    truth: x → y, at every one of ``xs`` and wherever else it is known.  guess: one y for each of
    ``xs``, or None.  ends: of the sketch's scale; a truth beyond them widens the picture.
    names: of the two axes.
    """
    x = np.array(sorted(truth))
    y = np.array([truth[k] for k in x])
    ends = (min(ends[0], float(y.min())), max(ends[1], float(y.max())))
    ax.fill_between(
        x, y - within, y + within, color=TRUTH["color"], alpha=0.15, linewidth=0, label="_is right"
    )
    marked = np.flatnonzero(np.isin(x, list(xs))).tolist()
    ax.plot(x, y, linestyle="-", markevery=marked, label="truth", **TRUTH)
    frame(ax, xs, ends, names)
    text = f"The true curve: {spoken(xs, [truth[k] for k in xs])}."
    if guess is not None:
        ax.plot(xs, guess, linestyle="--", label="your sketch", **GUESS)
        text += f" The sketch: {spoken(xs, guess)}."
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return text


def frame(ax: Axes, xs: Sequence[float], ends: tuple[float, float], names: tuple[str, str]) -> None:
    """The scale on which a sketch is drawn and judged."""
    margin = 0.05 * (ends[1] - ends[0])
    ax.set_ylim(ends[0] - margin, ends[1] + margin)
    ax.set_xticks(list(xs), [f"{x:g}" for x in xs])
    ax.set_xlabel(names[0])
    ax.set_ylabel(names[1])


def spoken(xs: Sequence[float], heights: Sequence[float]) -> str:
    """A curve's points in words, "0.2 at 1, 0.5 at 2"."""
    return ", ".join(f"{y:.3g} at {x:g}" for x, y in zip(xs, heights, strict=True))
