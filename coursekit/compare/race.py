"""The race: several methods train the same model on the same data, epoch by epoch side by side."""

import math
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import pandas as pd
from joblib import Parallel, delayed
from tqdm.auto import tqdm

from coursekit import balancing
from coursekit.analysis.probes import quick_probes
from coursekit.compare import replicas
from coursekit.compare.lanes import DIVERGED, Lane, Rows, Splits, means, valid_row
from coursekit.data.multimodal import MultimodalData
from coursekit.training import Settings, accuracy, predict
from coursekit.training.method import Method, Run
from coursekit.utils.checks import (
    require,
    require_callable,
    require_count,
    require_flag,
    require_instance,
    require_seeds,
)
from coursekit.utils.stepwise import drive
from coursekit.utils.threads import threads

ENSEMBLE = "ensemble"  # in every race, because everybody forgets it
Entrant = Callable[[], Method]  # a class, or whatever makes a fresh method


Row = dict[str, object]
COLUMNS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "epochs": ("entry", "epoch", "accuracy"),
        "probes": ("entry", "epoch", "modality", "accuracy"),
        "scales": ("entry", "epoch", "modality", "k"),
        "weights": ("entry", "epoch", "head", "w"),
        "results": ("entry", "accuracy", "seconds"),
    }
)


@dataclass(frozen=True)
class Race:
    """What is known after some epochs of all entrants.

    rows: of each of the tables below, which are made when they are asked for.  stopped: by name why
    an entrant's training diverged; it then has no later rows, and NaN for its test accuracy.
    several: whether the rows are those of several seeds, and the tables have a column ``seed``.
    """

    rows: Mapping[str, Sequence[Row]]
    stopped: Mapping[str, str]
    several: bool = False

    @cached_property
    def epochs(self) -> pd.DataFrame:
        """Columns entry, epoch, accuracy (validation)."""
        return self._table("epochs")

    @cached_property
    def probes(self) -> pd.DataFrame:
        """Columns entry, epoch, modality, accuracy (linear probe of the encoder, validation)."""
        return self._table("probes")

    @cached_property
    def scales(self) -> pd.DataFrame:
        """Columns entry, epoch, modality, k (mean over the epoch's batches).

        Entrants that scale nothing have no rows.
        """
        return self._table("scales")

    @cached_property
    def weights(self) -> pd.DataFrame:
        """Columns entry, epoch, head, w (mean)."""
        return self._table("weights")

    @cached_property
    def results(self) -> pd.DataFrame:
        """Columns entry, accuracy (test), seconds (of training); empty until the end."""
        return self._table("results")

    def _table(self, kind: str) -> pd.DataFrame:
        columns = [*COLUMNS[kind], *(["seed"] if self.several else [])]
        return pd.DataFrame(list(self.rows[kind]), columns=columns)


def entrants(*names: str) -> dict[str, Entrant]:
    """Methods of the registry by name, with their own defaults."""
    for name in names:
        balancing.build(name)  # an unknown one is refused here
    return {name: balancing.registry()[name] for name in names}


class _Lane(Lane):
    """One entrant on the way, timed, and its rows."""

    def __init__(
        self, name: str, method: Method, splits: Splits, classes: int, settings: Settings,
        fusion: str, seed: int, probe_from: int,
    ) -> None:  # fmt: skip
        super().__init__(name, method, splits, classes, settings, fusion, seed)
        self.seconds = 0.0
        self.probe_from = probe_from  # the first epoch that is probed
        self.rows: dict[str, Rows] = {
            kind: [] for kind in ("epochs", "probes", "scales", "weights")
        }

    def advance(self) -> None:
        """One epoch, timed; nothing any more where the training has diverged."""
        started = time.perf_counter()
        rows = self.step()
        if rows is None:
            return
        seconds = time.perf_counter() - started
        due = len(self.rows["epochs"]) + 1 >= self.probe_from
        self.take(rows, self.probes() if due else {}, seconds)

    def take(self, rows: Rows, probes: Mapping[str, float], seconds: float) -> None:
        """The rows of one more epoch, its probes by modality, and the time it took."""
        self.seconds += seconds
        at = {"entry": self.name, "epoch": rows[0]["epoch"]}
        self.rows["epochs"].append({**at, "accuracy": valid_row(rows)["accuracy"]})
        self.rows["probes"] += [{**at, "modality": m, "accuracy": a} for m, a in probes.items()]

    def probes(self) -> dict[str, float]:
        """Each encoder's quick probe."""
        train, valid, _ = self.splits
        return self.quick_probes(*(predict(self.model, s.inputs) for s in (train, valid)))

    def look(self, run: Run) -> None:
        """The epoch's mean scales and weights."""
        for short, by, of, mean in means(run):
            kind = "scales" if short == "k" else "weights"
            self.rows[kind].append({"entry": self.name, "epoch": run.epoch, by: of, short: mean})

    def result(self) -> dict[str, object]:
        """Test accuracy of the trained model."""
        test_accuracy = math.nan
        if not self.stopped:
            for _ in self.training:  # what is left to do after the last epoch
                pass
            test = self.splits[2]
            test_accuracy = accuracy(predict(self.model, test.inputs).joint, test.labels)
        return {"entry": self.name, "accuracy": test_accuracy, "seconds": self.seconds}


