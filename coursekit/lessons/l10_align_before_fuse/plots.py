"""Pictures of lesson 10: scenes with their captions, word–region maps, arms of the studies."""

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from coursekit.course.plots.style import INK, MUTED, style
from coursekit.course.plots.tidy_tables import interval, require_columns
from coursekit.data.scenes import CELL, SIDE
from coursekit.utils.checks import require

ROLES = ("A", "B", "joint", "ensemble")


def scene(ax: Axes, picture: Tensor, caption: str) -> str:
    """Draw a scene (3, 48, 48), 0 white to 1 black, its caption above; return the alt text."""
    colours = (1 - picture.clamp(0, 1)).permute(1, 2, 0).numpy()
    ax.imshow(colours, interpolation="nearest")
    edges = np.arange(1, SIDE) * CELL - 0.5
    ax.hlines(edges, -0.5, SIDE * CELL - 0.5, color=MUTED, linewidth=0.5)
    ax.vlines(edges, -0.5, SIDE * CELL - 0.5, color=MUTED, linewidth=0.5)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(visible=False)
    lines = "\n".join(textwrap.fill(line, 24) for line in caption.splitlines())
    ax.set_title(lines, size=9, weight="normal", loc="center", color=INK)
    return f"Scene: {caption}."


def word_map(ax: Axes, picture: Tensor, values: Tensor, title: str, own: int | None = None) -> str:
    """Draw a word's map over its scene: the larger, the darker the frame; return the alt text.

    values: (9,), a number per cell.  own: the cell that shows the thing, if there is one; it gets a
    dashed frame, the largest cell a solid one.
    """
    require(
        values.shape == (SIDE * SIDE,),
        f"values has shape {tuple(values.shape)}; ({SIDE * SIDE},) was expected.",
    )
    scene(ax, picture, title)
    numbers = values.double().numpy()
    low, high = numbers.min(), numbers.max()
    scaled = (numbers - low) / (high - low) if high > low else np.zeros_like(numbers)
    colour = style("B")["color"]
    for cell, strength in enumerate(scaled):
        corner = (cell % SIDE * CELL - 0.5, cell // SIDE * CELL - 0.5)
        ax.add_patch(Rectangle(corner, CELL, CELL, color=colour, alpha=0.6 * strength, linewidth=0))
    best = int(numbers.argmax())
    frames = [(best, "-", INK)] + ([(own, "--", style("A")["color"])] if own is not None else [])
    for cell, line, edge in frames:
        corner = (cell % SIDE * CELL + 0.5, cell // SIDE * CELL + 0.5)
        ax.add_patch(
            Rectangle(corner, CELL - 2, CELL - 2, fill=False, edgecolor=edge, linestyle=line, lw=2)
        )
    hit = "" if own is None else f"; the thing is in cell {own + 1}"
    return f"{title}: the largest of nine cells is cell {best + 1}{hit}."


def arms(
    ax: Axes, table: pd.DataFrame, columns: Mapping[str, str], chance: float, label: str
) -> str:
    """Draw mean and 95 % interval of several figures for every arm; return the alt text.

    table: a row per arm and seed, columns arm and those drawn.  columns: name in the table → label.
    chance: a line there.  label: of the axis, what is measured; a share from 0 to 1.
    """
    require_columns(table, ("arm", *columns))
    names = list(dict.fromkeys(table["arm"]))
    sentences = []
    for k, ((column, name), role) in enumerate(zip(columns.items(), ROLES, strict=False)):
        over = {arm: interval(table.loc[table["arm"] == arm, column].dropna()) for arm in names
                if table.loc[table["arm"] == arm, column].notna().any()}  # fmt: skip
        at = [names.index(arm) + 0.16 * (k - (len(columns) - 1) / 2) for arm in over]
        look = style(role, "color", "marker")
        for y, one in zip(at, over.values(), strict=True):
            ax.plot([one.low, one.high], [y, y], color=look["color"], linewidth=1.8)
        ax.plot([i.mean for i in over.values()], at, linestyle="", label=name, **look)
        read = ", ".join(
            f"{arm} {i.mean:.2f} [{i.low:.2f}, {i.high:.2f}]" for arm, i in over.items()
        )
        sentences.append(f"{name}: {read}")
    ax.axvline(chance, color=MUTED, linewidth=1)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlim(0, 1.02)
    ax.set_xlabel(label)
    ax.grid(visible=False, axis="y")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=len(columns))
    return ". ".join(sentences) + f". The line is chance, {chance:.2g}."


def recall_by_epoch(ax: Axes, table: pd.DataFrame, columns: Sequence[str], chance: float) -> str:
    """Draw figures of one training against epochs; return the alt text.

    table: a row per epoch; columns epoch and those drawn.
    """
    require_columns(table, ("epoch", *columns))
    words = []
    for name, role in zip(columns, ROLES, strict=False):
        ax.plot(table["epoch"], table[name], label=name, **style(role))
        words.append(f"{name} {', '.join(f'{v:.2f}' for v in table[name])}")
    ax.axhline(chance, color=MUTED, linewidth=1)
    ax.set_xticks(table["epoch"])
    ax.set_ylim(0, 1.02)
    ax.set_xlabel("epoch")
    ax.set_ylabel("share (line: chance)")
    ax.legend(loc="lower right")
    return f"By epoch: {'; '.join(words)}. Chance is {chance:.3f}."
