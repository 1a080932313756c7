"""One picture through four lessons: a model over A and B, its additive part, and what is left.

Two lines of lesson 01 seen from above, a surface of lesson 02, a grid of logits in lessons 03 and
04: always the same three maps, so that one sees that it is the same question.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from coursekit.course.plots.style import INK, SIGNED
from coursekit.utils.checks import require

PANELS = ("the model", "its additive part", "what is left")
SORTED = "samples sorted"
ROUNDING = 1e-5  # of the largest number; a rest below is not enlarged


def additive_parts(
    figure: Figure,
    axes: Sequence[Axes],
    grid: np.ndarray,
    names: tuple[str, str],
    unit: str = "logit",
    along: str = SORTED,
) -> str:
    """Draw what a model says (N, M), its additive part and the rest; return the alt text.

    grid: rows along the first modality, columns along the second.  names: of both.  unit: of the
    numbers.  along: what rows and columns stand for; in "samples sorted" (N = M) they are sorted
    here, by the number beside the first sample's other modality, so that samples which the model
    treats alike stand together.
    Each quarter carries its mean. The rest has colours of its own, as it may be small.
    Errors: ValueError when the grid is no table, or one that is to be sorted is not square.
    """
    samples = along == SORTED
    shape = grid.shape
    require(grid.ndim == 2 and min(shape) > 1, f"grid has shape {shape}; (N, M) is needed.")
    require(not samples or shape[0] == shape[1], f"grid has shape {shape}; (N, N) is needed.")
    order = np.ix_(np.argsort(grid[:, 0], kind="stable"), np.argsort(grid[0], kind="stable"))
    whole = grid[order] if samples else grid
    additive = whole.mean(1, keepdims=True) + whole.mean(0, keepdims=True) - whole.mean()
    parts = (whole, additive, whole - additive)
    largest, left = (float(np.abs(part).max()) for part in (whole, parts[2]))
    tops = [largest, largest, left if left > ROUNDING * largest else largest]
    sentences, pictures = [], []
    for ax, title, part, top in zip(axes, PANELS, parts, tops, strict=True):
        picture = ax.imshow(part, cmap=SIGNED, interpolation="nearest", aspect="auto")
        picture.set_clim(-top, top)
        pictures.append(picture)
        ax.set_title(title)
        ax.grid(visible=False)
        ax.set_xlabel(f"{names[1]}, {along}")
        ax.set_xticks([])
        ax.set_yticks([])
        sentences.append(f"{title}: {_quarters(ax, part)}")
    axes[0].set_ylabel(f"{names[0]}, {along}" + ("" if "sample" in along else " (downwards)"))
    figure.colorbar(pictures[1], ax=axes[:2], shrink=0.8, label=f"{unit}, left and middle")
    figure.colorbar(pictures[2], ax=axes[2], shrink=0.8, label=f"{unit}, right")
    what = "pairs" if "sample" in along else "points"
    return (
        f"{unit.capitalize()} at {shape[0]} × {shape[1]} {what} as a map. Means of the quarters, "
        f"top left, top right, bottom left, bottom right. {'; '.join(sentences)}. The largest "
        f"number on the left is {largest:.1f}, on the right {left:.1f}."
    )


def _quarters(ax: Axes, part: np.ndarray) -> str:
    """Write the mean of each quarter into it."""
    means = []
    for rows in _halves(part.shape[0]):
        for columns in _halves(part.shape[1]):
            mean = round(float(part[rows, columns].mean()), 1) + 0.0  # no minus before zero
            x, y = ((s.start + s.stop - 1) / 2 for s in (columns, rows))
            box = {"facecolor": "white", "alpha": 0.85, "linewidth": 0, "pad": 2}
            ax.text(x, y, f"{mean:+.1f}", ha="center", va="center", color=INK, bbox=box)
            means.append(f"{mean:+.1f}")
    return ", ".join(means)


def _halves(length: int) -> tuple[slice, slice]:
    return slice(0, length // 2), slice(length // 2, length)