class _Together:
    """Those lanes whose methods can be replicated, trained at once."""

    def __init__(self, lanes: list[_Lane], settings: Settings, seed: int) -> None:
        self.lanes, self.epoch = lanes, 0
        self.probed: dict[str, list[float]] = {}  # modality → a probe per lane
        train, valid, _ = lanes[0].splits
        self.training = replicas.epochs(
            [lane.model for lane in lanes], train, valid, settings,
            seeds=[seed] * len(lanes), methods=[lane.method for lane in lanes],
            watch=lambda k, run: lanes[k].look(run), look=self.probe, measured=("valid",),
        )  # fmt: skip

    def probe(self, looks: replicas.SplitPredictions) -> None:
        """All lanes' encoders at once, in epochs that are probed."""
        self.epoch += 1
        if self.epoch < self.lanes[0].probe_from:
            return
        train, valid, _ = self.lanes[0].splits
        before, after = looks("train").features, looks("valid").features
        for m in before:
            self.probed[m] = quick_probes(before[m], train.labels, after[m], valid.labels)

    def advance(self) -> None:
        """One epoch of all; they share the time evenly."""
        started = time.perf_counter()
        rows = next(self.training)
        seconds = (time.perf_counter() - started) / len(self.lanes)
        for k, (lane, own) in enumerate(zip(self.lanes, rows, strict=True)):
            if own:
                lane.take(own, {m: every[k] for m, every in self.probed.items()}, seconds)
            else:
                lane.stopped = lane.stopped or DIVERGED

    def finish(self) -> None:
        """What is left to do after the last epoch, and why some have stopped."""
        for k, why in drive(self.training).items():
            self.lanes[k].stopped = why
        for lane in self.lanes:
            lane.training = iter(())


def race(
    data: MultimodalData,
    entries: Mapping[str, Entrant],
    settings: Settings | None = None,
    *,
    fusion: str = "late-linear",
    seed: int = 0,
    probe_all: bool = True,
    together: bool = False,
) -> Generator[Race, None, Race]:
    """Train every entrant, the ensemble added; after each epoch of all yield the race so far.

    probe_all: probe the encoders after every epoch, else after the last one only.
    together: train those that can be replicated at once (`coursekit.compare.replicas`): the same
    but for rounding and several times faster; ``seconds`` is then an even share.

    entries: name → what makes a fresh `Method`: a class, ``entrants("mlb")["mlb"]``, a lambda.
    All start from the same weights and see the same batches. A generator, so that whoever drives
    it can draw, or stop, between epochs; its return value is the finished race.
    """
    require_instance("data", data, MultimodalData)
    require_instance("settings", settings, Settings | None)
    settings = Settings() if settings is None else settings
    require_flag("probe_all", probe_all)
    require_flag("together", together)
    require_instance("entries", entries, Mapping)
    for name, make in entries.items():
        require_callable(f"entries[{name!r}]", make)
    made = {name: make() for name, make in entries.items()}
    for name, method in made.items():
        what = type(method).__name__
        require(
            isinstance(method, Method), f"entries[{name!r}] makes a {what}; a Method was expected."
        )
    if ENSEMBLE not in made:
        made |= {ENSEMBLE: balancing.build(ENSEMBLE)}
    start = 1 if probe_all else settings.epochs
    splits = (data.train, data.valid, data.test)  # once: asking for one copies its rows
    lanes = [
        _Lane(n, method, splits, data.num_classes, settings, fusion, seed, start)
        for n, method in made.items()
    ]
    shared = [lane for lane in lanes if together and replicas.replicable(lane.method)]
    group = _Together(shared, settings, seed) if shared else None
    for _ in range(settings.epochs):
        with threads(settings.threads):  # set once: changing it at every turn costs much
            if group is not None:
                group.advance()
            for lane in lanes:
                if lane not in shared:
                    lane.advance()
        yield _so_far(lanes)
    if group is not None:
        group.finish()
    with threads(settings.threads):
        return _so_far(lanes, [lane.result() for lane in lanes])


def _so_far(lanes: list[_Lane], results: Sequence[Row] = ()) -> Race:
    rows = {kind: [row for lane in lanes for row in lane.rows[kind]] for kind in lanes[0].rows}
    return Race({**rows, "results": results}, {ln.name: ln.stopped for ln in lanes if ln.stopped})


def races(
    make_data: Callable[[int], MultimodalData],
    entries: Mapping[str, Entrant],
    settings: Settings | None = None,
    seeds: Iterable[int] = range(5),
    *,
    fusion: str = "late-linear",
    jobs: int = 2,
    label: str = "",
) -> Race:
    """`race` for every seed, data and weights drawn anew; every table gains a column ``seed``.

    Encoders are probed after the last epoch only.
    jobs: processes that share the seeds.  label: names the progress bar; empty = no bar.  In
    ``stopped`` stands the last seed's reason.
    """
    require_callable("make_data", make_data)
    require_count("jobs", jobs, 1)
    todo = require_seeds(seeds)

    def of_seed(seed: int) -> Race:
        running = race(
            make_data(seed), entries, settings, fusion=fusion, seed=seed, probe_all=False
        )
        return drive(running)

    finished = Parallel(n_jobs=jobs, return_as="generator")(delayed(of_seed)(s) for s in todo)
    bar = tqdm(finished, total=len(todo), desc=label, unit="seed", disable=not label, leave=False)
    by_seed = dict(zip(todo, bar, strict=True))
    rows = {
        kind: [{**row, "seed": seed} for seed, r in by_seed.items() for row in r.rows[kind]]
        for kind in COLUMNS
    }
    return Race(rows, {n: why for r in by_seed.values() for n, why in r.stopped.items()}, True)
