"""Pictures of surfaces over (x_A, x_B): a table of small maps, and the explorer's four panels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure

from coursekit.course.plots.style import INK, MUTED, SIGNED, new_figure
from coursekit.course.plots.tidy_tables import listed
from coursekit.lessons.l02_fusion_operators.surfaces import Surface, share
from coursekit.utils.checks import require

TICKS = (-1, 0, 1)
LEVELS = (
    -0.66,
    -0.33,
    0.0,
    0.33,
    0.66,
)  # of the largest value; dashed below zero, solid from it on
EXTENT = (-1.0, 1.0, -1.0, 1.0)


def heat_map(ax: Axes, values: np.ndarray, limit: float) -> ContourSet | None:
    """Colours from −limit to +limit with contour lines: dashed below zero, thick at zero.

    values: (N, N), rows x_A.  Returns the lines; None where the surface is flat.
    """
    picture = ax.imshow(values.T, origin="lower", extent=EXTENT, cmap=SIGNED, aspect="equal")
    picture.set_clim(-limit, limit)
    ax.set_xticks(TICKS)
    ax.set_yticks(TICKS)
    ax.grid(visible=False)
    return contours(ax, values, limit)


def contours(ax: Axes, values: np.ndarray, limit: float) -> ContourSet | None:
    """Contour lines of ``values`` (N, N) at fixed shares of ``limit``; None on a flat surface."""
    levels = [level * limit for level in LEVELS]
    if np.ptp(values) < 0.05 * limit:  # a line through noise around zero would say nothing
        return None
    t = np.linspace(-1, 1, len(values))
    styles = ["--" if level < 0 else "-" for level in LEVELS]
    widths = [1.4 if level == 0 else 0.7 for level in LEVELS]
    return ax.contour(
        t, t, values.T, levels=levels, colors=INK, linestyles=styles, linewidths=widths
    )


def surface_table(surfaces: Mapping[str, Mapping[str, Surface]]) -> tuple[Figure, str]:
    """Small maps, a row per target and a column per operator; the first column is the target.

    surfaces: operator → target → Surface.  R² stands above each map. Returns figure and alt text.
    """
    require(len(surfaces) > 0, "surfaces is empty; one operator or more was expected.")
    operators = list(surfaces)
    targets = list(surfaces[operators[0]])
    columns = 1 + len(operators)
    width, height = 0.75 + 1.15 * columns, 1.35 * len(targets) + 1.35
    figure, _ = new_figure(width, height, layout=None)  # fitting so many axes would take seconds
    figure.clear()
    places = {"left": 0.65 / width, "right": 1 - 0.1 / width, "wspace": 0.17, "hspace": 0.28}
    places |= {"bottom": 0.5 / height, "top": 1 - 0.9 / height}
    axes = figure.subplots(
        len(targets), columns, squeeze=False, sharex=True, sharey=True, gridspec_kw=places
    )
    for row, name in zip(axes, targets, strict=True):
        truth = surfaces[operators[0]][name].target
        limit = max(float(np.abs(truth).max()), 1e-9)
        heat_map(row[0], truth, limit)
        row[0].set_ylabel(f"{name}\n$x_B$")
        for ax, operator in zip(row[1:], operators, strict=True):
            surface = surfaces[operator][name]
            if heat_map(ax, surface.learnt, limit) is None:
                ax.text(0, 0, "flat", ha="center", va="center", size=8, color=MUTED)
            ax.set_title(
                f"R² {_two_digits(surface.r2)}", fontsize=8, pad=3, weight="normal", loc="center"
            )
    for ax, name in zip(axes[0], ["target", *operators], strict=True):
        below = ax.get_title("center")
        ax.set_title(f"{_two_lines(name)}\n{below}" if below else name, fontsize=8.5, pad=4,
                     loc="center", weight="bold")  # fmt: skip
    for ax in axes[-1]:
        ax.set_xlabel("$x_A$")
    for ax in axes.flat:
        ax.title.set_color(INK)
        ax.tick_params(labelsize=7, length=2)
    learnt = "; ".join(
        f"{operator}: "
        + ", ".join(f"{name} {_two_digits(surfaces[operator][name].r2)}" for name in targets)
        for operator in operators
    )
    return figure, f"What each operator learnt of {len(targets)} targets, R² in brackets. {learnt}."


def _two_digits(value: float) -> str:
    return f"{value + 0.0:.2f}".replace("-0.00", "0.00")


def _two_lines(name: str) -> str:
    return name.replace("-", "-\n", 1) if len(name) > 11 else name


@dataclass(frozen=True)
class Fitted:
    """What the explorer shows: the operator, the target in words, the surface, steps trained."""

    operator: str
    formula: str
    surface: Surface
    count: int


PANELS: Sequence[str] = ("target", "learnt", "its additive projection", "its residual")


class SurfaceView:
    """Target, what was learnt, its additive projection, and what that leaves; one colour scale."""

    writes: ClassVar[frozenset[str]] = frozenset(
        {"operator", "shape", "w_a", "w_b", "w_ab", "count"}
    )
    blanks: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"value": "undefined, as nothing varies there"}
    )
    constants: ClassVar[tuple[float, ...]] = TICKS  # of both axes

    def __init__(self) -> None:
        # Two by two: as large as nine knobs beside it allow, with text at its full size.
        self.figure, _ = new_figure(7.6, 7.2, layout=None)
        self.figure.clear()
        self._axes = list(self.figure.subplots(2, 2).flat)
        self.figure.subplots_adjust(
            left=0.075, right=0.885, top=0.855, bottom=0.065, wspace=0.12, hspace=0.26
        )
        self._title = self.figure.text(0.012, 0.96, "", size=12, weight="bold", color=INK)
        self._subtitle = self.figure.text(0.012, 0.947, "", size=9.5, color=MUTED, va="top")
        self._pictures = []
        self._lines: list[ContourSet | None] = [None] * len(PANELS)
        for ax, name in zip(self._axes, PANELS, strict=True):
            picture = ax.imshow(np.zeros((2, 2)), origin="lower", extent=EXTENT, cmap=SIGNED)
            picture.set_clim(-1, 1)
            self._pictures.append(picture)
            ax.set_title(name, fontsize=10.5, pad=6)
            ax.set_xticks(TICKS)
            ax.set_yticks(TICKS)
            ax.grid(visible=False)
            ax.set_xlabel("$x_A$")
        for ax in self._axes[::2]:
            ax.set_ylabel("$x_B$")
        place = self.figure.add_axes((0.91, 0.065, 0.016, 0.79))
        self._bar = self.figure.colorbar(self._pictures[0], cax=place)
        self._bar.set_ticks([-1, 0, 1])

    def update(self, data: Fitted) -> None:
        """Paint all four panels; the colours reach to the target's largest value."""
        surface = data.surface
        limit = max(float(np.abs(surface.target).max()), 1e-6)
        panels = (surface.target, surface.learnt, surface.additive, surface.residual)
        for i, (ax, values) in enumerate(zip(self._axes, panels, strict=True)):
            self._pictures[i].set_data(values.T)
            old = self._lines[i]
            if old is not None:
                old.remove()
            self._lines[i] = contours(ax, values / limit, 1.0)
            self._pictures[i].set_clim(-limit, limit)
            ax.set_xlim(-1, 1)
            ax.set_ylim(-1, 1)
        ticks, labels = _colour_ticks(limit)
        self._bar.set_ticks(ticks, labels=labels)
        self._title.set_text(f"{data.operator}: R² {_fraction(surface.r2)}")
        self._subtitle.set_text(
            f"y = {data.formula}.  {_steps(data)}, learnt values {_ends(surface.learnt)}.\n"
            f"Interaction: {_percent(surface.interaction)} of what was learnt, "
            f"{_percent(_in_target(surface))} of the target."
        )

    def describe(self, data: Fitted) -> str:
        """Operator, target, R² and both shares of interaction in words."""
        surface = data.surface
        return (
            f"Four maps over x_A and x_B, from −1 to 1. The target y = {data.formula}; what "
            f"{data.operator} learnt of it in {_steps(data)}, R² {_fraction(surface.r2)}, "
            f"values {_ends(surface.learnt)}; the additive projection of that; and the residual. "
            f"Share of the interaction: {_percent(surface.interaction)} of the learnt variance, "
            f"{_percent(_in_target(surface))} of the target's."
        )

    def table(self, data: Fitted) -> pd.DataFrame:
        """Mean, smallest, largest value and variance of each panel."""
        surface = data.surface
        panels = (surface.target, surface.learnt, surface.additive, surface.residual)
        return pd.DataFrame(
            [
                {
                    "panel": name,
                    "smallest": values.min(),
                    "mean": values.mean(),
                    "largest": values.max(),
                    "variance": values.var(),
                }
                for name, values in zip(PANELS, panels, strict=True)
            ]
        )

    def more_tables(self, data: Fitted) -> dict[str, pd.DataFrame]:
        """R², both shares of interaction, and every fifth point of the maps."""
        surface = data.surface
        values = {
            "R²": surface.r2,
            "interaction in what was learnt, share": surface.interaction,
            "interaction in the target, share": _in_target(surface),
        }
        panels = (surface.target, surface.learnt, surface.additive, surface.residual)
        t = np.linspace(-1, 1, len(surface.target))[::5]
        a, b = np.meshgrid(t, t, indexing="ij")
        points = {"x_A": a.ravel(), "x_B": b.ravel()}
        points |= {n: x[::5, ::5].ravel() for n, x in zip(PANELS, panels, strict=True)}
        return {"Beside them": listed(values), "Every fifth point": pd.DataFrame(points)}


def _in_target(surface: Surface) -> float:
    whole = Surface(surface.target, surface.target)
    return share(whole.residual, surface.target)


def _steps(data: Fitted) -> str:
    return f"{data.count} steps"


def _ends(values: np.ndarray) -> str:
    """Smallest and largest value; four decimals, so that neighbouring states differ."""
    low, high = (
        f"{x + 0.0:.4f}".replace("-0.0000", "0.0000") for x in (values.min(), values.max())
    )
    return f"{low} to {high}".replace("-", "−")


def _colour_ticks(limit: float) -> tuple[list[float], list[str]]:
    """Both ends and the middle; of a target that is zero everywhere only the middle."""
    if limit < 0.05:
        return [0.0], ["0"]
    return [-limit, 0.0, limit], [f"−{limit:.1f}", "0", f"{limit:.1f}"]


def _fraction(value: float) -> str:
    return "undefined (nothing varies)" if np.isnan(value) else _two_digits(value)


def _percent(value: float) -> str:
    if np.isnan(value):
        return "undefined (nothing varies)"
    return f"{round(100 * value)} %"  # a whole number, so that there is no minus zero
