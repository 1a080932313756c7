"""What pictures of several explorers have alike: rows of shares, curves, a remark."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D


def remarks(stopped: Mapping[str, str], left_out: str = "") -> str:
    """What stands below the headline of trainings side by side: who is not there to the end.

    stopped: entry → why its training stopped.  left_out: a sentence on who never began, or "".
    """
    sentences = [f"{entry} stopped: {why}" for entry, why in stopped.items()]
    sentences += [left_out] if left_out else []
    return " ".join(sentences) or "One seed; turn the seed before you believe a difference."


def share_rows(ax: Axes, title: str, names: Sequence[str], label: str) -> None:
    """Set up ``ax`` for shares from 0 to 1, one row per name from the top down.

    label: of the axis of shares.
    """
    ax.set_title(title)
    ax.set_xlim(0, 1)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_yticks(range(len(names)), names)
    ax.set_xlabel(label)
    ax.grid(visible=False, axis="y")


def training_curves(ax: Axes, looks: Mapping[str, Mapping[str, Any]]) -> list[Line2D]:
    """Set up ``ax`` for validation accuracy by epoch; the curves, still empty, in order.

    looks: a model's label → keywords of its curve. The epochs' scale and the legend are the view's.
    """
    ax.set_title("While training")
    ax.set_ylim(0, 1)
    ax.set_xlabel("epoch")
    ax.set_ylabel("validation accuracy")
    return [
        ax.plot([], [], label=label, **{**look, "markersize": 4})[0]
        for label, look in looks.items()
    ]
