"""Lesson 01's picture: reviews of critics and non-critics, two fits, two lines each."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import pandas as pd

from coursekit.course.plots.style import INK, MUTED, STILL, legend_key, new_figure, style

GROUPS = ("non-critics", "critics")
ROLES = ("A", "B")
X_ENDS = (0.0, 3.0)
Y_ENDS = (-6.0, 18.0)


@dataclass(frozen=True)
class TwoFits:
    """Reviews and the two models fitted to them.

    smiling, critic (0/1), score: (n,).  additive: (w0, w1, w2).  interaction: (w0, w1, w2, w3).
    """

    smiling: np.ndarray
    critic: np.ndarray
    score: np.ndarray
    additive: tuple[float, ...]
    interaction: tuple[float, ...]
    r2_additive: float
    r2_interaction: float


class LinesView:
    """Score against smiling; solid lines may differ in slope, dashed ones are parallel."""

    blanks: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"w3": "the additive model has no such term"}
    )

    def __init__(self) -> None:
        self.figure, (ax,) = new_figure(5.6, 4.7, layout=None)
        self.figure.subplots_adjust(left=0.1, right=0.965, top=0.81, bottom=0.11)
        ax.set_xlim(*X_ENDS)
        ax.set_ylim(*Y_ENDS)
        ax.set_xlabel("smiling (tens of percentage points)")
        ax.set_ylabel("audience score")
        self._title = self.figure.text(0.012, 0.95, "", size=11, weight="bold", color=INK)
        self._subtitle = self.figure.text(0.012, 0.935, "", size=9.5, color=MUTED, va="top")
        self._points, self._solid, self._dashed = [], [], []
        for role in ROLES:
            color, marker = style(role)["color"], style(role)["marker"]
            look = {"color": color, "marker": marker, "markeredgewidth": 0, "alpha": 0.35}
            self._points += ax.plot([], [], linestyle="", markersize=5, **look)
            self._solid += ax.plot([], [], color=color, linestyle="-", linewidth=2.6)
            self._dashed += ax.plot([], [], color=color, linestyle="--", linewidth=1.6)
        keys = [
            legend_key(linestyle="", label=group, **style(role, "color", "marker"))
            for group, role in zip(GROUPS, ROLES, strict=True)
        ]
        keys.append(legend_key(color=INK, linestyle="-", label="with interaction"))
        keys.append(legend_key(color=INK, linestyle="--", label="additive"))
        ax.legend(
            handles=keys,
            ncols=4,
            loc="lower left",
            bbox_to_anchor=(-0.04, 0.99),
            borderaxespad=0.2,
            columnspacing=1.2,
            handletextpad=0.4,
        ).set_zorder(STILL)

    def update(self, data: TwoFits) -> None:
        """Put points, lines and both R² in place; the axes never move."""
        x = np.array(X_ENDS)
        for critic in (0, 1):
            rows = data.critic == critic
            self._points[critic].set_data(data.smiling[rows], data.score[rows])
            self._solid[critic].set_data(x, line(data.interaction, critic, x))
            self._dashed[critic].set_data(x, line((*data.additive, 0.0), critic, x))
        self._title.set_text(
            f"R² {data.r2_additive:.3f} additive, {data.r2_interaction:.3f} with interaction"
        )
        self._subtitle.set_text(_in_short(data))

    def describe(self, data: TwoFits) -> str:
        """Both fits in words: slopes for each group, and what the interaction adds."""
        return (
            f"Scatter of {len(data.score)} simulated reviews, score against smiling. "
            f"{' '.join(_slopes(data))} R² is {data.r2_additive:.3f} additive and "
            f"{data.r2_interaction:.3f} with interaction."
        )

    def table(self, data: TwoFits) -> pd.DataFrame:
        """Coefficients and R² of both fits, and the slopes of their lines."""
        names = ("w0", "w1", "w2", "w3")
        rows = []
        for model, w, r2 in (
            ("additive", (*data.additive, float("nan")), data.r2_additive),
            ("with interaction", data.interaction, data.r2_interaction),
        ):
            slopes = {"slope, non-critics": w[1], "slope, critics": w[1] + np.nan_to_num(w[3])}
            rows.append({"model": model, **dict(zip(names, w, strict=True)), **slopes, "R²": r2})
        return pd.DataFrame(rows)

    def more_tables(self, data: TwoFits) -> dict[str, pd.DataFrame]:
        """How many reviews there are, and each of them."""
        who = np.where(data.critic == 1, "critic", "non-critic")
        every = pd.DataFrame({"by": who, "smiling": data.smiling, "score": data.score})
        every["outside"] = _outside(data)
        groups = [("all", every), *every.groupby("by")]
        counts = [
            {"by": by, "reviews": len(rows), "outside the picture": int(rows["outside"].sum())}
            for by, rows in groups
        ]
        return {"Reviews": pd.DataFrame(counts), "Every review": every.drop(columns="outside")}


def _slopes(data: TwoFits) -> tuple[str, str]:
    """Both fits in a sentence each; the second says how many reviews cannot be seen."""
    _, w1, _, w3 = data.interaction
    _, slope, away = data.additive
    outside = int(_outside(data).sum())
    hidden = f" {outside} reviews lie outside the picture." if outside else ""
    return (
        f"With interaction: slope {_two_digits(w1)} of non-critics, {_two_digits(w1 + w3)} of "
        "critics.",
        f"Additive: slope {_two_digits(slope)} of both, critics {_signed(away)} away.{hidden}",
    )


def _in_short(data: TwoFits) -> str:
    """`_slopes` for the picture, in one line: every letter costs time at every move."""
    _, w1, _, w3 = data.interaction
    _, slope, away = data.additive
    outside = int(_outside(data).sum())
    hidden = f"; {outside} reviews outside" if outside else ""
    return (
        f"Slopes {_two_digits(w1)}, {_two_digits(w1 + w3)}; "
        f"additive {_two_digits(slope)}, critics {_signed(away)}{hidden}"
    )


def _two_digits(value: float) -> str:
    """Without the sign of what is rounded to zero."""
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def _signed(value: float) -> str:
    words = _two_digits(value)
    return words if words.startswith("−") or float(words) == 0 else f"+{words}"


def _outside(data: TwoFits) -> np.ndarray:
    """Which reviews (n,) the picture's axes leave out."""
    return (
        (data.score < Y_ENDS[0]) | (data.score > Y_ENDS[1])
        | (data.smiling < X_ENDS[0]) | (data.smiling > X_ENDS[1])
    )  # fmt: skip


def line(w: tuple[float, ...], critic: int, x: np.ndarray) -> np.ndarray:
    """Fitted score at ``x`` (k,) for critics (1) or non-critics (0), w = (w0, w1, w2, w3)."""
    w0, w1, w2, w3 = w
    return w0 + w1 * x + w2 * critic + w3 * x * critic
