"""The picture of a game: what was ordered, and below it the answer beside the truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from coursekit.course.games import Answer, Evidence, Game, Scale
from coursekit.course.games.deck import CURVES, PROBES
from coursekit.course.plots.guesses import GUESS, TRUTH
from coursekit.course.plots.panels import share_rows, training_curves
from coursekit.course.plots.style import GRID, INK, MUTED, new_figure, style
from coursekit.course.plots.tidy_tables import by_epoch
from coursekit.training import Settings

# Models without a role of their own in the palette; A and B, whose looks the pictures of EMAP use
# for two of these, stand in this picture themselves.
MORE: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "late-linear": MappingProxyType({"color": MUTED, "marker": "v"}),
        "projection": MappingProxyType({**style("joint", "color", "marker"), "mfc": "white"}),
    }
)
NOT_ORDERED = "not ordered"


@dataclass(frozen=True)
class Played:
    """A case as its player knows it: what was ordered, and both answers once one was given.

    answer, truth: None before that.
    """

    case: int
    evidence: Evidence
    answer: Answer | None = None
    truth: Answer | None = None


class GameView:
    """Accuracies left, where the game has them curves and probes beside them, the answer below."""

    blanks: ClassVar[Mapping[str, str]] = MappingProxyType({"*": "not ordered"})

    def __init__(self, game: Game) -> None:
        self._game = game
        panels = [name for name in (CURVES, PROBES) if name in game.orders]
        self.figure, axes = new_figure(9.0, 4.9, columns=1 + len(panels), layout=None)
        left = 0.095 if panels else 0.17
        self.figure.subplots_adjust(
            left=left, right=0.975, top=0.83, bottom=0.37, wspace=0.26 if panels else 0
        )
        self._title = self.figure.text(0.012, 0.94, "", size=12, weight="bold", color=INK)
        self._start_accuracies(axes[0])
        self._curves: dict[str, Any] = {}
        self._probes: dict[str, dict[str, Any]] = {}
        self._missing: dict[str, Artist] = {}
        for name, ax in zip(panels, axes[1:], strict=True):
            start = {CURVES: self._start_curves, PROBES: self._start_probes}[name]
            start(ax)
            self._missing[name] = ax.text(
                0.5, 0.5, NOT_ORDERED, transform=ax.transAxes, ha="center", color=MUTED
            )
        self._start_answers(self.figure.add_axes((left, 0.11, 0.975 - left, 0.1)))

    def _start_accuracies(self, ax: Axes) -> None:
        names = list(self._game.models)
        labels = list(self._game.models.values())
        share_rows(ax, "Accuracy on new data", labels, "test accuracy")
        self._dots, self._labels = {}, {}
        for place, model in enumerate(names):
            look = MORE[model] if model in MORE else style(model, "color", "marker")
            self._dots[model] = ax.plot([], [], linestyle="", markersize=10, mew=2, **look)[0]
            self._labels[model] = ax.text(0.5, place - 0.27, "", ha="center", size=9)

    def _start_curves(self, ax: Axes) -> None:
        shown = ("A", "B", "joint")
        lines = training_curves(ax, {self._game.models[m]: style(m) for m in shown})
        self._curves = dict(zip(shown, lines, strict=True))
        ax.set_xlim(0.5, Settings.epochs + 0.5)
        self._legend = ax.get_legend()  # of curves that may not be known yet

    def _start_probes(self, ax: Axes) -> None:
        label = "probe accuracy: alone ○ → joint ●"
        share_rows(ax, "What the encoders know", ("A", "B"), label)
        for place, m in enumerate(("A", "B")):
            look = style(m, "color", "marker") | {"linestyle": "", "markersize": 10}
            self._probes[m] = {
                "path": ax.plot([], [], color=look["color"], linewidth=2, alpha=0.5)[0],
                "joint": ax.plot([], [], **look)[0],
                "alone": ax.plot([], [], mfc="white", mew=2, **look)[0],
                "words": ax.text(0.5, place - 0.2, "", ha="center", size=9),
            }

    def _start_answers(self, ax: Axes) -> None:
        answers = self._game.answers
        ax.set_title("Your answer ■ and the truth ●", pad=6)
        if isinstance(answers, Scale):
            ax.set_xlim(answers.low - 0.02, answers.high + 0.02)
            ax.set_xlabel("share of samples")
        else:
            ax.set_xlim(-0.5, len(answers) - 0.5)
            ax.set_xticks(range(len(answers)), list(answers))
            ax.set_xlabel("answer")
        ax.set_ylim(-1, 1)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ax.grid(visible=False)
        ax.axhline(0, color=GRID, linewidth=4, zorder=0)
        self._truth = ax.plot([], [], linestyle="", markersize=13, **TRUTH)[0]
        self._answer = ax.plot([], [], linestyle="", markersize=7, **GUESS)[0]

    def update(self, data: Played) -> None:
        """Show what is known; the scales of accuracy never move."""
        evidence = data.evidence
        self._title.set_text(f"{self._game.title} Case {data.case}")
        for place, model in enumerate(self._game.models):
            value, words = evidence.accuracy.get(model), self._labels[model]
            known = [] if value is None else [value]
            self._dots[model].set_data(known, [place] * len(known))
            words.set_text(f"{value:.3f}" if known else NOT_ORDERED)
            words.set_color(INK if known else MUTED)
            words.set_y(place - 0.27 if known else place + 0.08)
            words.set_x(0.5 if value is None else min(max(value, 0.07), 0.93))
        if CURVES in self._missing:
            self._missing[CURVES].set_visible(evidence.history.empty)
            self._update_curves(evidence.history)
        if PROBES in self._missing:
            self._missing[PROBES].set_visible(evidence.probes.empty)
            self._update_probes(evidence.probes)
        for artist, answer in ((self._answer, data.answer), (self._truth, data.truth)):
            places = [] if answer is None else [self._place(answer)]
            artist.set_data(places, [0] * len(places))

    def _update_curves(self, history: pd.DataFrame) -> None:
        if self._legend is not None:
            self._legend.set_visible(not history.empty)
        for model, line in self._curves.items():
            rows = history if history.empty else history[history["model"] == model]
            line.set_data(rows.get("epoch", []), rows.get("accuracy", []))

    def _update_probes(self, probes: pd.DataFrame) -> None:
        known = _probes(probes)
        for place, (m, artists) in enumerate(self._probes.items()):
            pair = known.get(m)
            for name in ("alone", "joint"):
                artists[name].set_data([pair[name]] if pair else [], [place] if pair else [])
            ends = [pair["alone"], pair["joint"]] if pair else []
            artists["path"].set_data(ends, [place] * len(ends))
            artists["words"].set_text(f"{ends[0]:.3f} → {ends[1]:.3f}" if ends else "")
            artists["words"].set_x(min(max(sum(ends) / 2, 0.2), 0.8) if ends else 0.5)

    def _place(self, answer: Answer) -> float:
        answers = self._game.answers
        return float(answer) if isinstance(answers, Scale) else list(answers).index(str(answer))

    def describe(self, data: Played) -> str:
        """What was ordered, with its numbers; the answers once one was given."""
        models, evidence = self._game.models, data.evidence
        accuracies = ", ".join(f"{models[m]} {x:.3f}" for m, x in evidence.accuracy.items())
        parts = [f"{self._game.title} Case {data.case}. Test accuracy: {accuracies}."]
        if not evidence.history.empty:
            parts.append(self._ends(evidence.history))
        parts += [
            f"Probe of {m}: {pair['alone']:.3f} alone, {pair['joint']:.3f} in the joint model."
            for m, pair in _probes(evidence.probes).items()
        ]
        lacking = [models.get(name, name) for name in self._game.orders if not evidence.has(name)]
        if lacking:
            parts.append(f"Not ordered: {', '.join(lacking)}.")
        if data.answer is not None:
            answer, truth = in_words(data.answer), in_words(data.truth)
            parts.append(f"Your answer: {answer}. The truth: {truth}.")
        return " ".join(parts)

    def _ends(self, history: pd.DataFrame) -> str:
        last = history["epoch"].max()
        best = history.groupby("model")["accuracy"].max()
        ends = history[history["epoch"] == last].set_index("model")["accuracy"]
        words = [f"{self._game.models[m]} {ends[m]:.3f} (best {best[m]:.3f})" for m in self._curves]
        return f"Validation accuracy after {last} epochs: {', '.join(words)}."

    def table(self, data: Played) -> pd.DataFrame:
        """The accuracies; the other numbers are in tables of their own."""
        accuracies = data.evidence.accuracy
        rows = [(name, accuracies.get(m, float("nan"))) for m, name in self._game.models.items()]
        return pd.DataFrame(rows, columns=["model", "test accuracy"])

    def more_tables(self, data: Played) -> dict[str, pd.DataFrame]:
        """Probes and curves where they were ordered, the answers where one was given."""
        tables = {}
        if not data.evidence.probes.empty:
            known = pd.DataFrame(_probes(data.evidence.probes)).T
            tables["Probes"] = known.rename_axis("encoder").reset_index()
        if not data.evidence.history.empty:
            tables["Validation accuracy by epoch"] = by_epoch(
                data.evidence.history, "model", "accuracy"
            )
        if data.answer is not None:
            tables["Answers"] = pd.DataFrame({"yours": [data.answer], "truth": [data.truth]})
        return tables


def _probes(probes: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Modality → "alone" and "joint" → accuracy; empty where nothing is known."""
    if probes.empty:
        return {}
    wide = probes.pivot_table(index="modality", columns="trained", values="accuracy", sort=False)
    return {str(m): {str(k): float(x) for k, x in row.items()} for m, row in wide.iterrows()}


def in_words(answer: Answer | None) -> str:
    """An answer in a sentence."""
    return f"{answer:.2f}" if isinstance(answer, float) else str(answer)
