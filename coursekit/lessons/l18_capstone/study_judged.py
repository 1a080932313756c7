"""Two hundred mysteries, each judged under scripted hand-ins; sixty more to choose thresholds on.

    python -m coursekit judged-mysteries

makes ``data/judged_mysteries.csv`` and ``data/mysteries.csv``; rows that are there already are not
made again. Then `python data/make_checksums.py`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from tqdm.auto import tqdm

from coursekit.analysis.intervals import summarise
from coursekit.compare.stored_tables import store
from coursekit.lessons.l18_capstone.desk import Desk
from coursekit.lessons.l18_capstone.judge import judge_report
from coursekit.lessons.l18_capstone.mystery import made
from coursekit.lessons.l18_capstone.report import plain
from coursekit.lessons.l18_capstone.rivals import train_rivals
from coursekit.lessons.l18_capstone.strategies import STRATEGIES, Strategy
from coursekit.lessons.l18_capstone.symptoms import examine
from coursekit.lessons.l18_capstone.training_log import TrainingLog
from coursekit.models import MultimodalClassifier
from coursekit.utils.threads import threads

TUNING, FIRST, JUDGED = 60, 3000, 200  # seeds 0 … 59 to choose on, 3000 … 3199 to report on
Row = dict[str, Any]


def rows_of(seed: int, strategies: Mapping[str, Strategy]) -> tuple[Row, list[Row]]:
    """A mystery's truth, symptoms and rivals; a row of marks per strategy (4 digits)."""
    with threads(1):
        data, recipe = made(seed)
        cache: dict[tuple[object, ...], MultimodalClassifier] = {}

        def desk() -> Desk:
            return Desk(TrainingLog(data, cache=cache))

        seen = examine(desk().case())
        rivals = train_rivals(TrainingLog(data, cache=cache), recipe)
        mystery = {
            "seed": seed, **{f"true {name}": value for name, value in vars(recipe).items()},
            **seen.symptoms, **{f"test {name}": value for name, value in vars(rivals).items()},
        }  # fmt: skip
        rows = []
        for name, strategy in strategies.items():
            own = desk()
            verdict = judge_report(plain(strategy(own.case())), own, recipe, rivals)
            rows.append({"seed": seed, "strategy": name, **verdict.marks, "total": verdict.total,
                         "accuracy": verdict.accuracies["handed in"],
                         "trainings": len(own.log.requests)})  # fmt: skip
    return _rounded(mystery), [_rounded(row) for row in rows]


def _rounded(row: Row) -> Row:
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()}


def judged_mysteries(
    tuning: Annotated[int, typer.Option(min=0, help="mysteries to choose on")] = TUNING,
    judged: Annotated[int, typer.Option(min=1, help="mysteries to report on")] = JUDGED,
    out: Annotated[Path, typer.Option(help="the CSV of marks")] = Path("data/judged_mysteries.csv"),
    mysteries: Annotated[Path, typer.Option(help="the CSV of symptoms")] = Path(
        "data/mysteries.csv"
    ),
) -> None:
    """Judge scripted hand-ins on two hundred mysteries of lesson 18, about half an hour."""
    plan = [*range(tuning), *range(FIRST, FIRST + judged)]
    done = set(pd.read_csv(mysteries)["seed"]) if mysteries.exists() else set()
    have = (
        set(map(tuple, pd.read_csv(out)[["seed", "strategy"]].to_numpy())) if out.exists() else ()
    )
    lacking = {
        seed: {name: STRATEGIES[name] for name in STRATEGIES if (seed, name) not in have}
        if seed >= FIRST else {}
        for seed in plan
    }  # fmt: skip
    left = [seed for seed in plan if seed not in done or lacking[seed]]
    for seed in tqdm(left, desc="mysteries", leave=False):
        mystery, rows = rows_of(seed, lacking[seed])
        _append(rows, out)
        _append([mystery], mysteries)  # last: who stands here is done
    table = pd.read_csv(mysteries, keep_default_na=False)
    table = table.drop_duplicates("seed", keep="last").sort_values("seed")
    store(table, f"{len(table)} mysteries", mysteries)
    marks = pd.read_csv(out).drop_duplicates(["seed", "strategy"], keep="last")
    order = list(STRATEGIES)
    marks = marks.sort_values(
        ["seed", "strategy"], key=lambda c: c.map(order.index) if c.name == "strategy" else c
    )
    summary = summarise(marks, ["strategy"], "total").round(2)
    store(marks, summary.to_string(index=False), out)


def _append(rows: list[Row], path: Path) -> None:
    if rows:
        pd.DataFrame(rows).to_csv(
            path, mode="a", header=not path.exists(), index=False, lineterminator="\n"
        )
