"""Nine pairs on a sphere at the left, their loss at every height at the right."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import ClassVar

import numpy as np
import pandas as pd

from coursekit.course.plots.style import GRID, INK, MUTED, STILL, new_figure, style
from coursekit.lessons.l09_contrastive_alignment.nine_points import (
    EXCHANGED,
    HEIGHTS,
    loss_at,
    nine_points,
)

TILT = np.deg2rad(20)  # the sphere is looked at from a little above
TURN = np.deg2rad(12)  # and from the side, so that no point hides another
TOPS = np.outer(10.0 ** np.arange(-3, 3), (1, 1.5, 2, 3, 5, 7)).ravel()  # of the loss's axis


@lru_cache(maxsize=256)
def losses_at(inverse_temperature: float, exchanged: bool) -> np.ndarray:
    """Loss at each of `HEIGHTS`; the knob of the height leaves it as it is."""
    return np.array([loss_at(h, inverse_temperature, exchanged) for h in HEIGHTS])


@dataclass(frozen=True)
class Gap:
    """One setting: how high above and below the equator, at what temperature, which pairs."""

    height: float
    inverse_temperature: float
    exchanged: bool

    @cached_property
    def losses(self) -> np.ndarray:
        """Loss at each of `HEIGHTS`."""
        return losses_at(self.inverse_temperature, self.exchanged)

    @property
    def loss(self) -> float:
        """Loss at the height that is shown."""
        return loss_at(self.height, self.inverse_temperature, self.exchanged)

    @property
    def best(self) -> float:
        """Where the loss is least."""
        return float(HEIGHTS[int(self.losses.argmin())])

    @property
    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """Pictures and texts, (9, 3) each; row i of both is a pair."""
        pictures, texts = nine_points(self.height, self.exchanged)
        return pictures.numpy(), texts.numpy()


def seen(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where points (n, 3) lie in the picture, across and up."""
    x, y, z = points.T
    across = np.cos(TURN) * x - np.sin(TURN) * y
    depth = np.sin(TURN) * x + np.cos(TURN) * y
    return across, np.cos(TILT) * z + np.sin(TILT) * depth


def circle(height: float) -> tuple[np.ndarray, np.ndarray]:
    """A circle of latitude, as it is seen."""
    angle = np.linspace(0, 2 * np.pi, 73)
    radius = np.sqrt(max(1 - height**2, 0))
    return seen(np.stack([radius * np.cos(angle), radius * np.sin(angle), 0 * angle + height], 1))


def top_of(data: Gap) -> float:
    """Where the axis of the loss ends: one of a few `TOPS`, for a new axis is dear to draw.

    What lies above 0.9 would flatten the rest, and is in the picture only where it is shown.
    """
    wanted = max(1.1 * float(data.losses[HEIGHTS <= 0.9].max()), 1.1 * data.loss)
    return float(TOPS[np.searchsorted(TOPS, wanted)])


