"""Drives an explorer through many states without a browser and says what is wrong with them.

``python tests/explorer_stress.py`` drives all of them and prints the seconds of a core of each.
"""

import dataclasses
import math
import os
import random
import re
import sys
import time
import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from importlib import import_module
from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pandas as pd
import torch
from joblib import Parallel, delayed

from coursekit.balancing.reconboost import NeverJoins
from coursekit.course.plots.display import png
from coursekit.course.plots.redraw import Layers
from coursekit.course.widgets import EXPLORERS, Choice, Slider
from coursekit.course.widgets.controls import changed
from coursekit.course.widgets.picture_on_card import blanks, tables
from coursekit.data.preset_recipes import load_preset
from coursekit.training import Settings
from coursekit.utils.stepwise import drive

RANDOM = int(os.environ.get("COURSEKIT_STRESS", "12"))  # states, in chains of neighbours
SLOW = ("race", "film", "depth", "imbalance")
CHAIN, CURSOR_CHAIN = 2, 10  # moving a time cursor costs no training, so its chains are longer
DRAWN = 10  # one chain in so many is drawn
# Knobs that decide how long a training takes are drawn from their cheap end: at most so far up.
# The presets train in full, and each such knob's other end is tried, the others being cheap.
COSTLY = {"n": 0.05, "samples": 0.1, "epochs": 0.07, "window": 0.1, "count": 0.1}


