"""What is handed in: statements with confidences, trainings that shall answer, a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from coursekit.utils.checks import require_instance

STATEMENTS = ("starves", "weak", "interaction", "wrong_labels", "biased", "missing")
ROWS = ("A", "B", "joint", "ensemble", "handed in")  # of the table
DEEP = 4  # a report, its statements, a statement, a value that is a list
LARGEST, LONGEST_TEXT = 2**53, 300  # of whole numbers; in letters


@dataclass(frozen=True)
class Report:
    """A report on a mystery.

    statements: name → (value, confidence). "starves", "weak", "missing": "A", "B" or "none";
    "interaction", "biased": True or False; "wrong_labels": a share. Confidence from 0.5 to 1: what
    you hold less likely than not you would not state.
    models: numbers of trainings; the mean of their probabilities is the answer, and a number that
    stands there twice counts twice.  without: modality → trainings that answer where it is missing;
    else those of ``models``.
    table: accuracy on all validation rows of "A", "B", "joint", "ensemble", "handed in".
    parameters: the sum over the trainings that are handed in, each once.
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
    fields = Report.__dataclass_fields__
    return {name: bounded(getattr(report, name), DEEP - 1) for name in fields}


def bounded(value: Any, depth: int = DEEP) -> Any:
    """Plain values that a judge can hold, compare and write down, of whatever came.

    Lists and dictionaries below ``depth`` become the name of their type, as does what is no plain
    value; whole numbers beyond what a float counts become a word; text is cut, and its letters
    that no file can hold are spelt out.
    """
    if type(value) is str:
        return value[:LONGEST_TEXT].encode("utf-8", "backslashreplace").decode("utf-8")
    if type(value) is int and abs(value) > LARGEST:
        return "<a huge number>"
    if value is None or type(value) in (bool, int, float):
        return value
    if isinstance(value, Mapping) and depth:
        return {bounded(str(name)): bounded(entry, depth - 1) for name, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset | range) and depth:
        return [bounded(entry, depth - 1) for entry in value]
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        return bounded(value.item(), 0)  # a number of NumPy's or PyTorch's
    return f"<{type(value).__name__}>"