class GapView:
    """Pictures above, texts below, a line per pair; beside it the loss at every height."""

    writes: ClassVar[frozenset[str]] = frozenset({"height", "inverse_temperature", "pairs"})

    def __init__(self) -> None:
        self.figure, (sphere, curve) = new_figure(9.6, 4.4, columns=2, layout=None)
        self.figure.subplots_adjust(left=0.02, right=0.985, top=0.8, bottom=0.13, wspace=0.16)
        self._title = self.figure.text(0.012, 0.94, "", size=12, weight="bold", color=INK)
        self._subtitle = self.figure.text(0.012, 0.885, "", size=9.5, color=MUTED)
        sphere.set_aspect("equal")
        sphere.set_axis_off()
        sphere.set_xlim(-1.5, 1.15)
        sphere.set_ylim(-1.1, 1.1)
        angle = np.linspace(0, 2 * np.pi, 97)
        sphere.plot(np.cos(angle), np.sin(angle), color=GRID, linewidth=1.5, zorder=STILL)
        sphere.plot(*circle(0.0), color=GRID, linewidth=1, zorder=STILL)
        self._circles = [sphere.plot([], [], color=MUTED, linewidth=0.8)[0] for _ in range(2)]
        self._pairs = [sphere.plot([], [], color=MUTED, linewidth=1)[0] for _ in range(9)]
        self._dots = []
        for role, label in (("A", "pictures"), ("B", "texts")):
            look = style(role, "color", "marker")
            (dots,) = sphere.plot([], [], linestyle="", ms=8, label=label, **look)
            self._dots.append(dots)
        sphere.legend(loc="upper left", borderaxespad=0).set_zorder(STILL)
        curve.set_title("Loss at every height")
        curve.set_xlim(0, 1)
        curve.set_xlabel("height of the circles (the gap is twice that)")
        curve.set_ylabel("InfoNCE both ways")
        (self._curve,) = curve.plot([], [], color=INK)
        (self._here,) = curve.plot(
            [], [], linestyle="", ms=10, label="shown", **style("joint", "color", "marker")
        )
        (self._best,) = curve.plot(
            [], [], linestyle="", ms=9, label="least", **style("ensemble", "color", "marker")
        )
        curve.legend(loc="upper left").set_zorder(STILL)
        self._axes, self._top = curve, 0.0

    def update(self, data: Gap) -> None:
        """Move points, lines and curve to ``data``."""
        pictures, texts = data.points
        for line, height in zip(self._circles, (data.height, -data.height), strict=True):
            line.set_data(*circle(height))
        for dots, points in zip(self._dots, (pictures, texts), strict=True):
            dots.set_data(*seen(points))
        ends = [seen(points) for points in (pictures, texts)]
        for i, line in enumerate(self._pairs):
            line.set_data([ends[0][0][i], ends[1][0][i]], [ends[0][1][i], ends[1][1][i]])
            line.set_linewidth(2.2 if data.exchanged and i in EXCHANGED else 1)
        self._curve.set_data(HEIGHTS, data.losses)
        self._here.set_data([data.height], [data.loss])
        self._best.set_data([data.best], [data.losses.min()])
        top = top_of(data)
        if top != self._top:
            self._top = top
            self._axes.set_ylim(0, top)
        self._title.set_text(self._words(data))
        self._subtitle.set_text(
            f"gap {2 * data.height:.2f}, loss {data.loss:.3f}; least {data.losses.min():.3f} at "
            f"gap {2 * data.best:.2f}"
        )

    @staticmethod
    def _words(data: Gap) -> str:
        wants = "no gap" if data.best == 0 else f"a gap of {2 * data.best:.2f}"
        which = "two partners exchanged" if data.exchanged else "all pairs right"
        return f"1/τ = {data.inverse_temperature:g}, {which}: the loss is least with {wants}"

    def describe(self, data: Gap) -> str:
        """What is seen, in words."""
        lines = "Two lines cross over: their partners are exchanged. " if data.exchanged else ""
        return (
            f"Nine pictures on a circle {data.height:.2f} above a sphere's equator, nine texts on "
            f"one as far below it, a line per pair. {lines}{self._words(data)}. At the gap of "
            f"{2 * data.height:.2f} that is shown the loss is {data.loss:.3f}, at the best one "
            f"{data.losses.min():.3f}."
        )

    def table(self, data: Gap) -> pd.DataFrame:
        """Height, gap and loss, as shown and at the best."""
        heights = [data.height, data.best]
        losses = [data.loss, float(data.losses.min())]
        return pd.DataFrame(
            {
                "": ["shown", "least"],
                "height": heights,
                "gap": [2 * h for h in heights],
                "loss": losses,
            }
        )

    def more_tables(self, data: Gap) -> dict[str, pd.DataFrame]:
        """The loss at every height, and where the points lie."""
        points = [
            pd.DataFrame(x, columns=["x", "y", "z"]).assign(of=name, pair=range(9))
            for name, x in zip(("picture", "text"), data.points, strict=True)
        ]
        return {
            "Loss at every height": pd.DataFrame({"height": HEIGHTS, "loss": data.losses}),
            "The points": pd.concat(points)[["pair", "of", "x", "y", "z"]],
        }
