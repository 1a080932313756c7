"""A small explorer for the web pages: its knobs are those of a real one, its picture is a line."""

import pandas as pd

from coursekit.course.lesson import ExplorerEntry
from coursekit.course.plots import new_figure
from coursekit.course.site.make_states import draw
from coursekit.course.site.state_plan import planned
from coursekit.course.widgets import EXPLORERS, Explorer

ENTRY = ExplorerEntry(
    "explorer:stub",
    title="A line",
    shows="Shows a line.",
    web_presets=("start of a training", "wrong pair, cold"),
    web_knobs=("height", "pairs"),
)


def line(height, inverse_temperature, pairs):
    return [height, inverse_temperature / 100, float(pairs == "two exchanged")]


class LineView:
    def __init__(self):
        self.figure, (ax,) = new_figure(4, 3, layout=None)
        (self.line,) = ax.plot(range(3), [0] * 3)
        ax.set_ylim(0, 1)

    def update(self, data):
        self.line.set_ydata(data)

    def describe(self, data):
        return f"A line begins at {data[0]:.2f}. It ends at {data[-1]:.2f}."

    def table(self, data):
        return pd.DataFrame({"point": range(3), "height": data})


def build(compute=line, entry=ENTRY):
    """The explorer's plan; codes know the key and the knobs."""
    real = EXPLORERS["gap"]()
    explorer = Explorer(
        "gap", "A <line>", real.controls, compute, LineView, real.presets, "How high & why?"
    )
    return planned(explorer, entry, lesson="09")


def stored():
    """The plan and its states, drawn."""
    plan = build()
    return plan, draw(plan, "a digest")
