"""Cells of a sweep: tuned on some seeds, measured on others, in parallel, at any time resumed.

Every data set × fusion × method has the same number of trials on the same three tuning seeds. The
trial with the best mean validation accuracy is then trained on other seeds, and tested. This is
the whole of ``bench methods``; the command ``sweep``, whose trainings follow a plan, is `sweep.py`.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from joblib import Parallel, delayed, parallel_config
from tqdm.auto import tqdm

from coursekit import balancing, fusion
from coursekit.compare.protocol import NO_FUSION, data_sets, entries, trials
from coursekit.compare.trial_text import Trial, read_trial, write_trial
from coursekit.compare.tuning import TUNING_SEEDS, fresh_seeds
from coursekit.utils.checks import choose, require, require_columns

if TYPE_CHECKING:
    from distributed import Client

ATTEMPTS = 3  # worker processes that may be killed in a row with nothing done
KEY = ["data", "fusion", "method", "seed", "trial"]
Place = tuple[str, str, str]  # data, fusion, method: what is tuned as one
Cell = tuple[str, str, str, Trial, int]  # a place, how it is trained, the seed: one training


def places(
    data: Sequence[str], fusions: Sequence[str], methods: Sequence[str]
) -> tuple[list[Place], list[str]]:
    """What to tune, and a sentence for each method that a fusion has to do without.

    A method that brings its own joint answer (ensemble, unimodal) stands once under fusion "none".
    Errors: ValueError for unknown names.
    """
    for name in data:
        choose("data", name, data_sets())
    for name in fusions:
        choose("fusion", name, fusion.names())
    known = balancing.registry()
    for name in methods:
        choose("method", name, known)
    every: list[Place] = []
    left_out = []
    for name in methods:
        allowed = known[name].fusions
        wanted = fusions if allowed is None else [f for f in fusions if f in allowed]
        every += [
            (d, f, label)
            for d in data
            for label, _ in entries(d, name)
            for f in ([NO_FUSION] if allowed == () else wanted)
        ]
        without = [f for f in fusions if allowed and f not in allowed]
        if without:
            left_out.append(f"{name} is not defined for {', '.join(without)}: left out there.")
    return every, left_out


def tuning_cells(places: Sequence[Place], rates: Sequence[float] = ()) -> list[Cell]:
    """Every trial of every place on every tuning seed; trainings on the same data side by side.

    rates: as in `coursekit.compare.protocol.trials`.
    """
    every = [(*p, t, s) for p in places for t in trials(p[2], rates) for s in TUNING_SEEDS]
    return sorted(every, key=lambda cell: (cell[0], cell[4]))


def result_cells(
    places: Sequence[Place], tuning: pd.DataFrame, seeds: int, rates: Sequence[float] = ()
) -> list[Cell]:
    """The chosen trial of every place on ``seeds`` fresh seeds."""
    return fresh_cells([(p, chosen_trial(tuning, p, rates)) for p in places], seeds)


def fresh_cells(chosen: Sequence[tuple[Place, Trial]], seeds: int) -> list[Cell]:
    """Each place with its trial on ``seeds`` fresh seeds; the same data side by side."""
    fresh = fresh_seeds(seeds)
    every = [(*place, trial, seed) for place, trial in chosen for seed in fresh]
    return sorted(every, key=lambda cell: (cell[0], cell[4]))


def chosen_trial(
    tuning: pd.DataFrame, place: Place, rates: Sequence[float] = ()
) -> dict[str, float]:
    """The trial with the best mean validation accuracy on the tuning seeds; a tie: the first.

    Errors: ValueError where some trial lacks its accuracy on one of the tuning seeds: of fewer
    seeds the luckiest would win.
    """
    require_columns("tuning", tuning, (*KEY, "valid"))
    rows = tuning[(tuning[["data", "fusion", "method"]] == list(place)).all(axis=1)]
    rows = rows[rows["seed"].isin(TUNING_SEEDS)]
    order = [write_trial(t) for t in trials(place[2], rates)]
    counted = rows.dropna(subset=["valid"]).groupby("trial")["seed"].nunique()
    few = [t for t in order if counted.get(t, 0) < len(TUNING_SEEDS)]
    where = f"tuning lacks accuracies of {' '.join(place)}, {', '.join(few)}"
    require(not few, f"{where}; one on each of the seeds {list(TUNING_SEEDS)} was expected.")
    means = rows.groupby("trial")["valid"].mean().round(9).reindex(order)
    return read_trial(str(means.idxmax()))


def work(
    row_of: Callable[..., dict[str, Any]],
    cells: Sequence[Cell],
    out: Path,
    jobs: int,
    label: str,
    dask: str = "",
) -> pd.DataFrame:
    """Train the cells that ``out`` does not have, write each when it is done, return their rows.

    Killed and started again it goes on where it was. When a worker process is killed, those that
    were being trained are begun again; all others stay.  label: names the progress bar.
    dask: address of a scheduler whose workers train; empty = ``jobs`` processes of this machine.
    Errors: RuntimeError, with the cells that were being trained, when that happens `ATTEMPTS`
    times in a row without one of them being done.
    """
    lost = 0
    while todo := missing(cells, out):
        try:
            _train(row_of, todo, out, jobs, label, dask)
            break
        except BrokenProcessPool:
            lost = lost + 1 if len(missing(cells, out)) == len(todo) else 1
            if lost == ATTEMPTS:
                first = ", ".join(" ".join(map(str, key_of(cell))) for cell in todo[:jobs])
                raise RuntimeError(
                    f"A worker process was killed {ATTEMPTS} times in a row, perhaps for want of "
                    f"memory, and nothing was done; at the head of the queue: {first}."
                ) from None
            tqdm.write("A worker process was killed; what it was training is begun again.")
    rows = read(out)
    wanted = {key_of(cell) for cell in cells}
    own = [k in wanted for k in rows[KEY].itertuples(index=False, name=None)]
    return rows[pd.Series(own, index=rows.index, dtype=bool)]  # of no rows the columns stay


def missing(cells: Sequence[Cell], out: Path) -> list[Cell]:
    """Those cells that have no row in ``out``."""
    have = set(read(out)[KEY].itertuples(index=False, name=None))
    return [cell for cell in cells if key_of(cell) not in have]


def _train(
    row_of: Callable[..., dict[str, Any]],
    todo: Sequence[Cell],
    out: Path,
    jobs: int,
    label: str,
    dask: str,
) -> None:
    known = list(pd.read_csv(out, nrows=0).columns) if len(read(out)) else []
    with out.open("a", encoding="utf-8") as file, _trained(row_of, todo, jobs, dask) as rows:
        for row in tqdm(rows, total=len(todo), desc=label, unit="training"):
            line = pd.DataFrame([row])
            if known:  # a table that was begun by a version without some column goes on without it
                line = line.reindex(columns=known)
            known = list(line.columns)
            file.write(line.to_csv(index=False, header=file.tell() == 0, lineterminator="\n"))
            file.flush()


def key_of(cell: Cell) -> tuple[str, str, str, int, str]:
    """A cell as its row's `KEY`."""
    data, with_fusion, method, trial, seed = cell
    return data, with_fusion, method, seed, write_trial(trial)


