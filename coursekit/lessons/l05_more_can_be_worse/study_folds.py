"""Image, audio and both on the audio-visual digits, on every fold of the speakers."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from coursekit.compare.seeds import Comparison, over_seeds
from coursekit.compare.stored_tables import store
from coursekit.data import load
from coursekit.data.av_digits import FOLDS, PLANS, synthesised_words
from coursekit.data.files import DataFileError
from coursekit.data.fsdd import SPEAKERS
from coursekit.data.multimodal import MultimodalData
from coursekit.training import Settings
from coursekit.utils.checks import choose

TRAINING = Settings(lr=0.06)  # MLP encoders (64, 32) and late-linear fusion, as everywhere


@dataclass(frozen=True)
class FoldSetting:
    """One way to prepare the audio-visual digits; the fields are options of ``load``."""

    train_speakers: int
    image_noise: float
    stretch: bool = False

    def load(self, speech: str, fold: int, seed: int) -> MultimodalData:
        """The data of one fold and seed."""
        return load(
            "av_digits",
            speech=speech,
            fold=fold,
            seed=seed,
            train_speakers=self.train_speakers,
            image_noise=self.image_noise,
            stretch=self.stretch,
        )


FOLD_SETTINGS: tuple[tuple[str, FoldSetting], ...] = (
    ("one speaker", FoldSetting(1, 1.0)),
    ("two speakers, stretched", FoldSetting(2, 3.0, stretch=True)),
)


def fold_rows(
    setting: str, fold: int, seeds: list[int], speech: str = "fsdd", jobs: int = 1, label: str = ""
) -> pd.DataFrame:
    """Test accuracies and probes of one setting and fold, a row per seed, measure and model.

    Columns: setting, fold, trained_on (names of the speakers), seed, measure ("test accuracy" or
    "probe"), model ("image", "audio", "joint", "ensemble"; for a probe the encoder's modality),
    trained (how that model or encoder was trained, "alone" or "joint"), accuracy (4 digits).
    jobs, label: as in `coursekit.compare.seeds.over_seeds`.
    Errors: ValueError for unknown names; DataFileError when the recordings are not here.
    """
    choose("speech", speech, PLANS)
    prepared = dict(FOLD_SETTINGS)[choose("setting", setting, dict(FOLD_SETTINGS))]
    result = over_seeds(
        lambda seed: prepared.load(speech, fold, seed), TRAINING, seeds, jobs=jobs, label=label
    )
    rows = _tidy(result)
    trained_on = training_speakers(prepared.load(speech, fold, seeds[0]), speech)
    rows.insert(0, "setting", setting)
    rows.insert(1, "fold", fold)
    rows.insert(2, "trained_on", " and ".join(trained_on))
    return rows


def training_speakers(data: MultimodalData, speech: str) -> list[str]:
    """Names of the speakers in the training split."""
    names = SPEAKERS if speech == "fsdd" else synthesised_words().speakers
    return [names[i] for i in data.train.group.unique().tolist()]


def _tidy(result: Comparison) -> pd.DataFrame:
    jointly = result.accuracy["model"] == "joint"
    tested = result.accuracy.assign(
        measure="test accuracy", trained=jointly.map({True: "joint", False: "alone"})
    )
    probed = result.probes.rename(columns={"modality": "model"}).assign(measure="probe")
    rows = pd.concat([tested, probed]).sort_values("seed", kind="stable", ignore_index=True)
    columns = ["seed", "measure", "model", "trained", "accuracy"]
    return rows[columns].round({"accuracy": 4})


def folds(speech: str, seeds: int, jobs: int = 2) -> Iterator[pd.DataFrame]:
    """`fold_rows` of every setting and fold, seeds 0, 1, …; a progress bar for each."""
    for setting, _ in FOLD_SETTINGS:
        for fold in range(FOLDS):
            label = f"{setting}, fold {fold + 1} of {FOLDS}"
            yield fold_rows(setting, fold, list(range(seeds)), speech, jobs, label)


def fold_summary(table: pd.DataFrame) -> pd.DataFrame:
    """Means over seeds, a row per setting and fold: joint − best single, probe joint − alone.

    Columns: setting, fold, trained_on, joint − best, probe of image, probe of audio.
    """
    by = ["setting", "fold", "trained_on"]
    keys = [*by, "seed"]
    tested = table[table["measure"] == "test accuracy"]
    wide = tested.pivot_table(index=keys, columns="model", values="accuracy", sort=False)
    drop = wide["joint"] - wide[["image", "audio"]].max(axis=1)
    probed = table[table["measure"] == "probe"].pivot_table(
        index=keys, columns=["model", "trained"], values="accuracy", sort=False
    )
    columns = {"joint − best": drop} | {
        f"probe of {m}": probed[m]["joint"] - probed[m]["alone"] for m in ("image", "audio")
    }
    return pd.DataFrame(columns).groupby(by, sort=False).mean().reset_index()


def folds_command(
    speech: Annotated[str, typer.Option(help="fsdd (real recordings) or synth")] = "fsdd",
    seeds: Annotated[int, typer.Option(min=1, help="how many, from 0 on")] = 10,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/av_fsdd_folds.csv"),
) -> None:
    """Train image, audio and both on the audio-visual digits, on every fold of the speakers."""
    try:
        table = pd.concat(folds(speech, seeds), ignore_index=True)
    except (ValueError, DataFileError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    store(table, fold_summary(table).round(3).to_string(index=False), out)
