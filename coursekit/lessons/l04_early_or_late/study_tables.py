"""The stored tables of lesson 04's study, read: paired differences, leaders, lost modalities."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from coursekit.analysis.intervals import Interval, interval
from coursekit.data.files import open_checked
from coursekit.lessons.l04_early_or_late.study import THINNED, Tables
from coursekit.lessons.l04_early_or_late.study_data import FOLDS, SEEDS, TRANSFORMER, cases
from coursekit.models.fusion_stage import PLACES
from coursekit.utils.checks import choose

MORE = "other moment, 4000 samples"  # asked only of the transformer; no case of the comparison
SINGLE = "single"  # the modality alone that is better on the tuning seeds' validation rows
ALONE = ("A", "B", "image", "audio")
COMPARED = (*PLACES, TRANSFORMER, "ensemble", SINGLE)
WAYS = (
    *((m, "", way) for m in PLACES[:2] for way in ("zeros", "mean")),
    *(("late", "", way) for way in ("zeros", "mean", "dropped")),
    ("ensemble", "", "dropped"),
    *((m, THINNED, "zeros") for m in PLACES[:2]),
    ("late", THINNED, "dropped"),
)  # network, how trained, what it answers with when a modality is lost


def by_fold(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """``table`` with the seeds of one group of speakers averaged, in the digits' cases.

    Two seeds share each group of speakers, and speakers differ more than seeds do: the mean of
    the two counts as one value.
    """
    digits = table["case"].str.startswith("digits")
    grouped = table.assign(seed=table["seed"].where(~digits, table["seed"] % FOLDS))
    means = grouped.groupby(["case", "seed", *columns], sort=False).mean(numeric_only=True)
    return means.reset_index()


def case_facts(names: Sequence[str]) -> pd.DataFrame:
    """What is known before anything is trained, a row per case: what is special, sizes, chance."""
    rows = []
    for name in names:
        case = cases()[choose("name", name, cases())]
        data = case.load(SEEDS[0])
        sizes = [
            " × ".join(map(str, x.shape[1:])).removeprefix("1 × ")
            for x in data.train.inputs.values()
        ]
        rows.append(
            {
                "case": name,
                "what is special": case.special,
                "inputs": " and ".join(sizes),
                "samples": len(data.train.labels),
                "chance": 1 / data.num_classes,
            }
        )
    return pd.DataFrame(rows).set_index("case")


def _by_model(table: pd.DataFrame, value: str) -> pd.DataFrame:
    models = [*PLACES, TRANSFORMER]
    return table.pivot_table(index="case", columns="model", values=value, sort=False)[models]


@dataclass(frozen=True)
class Reading:
    """What the lesson asks of the tables. Differences are paired by seed (digits: by speakers)."""

    tables: Tables

    @classmethod
    def stored(cls) -> "Reading":
        """The tables in the data folder, checked against their checksums."""
        names = ("trials", "results", "curves")
        return cls(Tables(*(pd.read_csv(open_checked(f"depth_{name}.csv")) for name in names)))

    @cached_property
    def accuracies(self) -> pd.DataFrame:
        """Test accuracy; columns case, seed, model, accuracy."""
        rows = self.tables.results.query("measure == 'accuracy'")
        return by_fold(rows.rename(columns={"value": "accuracy"}), ["model"])

    @cached_property
    def wide(self) -> pd.DataFrame:
        """Test accuracy, (case, seed) × model."""
        return self.accuracies.pivot_table(
            index=["case", "seed"], columns="model", values="accuracy", sort=False
        )

    def best_trials(self) -> pd.DataFrame:
        """The chosen trial of every case and model, with its learning rate."""
        trials = self.tables.trials
        return trials.loc[trials.groupby(["case", "model"], sort=False)["accuracy"].idxmax()]

    def single(self) -> pd.Series:
        """The modality that is better alone on the tuning seeds' validation rows, by case."""
        alone = self.best_trials().query("model in @ALONE")
        return alone.loc[alone.groupby("case", sort=False)["accuracy"].idxmax()].set_index("case")[
            "model"
        ]

    def compared(self) -> pd.DataFrame:
        """`accuracies` of the ten cases: places, transformer, ensemble and one single model."""
        table = self.accuracies[self.accuracies["case"] != MORE].copy()
        table.loc[table["model"] == table["case"].map(self.single()), "model"] = SINGLE
        return table[table["model"].isin(COMPARED)]

    def means(self) -> pd.DataFrame:
        """Mean test accuracy, case × model, of `compared`."""
        return self.compared().pivot_table(
            index="case", columns="model", values="accuracy", sort=False
        )[list(COMPARED)]

    def minus(self, case: str, model: str, rival: str) -> Interval:
        """Mean and 95 % interval of ``model`` minus ``rival`` in a case."""
        rows = self.wide.loc[choose("case", case, cases())]
        return interval(rows[model] - rows[rival])

    def change(self, model: str, first: str, then: str) -> Interval:
        """Mean and 95 % interval of what ``model`` gains from case ``first`` to case ``then``."""
        return interval(self.wide.loc[then][model] - self.wide.loc[first][model])

    def against(self, place: str) -> pd.DataFrame:
        """``place`` minus each other place, case × place, as intervals of the ten cases."""
        rivals = [p for p in PLACES if p != choose("place", place, PLACES)]
        names = [name for name in cases() if name != MORE]
        rows = {name: {f"− {r}": self.minus(name, place, r) for r in rivals} for name in names}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("case")

    def epochs(self) -> pd.DataFrame:
        """Mean epochs to 95 % of the best, case × model, one digit as in the lesson."""
        rows = self.tables.results.query("measure == 'epochs' and case != @MORE")
        return _by_model(rows, "value").round(1)

    def rates(self) -> pd.DataFrame:
        """The chosen learning rate, case × model."""
        return _by_model(self.best_trials().query("case != @MORE"), "lr").round(4)

    def reached(self, case: str) -> dict[str, float]:
        """Mean test accuracy of every network in a case."""
        here = self.accuracies[self.accuracies["case"] == choose("case", case, cases())]
        return {str(m): float(x) for m, x in here.groupby("model")["accuracy"].mean().items()}

    def curves(self, case: str) -> pd.DataFrame:
        """Validation accuracy by epoch of the places and the transformer in one case."""
        models = (*PLACES, TRANSFORMER)
        table = self.tables.curves
        here = (table["case"] == choose("case", case, cases())) & table["model"].isin(models)
        return by_fold(table[here], ["model", "epoch"])

    def without(self, case: str, modality: str) -> pd.DataFrame:
        """Accuracies without a modality; columns case, seed, model, way, accuracy, whole.

        whole: the same network's mean accuracy with both.  Rows are in the order of `WAYS`.
        """
        rows = self.tables.results.query("case == @case")
        parts, means = [], self.reached(case)
        for model, training, way in WAYS:
            measure = f"without {modality}, {way}"
            network = model + training
            part = rows[(rows["model"] == network) & (rows["measure"] == measure)]
            label = way + (" (modality dropout)" if training else "")
            part = part.assign(model=model, way=label, accuracy=part["value"])
            parts.append(part.assign(whole=means[network]))
        return by_fold(pd.concat(parts), ["model", "way"])

    def fills(self, case: str) -> pd.DataFrame:
        """Training mean minus zeros in place of a lost modality, place × what is lost."""
        columns = {}
        for lost in self._modalities(case):
            wide = self.without(case, lost).pivot_table(
                index="seed", columns=["model", "way"], values="accuracy"
            )
            gained = {p: interval(wide[p, "mean"] - wide[p, "zeros"]) for p in PLACES}
            columns[f"without {lost}, mean − zeros"] = gained
        return pd.DataFrame(columns)

    def _modalities(self, case: str) -> list[str]:
        present = self.tables.results.query("case == @case")["model"].unique()
        return [m for m in ALONE if m in present]
