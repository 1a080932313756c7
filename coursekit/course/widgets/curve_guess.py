"""A guess that is a curve: sketched point by point, then set beside the true one."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import ipywidgets as W
import numpy as np
import pandas as pd

from coursekit.course.plots.curve_guess import SketchView, sketch_and_truth
from coursekit.course.plots.display import image_html, pixels, png
from coursekit.course.widgets.controls import Slider
from coursekit.course.widgets.css import paragraph
from coursekit.course.widgets.guess import Guess
from coursekit.utils.checks import require, require_not_negative

ZERO_AT = 0.25  # share of the scale by which a sketch must miss on average for a score of 0
ROW = 640  # pixels: the row of sliders, about as wide as the picture's axes
STEPS = 20  # presses of an arrow key from one end of the scale to the other

# Shape of a sketch by name: from a point's place, 0 first to 1 last, to its share of the scale.
SHAPES: Mapping[str, Callable[[float], float]] = {
    "flat": lambda t: 0.5,
    "rising": lambda t: t,
    "falling": lambda t: 1 - t,
    "rise, then fall": lambda t: 1 - abs(2 * t - 1),
}


def curve_score(guess: Sequence[float], truth: Sequence[float], within: float, span: float) -> int:
    """100 for a sketch within the band everywhere, then falling evenly with the mean miss.

    A point misses by what it lies outside the truth ± ``within``. The score is 0 where the mean
    miss reaches a quarter of ``span``, the length of the scale: about what a flat line misses.
    """
    missed = np.maximum(0.0, np.abs(np.subtract(guess, truth)) - within)
    return round(100 * max(0.0, 1 - float(missed.mean()) / (ZERO_AT * span)))


class CurveGuess(Guess):
    """A sketched curve: one height from ``low`` to ``high`` at each of four to eight ``xs``.

    ``key`` as in `NumberGuess`.  names: of the two axes, ("epoch", "accuracy").  step: what one
    press of an arrow key changes; a twentieth of the scale unless given.
    Display it, then call `reveal`.
    """

    def __init__(
        self,
        key: str,
        question: str,
        xs: Sequence[float],
        low: float,
        high: float,
        *,
        names: tuple[str, str],
        step: float | None = None,
    ) -> None:
        super().__init__(key, question)
        require(4 <= len(xs) <= 8, f"xs has {len(xs)} points; four to eight were expected.")
        rising = all(a < b for a, b in pairwise(xs))
        require(rising, f"xs is {list(xs)}; rising numbers were expected.")
        step = (high - low) / STEPS if step is None else step
        self.xs, self.names = list(xs), names
        self._scale = Slider(names[1], low, high, step, low)
        self._view = SketchView(self.xs, (low, high), names)
        self._picture = W.HTML()
        self._sliders = [self._slider() for _ in self.xs]
        self._silent = False
        self.shape("flat")
        self.widget = self._card(*self._parts())

    @property
    def heights(self) -> list[float]:
        """The sketch as it stands, committed or not."""
        return [self._scale.nearest(slider.value) for slider in self._sliders]

    def shape(self, name: str) -> None:
        """Start from one of `SHAPES`."""
        last = len(self.xs) - 1
        shares = [SHAPES[name](i / last) for i in range(last + 1)]
        self._put([self._scale.low + share * self._span for share in shares])

    def commit(self, heights: Sequence[float]) -> None:
        """Commit the curve with these ``heights``, one for each of ``xs``.

        Errors: ValueError when there are more or fewer, or one is not on the scale.
        """
        n = len(self.xs)
        require(len(heights) == n, f"heights has {len(heights)} numbers; {n} were expected.")
        made = [self._scale.at(self._scale.index(float(y))) for y in heights]
        self._put(made)
        self._take(made, ", ".join(f"{y:.4g}" for y in made))

    def reveal(self, truth: Mapping[float, float] | pd.Series, within: float) -> None:
        """Show the sketch beside the true curve; all points within ``within`` of it score 100.

        truth: x → y, or a Series over x; a value at every one of ``xs``, more are drawn too.
        Errors: ValueError when a value is missing or not finite, or ``within`` is negative.
        """
        curve = {float(str(x)): float(y) for x, y in truth.items()}
        lacking = [x for x in self.xs if x not in curve]
        require(not lacking, f"truth has no value at {lacking}, where the sketch has points.")
        finite = all(map(math.isfinite, curve.values()))
        require(finite, "truth has values that are not finite; finite numbers were expected.")
        require_not_negative("within", within)
        at_points = [curve[x] for x in self.xs]
        guess, score = self.guess, None
        if guess is not None:
            score = curve_score(guess, at_points, within, self._span)
        ends = (self._scale.low, self._scale.high)
        drawn = self.names[1]
        words = f"{drawn[:1].upper()}{drawn[1:]} by {self.names[0]}."
        draw = partial(
            sketch_and_truth,
            truth=curve, guess=guess, xs=self.xs, within=within, ends=ends, names=self.names,
        )  # fmt: skip
        self._reveal(at_points, words, draw, score, height=2.9)

    def _asked(self) -> dict[str, Any]:
        return {"xs": self.xs}  # heights alone do not tell where they were meant

    def _fits(self, entry: Mapping[str, Any]) -> bool:
        heights = entry.get("guess")
        whole = isinstance(heights, list) and len(heights) == len(self.xs)
        return whole and entry.get("xs", self.xs) == self.xs  # early records have no points

    @property
    def _span(self) -> float:
        return self._scale.high - self._scale.low

    def _slider(self) -> W.Widget:
        scale = self._scale
        slider = W.FloatSlider(
            min=scale.low, max=scale.high, step=scale.step, value=scale.low,
            orientation="vertical", readout=False, layout=W.Layout(height="110px", width="100%"),
        )  # fmt: skip
        slider.observe(lambda _: self._redraw(), "value")
        return slider

    def _parts(self) -> tuple[W.Widget, dict[str, dict[str, str]]]:
        """The widgets between question and buttons, and the names to set in the page."""
        columns, names = [], {}
        for number, (x, slider) in enumerate(zip(self.xs, self._sliders, strict=True)):
            place = f"{self._class}-{number}"
            spoken = f"{self.names[1]} at {self.names[0]} {x:g}"
            names[f".{place} .noUi-handle"] = {
                "aria-label": spoken,
                "data-decimals": str(self._scale.decimals),
            }
            label = W.HTML(paragraph(f"{self.names[0]} {x:g}", ""))
            look = W.Layout(align_items="center", width=f"{ROW / len(self.xs):.0f}px")
            column = W.VBox([slider, label], layout=look)
            columns.append(column.add_class(place))
        starts = []
        for name in SHAPES:
            button = W.Button(description=name)
            button.on_click(lambda _, name=name: self.shape(name))
            starts.append(button)
        shapes = W.HBox(starts).add_class("ck-buttons")
        row = W.HBox(columns, layout=W.Layout(width=f"{ROW}px"))
        row.layout.margin = "0 0 0 70px"
        note = f"One slider for each point, evenly spaced; its {self.names[0]} stands below it."
        return W.VBox([shapes, self._picture, W.HTML(paragraph(note, "")), row]), names

    def _put(self, heights: Sequence[float]) -> None:
        """Move all points, and draw once."""
        self._silent = True
        try:
            for slider, height in zip(self._sliders, heights, strict=True):
                slider.value = self._scale.nearest(height)
        finally:
            self._silent = False
        self._redraw()

    def _redraw(self) -> None:
        if not self._silent:
            heights = self.heights
            self._view.update(heights)
            figure = self._view.figure
            text = self._view.describe(heights)
            self._picture.value = image_html(png(figure), text, pixels(figure))

    def _on_commit(self) -> None:
        self.commit(self.heights)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self._bundle(self.widget)