def read(out: Path) -> pd.DataFrame:
    """The rows there are; a last line that a kill cut short is taken out of the file."""
    if not out.exists() or out.stat().st_size == 0:
        return pd.DataFrame(columns=KEY)
    text = out.read_text(encoding="utf-8")
    if not text.endswith("\n"):
        out.write_text(text[: text.rfind("\n") + 1], encoding="utf-8")
        return read(out)
    return pd.read_csv(out)


def tidy(table: pd.DataFrame) -> pd.DataFrame:
    """Rows sorted by what they are of: the same table in whatever order it was made."""
    return table.sort_values(KEY).reset_index(drop=True)


@contextmanager
def _trained(
    row_of: Callable[..., dict[str, Any]], todo: Sequence[Cell], jobs: int, dask: str
) -> Iterator[Iterator[dict[str, Any]]]:
    """The rows as they are done, from this machine's processes or a cluster's workers.

    One cell at a time: what a process holds is what is lost when it is killed.
    """
    tasks = (delayed(row_of)(*cell) for cell in todo)
    if not dask:
        yield iter(Parallel(n_jobs=jobs, batch_size=1, return_as="generator_unordered")(tasks))
        return
    with _client(dask), parallel_config(backend="dask"):
        yield iter(Parallel(batch_size=1, return_as="generator_unordered")(tasks))


def _client(address: str) -> "Client":
    """Connected to a Dask scheduler.  Errors: OSError in a sentence when there is none."""
    try:
        from distributed import Client  # only who names a cluster needs it
    except ModuleNotFoundError:
        needs = f"dask is {address!r}, which needs Dask: pip install -c constraints.txt -e"
        raise OSError(f"{needs} '.[research]'.") from None
    try:
        return Client(address, set_as_default=True)
    except (OSError, ValueError) as problem:
        raise OSError(
            f"dask is {address!r}, where no scheduler answers ({problem}). Start one with "
            "`dask scheduler` and give the address that it prints."
        ) from None
