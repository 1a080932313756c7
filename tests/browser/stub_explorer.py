"""An explorer that trains nothing: its steps only take a little time. Kernel and test build it."""

import time

import pandas as pd

from coursekit.course.plots import new_figure
from coursekit.course.widgets import Choice, Explorer, NumberGuess, Slider

STEPS, PAUSE = 4, 0.01  # 40 ms of work in steps that may be abandoned
UNLUCKY = 77


def walk(height, seed, mode):
    for _ in range(STEPS):
        time.sleep(PAUSE)
        yield
    if seed == UNLUCKY:
        raise ValueError(f"{seed} brings no luck")
    return [height * step + seed / 50 for step in range(5)]


class WalkView:
    def __init__(self):
        self.figure, (ax,) = new_figure(4, 3, layout=None)
        (self.line,) = ax.plot(range(5), [0] * 5)
        ax.set_ylim(-10, 10)

    def update(self, data):
        self.line.set_ydata(data)

    def describe(self, data):
        return f"A line from {data[0]:.2f} to {data[-1]:.2f}."

    def table(self, data):
        return pd.DataFrame({"step": range(5), "height": data})


def build():
    knobs = {
        "height": Slider("height", -2.0, 2.0, 0.1, 0.25, "m", fine=0.01),
        "seed": Slider("seed", 0, 99, 1, 0),
        "mode": Choice("mode", ("flat", "steep"), "flat"),
    }
    presets = {"top": {"height": 2.0}}
    return Explorer("stub", "A walk", knobs, walk, WalkView, presets, "How steep can it be?")


def ask():
    return NumberGuess("00-stub", "How high is the end?", 0.0, 10.0, 0.5, "m")
