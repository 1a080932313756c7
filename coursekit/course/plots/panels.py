"""What pictures of several explorers have alike: rows of shares, curves, a remark."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from coursekit.course.plots.style import STILL

TOP = 1.32  # of an axis of accuracies with a legend above the curves


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


def training_curves(
    ax: Axes, looks: Mapping[str, Mapping[str, Any]], columns: int = 2
) -> list[Line2D]:
    """Set up ``ax`` for validation accuracy by epoch; the curves, still empty, in order.

    looks: a model's label → keywords of its curve.  columns: of the legend, which stands above the
    highest accuracy, where no curve can come. The epochs' scale is the view's.
    """
    ax.set_title("While training")
    room_above(ax)
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    ax.set_ylabel("validation accuracy")
    curves = [
        ax.plot([], [], label=label, **{**look, "markersize": 4})[0]
        for label, look in looks.items()
    ]
    legend_above(ax, curves, columns)
    return curves


def room_above(ax: Axes) -> None:
    """Accuracies from 0 to 1, and room for a legend above them."""
    ax.set_ylim(0, TOP)
    ax.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])


def legend_above(ax: Axes, handles: Sequence[Artist], columns: int = 2) -> Legend:
    """A legend in the room above all curves."""
    legend = ax.legend(
        handles=handles, loc="upper left", ncols=columns, columnspacing=1.0, handlelength=1.8,
        borderaxespad=0.1, labelspacing=0.25,
    )  # fmt: skip
    legend.set_zorder(STILL)
    return legend
