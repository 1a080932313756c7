"""What both probes and the joint model get right, and which share of every layer is gone."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import pandas as pd
from matplotlib.patches import Rectangle

from coursekit.course.plots.style import INK, MUTED, STILL, new_figure, style

LAYERS: Mapping[str, str] = MappingProxyType({"conv 1": "0", "conv 2": "3", "linear": "7"})
READERS = ("image's probe", "audio's probe", "joint model")
ROLES = ("A", "B", "joint")
MODALITIES = ("image", "audio")
CHANCE = 0.1


@dataclass(frozen=True)
class State:
    """One state; ``sorry`` says why there is nothing to see, else it is empty.

    accuracies, whole: by `READERS`, pruned and before.  gone: share of the weights pruned, per
    modality a number for each of `LAYERS`.  sizes: weights of these layers of one encoder.
    """

    title: str = ""
    accuracies: tuple[float, ...] = (0.0, 0.0, 0.0)
    whole: tuple[float, ...] = (0.0, 0.0, 0.0)
    gone: tuple[tuple[float, ...], ...] = ((0.0,) * 3, (0.0,) * 3)
    sizes: tuple[int, ...] = (1, 1, 1)
    sorry: str = ""

    @property
    def by_encoder(self) -> tuple[float, ...]:
        """Share of each encoder's weights that is gone."""
        total = sum(self.sizes)
        return tuple(
            sum(g * n for g, n in zip(layers, self.sizes, strict=True)) / total
            for layers in self.gone
        )


class PruningView:
    """Bars with the whole network's accuracy as a line; bars of what is gone, layer by layer."""

    writes: ClassVar[frozenset[str]] = frozenset(
        {"image", "audio", "ranking", "weights", "network"}
    )
    constants: ClassVar[tuple[float, ...]] = (400,)  # test pairs

    def __init__(self) -> None:
        self.figure, (left, right) = new_figure(9.6, 4.2, columns=2, layout=None)
        self.figure.subplots_adjust(left=0.13, right=0.95, top=0.75, bottom=0.14, wspace=0.42)
        self._title = self.figure.text(0.012, 0.945, "", size=12, weight="bold", color=INK)
        self._subtitle = self.figure.text(0.012, 0.875, "", size=9.5, color=MUTED)
        rows = range(len(READERS))
        self._bars = left.barh(rows, [0.0] * len(READERS), height=0.55)
        for bar, role in zip(self._bars, ROLES, strict=True):
            paint(bar, role)
        self._whole = [
            left.plot([0, 0], [row - 0.38, row + 0.38], color=INK, linewidth=2)[0] for row in rows
        ]
        self._numbers = [left.text(0, row, "", size=9, color=INK, va="center") for row in rows]
        left.set_yticks(rows, READERS)
        left.set_ylim(len(READERS) - 0.4, -0.6)
        left.set_xlim(0, 1.18)
        left.set_xticks([0, 0.25, 0.5, 0.75, 1])
        left.axvline(CHANCE, color=MUTED, linestyle=":", linewidth=1, zorder=STILL)
        left.set_xlabel("accuracy (thick line: nothing pruned; dotted: chance)")
        left.set_title("What still works", size=10)
        left.grid(visible=False, axis="y")
        names = [f"{m}, {layer}" for m in MODALITIES for layer in LAYERS]
        self._gone = right.barh(range(len(names)), [0.0] * len(names), height=0.6)
        for i, bar in enumerate(self._gone):
            paint(bar, ROLES[i // len(LAYERS)])
        self._shares = [
            right.text(0, row, "", size=9, color=INK, va="center") for row in range(len(names))
        ]
        right.set_yticks(range(len(names)), names, size=9)
        right.set_ylim(len(names) - 0.4, -0.6)
        right.set_xlim(0, 1.18)
        right.set_xticks([0, 0.25, 0.5, 0.75, 1])
        right.set_xlabel("share of the layer's weights")
        right.set_title("What is gone", size=10)
        right.grid(visible=False, axis="y")

    def update(self, data: State) -> None:
        """Show ``data``."""
        self._title.set_text(headline(data))
        self._subtitle.set_text(subtitle(data))
        for bar, line, text, value, before in zip(
            self._bars, self._whole, self._numbers, data.accuracies, data.whole, strict=True
        ):
            bar.set_width(value)
            line.set_xdata([before, before])
            text.set_position((max(value, before) + 0.02, text.get_position()[1]))
            text.set_text(f"{value:.2f}")
        shares = [g for layers in data.gone for g in layers]
        for bar, text, share in zip(self._gone, self._shares, shares, strict=True):
            bar.set_width(share)
            text.set_position((share + 0.02, text.get_position()[1]))
            text.set_text(f"{share:.2f}")

    def describe(self, data: State) -> str:
        """What is seen, in words."""
        if data.sorry:
            return data.sorry
        right = ", ".join(
            f"{name} {value:.2f} (whole {before:.2f})"
            for name, value, before in zip(READERS, data.accuracies, data.whole, strict=True)
        )
        layers = "; ".join(
            f"{m} " + ", ".join(f"{n} {g:.2f}" for n, g in zip(LAYERS, gone, strict=True))
            for m, gone in zip(MODALITIES, data.gone, strict=True)
        )
        return f"{headline(data)}. {subtitle(data)} Accuracy: {right}. Gone by layer: {layers}."

    def table(self, data: State) -> pd.DataFrame:
        """A row per reader."""
        return pd.DataFrame(
            {"who": READERS, "accuracy": data.accuracies, "nothing pruned": data.whole}
        )

    def more_tables(self, data: State) -> dict[str, pd.DataFrame]:
        """Share gone by modality and layer."""
        rows = [
            (m, layer, n, g)
            for m, gone in zip(MODALITIES, data.gone, strict=True)
            for layer, n, g in zip(LAYERS, data.sizes, gone, strict=True)
        ]
        rows += [
            (m, "all", sum(data.sizes), g) for m, g in zip(MODALITIES, data.by_encoder, strict=True)
        ]
        columns = ["modality", "layer", "weights", "share gone"]
        return {"What is gone": pd.DataFrame(rows, columns=columns)}


def paint(bar: Rectangle, role: str) -> None:
    """Give a bar its role's colour, and white stripes where it is the audio's."""
    bar.set_facecolor(style(role)["color"])
    bar.set_edgecolor("white")
    bar.set_hatch("//" if role == "B" else "")


def headline(data: State) -> str:
    """What is shown."""
    return data.sorry or data.title[:1].upper() + data.title[1:]


def subtitle(data: State) -> str:
    """The joint model and the shares by encoder."""
    if data.sorry:
        return ""
    image, audio = data.by_encoder
    return (
        f"Gone: {image:.2f} of the image's weights, {audio:.2f} of the audio's. Joint model "
        f"{data.accuracies[2]:.2f}, whole {data.whole[2]:.2f}; 400 test pairs."
    )
