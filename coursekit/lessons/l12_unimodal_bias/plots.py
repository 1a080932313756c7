"""Pictures of lesson 12: questions about pictures, and trainings on three tests."""

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from torch import Tensor

from coursekit.course.plots.style import INK, MUTED, style
from coursekit.course.plots.tidy_tables import interval, require_columns
from coursekit.data.actor_captions import WORDS
from coursekit.data.scenes import CELL, SIDE
from coursekit.utils.checks import require

ROLES = ("A", "B", "joint")


def asked_picture(ax: Axes, picture: Tensor, lines: Sequence[str]) -> str:
    """Draw a picture (3, H, W) uint8 with questions and answers above; return the alt text."""
    ax.imshow(picture.permute(1, 2, 0).numpy(), interpolation="nearest")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(visible=False)
    text = "\n".join(textwrap.fill(line, 24) for line in lines)
    ax.set_title(text, size=9, weight="normal", loc="center", color=INK)
    return f"Picture: {'; '.join(lines)}."


def actor_picture(cells: Tensor) -> Tensor:
    """Nine cells (9, 768), 0 white to 1 black, put together as a picture (3, 48, 48) uint8."""
    tiles = cells.clamp(0, 1).reshape(SIDE, SIDE, 3, CELL, CELL)
    picture = tiles.permute(2, 0, 3, 1, 4).reshape(3, SIDE * CELL, SIDE * CELL)
    return (255 * (1 - picture)).round().to(torch.uint8)


def caption_of(words: Tensor) -> str:
    """A caption of two words (2,) as text: "girl with hammer"."""
    who, thing = (WORDS[place] for place in words.tolist())
    return f"{who} with {thing}"


def on_tests(
    ax: Axes, table: pd.DataFrame, tests: Mapping[str, str], chance: float | None = None
) -> str:
    """Draw mean and 95 % interval of accuracies on several tests for every method.

    table: a row per method, test and seed; columns method, test, seed, accuracy.  tests: name in
    the table → label.  chance: a line there.  Returns the alt text.
    """
    require_columns(table, ("method", "test", "seed", "accuracy"))
    methods = list(dict.fromkeys(table["method"]))
    sentences = []
    for k, ((test, label), role) in enumerate(zip(tests.items(), ROLES, strict=False)):
        of_test = table[table["test"] == test]
        over = [interval(of_test.loc[of_test["method"] == m, "accuracy"]) for m in methods]
        at = [place + 0.2 * (k - (len(tests) - 1) / 2) for place in range(len(methods))]
        look = style(role, "color", "marker")
        for y, one in zip(at, over, strict=True):
            ax.plot([one.low, one.high], [y, y], color=look["color"], linewidth=1.8)
        ax.plot([i.mean for i in over], at, linestyle="", label=label, **look)
        each = (
            f"{m} {i.mean:.2f} [{i.low:.2f}, {i.high:.2f}]"
            for m, i in zip(methods, over, strict=True)
        )
        sentences.append(f"{label}: {', '.join(each)}")
    if chance is not None:
        ax.axvline(chance, color=MUTED, linewidth=1)
        sentences.append(f"The line is chance, {chance:.2f}")
    ax.set_yticks(range(len(methods)), methods)
    ax.set_ylim(len(methods) - 0.5, -0.5)
    ax.set_xlim(0, 1.02)
    ax.set_xticks(np.linspace(0, 1, 6))
    ax.set_xlabel("share of right answers, 95 % interval")
    ax.grid(visible=False, axis="y")
    return ". ".join(sentences) + "."


def one_legend(axes: Sequence[Axes]) -> None:
    """One legend above the first of axes that all have the same entries; it may reach beyond it."""
    require(len(axes) > 0, "axes is empty; at least one was expected.")
    legend = axes[0].legend(
        loc="lower left", bbox_to_anchor=(0.0, 1.0), ncol=3, handletextpad=0.1, columnspacing=1.0
    )
    legend.set_in_layout(False)
