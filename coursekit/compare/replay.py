"""One method beside joint training, epoch by epoch: all that a learner may want to stop and see."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import pandas as pd
from torch import Tensor

from coursekit.analysis.probes import quick_probes
from coursekit.balancing.ensemble import Ensemble
from coursekit.compare import replicas
from coursekit.compare.lanes import DIVERGED, Lane, Rows, Splits, means, valid_row
from coursekit.data.multimodal import MultimodalData
from coursekit.training import Settings, predict
from coursekit.training.evaluate import largest
from coursekit.training.method import JOINT, Method, Run
from coursekit.utils.checks import require, require_count, require_flag, require_instance
from coursekit.utils.threads import threads

ENSEMBLE = Ensemble.name
GROUPS = ("both", "only first", "only second", "neither")  # which unimodal models are right


@dataclass(frozen=True)
class Replay:
    """What is known after some epochs; tidy tables, epochs from 1.

    method: the rival of joint training.  curves: entry, epoch, accuracy (validation).  probes:
    entry, epoch, modality, accuracy (linear probe of the encoder, validation).  changes: epoch,
    what ("k" or "w"), of (modality or head), value: the method's means over the epoch's batches.
    right: entry → (epochs, N), which test samples its joint answer has right.  alone: modality →
    the same of the unimodal models.  stopped: by entry why its training diverged; it has no later
    epochs.  length: how many epochs there will be.
    """

    method: str
    modalities: tuple[str, str]
    curves: pd.DataFrame
    probes: pd.DataFrame
    changes: pd.DataFrame
    right: Mapping[str, np.ndarray]
    alone: Mapping[str, np.ndarray]
    stopped: Mapping[str, str]
    length: int

    @property
    def epochs(self) -> int:
        """How many there are so far."""
        return int(self.curves["epoch"].max())

    @cached_property
    def by_epoch(self) -> pd.DataFrame:
        """One row per epoch, one column per curve; NaN after an entry has stopped.

        Columns: "joint", "joint, probe of A", …, "k of A", "w of joint", …
        """
        parts = []
        for entry in self.right:
            for table, name in ((self.curves, entry), (self.probes, f"{entry}, probe of {{}}")):
                rows = table[table["entry"] == entry]
                by = [name.format(m) for m in rows["modality"]] if "modality" in rows else name
                parts.append(rows.assign(name=by, value=rows["accuracy"]))
        names = self.changes["what"] + " of " + self.changes["of"]
        tidy = pd.concat([*parts, self.changes.assign(name=names)])[["epoch", "name", "value"]]
        wide = tidy.pivot_table(index="epoch", columns="name", values="value", sort=False)
        columns = [
            n for e in self.right for n in (e, *(f"{e}, probe of {m}" for m in self.modalities))
        ]
        return wide.reindex(columns=[*columns, *dict.fromkeys(names)]).rename_axis(columns=None)

    @cached_property
    def groups(self) -> dict[str, np.ndarray]:
        """Test samples (N,) by which unimodal models have them right, after their last epoch.

        The same groups for every epoch of the models that are compared, so that what changes from
        epoch to epoch is theirs alone.
        """
        a, b = (self.alone[m][-1] for m in self.modalities)
        return dict(zip(GROUPS, (a & b, a & ~b, ~a & b, ~a & ~b), strict=True))

    def agreement(self, epoch: int) -> pd.DataFrame:
        """After ``epoch``: entry, group, share (of the samples), right (accuracy there, or NaN).

        Σ share · right is the entry's test accuracy. An entry that has stopped is left out.
        """
        require_count("epoch", epoch, 1, self.epochs)
        rows = []
        for entry, hits in self.right.items():
            if len(hits) < epoch:
                continue
            for group, members in self.groups.items():
                hit_rate = float(hits[epoch - 1][members].mean()) if members.any() else float("nan")
                share = float(members.mean())
                rows.append({"entry": entry, "group": group, "share": share, "right": hit_rate})
        return pd.DataFrame(rows, columns=["entry", "group", "share", "right"])


class _Take(Lane):
    """One entry on the way, and its rows."""

    def __init__(
        self, name: str, method: Method, splits: Splits, classes: int, settings: Settings,
        fusion: str, seed: int,
    ) -> None:  # fmt: skip
        super().__init__(name, method, splits, classes, settings, fusion, seed)
        self.curve: Rows = []
        self.probes: Rows = []
        self.changes: Rows = []
        self.right: list[np.ndarray] = []
        self.alone: dict[str, list[np.ndarray]] = {m: [] for m in splits[0].inputs}

    def advance(self) -> None:
        """One epoch; nothing any more where the training has diverged."""
        rows = self.step()
        if rows is not None:
            self.take(rows)

    def take(self, rows: Rows) -> None:
        """The history's rows of one more epoch."""
        valid = valid_row(rows)
        self.curve.append(
            {"entry": self.name, "epoch": valid["epoch"], "accuracy": valid["accuracy"]}
        )

    def look(self, run: Run) -> None:
        """Changes, and by itself probes and right answers, after an epoch."""
        self.change(run)
        before, after, last = (predict(run.model, split.inputs) for split in self.splits)
        self.see(run.epoch, self.quick_probes(before, after), last.joint, last.unimodal)

    def change(self, run: Run) -> None:
        """What the method did in this epoch."""
        self.changes += [
            {"epoch": run.epoch, "what": short, "of": of, "value": mean}
            for short, _, of, mean in means(run)
        ]

    def see(
        self, epoch: int, probes: Mapping[str, float], joint: Tensor, alone: Mapping[str, Tensor]
    ) -> None:
        """Probes, and right answers on the test rows: logits (N, C), joint and by modality."""
        at = {"entry": self.name, "epoch": epoch}
        self.probes += [{**at, "modality": m, "accuracy": a} for m, a in probes.items()]
        labels = self.splits[2].labels
        self.right.append((largest(joint) == labels).numpy())
        for m, logits in alone.items():
            self.alone[m].append((largest(logits) == labels).numpy())


