"""Lesson 15's picture: a bar for each face of a die."""

import numpy as np
import pandas as pd

from coursekit.course.plots.style import INK, new_figure, style

FACES = 6


class DiceView:
    """Shares of the faces as bars, and the share of a fair die as a line."""

    def __init__(self) -> None:
        self.figure, (ax,) = new_figure(5.4, 4.0, layout=None)
        self.figure.subplots_adjust(left=0.12, right=0.98, top=0.88, bottom=0.13)
        self._bars = ax.bar(range(1, FACES + 1), [0.0] * FACES, **style("A", "color"))
        ax.axhline(1 / FACES, color=INK, linestyle="--")
        ax.set_ylim(0, 1)
        ax.set_xlabel("face")
        ax.set_ylabel("share of the throws")
        ax.set_title("How often each face shows")

    def update(self, shares: np.ndarray) -> None:
        """Put the bars at their heights; the axes never move."""
        for bar, share in zip(self._bars, shares, strict=True):
            bar.set_height(float(share))

    def describe(self, shares: np.ndarray) -> str:
        """All shares in words."""
        each = ", ".join(f"face {face} {share:.4f}" for face, share in enumerate(shares, 1))
        return f"Shares of the faces of a die, a bar each: {each}."

    def table(self, shares: np.ndarray) -> pd.DataFrame:
        """A row per face."""
        return pd.DataFrame({"face": range(1, FACES + 1), "share": shares})
