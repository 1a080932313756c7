"""Pictures of lesson 16: accuracy against cost, shares by kind of sample, the path of α."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from torch import Tensor

from coursekit.analysis.intervals import interval
from coursekit.course.plots.style import INK, MUTED, style
from coursekit.course.plots.tidy_tables import require_columns

ROLES = ("A", "B", "joint", "ensemble")
HATCHES = {"A": "", "B": "///", "both": "..."}
LOOKS = {"A": "A", "B": "B", "both": "joint"}
STATIC = {"always A": "A", "always B": "B", "always both": "joint",
          "ensemble of A and B": "ensemble"}  # fmt: skip


def cost_picture(ax: Axes, static: pd.DataFrame, curves: Mapping[str, pd.DataFrame]) -> str:
    """Draw static models as dots and ways of choosing as lines, mean over seeds; return the alt.

    static: a row per policy and seed.  curves: name → a row per ``step`` and seed, at most four.
    """
    require_columns(static, ("policy", "accuracy", "cost"))
    sentences = []
    for policy, rows in static.groupby("policy", sort=False):
        i, cost = interval(rows["accuracy"]), rows["cost"].mean()
        look = style(STATIC.get(str(policy), "joint"), "color", "marker")
        if policy not in STATIC:
            look = {"color": INK, "marker": "*"}
        ax.plot([cost, cost], [i.low, i.high], color=look["color"], linewidth=1.5)
        ax.plot([cost], [i.mean], linestyle="", markersize=9, **look)
        above = i.mean > 0.9 or (cost > 0.8 and bool(curves))
        ax.annotate(str(policy), (cost, i.mean), xytext=(6, 8 if above else -12), size=8,
                    textcoords="offset points", color=INK,
                    ha="right" if cost > 0.8 else "left")  # fmt: skip
        sentences.append(f"{policy}: accuracy {i.mean:.3f} at cost {cost:.2f}.")
    for role, (name, rows) in zip(ROLES, curves.items(), strict=False):
        means = rows.groupby("step", sort=False)[["cost", "accuracy"]].mean()
        ends = [interval(own["accuracy"]) for _, own in rows.groupby("step", sort=False)]
        look = style(role)
        ax.plot(means["cost"], means["accuracy"], label=name, **{**look, "markersize": 4})
        for x, i in zip(means["cost"], ends, strict=True):
            ax.plot([x, x], [i.low, i.high], color=look["color"], linewidth=1)
        points = "; ".join(f"{a:.3f} at {c:.2f}" for c, a in means.itertuples(index=False))
        sentences.append(f"{name}: {points}.")
    ax.set_xlabel("cost, in units of the expert that reads both")
    ax.set_ylabel("accuracy on test rows")
    if curves:
        ax.legend(loc="lower right")
    return " ".join(sentences)


def shares_picture(ax: Axes, shares: pd.DataFrame) -> str:
    """Draw a stacked bar per kind of sample; return the alt text.

    shares: `coursekit.lessons.l16_dynamic_fusion.rivals.shares_by_kind`.
    """
    require_columns(shares, tuple(HATCHES))
    begins = pd.Series(0.0, index=shares.index)
    for expert, hatch in HATCHES.items():
        ax.barh(range(len(shares)), shares[expert], left=begins, hatch=hatch, label=expert,
                color=style(LOOKS[expert])["color"], edgecolor="white")  # fmt: skip
        begins = begins + shares[expert]
    ax.set_yticks(range(len(shares)), [str(kind) for kind in shares.index])
    ax.set_ylim(len(shares) - 0.5, -0.5)
    ax.set_xlim(0, 1)
    ax.set_xlabel("share of rows sent to each expert")
    ax.grid(visible=False, axis="y")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=3)
    rows = [
        f"{kind}: " + ", ".join(f"{e} {shares.loc[kind, e]:.2f}" for e in HATCHES)
        for kind in shares.index
    ]
    return "Shares by kind of sample. " + "; ".join(rows) + "."


def alpha_picture(ax: Axes, path: Tensor, names: Sequence[str]) -> str:
    """Draw softmax(α) by step, a line per operator, mean and 95 % band over seeds; the alt text.

    path: (T, K, O), `coursekit.lessons.l16_dynamic_fusion.places.Search`.
    """
    sentences = []
    for o, (role, name) in enumerate(zip(ROLES, names, strict=False)):
        look = style(role)
        ends = [interval(path[t, :, o].numpy()) for t in range(len(path))]
        steps = range(len(path))
        means = [i.mean for i in ends]
        ax.plot(steps, means, label=name, markevery=max(len(path) // 8, 1), **look)
        ax.fill_between(steps, [i.low for i in ends], [i.high for i in ends],
                        color=look["color"], alpha=0.15, linewidth=0)  # fmt: skip
        marks = (0, len(path) // 6, len(path) // 2, len(path) - 1)
        sentences.append(f"{name}: " + ", ".join(f"{means[t]:.2f} at {t}" for t in marks) + ".")
    ax.axhline(1 / len(names), color=MUTED, linewidth=1)
    ax.set_ylim(0, 1)
    ax.set_xlabel("step of the search")
    ax.set_ylabel("softmax(α)")
    ax.legend(loc="upper left")
    return " ".join(sentences)