def _together(
    takes: list[_Take], splits: Splits, settings: Settings, seed: int
) -> Generator[None, None, None]:
    """Advance all of them at once, one epoch at a time; their methods are replicable."""
    train, valid, test = splits
    notes: list[Callable[[int], None]] = []  # by take: what to do when it has not stopped

    def look(looks: replicas.SplitPredictions) -> None:
        before, after, last = (looks(name) for name in ("train", "valid", "test"))
        probes_of = {
            m: quick_probes(z, train.labels, after.features[m], valid.labels)
            for m, z in before.features.items()
        }
        notes[:] = [
            partial(
                take.see, probes={m: probes[k] for m, probes in probes_of.items()},
                joint=last.joint[k], alone={m: x[k] for m, x in last.unimodal.items()},
            )
            for k, take in enumerate(takes)
        ]  # fmt: skip

    def watch(k: int, run: Run) -> None:
        takes[k].change(run)
        notes[k](run.epoch)

    training = replicas.epochs(
        [take.model for take in takes], train, valid, settings,
        seeds=[seed] * len(takes), methods=[take.method for take in takes],
        watch=watch, look=look, extra={"test": test}, measured=("valid",),
    )  # fmt: skip
    for rows in training:
        for take, own in zip(takes, rows, strict=True):
            if own:
                take.take(own)
            else:
                take.stopped = take.stopped or DIVERGED
        yield


def replay(
    data: MultimodalData,
    name: str,
    method: Method,
    settings: Settings | None = None,
    *,
    fusion: str = "late-linear",
    seed: int = 0,
    together: bool = True,
) -> Generator[Replay, None, Replay]:
    """Train jointly, with ``method`` and as an ensemble; after each epoch of all yield the replay.

    The ensemble is there to show what each modality reaches alone. All three start from the same
    weights and see the same batches.  data: two modalities.  name: of the method, in the tables.
    together: train those that can be replicated at once (`coursekit.compare.replicas`): the same
    but for rounding, and quicker.
    Errors: ValueError for other data, or a name that is taken; TypeError when method is none.
    """
    require_instance("data", data, MultimodalData)
    require_instance("settings", settings, Settings | None)
    require_flag("together", together)
    require(len(data.modalities) == 2, f"data has {data.modalities}; two modalities were expected.")
    require(name not in (JOINT, ENSEMBLE), f"name is {name!r}, which is in every replay already.")
    if not isinstance(method, Method):
        raise TypeError(f"method is a {type(method).__name__}; a Method was expected.")
    settings = settings or Settings()
    entries = {JOINT: Method(), name: method, ENSEMBLE: Ensemble()}
    splits = (data.train, data.valid, data.test)  # once: asking for one copies its rows
    takes = [
        _Take(n, m, splits, data.num_classes, settings, fusion, seed) for n, m in entries.items()
    ]
    shared = [take for take in takes if together and replicas.replicable(take.method)]
    group = _together(shared, splits, settings, seed)
    for _ in range(settings.epochs):
        with threads(settings.threads):  # once an epoch: changing it at every turn costs much
            if shared:
                next(group)
            for take in takes:
                if take not in shared:
                    take.advance()
        so_far = _so_far(name, data, takes, settings.epochs)
        yield so_far
    return so_far


def _table(rows: Rows, *columns: str) -> pd.DataFrame:
    """Column by column: row by row pandas takes four times as long, and it is done every epoch."""
    return pd.DataFrame({name: [row[name] for row in rows] for name in columns})


def _so_far(name: str, data: MultimodalData, takes: list[_Take], length: int) -> Replay:
    first, second = data.modalities
    _, method, ensemble = takes
    return Replay(
        name,
        (first, second),
        _table([row for take in takes for row in take.curve], "entry", "epoch", "accuracy"),
        _table(
            [row for take in takes for row in take.probes],
            "entry",
            "epoch",
            "modality",
            "accuracy",
        ),
        _table(method.changes, "epoch", "what", "of", "value"),
        {take.name: np.array(take.right, dtype=bool) for take in takes},
        {m: np.array(hits) for m, hits in ensemble.alone.items()},
        {take.name: take.stopped for take in takes if take.stopped},
        length,
    )
