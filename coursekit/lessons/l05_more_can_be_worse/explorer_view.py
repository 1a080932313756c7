"""Lesson 05's picture: what each model reaches, how it got there, and what its encoders know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import ClassVar

import pandas as pd
from matplotlib.axes import Axes

from coursekit.analysis.diagnosis import Diagnosis, diagnose
from coursekit.compare.seeds import Comparison
from coursekit.course.plots.leads import EQUAL, place, signed
from coursekit.course.plots.panels import share_rows, training_curves
from coursekit.course.plots.style import INK, MUTED, new_figure, style
from coursekit.course.plots.tidy_tables import by_epoch, listed

MODELS = ("A", "B", "joint", "ensemble")
TRAINED = MODELS[:3]  # the ensemble is made of A and B
NAMES = {"A": "A alone", "B": "B alone", "joint": "joint", "ensemble": "ensemble"}
NO_SIGNAL = "Nothing to learn: no sample shows its class"
NOT_LEARNT = "Nothing was learnt: no model does better than chance"
BY_CHANCE = 0.03  # above one guess in so many classes; with 2000 samples no luck reaches further


@dataclass(frozen=True)
class Retrained:
    """One setting of the explorer: its results, and the best accuracy that its data allow.

    ceilings: "A", "B", "joint" → accuracy in [0, 1] without noise.  epochs: how many were trained.
    chance: accuracy of one guess.  scaled: kind of samples → its share, where the knobs' shares
    sum to more than one and were scaled; else empty.
    """

    results: Comparison
    ceilings: dict[str, float]
    epochs: int
    chance: float
    scaled: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """Which illness, or none."""
        return diagnose(self.results.accuracy, self.results.probes)

    @cached_property
    def accuracy(self) -> dict[str, float]:
        """Model → test accuracy."""
        table = self.results.accuracy
        return dict(zip(table["model"], table["accuracy"].astype(float), strict=True))

    @cached_property
    def probes(self) -> dict[tuple[str, str], float]:
        """Modality, trained ("alone" or "joint") → probe accuracy; looked up often, so once."""
        table = self.results.probes
        keys = zip(table["modality"], table["trained"], strict=True)
        return dict(zip(keys, table["accuracy"].astype(float), strict=True))

    @property
    def best_single(self) -> str:
        """The modality that does best alone."""
        return max("AB", key=self.accuracy.__getitem__)

    @property
    def behind_ensemble(self) -> float:
        """Accuracy of the joint model minus that of the ensemble."""
        return self.accuracy["joint"] - self.accuracy["ensemble"]

    @property
    def idle(self) -> str:
        """Why no illness can be seen: nothing to learn, or nothing learnt; "" where one can."""
        if self.ceilings["joint"] <= self.chance + 1e-9:
            return NO_SIGNAL
        return NOT_LEARNT if max(self.accuracy.values()) < self.chance + BY_CHANCE else ""

    @property
    def headline(self) -> str:
        """The illness; where there is nothing to learn, or nothing was learnt, that instead."""
        if self.idle:
            return self.idle
        lost = -self.behind_ensemble
        but = f", but the joint model is {lost:.3f} behind the ensemble" if lost >= EQUAL else ""
        illness = self.diagnosis.illness
        return f"Illness: {illness}{but if illness == 'none' else ''}"


class ImbalanceView:
    """Test accuracies and probes of both encoders above, validation accuracy by epoch below.

    As high as eleven knobs beside it, and as wide as the card leaves room: text at its full size.
    """

    writes: ClassVar[frozenset[str]] = frozenset({"epochs"})
    blanks: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "best possible": "the ensemble has no bound of its own",
            "probe of A": "this model has no encoder A of its own",
            "probe of B": "this model has no encoder B of its own",
        }
    )

    def __init__(self) -> None:
        self.figure, _ = new_figure(7.6, 6.6, layout=None)
        self.figure.clear()
        grid = {"left": 0.115, "right": 0.975, "top": 0.795, "bottom": 0.075}
        places = self.figure.add_gridspec(2, 2, **grid, hspace=0.42, wspace=0.14)
        accuracies, probes = (self.figure.add_subplot(places[0, i]) for i in (0, 1))
        self._curves_axes = self.figure.add_subplot(places[1, :])
        self._title = self.figure.text(0.012, 0.955, "", size=12, weight="bold", color=INK)
        self._subtitle = self.figure.text(0.012, 0.94, "", size=9.5, color=MUTED, va="top")
        self._start_accuracies(accuracies)
        looks = {NAMES[m]: style(m) for m in TRAINED}
        self._curves = training_curves(self._curves_axes, looks, columns=3)
        self._start_probes(probes)

    def _start_accuracies(self, ax: Axes) -> None:
        names = [NAMES[m] for m in MODELS]
        share_rows(ax, "Accuracy on new data", names, "test accuracy (|: best possible)")
        self._dots, self._ends, self._labels = {}, {}, {}
        for row, model in enumerate(MODELS):
            look = style(model, "color", "marker")
            self._ends[model] = ax.plot([], [], "|", color=MUTED, markersize=17, mew=2)[0]
            self._dots[model] = ax.plot([], [], linestyle="", markersize=10, **look)[0]
            self._labels[model] = ax.text(0, row - 0.3, "", ha="center", size=9, color=INK)

    def _start_probes(self, ax: Axes) -> None:
        share_rows(ax, "What the encoders know", ("A", "B"), "probe: alone ○ → joint ●")
        self._paths, self._alone, self._jointly, self._words = {}, {}, {}, {}
        for m in ("A", "B"):
            look = style(m, "color", "marker") | {"linestyle": "", "markersize": 10}
            self._paths[m] = ax.plot([], [], color=look["color"], linewidth=2, alpha=0.5)[0]
            self._jointly[m] = ax.plot([], [], **look)[0]
            self._alone[m] = ax.plot([], [], mfc="white", mew=2, **look)[0]
            self._words[m] = ax.text(0.5, 0, "", ha="center", size=9, color=INK)

    def update(self, data: Retrained) -> None:
        """Move every dot and curve to ``data``; the scales of accuracy never move."""
        accuracy = data.accuracy
        illness, _, meaning = data.headline.removeprefix("Illness: ").partition(": ")
        prefix = "Illness: " if data.headline.startswith("Illness") else ""
        self._title.set_text(f"{prefix}{illness}")
        meanings = [f"{meaning[0].upper()}{meaning[1:]}."] if meaning else []
        self._subtitle.set_text("\n".join([*meanings, *_remarks(data)]))
        for row, model in enumerate(MODELS):
            self._dots[model].set_data([accuracy[model]], [row])
            self._labels[model].set_text(f"{accuracy[model]:.3f}")
            self._labels[model].set_x(min(max(accuracy[model], 0.07), 0.93))
            best = data.ceilings.get(model)
            self._ends[model].set_data(*(([best], [row]) if best is not None else ([], [])))
        history = data.results.history
        columns = ("model", "split", "epoch", "accuracy")
        of, split, epochs, reached = (history[name].to_numpy() for name in columns)
        for model, curve in zip(TRAINED, self._curves, strict=True):
            rows = (of == model) & (split == "valid")
            curve.set_data(epochs[rows], reached[rows])
        self._curves_axes.set_xlim(0, data.epochs + 1)
        for row, m in enumerate(("A", "B")):
            alone, jointly = (_probe(data, m, trained) for trained in ("alone", "joint"))
            self._paths[m].set_data([alone, jointly], [row - 0.1, row + 0.1])
            self._alone[m].set_data([alone], [row - 0.1])
            self._jointly[m].set_data([jointly], [row + 0.1])
            self._words[m].set_text(f"{alone:.3f} → {jointly:.3f}")
            self._words[m].set_position((min(max((alone + jointly) / 2, 0.2), 0.8), row - 0.26))

    def describe(self, data: Retrained) -> str:
        """Diagnosis, accuracies and probes in words."""
        accuracies = ", ".join(f"{NAMES[m]} {data.accuracy[m]:.3f}" for m in MODELS)
        best = ", ".join(f"{NAMES[m]} {x:.3f}" for m, x in data.ceilings.items())
        probes = "; ".join(
            f"encoder {m} {_probe(data, m, 'alone'):.3f} alone, "
            f"{_probe(data, m, 'joint'):.3f} in the joint model"
            for m in ("A", "B")
        )
        return (
            f"{data.headline}. Test accuracy after {data.epochs} epochs: {accuracies}. Best "
            f"possible: {best}. {' '.join(_remarks(data))} Probe accuracy: {probes}."
        )

    def table(self, data: Retrained) -> pd.DataFrame:
        """Accuracy, ceiling and probes of every model."""
        rows = []
        for model in MODELS:
            trained = "joint" if model == "joint" else "alone"
            probed = {
                f"probe of {m}": _probe(data, m, trained) if model in (m, "joint") else float("nan")
                for m in ("A", "B")
            }
            best = data.ceilings.get(model, float("nan"))
            row = {
                "model": NAMES[model],
                "test accuracy": data.accuracy[model],
                "best possible": best,
            }
            rows.append({**row, **probed})
        return pd.DataFrame(rows)

    def more_tables(self, data: Retrained) -> dict[str, pd.DataFrame]:
        """The differences that the diagnosis rests on, scaled shares, and the curves."""
        values = {"joint minus best single model": data.diagnosis.drop}
        values["joint minus ensemble"] = data.behind_ensemble
        changes = data.diagnosis.probe_change.items()
        values |= {f"probe of {m}, joint minus alone": x for m, x in changes}
        history = data.results.history
        curves = by_epoch(history[history["split"] == "valid"], "model", "accuracy")
        values["chance"] = data.chance
        shares = {"Shares used": listed(dict(data.scaled))} if data.scaled else {}
        return {"Differences": listed(values), **shares, "Validation accuracy by epoch": curves}


def _probe(data: Retrained, modality: str, trained: str) -> float:
    return data.probes[modality, trained]


def _remarks(data: Retrained) -> list[str]:
    """How the joint model stands, what the encoders lost, and shares that are not the knobs'."""
    drop, lost = data.diagnosis.drop, data.behind_ensemble
    word = "yet" if drop > -EQUAL and lost <= -EQUAL else "and"
    changes = data.diagnosis.probe_change.items()
    change = ", ".join(f"{m} {signed(value)}" for m, value in changes)
    if data.idle:
        first = f"One guess is right in {data.chance:.3f} of the cases; what differs is luck."
    else:
        first = (
            f"The joint model is {place(f'{data.best_single} alone', drop)}, {word} "
            f"{place('the ensemble', lost)}."
        )
    sentences = [
        first,
        f"Probes, joint minus alone: {change}.",
    ]
    if data.scaled:
        shares = ", ".join(f"{kind} {share:.3f}" for kind, share in data.scaled.items())
        sentences.append(f"The shares sum to more than one, so these are used: {shares}.")
    return sentences
