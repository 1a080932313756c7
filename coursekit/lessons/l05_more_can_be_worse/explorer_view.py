"""Lesson 05's picture: what each model reaches, how it got there, and what its encoders know."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import ClassVar

import pandas as pd
from matplotlib.axes import Axes

from coursekit.analysis.diagnosis import Diagnosis, diagnose
from coursekit.compare.seeds import Comparison
from coursekit.course.plots.panels import share_rows, training_curves
from coursekit.course.plots.style import INK, MUTED, STILL, new_figure, style
from coursekit.course.plots.tidy_tables import by_epoch, listed

MODELS = ("A", "B", "joint", "ensemble")
TRAINED = MODELS[:3]  # the ensemble is made of A and B
NAMES = {"A": "A alone", "B": "B alone", "joint": "joint", "ensemble": "ensemble"}


@dataclass(frozen=True)
class Retrained:
    """One setting of the explorer: its results, and the best accuracy that its data allow.

    ceilings: "A", "B", "joint" → accuracy in [0, 1] without noise.  epochs: how many were trained.
    """

    results: Comparison
    ceilings: dict[str, float]
    epochs: int

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """Which illness, or none."""
        return diagnose(self.results.accuracy, self.results.probes)


class ImbalanceView:
    """Test accuracies left, validation accuracy by epoch in the middle, probes of both encoders."""

    writes: ClassVar[frozenset[str]] = frozenset({"epochs"})
    blanks: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "best possible": "the ensemble has no bound of its own",
            "probe of A": "this model has no encoder A of its own",
            "probe of B": "this model has no encoder B of its own",
        }
    )

    def __init__(self) -> None:
        self.figure, axes = new_figure(9.6, 4.3, columns=3, layout=None)
        self.figure.subplots_adjust(left=0.095, right=0.98, top=0.74, bottom=0.13, wspace=0.24)
        self._title = self.figure.text(0.012, 0.925, "", size=12, weight="bold", color=INK)
        self._subtitle = self.figure.text(0.012, 0.865, "", size=9.5, color=MUTED)
        accuracies, self._curves_axes, probes = axes
        self._start_accuracies(accuracies)
        self._curves = training_curves(self._curves_axes, {NAMES[m]: style(m) for m in TRAINED})
        self._curves_axes.legend(loc="lower right").set_zorder(STILL)
        self._start_probes(probes)

    def _start_accuracies(self, ax: Axes) -> None:
        names = [NAMES[m] for m in MODELS]
        share_rows(ax, "Accuracy on new data", names, "test accuracy (|: best possible)")
        self._dots, self._ends, self._labels = {}, {}, {}
        for place, model in enumerate(MODELS):
            look = style(model, "color", "marker")
            self._ends[model] = ax.plot([], [], "|", color=MUTED, markersize=17, mew=2)[0]
            self._dots[model] = ax.plot([], [], linestyle="", markersize=10, **look)[0]
            self._labels[model] = ax.text(0, place - 0.3, "", ha="center", size=9, color=INK)

    def _start_probes(self, ax: Axes) -> None:
        share_rows(ax, "What the encoders know", ("A", "B"), "probe: alone ○ → joint ●")
        self._paths, self._alone, self._jointly = {}, {}, {}
        for m in ("A", "B"):
            look = style(m, "color", "marker") | {"linestyle": "", "markersize": 10}
            self._paths[m] = ax.plot([], [], color=look["color"], linewidth=2, alpha=0.5)[0]
            self._jointly[m] = ax.plot([], [], **look)[0]
            self._alone[m] = ax.plot([], [], mfc="white", mew=2, **look)[0]

    def update(self, data: Retrained) -> None:
        """Move every dot and curve to ``data``; the scales of accuracy never move."""
        accuracy = data.results.accuracy.set_index("model")["accuracy"]
        self._title.set_text(f"Illness: {data.diagnosis.illness}")
        self._subtitle.set_text(_differences(data.diagnosis))
        for place, model in enumerate(MODELS):
            self._dots[model].set_data([accuracy[model]], [place])
            self._labels[model].set_text(f"{accuracy[model]:.3f}")
            self._labels[model].set_x(min(max(accuracy[model], 0.07), 0.93))
            best = data.ceilings.get(model)
            self._ends[model].set_data(*(([best], [place]) if best is not None else ([], [])))
        history = data.results.history
        for model, curve in zip(TRAINED, self._curves, strict=True):
            rows = history[(history["model"] == model) & (history["split"] == "valid")]
            curve.set_data(rows["epoch"], rows["accuracy"])
        self._curves_axes.set_xlim(0, data.epochs + 1)
        for place, m in enumerate(("A", "B")):
            alone, jointly = (_probe(data, m, trained) for trained in ("alone", "joint"))
            self._paths[m].set_data([alone, jointly], [place - 0.1, place + 0.1])
            self._alone[m].set_data([alone], [place - 0.1])
            self._jointly[m].set_data([jointly], [place + 0.1])

    def describe(self, data: Retrained) -> str:
        """Diagnosis, accuracies and probes in words."""
        accuracy = data.results.accuracy.set_index("model")["accuracy"]
        accuracies = ", ".join(f"{NAMES[m]} {accuracy[m]:.3f}" for m in MODELS)
        probes = "; ".join(
            f"encoder {m} {_probe(data, m, 'alone'):.3f} alone, "
            f"{_probe(data, m, 'joint'):.3f} in the joint model"
            for m in ("A", "B")
        )
        return (
            f"Illness: {data.diagnosis.illness}. Test accuracy after {data.epochs} epochs: "
            f"{accuracies}. {_differences(data.diagnosis)} Probe accuracy: {probes}."
        )

    def table(self, data: Retrained) -> pd.DataFrame:
        """Accuracy, ceiling and probes of every model."""
        accuracy = data.results.accuracy.set_index("model")["accuracy"]
        rows = []
        for model in MODELS:
            trained = "joint" if model == "joint" else "alone"
            probed = {
                f"probe of {m}": _probe(data, m, trained) if model in (m, "joint") else float("nan")
                for m in ("A", "B")
            }
            best = data.ceilings.get(model, float("nan"))
            row = {"model": NAMES[model], "test accuracy": accuracy[model], "best possible": best}
            rows.append({**row, **probed})
        return pd.DataFrame(rows)

    def more_tables(self, data: Retrained) -> dict[str, pd.DataFrame]:
        """The differences that the diagnosis rests on, and the curves."""
        values = {"joint minus best single model": data.diagnosis.drop}
        changes = data.diagnosis.probe_change.items()
        values |= {f"probe of {m}, joint minus alone": x for m, x in changes}
        history = data.results.history
        curves = by_epoch(history[history["split"] == "valid"], "model", "accuracy")
        return {"Differences": listed(values), "Validation accuracy by epoch": curves}


def _probe(data: Retrained, modality: str, trained: str) -> float:
    table = data.results.probes
    rows = (table["modality"] == modality) & (table["trained"] == trained)
    return float(table.loc[rows, "accuracy"].iloc[0])


def _differences(diagnosis: Diagnosis) -> str:
    change = ", ".join(f"{m} {value:+.3f}" for m, value in diagnosis.probe_change.items())
    drop = f"{diagnosis.drop:+.3f}"
    return f"Joint minus best single model: {drop}. Probes, joint minus alone: {change}."
