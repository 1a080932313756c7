"""Reliability diagrams: is a model right as often as it is sure?"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from coursekit.analysis.calibration import Bins
from coursekit.course.plots.style import INK, MUTED, style
from coursekit.course.plots.tidy_tables import require_axes

LARGEST = 260.0  # area of the dot of a bin that holds every prediction, in square points


def reliability_diagrams(bins: Mapping[str, Bins], axes: Sequence[Axes]) -> str:
    """Draw accuracy against confidence, one panel per model; return the alt text.

    bins: model → bins of `coursekit.analysis.calibration.reliability`. A dot is a bin, its area
    the share of predictions in it, its line the gap to the diagonal, where a calibrated model
    stands.
    """
    require_axes(axes, "bins", list(bins))
    sentences = [
        _panel(ax, name, part) for ax, (name, part) in zip(axes, bins.items(), strict=True)
    ]
    axes[0].set_ylabel("accuracy in the bin")
    return (
        "Reliability: accuracy against confidence by bin, dots as large as the bin's share. "
        + " ".join(sentences)
    )


def _panel(ax: Axes, name: str, bins: Bins) -> str:
    total, accuracy, confidence = (
        x.double().numpy() for x in (bins.total, bins.accuracy, bins.confidence)
    )
    filled = total > 0
    share = total[filled] / total.sum()
    right, sure = accuracy[filled], confidence[filled]
    error = float((share * np.abs(right - sure)).sum())
    ax.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    ax.vlines(sure, np.minimum(right, sure), np.maximum(right, sure), color=INK, linewidth=1.5)
    ax.scatter(
        sure, right, s=LARGEST * share + 8, zorder=3, clip_on=False, **style("A", "color", "marker")
    )
    ax.set_xlim(0, 1.03)
    ax.set_ylim(0, 1.03)
    ax.set_aspect("equal")
    ax.set_xlabel("mean confidence")
    ax.set_title(f"{name}\nECE {error:.3f}")
    over = float(share[sure > right].sum())
    return (
        f"{name}: ECE {error:.3f}; {over:.0%} of the predictions lie in bins that are less often "
        f"right than they are sure."
    )
