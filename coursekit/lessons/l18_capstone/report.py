"""What is handed in: statements with confidences, trainings that shall answer, a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from coursekit.utils.checks import require_instance

STATEMENTS = ("starves", "weak", "interaction", "wrong_labels", "biased", "missing")
ROWS = ("A", "B", "joint", "ensemble", "handed in")  # of the table


@dataclass(frozen=True)
class Report:
    """A report on a mystery.

    statements: name → (value, confidence). "starves", "weak", "missing": "A", "B" or "none";
    "interaction", "biased": True or False; "wrong_labels": a share. Confidence from 0.5 to 1: what
    you hold less likely than not you would not state.
    models: numbers of trainings; the mean of their probabilities is the answer.  without: modality
    → trainings that answer where it is missing; else those of ``models``.
    table: validation accuracy of "A", "B", "joint", "ensemble", "handed in".  parameters: of all
    that is handed in.
    Nothing is looked at before the judge does: a report with faults costs marks, not the report.
    """

    statements: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    models: Sequence[int] = ()
    without: Mapping[str, Sequence[int]] = field(default_factory=dict)
    table: Mapping[str, float] = field(default_factory=dict)
    parameters: int = 0


def plain(report: Any) -> dict[str, Any]:
    """A report as nothing but dictionaries, lists, text, numbers: what a pipe may carry.

    What is none of these becomes the name of its type, and the judge says so.
    Errors: TypeError for what is no report.
    """
    require_instance("report", report, Report)
    return {name: _plain(getattr(report, name)) for name in Report.__dataclass_fields__}


def _plain(value: Any) -> Any:
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset | range):
        return [_plain(entry) for entry in value]
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        return _plain(value.item())  # a number of NumPy's or PyTorch's
    return f"<{type(value).__name__}>"
