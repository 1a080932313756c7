"""Two illnesses of joint training, told apart by encoder probes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coursekit.utils.checks import require, require_columns, require_instance

PARADOX = -0.02  # joint minus best single model below this: more modalities, worse answer
STARVED = -0.08  # probe (joint minus alone) below this: the encoder did not learn what it could
INTACT = -0.03  # probe change above this: nothing to see; between the two nobody should be sure

ILLNESSES = {
    (True, "starved"): "starvation: an encoder hardly learnt, and the joint model pays for it",
    (
        False,
        "starved",
    ): "hidden starvation: the joint model does not lose, yet an encoder lies idle",
    (True, "unclear"): "unclear: the joint model loses, and an encoder learnt a little less",
    (False, "unclear"): "none, though an encoder learnt a little less than alone",
    (True, "intact"): "overfitting of the fusion head: both encoders are intact",
    (False, "intact"): "none",
}


@dataclass(frozen=True)
class Diagnosis:
    """What the numbers say.

    drop: joint minus best single accuracy.  probe_change: modality → probe of the encoder trained
    jointly minus trained alone.  starved: modalities whose probe fell below the threshold.
    """

    drop: float
    probe_change: dict[str, float]
    starved: tuple[str, ...]

    @property
    def illness(self) -> str:
        """One sentence of the table: does the joint model lose, and how are its encoders?

        The thresholds are conventions of the course, wide enough that ten seeds rarely cross them.
        """
        worst = min(self.probe_change.values())
        state = "starved" if self.starved else "intact" if worst > INTACT else "unclear"
        return ILLNESSES[self.drop < PARADOX, state]


def drop_by_seed(accuracy: pd.DataFrame, modalities: Sequence[str]) -> pd.Series:
    """Joint minus best single accuracy for every seed; columns model, accuracy, seed.

    The best single model is the best on the same test rows, which flatters the rival a little
    where the modalities are close: a gain of the joint model is understated, never overstated.
    """
    _require_table("accuracy", accuracy, ("seed", "model"))
    require_instance("modalities", modalities, Sequence)  # "AB" too: each letter is a name
    require(len(modalities) > 0, "modalities is empty; at least one was expected.")
    models = set(accuracy["model"])
    missing = [m for m in ("joint", *modalities) if m not in models]
    sentence = f"accuracy has the models {sorted(models)}; modalities and joint ask for {missing}."
    require(not missing, sentence)
    # A pivot_table takes three times as long, and explorers diagnose at every move.
    wide = _exact(accuracy).groupby(["seed", "model"])["accuracy"].mean().unstack()  # noqa: PD010
    return wide["joint"] - wide[list(modalities)].max(axis=1)


def probe_change_by_seed(probes: pd.DataFrame) -> pd.DataFrame:
    """Probe accuracy trained jointly minus alone: a row per seed, a column per modality."""
    _require_table("probes", probes, ("seed", "modality", "trained"))
    for m, trained in probes.groupby("modality")["trained"]:
        missing = {"joint", "alone"} - set(trained)
        require(not missing, f"probes of {m!r} holds none trained {sorted(missing)}.")
    cells = _exact(probes).groupby(["seed", "modality", "trained"])["accuracy"].mean()
    wide = cells.unstack(["modality", "trained"])  # noqa: PD010
    names = list(dict.fromkeys(probes["modality"]))
    return pd.DataFrame({m: wide[m]["joint"] - wide[m]["alone"] for m in names})


def diagnose(accuracy: pd.DataFrame, probes: pd.DataFrame) -> Diagnosis:
    """Diagnosis of the mean over seeds; tables without a column ``seed`` count as one seed."""
    require_columns("accuracy", accuracy, ())
    require_columns("probes", probes, ("modality",))
    if "seed" not in accuracy:
        at_once = _of_single_rows(accuracy, probes)
        if at_once is not None:
            return at_once
        accuracy, probes = accuracy.assign(seed=0), probes.assign(seed=0)
    names = list(dict.fromkeys(probes["modality"]))
    change = {str(m): float(v) for m, v in probe_change_by_seed(probes).mean().items()}
    return _diagnosis(float(drop_by_seed(accuracy, names).mean()), change)


def _diagnosis(drop: float, change: dict[str, float]) -> Diagnosis:
    return Diagnosis(drop, change, tuple(m for m, value in change.items() if value < STARVED))


def _of_single_rows(accuracy: pd.DataFrame, probes: pd.DataFrame) -> Diagnosis | None:
    """`diagnose` without any means, where each model and each probe has one row; else None.

    Explorers diagnose at every move, and pandas would take a tenth of it.
    """
    try:
        single = dict(zip(accuracy["model"], map(float, accuracy["accuracy"]), strict=True))
        keys = zip(probes["modality"], probes["trained"], strict=True)
        probed = dict(zip(keys, map(float, probes["accuracy"]), strict=True))
    except (KeyError, TypeError, ValueError):
        return None  # whoever asks for the means refuses it in words
    names = list(dict.fromkeys(probes["modality"]))
    wanted = {(m, trained) for m in names for trained in ("joint", "alone")}
    whole = len(single) == len(accuracy) and len(probed) == len(probes)
    there = bool(names) and {"joint", *names} <= set(single) and wanted == set(probed)
    if not (whole and there and np.isfinite([*single.values(), *probed.values()]).all()):
        return None
    change = {str(m): probed[m, "joint"] - probed[m, "alone"] for m in names}
    return _diagnosis(single["joint"] - max(single[m] for m in names), change)


def _exact(table: pd.DataFrame) -> pd.DataFrame:
    """With accuracies in float64, in which means are taken; pandas has no means of half precision.

    A table that has them so is handed back as it is: explorers diagnose at every move.
    """
    exact = table["accuracy"].dtype == np.float64
    return table if exact else table.astype({"accuracy": np.float64})


def _require_table(name: str, table: pd.DataFrame, keys: Sequence[str]) -> None:
    require_columns(name, table, (*keys, "accuracy"))
    finite = bool(np.isfinite(table["accuracy"].to_numpy(dtype=float)).all())
    require(finite, f"{name} contains NaN or infinite accuracies.")