def few(asked):
    """What loads a preset with few samples to train on, and so many to test on."""
    return lambda name, seed, **_: load_preset(name, seed, train=128, valid=asked // 2, test=asked)


def brief(**how):
    """Settings of two epochs, whatever number of them is asked for."""
    return Settings(**{**how, "epochs": 2})


# What has no such knob is patched in the explorer's module, once the presets have trained.
SHORT = {
    "depth": {"EPOCHS": 1},
    "film": {"load_preset": few(100)},
    "gates": {"STEPS": 20, "SEEDS": (100, 101)},
    "race": {"load_preset": few(800), "Settings": brief},
    "views": {"ROWS": 10},
}
LONG = 100  # cells; among so many numbers any number would be found
TIMES = ("seconds",)  # columns and keys that differ from run to run
BEHIND = re.compile(r"(\d+\.\d+)(?= behind)")  # a difference below zero, in words
NUMBER = re.compile(r"(?<![\w.])([+\-−]?)(\d+(?:\.\d+)?)(?:\s?(%))?(?![\w])")


class Driver:
    """One explorer; ``problems`` collects sentences."""

    def __init__(self, explorer):
        self.e = explorer
        self.view = explorer._view
        self.layers = Layers(self.view.figure)
        self.start = explorer.state
        cheap = {name: most(name, c) for name, c in explorer.controls.items() if name in COSTLY}
        self.cheap = {**self.start, **cheap}
        self.problems = []
        self.states = 0

    def look(self, state, draw=False, whole=False):
        """Compute and show a state: what its data are, the text, and the picture when drawn.

        whole: the picture, drawn in layers, is compared with one drawn at once by a fresh view.
        """
        self.states += 1
        e, view = self.e, self.view
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                warnings.simplefilter("ignore", NeverJoins)  # a race may be too short for one lane
                data = e._cut(drive(e._computed.steps(e._without_cursor(state))), state)
                view.update(data)
                alt = view.describe(data)
                shown = tables(view, data)
                picture = self.layers.png() if draw else b""
                fresh = self.e._make_view() if whole else None
                if fresh is not None:
                    fresh.update(data)
                    if picture != png(fresh.figure) or alt != fresh.describe(data):
                        self.blame(state, "a view without a past shows something else")
        except Exception as error:  # whatever happens is what is looked for
            self.blame(state, f"{type(error).__name__}: {error}")
            return None
        blank = self.not_finite(state, data, shown)
        for number in strangers(alt, shown, state, getattr(view, "constants", ()), blank):
            self.blame(state, f"the text says {number}, which no table holds: {alt}")
        return fingerprint(data), alt, picture

    def not_finite(self, state, data, shown):
        """Blame what is not finite and not declared; whether anything is declared blank."""
        declared, blank = blanks(self.view), False
        for caption, table in shown.items():
            for column, values in table.select_dtypes("number").items():
                if np.isinf(values).any():
                    self.blame(state, f"table {caption!r} is infinite in {column!r}")
                if values.isna().any():
                    blank = True
                    if str(column) not in declared and "*" not in declared:
                        self.blame(state, f"table {caption!r} is NaN in {column!r}, undeclared")
        numbers = np.concatenate([np.zeros(1), *map(np.ravel, arrays(data))])
        if np.isinf(numbers).any() or (np.isnan(numbers).any() and not blank):
            self.blame(state, "the data are not finite, and no table says so")
        return blank

    def neighbours(self, before, after, one, other):
        """Blame two states with different data and the same text, or the same picture."""
        if one is None or other is None or one[0] == other[0]:
            return
        for what, place in (("text", 1), ("picture", 2)):
            if one[place] == other[place] and one[place]:
                changes = {k: (before[k], v) for k, v in after.items() if before[k] != v}
                self.blame(before, f"{changes}: the data differ, the {what} does not")

    def blame(self, state, sentence):
        self.problems.append(f"{self.e.key} {dict(state)}: {sentence}")

    def presets(self):
        """Every preset, as it is; after all others the last one looks as if it were the first."""
        *_, last = self.e.presets.values()
        for values in self.e.presets.values():
            state = changed(self.e.controls, self.start, values)
            self.look(state, draw=True, whole=values is last)

    def ends(self):
        """Both ends of every knob, and what lies one step from each end.

        Drawn is the first end: what a knob changes in the picture it changes there. Of two values
        each is the other's neighbour, so they are looked at once.
        """
        for name, control in self.e.controls.items():
            ends = ((0, 1), (control.count - 1, -1)) if control.count > 2 else ((0, 1),)
            for end, step in ends:
                at_end = {**self.cheap, name: control.at(end)}
                beside = {**self.cheap, name: stepped(control, control.at(end), step)}
                looks = [self.look(s, draw=end == 0) for s in (at_end, beside)]
                self.neighbours(at_end, beside, *looks)

    def at_random(self, seed=0):
        """Chains of neighbours from random states."""
        rng = random.Random(seed)
        length = CURSOR_CHAIN if self.e._cursor else CHAIN
        for number in range(RANDOM // length):
            draw = number % DRAWN == 0
            chain = [{n: drawn(rng, n, c) for n, c in self.e.controls.items()}]
            while len(chain) < length:
                chain.append(moved(rng, self.e, chain[-1]))
            looks = [self.look(state, draw) for state in chain]
            for places in pairwise(range(length)):
                self.neighbours(*(chain[i] for i in places), *(looks[i] for i in places))


def cheap(name, control):
    """How many of the knob's values are cheap enough to be drawn: two at least."""
    return max(2, math.ceil(control.count * COSTLY.get(name, 1.0)))


def most(name, control):
    """The dearest of the cheap values, or where the knob stands at first if that is cheaper."""
    return control.at(min(cheap(name, control) - 1, control.index(control.value)))


def drawn(rng, name, control):
    """A value at random; of a costly knob a cheap one."""
    return control.at(rng.randrange(cheap(name, control)))


def moved(rng, explorer, state):
    """A neighbour: one knob, one step; the time cursor where there is one."""
    name = explorer._cursor or rng.choice(list(explorer.controls))
    control = explorer.controls[name]
    step = 1 if control.index(state[name]) < control.count // 2 or explorer._cursor else -1
    value = stepped(control, state[name], step)
    if value == state[name]:  # at the end of the cursor
        value = control.at(0)
    return {**state, name: value}


def stepped(control, value, by):
    """One press of an arrow key."""
    if isinstance(control, Slider):
        return control.nearest_step(control.nearest_step(value) + by * control.step)
    assert isinstance(control, Choice)
    return control.at(min(max(control.index(value) + by, 0), control.count - 1))


def strangers(alt, by_caption, state, constants, blank):
    """Numbers in ``alt`` that are neither in the tables nor a knob's value nor a constant."""
    pool = [np.asarray(list(constants), dtype=float)]
    pool += [np.array([float(v)]) for v in state.values() if not isinstance(v, str)]
    for table in by_caption.values():
        numbers = table.select_dtypes("number").to_numpy(dtype=float)
        pool += [[len(table)], numbers.ravel() if numbers.size <= LONG else []]
    # Names and words may hold numbers: a formula, a choice, the reason why something stopped.
    words = [str(v) for v in state.values()]
    for table in by_caption.values():
        words += [str(v) for v in table.select_dtypes(exclude="number").to_numpy().ravel()]
    text = " ".join(words)
    values = np.concatenate([np.asarray(p, dtype=float) for p in pool])
    wrong = []
    for sign, digits, percent in NUMBER.findall(BEHIND.sub(r"−\1", alt)):
        value = float(digits) * (-1 if sign in ("-", "−") and sign else 1)
        decimals = len(digits.partition(".")[2])
        scale = 100 if percent else 1
        near = np.abs(values * scale - value) <= 0.5 * 10**-decimals * (1 + 1e-6)
        if not near.any() and digits not in text:
            wrong.append(f"{sign}{digits}{percent}")
    return wrong


def arrays(data):
    """All numbers of ``data``, whatever it is made of."""
    if isinstance(data, pd.DataFrame):
        kept = [c for c in data if c not in TIMES]
        yield data[kept].select_dtypes("number").to_numpy(dtype=float)
    elif isinstance(data, np.ndarray | torch.Tensor):
        yield np.asarray(data, dtype=float)
    elif isinstance(data, bool | int | float | np.number):
        yield np.array([float(data)])
    elif isinstance(data, Mapping):
        for name, value in data.items():
            yield from () if name in TIMES else arrays(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from arrays(value)
    elif dataclasses.is_dataclass(data):
        for field in dataclasses.fields(data):
            yield from arrays(getattr(data, field.name))


def fingerprint(data):
    """Equal for equal numbers."""
    return b"|".join(np.ascontiguousarray(a).tobytes() for a in arrays(data))


def run(key):
    """Drive one explorer; the driver with its problems, and the seconds of a core it took."""
    began = time.process_time()
    driver = Driver(EXPLORERS[key]())
    driver.presets()
    module = import_module(EXPLORERS[key].__module__)
    with ExitStack() as stack:
        for name, value in SHORT.get(key, {}).items():
            stack.enter_context(patch.object(module, name, value))
        driver.ends()
        driver.at_random()
    return driver, time.process_time() - began


def require_no_problems(key):
    """All presets, ends and random states of one explorer, as a test."""
    driver, _ = run(key)
    assert driver.states >= RANDOM + len(driver.e.presets)
    assert driver.problems == [], "\n".join(driver.problems[:8])


def report(key):
    """What is to be said of one explorer."""
    driver, seconds = run(key)
    lines = [f"{key:10} {driver.states:4} states {seconds:6.1f} s {len(driver.problems)} problems"]
    kinds = {NUMBER.sub("…", p.partition("}: ")[2])[:60]: p for p in driver.problems}
    return "\n    ".join([*lines, *(sentence[:700] for sentence in list(kinds.values())[:12])])


def main(keys):
    """Two processes share the explorers, those that take longest first."""
    began = time.monotonic()
    work = (
        delayed(report)(key) for key in keys or sorted(EXPLORERS, key=lambda key: key not in SLOW)
    )
    for text in Parallel(n_jobs=2, return_as="generator")(work):
        print(text, flush=True)
    print(f"{time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
