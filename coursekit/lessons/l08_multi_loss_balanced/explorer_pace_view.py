"""MLB's pace: the curve k(r), where the batches of a run stand on it, and k over the run."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes

from coursekit.balancing import mlb
from coursekit.balancing.mlb import coefficients
from coursekit.course.plots.style import BELOW, GRID, INK, MUTED, STILL, new_figure, style

# Half and double shall be equally far, so logarithms are drawn; a log scale of matplotlib's own
# takes twice as long at every move.
RATIOS = (0.2, 5.0)
PACES = (0.05, 24.0)  # with room above the largest k for what is written there
LEGEND = 13.0  # from here up, nothing is drawn but the legend
RATIO_TICKS = {"1/4": 0.25, "1/2": 0.5, "1": 1, "2": 2, "4": 4}
PACE_TICKS = {"1/8": 0.125, "1/4": 0.25, "1/2": 0.5, "1": 1, "2": 2, "4": 4, "8": 8}
ROLES = ("A", "B")
GRID_OF_RATIOS = np.geomspace(*RATIOS, 41)


@dataclass(frozen=True)
class Paced:
    """One setting of the explorer.

    run: of `coursekit.lessons.l08_multi_loss_balanced.pace.paces`, all batches, two modalities.
    epoch: whose batches are shown.
    alpha, beta_max: of the curve.
    """

    run: pd.DataFrame
    epoch: int
    alpha: float
    beta_max: float

    @cached_property
    def rows(self) -> dict[str, np.ndarray]:
        """Modality, in order → which rows of the run are its own; asked for at every turn."""
        of = self.run["modality"].to_numpy()
        return {m: of == m for m in dict.fromkeys(of)}

    @property
    def modalities(self) -> list[str]:
        """Both names, in order."""
        return list(self.rows)

    @cached_property
    def _shown(self) -> dict[str, pd.DataFrame]:
        now = self.run["epoch"].to_numpy() == self.epoch
        return {m: self.run[own & now] for m, own in self.rows.items()}

    def shown(self, modality: str) -> pd.DataFrame:
        """The chosen epoch's batches of one modality."""
        return self._shown[modality]

    @cached_property
    def means(self) -> pd.DataFrame:
        """Mean s, r and k of the chosen epoch, a row per modality."""
        means = {m: self.shown(m)[["s", "r", "k"]].mean() for m in self.modalities}
        return pd.DataFrame([{"modality": m, **dict(row)} for m, row in means.items()])


def pace(ratio: np.ndarray, alpha: float, beta_max: float) -> np.ndarray:
    """k at every ratio (n,): modality 0 scores one, the other r."""
    pairs = torch.stack([torch.ones(len(ratio), dtype=torch.float64), torch.tensor(ratio)], 1)
    coefficients(pairs[0], alpha, beta_max)  # refuses what is no alpha or beta_max
    return mlb.pace(pairs, pairs.new_tensor(alpha), pairs.new_tensor(beta_max))[:, 0].numpy()


def pace_curve(ax: Axes, alpha: float, beta_max: float, label: str = "", **look: object) -> str:
    """Draw k(r) on axes that `pace_axes` has prepared; return a sentence with its ends."""
    ratio = GRID_OF_RATIOS
    k = pace(ratio, alpha, beta_max)
    ax.plot(np.log2(ratio), np.log2(k.clip(PACES[0])), label=label, **look)  # type: ignore[arg-type]
    return (
        f"alpha {alpha:g}, beta_max {beta_max:g}: k is {k[0]:.2f} at r = {ratio[0]:g}, 1 at r = 1 "
        f"and {k[-1]:.2f} at r = {ratio[-1]:g}"
    )


def pace_axes(ax: Axes) -> None:
    """Scales, the two regions and the point where nothing is scaled."""
    ax.set_xlim(*np.log2(RATIOS))
    ax.set_xticks(np.log2(list(RATIO_TICKS.values())), list(RATIO_TICKS))
    still: dict[str, Any] = {"zorder": STILL}
    ax.axvspan(np.log2(RATIOS[0]), 0, color=GRID, alpha=0.5, **still)  # below the lines at 1
    _pace_axis(ax)
    ax.set_xlabel("ratio r: others' score / own score")
    ax.set_ylabel("k: factor on the step")
    ax.grid(visible=False)
    ax.axvline(0, color=MUTED, linewidth=1, **still)
    note = still | {"transform": ax.transAxes, "color": INK, "size": 9}
    ax.text(0.03, 0.93, "ahead: brake", **note)
    ax.text(0.97, 0.04, "behind: accelerate", ha="right", **note)


def _pace_axis(ax: Axes) -> None:
    ax.set_ylim(*np.log2(PACES))
    ax.set_yticks(np.log2(list(PACE_TICKS.values())), list(PACE_TICKS))
    ax.axhline(0, color=MUTED, linewidth=1, zorder=STILL)


