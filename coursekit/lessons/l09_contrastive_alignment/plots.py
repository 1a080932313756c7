"""Pictures of lesson 09: emoji with their words, similarity matrices, recall and what moves it."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from torch import Tensor

from coursekit.course.plots.bands import mean_line
from coursekit.course.plots.style import INK, MUTED, SIGNED, style
from coursekit.course.plots.tidy_tables import interval, require_columns
from coursekit.utils.checks import require

RECALLS = {"R@1": "A", "R@5": "B", "R@10": "joint"}


def as_image(picture: Tensor) -> np.ndarray:
    """A picture (3, H, W), 0 for white ground and 1 for black, as colours (H, W, 3)."""
    return 1 - picture.permute(1, 2, 0).numpy()


def sheet(axes: Sequence[Axes], pictures: Sequence[Tensor], captions: Sequence[str]) -> str:
    """Draw each picture in axes of its own, its caption's first line above, the rest below.

    Returns the alt text.
    """
    require(
        len(axes) == len(pictures) == len(captions),
        f"{len(axes)} axes, {len(pictures)} pictures and {len(captions)} captions came; as many of "
        "each were expected.",
    )
    for ax, picture, caption in zip(axes, pictures, captions, strict=True):
        ax.imshow(as_image(picture), interpolation="nearest")
        name, _, words = caption.partition("\n")
        ax.set_title(name, size=9, weight="normal", loc="center", color=INK, parse_math=False)
        ax.text(
            0.5, -0.04, words,
            size=9, color=INK, ha="center", va="top", parse_math=False, transform=ax.transAxes,
        )  # fmt: skip
        ax.set_axis_off()
    return "Pictures with their texts: " + "; ".join(c.replace("\n", " ") for c in captions) + "."


def similarity_map(ax: Axes, similarity: np.ndarray, names: Sequence[str] | None = None) -> str:
    """Draw cosines (N, N), a row per picture and a column per text; return the alt text.

    names: of the rows, where there are few enough to read.
    """
    n = len(similarity)
    ax.imshow(similarity, cmap=SIGNED, vmin=-1, vmax=1, interpolation="nearest")
    ax.grid(visible=False)
    ax.set_xlabel("text")
    ax.set_ylabel("picture")
    if names is None:
        ax.set_xticks([])
        ax.set_yticks([])
    else:
        ax.set_xticks(range(n), list(names), rotation=90, size=8)
        ax.set_yticks(range(n), list(names), size=8)
    own = np.arange(n)
    best = similarity.argmax(axis=1)
    ax.plot(best, own, linestyle="", marker="o", markersize=4, color=INK, markerfacecolor="none")
    off = similarity[~np.eye(n, dtype=bool)]
    return (
        f"Cosines of {n} pictures with {n} texts. On the diagonal, the pairs, the mean is "
        f"{np.diag(similarity).mean():.2f}, elsewhere {off.mean():.2f}. {int((best == own).sum())} "
        f"of {n} pictures have their own text as the nearest."
    )


def recall_by_epoch(ax: Axes, table: pd.DataFrame, chance: Mapping[str, float]) -> str:
    """Draw recall@1, 5 and 10 against epochs, chance as thin lines; return the alt text.

    table: a row per epoch (and seed); columns epoch, R@1, R@5, R@10.
    """
    require_columns(table, ("epoch", *RECALLS))
    words = []
    for name, role in RECALLS.items():
        means = mean_line(ax, table, "epoch", name, label=name, **style(role))
        ax.axhline(chance[name], linewidth=0.9, **style(role, "color", "linestyle"))
        words.append(f"{name} from {means.iloc[0]:.2f} to {means.iloc[-1]:.2f}")
    ax.set_ylim(0, None)
    ax.set_xlabel("epoch")
    ax.set_ylabel("recall (thin: chance)")
    ax.legend(loc="upper left")
    return f"Recall by epoch, {', '.join(words)}; chance is {chance['R@1']:.3f} for R@1."


def recall_by_knob(ax: Axes, table: pd.DataFrame, label: str, value: str = "R@10") -> str:
    """Draw mean and 95 % interval of ``value`` at each setting of a knob; return the alt text.

    table: a row per setting and seed; columns value (the setting), rate and the one drawn. One
    line per learning rate.  label: of the axis of the settings.
    """
    require_columns(table, ("value", "rate", value))
    settings = sorted(table["value"].unique())
    places = {setting: i for i, setting in enumerate(settings)}
    sentences = []
    for role, (rate, rows) in zip(("A", "B"), table.groupby("rate", sort=False), strict=False):
        over = {s: interval(rows.loc[rows["value"] == s, value]) for s in settings}
        at = np.array([places[s] for s in settings]) + (0.06 if role == "B" else -0.06)
        means = [i.mean for i in over.values()]
        ax.plot(at, means, label=f"rate {rate:g}", **style(role))
        for x, i in zip(at, over.values(), strict=True):
            ax.plot([x, x], [i.low, i.high], linewidth=1.2, color=style(role)["color"])
        read = ", ".join(f"{i.mean:.2f} [{i.low:.2f}, {i.high:.2f}] at {s:g}"
                         for s, i in over.items())  # fmt: skip
        sentences.append(f"rate {rate:g}: {read}")
    ax.set_xticks(range(len(settings)), [f"{s:g}" for s in settings])
    ax.set_xlabel(label)
    ax.set_ylabel(f"{value}, 95 % interval")
    ax.set_ylim(0, None)
    if len(sentences) > 1:
        ax.legend()
    return f"{value} by {label}. " + "; ".join(sentences) + "."


def recall_by_gap(ax: Axes, table: pd.DataFrame, own: float) -> str:
    """Draw recall at the gaps that a shift leaves, as trained marked; return the alt text.

    table: a row per shift; columns gap (negative where the modalities have passed each other),
    R@1, R@10.  own: the gap as trained.
    """
    require_columns(table, ("gap", "R@1", "R@10"))
    words = []
    for name, role in (("R@10", "joint"), ("R@1", "A")):
        ax.plot(table["gap"], table[name], label=name, **style(role))
        read = ", ".join(f"{r:.2f} at {g:.2f}" for g, r in zip(table["gap"], table[name],
                                                             strict=True))  # fmt: skip
        words.append(f"{name} {read}")
    ax.axvline(own, color=MUTED, linewidth=1)
    ax.annotate("as trained", (own, 0.01), (4, 0), textcoords="offset points", color=INK, size=9)
    ax.set_ylim(0, None)
    ax.set_xlabel("gap (negative: past each other)")
    ax.set_ylabel("recall")
    ax.legend(loc="center right")
    return f"Recall by the gap after a shift; as trained it is {own:.2f}. {'; '.join(words)}."


def probe_by_labels(ax: Axes, table: pd.DataFrame, title: str) -> str:
    """Draw the accuracy that so many labels buy, a line per way to features; return the alt text.

    table: a row per features, labels and seed; columns features, labels, accuracy.
    """
    require_columns(table, ("features", "labels", "accuracy"))
    ax.set_title(title)
    words = []
    for role, (name, rows) in zip(
        ("joint", "A", "B", "ensemble"), table.groupby("features", sort=False), strict=False
    ):
        means = mean_line(ax, rows, "labels", "accuracy", label=str(name), **style(role))
        words.append(f"{name} {', '.join(f'{v:.2f} with {n:g}' for n, v in means.items())}")
    ax.axhline(0.1, color=MUTED, linewidth=0.9)
    ax.set_ylim(0, 1)
    ax.set_xlabel("labels")
    ax.set_ylabel("accuracy (band: 95 % interval; line: chance)")
    ax.legend(loc="lower right")
    return f"{title}: accuracy by number of labels. " + "; ".join(words) + "."


def agreement_by_size(ax: Axes, table: pd.DataFrame) -> str:
    """Draw mutual neighbours by the size of the texts' encoder; return the alt text.

    table: as `coursekit.lessons.l09_contrastive_alignment.did_they_meet.agreement` gives it.
    """
    require_columns(table, ("pictures", "size", "agreement"))
    sizes = sorted(table["size"].unique())
    words = []
    for role, (name, rows) in zip(
        ("A", "B", "joint", "ensemble"), table.groupby("pictures", sort=False), strict=False
    ):
        by_size = rows.set_index("size")["agreement"].loc[sizes]
        ax.plot(range(len(sizes)), by_size, label=str(name), **style(role))
        words.append(f"{name} {by_size.iloc[0]:.3f} to {by_size.iloc[-1]:.3f}")
    ax.set_xticks(range(len(sizes)), [str(size) for size in sizes])
    ax.set_ylim(0, None)
    ax.set_xlabel("numbers per text")
    ax.set_ylabel("share of ten neighbours in common")
    ax.legend()
    return f"Mutual neighbours by {sizes[0]} to {sizes[-1]} numbers per text: {'; '.join(words)}."
