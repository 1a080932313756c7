"""Pictures of lesson 11: pairs, arms with intervals, who finds wrong captions, whom a cut drops."""

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from torch import Tensor

from coursekit.analysis.intervals import Interval, interval
from coursekit.course.plots.bands import mean_line
from coursekit.course.plots.style import INK, MUTED, style
from coursekit.course.plots.tidy_tables import require_columns
from coursekit.lessons.l11_curating_pairs.cut_results import CURVE, dropped_by_score

ROLES = ("A", "B", "joint", "ensemble")


def pair(ax: Axes, picture: Tensor, caption: str, wrong: bool) -> str:
    """Draw a picture (3, H, W) uint8 over its caption; return the alt text."""
    ax.imshow(picture.permute(1, 2, 0).numpy(), interpolation="nearest")
    ax.set_axis_off()
    title = textwrap.fill(caption, 18) + ("\n(wrong)" if wrong else "")
    slant = "italic" if wrong else "normal"
    ax.set_title(title, size=8.5, weight="normal", style=slant, loc="center", color=INK)
    return f"{'Wrong' if wrong else 'Right'}: {caption}."


def differences(
    ax: Axes, by_arm: Mapping[str, Mapping[str, Interval]], label: str, legend: bool = True
) -> str:
    """Draw intervals of differences for every arm; return the alt text.

    by_arm: arm → control → difference.  label: of the axis.  A line stands at 0.
    """
    controls = list(dict.fromkeys(name for each in by_arm.values() for name in each))
    names = list(by_arm)
    for k, (control, role) in enumerate(zip(controls, ROLES, strict=False)):
        look = style(role, "color", "marker")
        offset = 0.2 * (k - (len(controls) - 1) / 2)
        rows = [
            (i + offset, by_arm[n][control]) for i, n in enumerate(names) if control in by_arm[n]
        ]
        for y, one in rows:
            ax.plot([one.low, one.high], [y, y], color=look["color"], linewidth=1.8)
        ax.plot([one.mean for _, one in rows], [y for y, _ in rows], linestyle="",
                label=control, **look)  # fmt: skip
    ax.axvline(0, color=MUTED, linewidth=1)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlabel(label)
    ax.grid(visible=False, axis="y")
    if legend:
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=len(controls))
    return "; ".join(
        f"{name}: " + ", ".join(f"{control} {one}" for control, one in each.items())
        for name, each in by_arm.items()
    ) + ". The line is 0."  # fmt: skip


def rocs(ax: Axes, scores: Mapping[str, Sequence[Tensor]], wrong: Sequence[Tensor]) -> str:
    """Draw for every scorer which share of wrong pairs it drops before right ones; the alt text.

    scores: scorer → one tensor per seed, of the pairs in question.  wrong: likewise, bool.  A line
    is the mean over seeds; the diagonal is chance.
    """
    words = []
    ax.plot([0, 1], [0, 1], color=MUTED, linewidth=1)
    for (name, by_seed), role in zip(scores.items(), ROLES, strict=False):
        curve = np.mean(
            [dropped_by_score(s.numpy(), w.numpy()) for s, w in zip(by_seed, wrong, strict=True)],
            axis=0,
        )
        ax.plot(CURVE, curve, label=name, **style(role), markevery=12)
        words.append(f"{name} {curve[20]:.2f}")
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    ax.set_xlabel("share of right pairs dropped")
    ax.set_ylabel("share of wrong pairs dropped")
    ax.legend(loc="lower right")
    return (
        "Share of wrong pairs dropped against that of right ones, all lines above the diagonal of "
        f"chance. Where 20 % of the right ones are dropped: {', '.join(words)}."
    )


def finding_by_step(ax: Axes, table: pd.DataFrame) -> str:
    """Draw who finds wrong captions while training; return the alt text.

    table: a row per step and seed; columns step, AUC, R@10.
    """
    require_columns(table, ("step", "AUC", "R@10"))
    words = []
    for column, role in (("AUC", "A"), ("R@10", "B")):
        means = mean_line(ax, table, "step", column, label=column, **style(role))
        best = means.idxmax()
        words.append(
            f"{column} is highest at step {best:g}, {means.max():.2f}, and {means.iloc[-1]:.2f} at "
            "the end"
        )
    ax.set_ylim(0, 1)
    ax.set_xlabel("step")
    ax.set_ylabel("band: 95 % interval over seeds")
    ax.legend(loc="center right")
    return f"While training: {'; '.join(words)}."


def two_normals(ax: Axes, losses: Mapping[str, np.ndarray], means: Sequence[float]) -> str:
    """Draw losses of right and of wrong pairs as histograms, and the means of a mixture; alt text.

    losses: "right" and "wrong" → scaled losses from 0 to 1.
    """
    bins = np.linspace(0, 1, 26).tolist()
    for (name, values), role, hatch in zip(losses.items(), ("A", "B"), ("", "//"), strict=True):
        ax.hist(
            values, bins, alpha=0.5, label=name, color=style(role)["color"], hatch=hatch,
            edgecolor="white",
        )  # fmt: skip
    for mean in means:
        ax.axvline(mean, color=INK, linestyle="--", linewidth=1.5)
    ax.set_xlabel("loss of a pair, scaled (lines: means of the two normals)")
    ax.set_ylabel("pairs")
    ax.legend()
    middles = ", ".join(f"{name} {np.mean(values):.2f}" for name, values in losses.items())
    return (
        f"Histogram of losses; means {middles}. The mixture's means are {means[0]:.2f} and "
        f"{means[1]:.2f}."
    )


def kept_by_group(ax: Axes, table: pd.DataFrame) -> str:
    """Draw which share of its right pairs each group keeps; return the alt text.

    table: a row per group and seed; columns group, right, kept.
    """
    require_columns(table, ("group", "right", "kept"))
    by_group = {str(name): rows for name, rows in table.groupby("group")}
    over = {name: interval(rows["kept"]) for name, rows in by_group.items()}
    counts = {name: rows["right"].mean() for name, rows in by_group.items()}
    names = sorted(over, key=lambda name: -over[name].mean)
    look = style("A", "color", "marker")
    for place, name in enumerate(names):
        ax.plot([over[name].low, over[name].high], [place, place], color=look["color"], lw=2.5)
    ax.plot([over[n].mean for n in names], range(len(names)), linestyle="", ms=8, **look)
    ax.set_yticks(range(len(names)), [f"{n} ({counts[n]:.0f})" for n in names])
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlim(0, 1)
    ax.set_xlabel("share of the right pairs kept, 95 % interval over seeds (right pairs per seed)")
    ax.grid(visible=False, axis="y")
    read = "; ".join(f"{n} {over[n]} of {counts[n]:.0f}" for n in names)
    return f"Share of right pairs kept by group: {read}."