def _log(values: np.ndarray | pd.Series, ends: tuple[float, float]) -> np.ndarray:
    """What lies outside the picture stands on its edge."""
    return np.log2(np.asarray(values).clip(*ends))


class PaceView:
    """Left the curve with one epoch's batches on it, right k in every batch of the run."""

    writes: ClassVar[frozenset[str]] = frozenset({"alpha", "beta_max", "epoch"})

    def __init__(self) -> None:
        self.figure, (curve, run) = new_figure(9.6, 4.1, columns=2, layout=None)
        self.figure.subplots_adjust(left=0.075, right=0.985, top=0.78, bottom=0.14, wspace=0.2)
        self._title = self.figure.text(0.012, 0.93, "", size=12, weight="bold", color=INK)
        self._subtitle = self.figure.text(0.012, 0.87, "", size=9.5, color=MUTED)
        curve.set_title("Pace by ratio")
        pace_axes(curve)
        (self._curve,) = curve.plot([], [], color=INK, linewidth=2)
        run.set_title("Pace in every batch of the run")
        _pace_axis(run)
        run.set_xlabel("epoch")
        run.grid(visible=False)
        self._run_axes, self._epochs = run, 0
        (self._now,) = run.plot([], [], color=GRID, linewidth=9, zorder=BELOW)
        self._dots, self._lines = {}, {}
        for role in ROLES:
            look = style(role, "color", "marker")
            (self._dots[role],) = curve.plot([], [], linestyle="", ms=8, alpha=0.75, **look)
            self._dots[role].set_clip_on(False)  # at an edge a dot is whole
            line = style(role, "color", "linestyle")
            (self._lines[role],) = run.plot([], [], label=role, linewidth=1.6, **line)
        run.legend(loc="upper right", ncols=2, borderaxespad=0.1).set_zorder(STILL)

    def update(self, data: Paced) -> None:
        """Move curve, dots and lines to ``data``; the scales never move."""
        curve = pace(GRID_OF_RATIOS, data.alpha, data.beta_max)
        self._curve.set_data(np.log2(GRID_OF_RATIOS), _log(curve, PACES))
        epochs, k = int(data.run["epoch"].max()), data.run["k"].to_numpy()
        if epochs != self._epochs:
            self._epochs = epochs
            self._run_axes.set_xlim(0, epochs)
            self._run_axes.set_xticks(range(0, epochs + 1, 5))
        self._now.set_data([data.epoch - 0.5] * 2, np.log2((PACES[0], LEGEND)))
        for role, m in zip(ROLES, data.modalities, strict=True):
            own = k[data.rows[m]]
            when = (np.arange(len(own)) + 0.5) * epochs / len(own)
            self._lines[role].set_data(when, _log(own, PACES))
            here = data.shown(m)
            self._dots[role].set_data(_log(here["r"], RATIOS), _log(here["k"], PACES))
        self._title.set_text(f"Epoch {data.epoch}, means over its batches: {_words(data)}")
        self._subtitle.set_text(
            "Scores of a multi-loss run in which nothing was scaled; k is what this curve would do."
        )

    def describe(self, data: Paced) -> str:
        """The curve's ends and the epoch's means in words."""
        low, high = pace(np.array(RATIOS), data.alpha, data.beta_max)
        return (
            f"The curve k(r) for alpha {data.alpha:g} and beta_max {data.beta_max:g} runs from "
            f"{low:.2f} at r = {RATIOS[0]:g} through 1 at r = 1 to {high:.2f} at r = {RATIOS[1]:g}."
            f" In epoch {data.epoch} of the run, means over its batches: {_words(data)}."
        )

    def table(self, data: Paced) -> pd.DataFrame:
        """Mean score, ratio and k of the epoch."""
        return data.means

    def more_tables(self, data: Paced) -> dict[str, pd.DataFrame]:
        """The curve, the epoch's batches on it, and k in every batch of the run."""
        curve = {"r": GRID_OF_RATIOS, "k": pace(GRID_OF_RATIOS, data.alpha, data.beta_max)}
        here = data.run[data.run["epoch"] == data.epoch]
        run = data.run.pivot_table(
            index=["epoch", "batch"], columns="modality", values="k", sort=False
        )
        run = run.rename(columns=lambda m: f"k of {m}").rename_axis(columns=None)
        return {
            f"Batches of epoch {data.epoch}": here[["batch", "modality", "r", "k"]],
            "The curve k(r)": pd.DataFrame(curve),
            "Every batch of the run": run.reset_index(),
        }


def _words(data: Paced) -> str:
    rows = data.means.itertuples(index=False)
    return ", ".join(f"{m} has s {s:.2f}, r {r:.2f}, k {k:.2f}" for m, s, r, k in rows)
