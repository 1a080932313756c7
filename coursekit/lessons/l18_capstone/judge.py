"""The judge: a report against the hidden recipe and the test rows; marks, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from coursekit.lessons.l18_capstone.answering import Answering, read_answering, right_share
from coursekit.lessons.l18_capstone.desk import Desk
from coursekit.lessons.l18_capstone.hidden_recipe import HiddenRecipe
from coursekit.lessons.l18_capstone.report import STATEMENTS, bounded
from coursekit.lessons.l18_capstone.report_checks import MOST, check_report, checklist_marks
from coursekit.lessons.l18_capstone.rivals import POINTS, Rivals
from coursekit.lessons.l18_capstone.statement_marks import EACH, SURE, judge_statements

OUT_OF = {
    "statements": EACH * len(STATEMENTS), "confidence": SURE, "checklist": MOST,
    "model": sum(POINTS.values()),
}  # fmt: skip


@dataclass(frozen=True, repr=False)
class Verdict:
    """Marks of a hand-in by part, test accuracies, and why.

    marks: "statements" of 36, "confidence" of 12, "checklist" of 12, "model" of 40.
    accuracies: on test rows, of "handed in" (None where there is nothing) and its rivals.
    """

    marks: Mapping[str, float]
    accuracies: Mapping[str, float | None]
    sentences: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """Of 100."""
        return sum(self.marks.values())

    def __repr__(self) -> str:
        """A line per part with its marks, below it why."""
        lines = []
        for part, mark in self.marks.items():
            lines.append(f"{part}: {mark:.1f} of {OUT_OF[part]:g}")
            lines += [f"    {sentence}" for sentence in self.sentences.get(part, [])]
        return "\n".join([*lines, f"total: {self.total:.1f} of {sum(OUT_OF.values()):g}"])

    def table(self) -> pd.DataFrame:
        """A row per part: marks, out of, why."""
        rows = [
            (part, mark, OUT_OF[part], " ".join(self.sentences.get(part, [])))
            for part, mark in self.marks.items()
        ]
        rows.append(("total", self.total, sum(OUT_OF.values()), ""))
        return pd.DataFrame(rows, columns=["part", "marks", "out of", "why"])


def judge_report(
    report: Any, desk: Desk, truth: HiddenRecipe, rivals: Rivals, ended: str = ""
) -> Verdict:
    """Marks of a report in plain values, see `coursekit.lessons.l18_capstone.report.plain`.

    report: None where nothing was handed in.  ended: why the function did not come to its end;
    then statements keep their marks, and nothing is given for model and checklist.
    """
    report = bounded(report)
    parts = report if isinstance(report, Mapping) else {}
    log = desk.log
    stated, sure, sentences = judge_statements(parts.get("statements"), truth)
    *sentences, of_confidences = sentences
    nothing = "" if parts else "Nothing was handed in."
    how, fault = (None, ended or nothing) if ended or nothing else _answering(parts, desk)
    problems = check_report(parts.get("table"), parts.get("parameters"), how, log)
    accuracy = None if how is None else right_share(how, log.models, log.data.test)
    known = {name: getattr(rivals, name) for name in POINTS}
    return Verdict(
        {
            "statements": stated,
            "confidence": sure,
            "checklist": 0.0 if ended else checklist_marks(problems),
            "model": 0.0 if accuracy is None else rivals.marks(accuracy),
        },
        {"handed in": accuracy, **known},
        {
            "statements": sentences,
            "confidence": [of_confidences],
            "checklist": [ended] if ended else _failed(problems),
            "model": [fault] if accuracy is None else [_compared(accuracy, rivals)],
        },
    )


def _failed(problems: Mapping[str, str]) -> list[str]:
    return [f"{name}: {why}." for name, why in problems.items() if why]


def _answering(parts: Mapping[str, Any], desk: Desk) -> tuple[Answering | None, str]:
    """What is handed in, or None and a sentence."""
    trained = len(desk.log.models)
    if trained == 0:
        return None, "No training was asked for, so there is no model."
    try:
        return read_answering(parts.get("models"), parts.get("without") or {}, trained), ""
    except (TypeError, ValueError) as error:
        return None, str(error)


def _compared(accuracy: float, rivals: Rivals) -> str:
    beside = ", ".join(
        f"{name} {getattr(rivals, name):.3f} ({marks:.1f} of {POINTS[name]:g} marks)"
        for name, marks in rivals.parts(accuracy).items()
    )
    return f"On test rows it is right in {accuracy:.3f}; {beside}."
