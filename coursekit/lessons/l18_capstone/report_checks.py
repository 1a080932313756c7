"""The reliability checklist of one report, held against the judge's own log of trainings.

What `coursekit.compare.reliability` asks of a table of many trainings, as far as a budget of eight
can meet it; ten seeds it cannot.
"""

from collections import Counter
from collections.abc import Mapping
from numbers import Real
from typing import Any

from coursekit.data.multimodal import Split
from coursekit.lessons.l18_capstone.answering import Answering, right_share, size
from coursekit.lessons.l18_capstone.hidden_recipe import MODALITIES
from coursekit.lessons.l18_capstone.training_log import Request, TrainingLog

CONDITIONS = ("A", "B", "joint", "ensemble", "handed in", "equal budget", "parameters")
ROUNDED = 0.0051  # figures of the table may be rounded to two digits
MOST = 12.0  # marks of the checklist


def check_report(
    table: Any, parameters: Any, how: Answering | None, log: TrainingLog
) -> dict[str, str]:
    """Condition → "" where it holds, else why it does not.

    "A", "B", "joint", "ensemble", "handed in": a row of the table, true to 0.005: a validation
    accuracy of a training of the log.  "equal budget": joint training had as many tries (rates,
    seeds) as any other configuration of both.  "parameters": those of all that is handed in.
    how: what is handed in, None if that cannot be used.
    """
    table = table if isinstance(table, Mapping) else {}
    known = _figures(log, how)
    problems = {name: _row(name, table, known[name]) for name in CONDITIONS[:5]}
    problems["equal budget"] = equal_tries(log.requests)
    true = None if how is None else size(how, log.models)
    same = true is not None and _number(parameters) and float(parameters) == true
    lacking = "nothing that can be used is handed in" if true is None else f"it is {true}"
    problems["parameters"] = "" if same else f"parameters is {parameters!r:.40}; {lacking}"
    return problems


def checklist_marks(problems: Mapping[str, str]) -> float:
    """Marks of a checklist: those of all conditions are the same."""
    return MOST * sum(not why for why in problems.values()) / len(problems)


def equal_tries(requests: list[Request]) -> str:
    """Nothing where joint training had as many tries as any other configuration, else why."""
    tries = Counter(r.configuration for r in requests if len(r.use) > 1)
    joint = sum(n for r, n in tries.items() if is_joint(r))
    most = max(tries.values(), default=0)
    if joint == 0:
        return "joint training, late-linear, was not tried"
    return "" if joint >= most else f"joint training had {joint} tries, another one {most}"


def is_joint(request: Request) -> bool:
    """Whether a request is for plain joint training of both modalities."""
    plain = (request.fusion, request.method) == ("late-linear", "joint") and not request.start
    return len(request.use) > 1 and plain


def _figures(log: TrainingLog, how: Answering | None) -> dict[str, list[float]]:
    """By row of the table, the figures that are true: one for each training that it may be."""
    valid = log.data.valid
    alone = {m: _of(log, lambda r, m=m: r.use == (m,)) for m in MODALITIES}
    single = {m: [_right(log, (k,), valid) for k in ks] for m, ks in alone.items()}
    pairs = [(a, b) for a in alone["A"] for b in alone["B"]]
    return {
        **single,
        "joint": [_right(log, (k,), valid) for k in _of(log, is_joint)],
        "ensemble": [_right(log, pair, valid) for pair in pairs],
        "handed in": [] if how is None else [right_share(how, log.models, valid)],
    }


def _of(log: TrainingLog, wanted: Any) -> list[int]:
    return [k for k, request in enumerate(log.requests) if wanted(request)]


def _right(log: TrainingLog, numbers: tuple[int, ...], split: Split) -> float:
    return right_share(Answering(numbers, {}), log.models, split)


def _row(name: str, table: Mapping[str, Any], known: list[float]) -> str:
    if name not in table:
        return "the table has no such row"
    if not known:
        return "nothing of the kind was trained"
    value = table[name]
    if _number(value) and any(abs(float(value) - true) < ROUNDED for true in known):
        return ""
    nearest = ", ".join(f"{true:.3f}" for true in known[:3])
    return f"the table says {value!r:.40}; it is {nearest}"


def _number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
