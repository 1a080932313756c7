"""Two panels: accuracy against cost, with the rivals; where each kind of sample is sent."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
from matplotlib.axes import Axes

from coursekit.analysis.intervals import Interval, interval
from coursekit.course.plots.style import INK, MUTED, new_figure, style
from coursekit.lessons.l16_dynamic_fusion.plots import cost_picture, shares_picture

NEARLY_ALL = 0.97  # a share that is told as nearly everybody
EXPERTS = ["A", "B", "both"]


@dataclass(frozen=True)
class Routed:
    """A gate and its rivals, a row per seed each.

    own, random: the gate, and its shares given at random.  rivals: static models and the oracle.
    curve: cascade by threshold, the chosen one among them.  shares: kinds in rows, experts across.
    """

    own: pd.DataFrame
    random: pd.DataFrame
    rivals: pd.DataFrame
    curve: pd.DataFrame
    threshold: float
    shares: pd.DataFrame
    charge: float

    @property
    def chosen(self) -> pd.DataFrame:
        """The cascade with the chosen threshold."""
        rows = self.curve[self.curve["threshold"] == self.threshold]
        return rows.drop_duplicates("seed")

    def against(self, rows: pd.DataFrame) -> Interval:
        """Accuracy of the gate minus that of another, seed by seed."""
        other = rows.set_index("seed")["accuracy"]
        return interval(self.own.set_index("seed")["accuracy"] - other)


class GateView:
    """The picture, drawn anew at every move."""

    writes: ClassVar[frozenset[str]] = frozenset(
        {"charge", "temperature", "learning", "threshold", "mix"}
    )
    constants: ClassVar[tuple[float, ...]] = (0.95,)  # the level of the intervals

    def __init__(self) -> None:
        self.figure, self._axes = new_figure(10.4, 4.6, columns=2, layout=None)
        self.figure.subplots_adjust(left=0.075, right=0.985, top=0.76, bottom=0.13, wspace=0.28)
        self._title = self.figure.text(0.012, 0.95, "", size=12, weight="bold", color=INK)
        self._subtitle = self.figure.text(0.012, 0.915, "", size=9.5, color=MUTED, va="top")

    def update(self, data: Routed) -> None:
        """Show ``data``."""
        self._title.set_text(headline(data))
        self._subtitle.set_text(subtitle(data))
        for ax in self._axes:
            ax.clear()
        left, right = self._axes
        rising = data.curve.drop_duplicates(["threshold", "seed"]).sort_values("threshold")
        cost_picture(left, data.rivals, {})
        self._cascade(left, rising, data)
        shares_picture(right, data.shares)

    def _cascade(self, ax: Axes, rising: pd.DataFrame, data: Routed) -> None:
        means = rising.groupby("threshold")[["cost", "accuracy"]].mean()
        ax.plot(means["cost"], means["accuracy"], color=MUTED, linestyle=":",
                label="cascade A → both, all thresholds")  # fmt: skip
        marks = (
            ("cascade, the chosen one", data.chosen, "ensemble", "v"),
            ("random gate, same shares", data.random, "B", "P"),
            ("gate", data.own, "A", "D"),
        )
        for name, rows, role, marker in marks:
            i, cost = interval(rows["accuracy"]), rows["cost"].mean()
            look = {**style(role, "color"), "marker": marker}
            ax.plot([cost, cost], [i.low, i.high], color=look["color"], linewidth=2)
            ax.plot([cost], [i.mean], linestyle="", markersize=9, label=name, **look)
        ax.set_xlim(0, 1.15)
        ax.set_ylim(0.5, 1)
        ax.legend(loc="lower right")

    def describe(self, data: Routed) -> str:
        """What is seen, in words."""
        rows = [f"{r['what']}: accuracy {r['accuracy']:.3f} [{r['low']:.3f}, {r['high']:.3f}] at "
                f"cost {r['cost']:.2f}" for _, r in self.table(data).iterrows()]  # fmt: skip
        sent = "; ".join(
            f"{kind} to " + ", ".join(f"{e} {share:.2f}" for e, share in own.items())
            for kind, own in data.shares.iterrows()
        )
        return f"{headline(data)}. {subtitle(data)} " + "; ".join(rows) + f". Sent: {sent}."

    def table(self, data: Routed) -> pd.DataFrame:
        """Accuracy with its interval over seeds, and cost."""
        named = {"gate": data.own, "random gate, same shares": data.random,
                 f"cascade, threshold {data.threshold:.2f}": data.chosen}  # fmt: skip
        named |= {str(p): rows for p, rows in data.rivals.groupby("policy", sort=False)}
        table = []
        for name, rows in named.items():
            i = interval(rows["accuracy"])
            table.append((name, i.mean, i.low, i.high, rows["cost"].mean()))
        return pd.DataFrame(table, columns=["what", "accuracy", "low", "high", "cost"])

    def more_tables(self, data: Routed) -> dict[str, pd.DataFrame]:
        """Shares by kind of sample, and the gate minus its rivals."""
        shares = pd.concat([data.shares, data.own[EXPERTS].mean().to_frame("all rows").T])
        return {
            "Sent to, by kind of sample": shares.rename_axis("kind").reset_index(),
            "The gate minus": pd.DataFrame(
                [(name, i.mean, i.low, i.high, cost) for name, i, cost in differences(data)],
                columns=["rival", "accuracy", "low", "high", "cost"],
            ),
        }


def differences(data: Routed) -> list[tuple[str, Interval, float]]:
    """Each rival with the gate's accuracy and cost minus its own, seed by seed."""
    rivals = {"random gate": data.random, "cascade": data.chosen}
    cost = data.own["cost"].mean()
    return [(name, data.against(r), cost - r["cost"].mean()) for name, r in rivals.items()]


def headline(data: Routed) -> str:
    """Whom the gate uses."""
    shares = data.own[EXPERTS].mean()
    top = str(shares.idxmax())
    sent = ", ".join(f"{share:.0%} to {expert}" for expert, share in shares.items())
    if shares[top] > NEARLY_ALL:
        sent = f"nearly everybody to {top}"
    return f"Charge λ = {data.charge:.1f}: the gate sends {sent}"


def subtitle(data: Routed) -> str:
    """How it compares with the random gate and with the chosen cascade."""
    (_, random, _), (_, chosen, away) = differences(data)
    return (
        f"Gate − random gate: {random}.  Gate − cascade: {chosen}, in cost {away:+.2f}.  "
        "Means and 95 % intervals over four seeds."
    )
