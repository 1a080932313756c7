"""The stored table: what came of all slips, and of which sources."""

import hashlib
import inspect
from pathlib import Path

from coursekit.course.exercises import changed_arguments, exercise, judging, same_value
from mutants import answers, equivalents, values
from mutants.trial import Finding

FILE = Path(__file__).with_name("table.tsv")
COLUMNS = ("exercise", "slips", "refused", "equivalent", "sources")
OWN = ("slips.py", "answers.py", "trial.py", "values.py", "verdicts.py", "equivalents.py")
JUDGES = (exercise, judging, same_value, changed_arguments)  # what says that an answer is right


def rows() -> dict[str, list[str]]:
    """Key → the stored row, without the key."""
    if not FILE.exists():
        return {}
    lines = FILE.read_text(encoding="utf-8").splitlines()[1:]
    return {line.split("\t")[0]: line.split("\t")[1:] for line in lines}


def write_row(finding: Finding) -> None:
    """Put this exercise's row in place of the stored one."""
    table, key = rows(), finding.key
    counts = [finding.mutants, finding.killed, finding.equivalent]
    table[key] = [*map(str, counts), digest(key)]
    known = answers.all_exercises()
    lines = ["\t".join([key, *table[key]]) for key in sorted(table) if key in known]
    FILE.write_text("\n".join(["\t".join(COLUMNS), *lines]) + "\n", encoding="utf-8")


def digest(key: str) -> str:
    """Twelve letters over the lesson's exercises and answers, who judges them, slips, reasons."""
    lesson, _ = answers.all_exercises()[key]
    parts = [inspect.getsource(module) for module in answers.exercise_modules(lesson)]
    parts += map(inspect.getsource, JUDGES)
    parts.append(answers.answers_path(lesson).read_text(encoding="utf-8"))
    parts += [(FILE.parent / name).read_text(encoding="utf-8") for name in OWN]
    parts += [repr(equivalents.table().get(key)), repr(values.DOMAINS.get(key))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
