"""Marks into the tables of Canvas and Moodle, which know the students by names of their own."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from coursekit.utils.checks import require

# Columns of a gradebook that Canvas exports: what it needs again to find the student.
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
CANVAS_KEYS = ("SIS Login ID", "SIS User ID", "ID")
POINTS = "Points Possible"  # in the row above the students, with blanks before it
# Of a grading worksheet that Moodle's assignment exports.
MOODLE_KEYS = ("Username", "Email address", "ID number", "Identifier")
GRADE, MOST, FEEDBACK = "Grade", "Maximum Grade", "Feedback comments"
ENCODINGS = ("utf-8-sig", "cp1252")  # Excel's "CSV" is the second one
NOTHING = ("", "-")  # how a worksheet says that no maximum is set


@dataclass(frozen=True)
class Filled:
    """A table to import, and who could not be placed.

    unknown: students with a mark who are not in it.  without: rows that got no mark, by their key.
    """

    table: pd.DataFrame
    unknown: list[str]
    without: list[str]


def canvas(marks: pd.DataFrame, export: Path, name: str) -> Filled:
    """Canvas's own export with the totals of `coursekit.course.grading.feedback.marks`.

    Only the columns that name the student are kept, and one column for the assignment: an existing
    one, "ps1 (4711)", or a new one, which Canvas then offers to make. A student without a total
    keeps an empty cell, which Canvas leaves as it is.
    Errors: ValueError when it is no export of Canvas, or a name in it stands for two students.
    """
    table = _read(export)
    missing = [c for c in CANVAS[:2] if c not in table]
    require(not missing, f"{export.name} has no column {missing}; an export of Canvas has them.")
    above = table[CANVAS[0]].str.strip() == POINTS
    students = table[~above & (table[CANVAS[1]] != "")]  # not the rows that say how it is posted
    key = _key(students, CANVAS_KEYS, marks["student"], export)
    named = [c for c in CANVAS if c in table]
    column = next((c for c in map(str, table) if c.startswith(f"{name} (")), name)
    rows = students[named].copy()
    rows[column] = students[key].map(_totals(marks)).fillna("")
    head = {c: "" for c in named} | {CANVAS[0]: f"    {POINTS}", column: _out_of(marks)}
    return _filled(pd.concat([pd.DataFrame([head]), rows], ignore_index=True), rows, key, marks)


def moodle(marks: pd.DataFrame, worksheet: Path, name: str) -> Filled:
    """Moodle's own grading worksheet with total and a line of feedback.

    name: of the assignment, for what is said when it does not fit.
    Errors: ValueError when it is no worksheet, or another maximum was set in Moodle.
    """
    table = _read(worksheet)
    require(GRADE in table, f"{worksheet.name} has no column {GRADE!r}; a worksheet of Moodle has.")
    key = _key(table, MOODLE_KEYS, marks["student"], worksheet)
    for most in sorted(set(table[MOST].str.strip()) - set(NOTHING)) if MOST in table else ():
        sentence = f"{name} is worth {_out_of(marks)} points, in {worksheet.name} {most}."
        require(_number(most, worksheet) == float(_out_of(marks)), sentence)
    table[GRADE] = table[key].map(_totals(marks)).fillna(table[GRADE])
    if FEEDBACK in table:
        words = {row["student"]: in_words(row) for _, row in marks.iterrows()}
        table[FEEDBACK] = table[key].map(words).fillna(table[FEEDBACK])
    return _filled(table, table, key, marks)


def in_words(row: pd.Series) -> str:
    """One student's marks as a sentence."""
    columns = [c for c in row.index if c[:2].isdigit() or c.startswith("written-")]
    parts = [f"{c} {row[c]:g}" if pd.notna(row[c]) else f"{c} not marked yet" for c in columns]
    late = f"; {row['days late']:g} days late, −{row['late']:g}" if row["late"] else ""
    return ", ".join(parts) + late


def _read(path: Path) -> pd.DataFrame:
    """The table as text, also where a spreadsheet program has saved it in its own way."""
    require(path.exists(), f"{path} does not exist; the exported CSV was expected.")
    content = path.read_bytes()
    zipped = content.startswith(b"PK")
    require(not zipped, f"{path.name} is a workbook, no CSV; save it as 'CSV UTF-8'.")
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ENCODINGS
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        require(bool(text.strip()), f"{path.name} is empty; the exported CSV was expected.")
        mark = max(",;\t", key=text.splitlines()[0].count)
        try:
            table = pd.read_csv(io.StringIO(text), sep=mark, dtype=str, keep_default_na=False)
        except (pd.errors.ParserError, csv.Error) as problem:
            words = str(problem).strip().splitlines()[-1]
            raise ValueError(f"{path.name} is no table: {words}; export it anew.") from None
        return table
    raise ValueError(f"{path.name} is neither UTF-8 nor Windows text; save it as 'CSV UTF-8'.")


def _number(text: str, file: Path) -> float:
    """A maximum, with a point or a comma."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        cure = "let the assignment be graded in points, and export the worksheet anew"
        raise ValueError(f"{file.name} has {text!r} as {MOST!r}; {cure}.") from None


def _key(table: pd.DataFrame, names: Sequence[str], students: pd.Series, file: Path) -> str:
    """The column that knows most of the students."""
    there = [name for name in names if name in table]
    require(bool(there), f"{file.name} has none of the columns {list(names)}.")
    best = max(there, key=lambda name: len(set(table[name]) & set(students)))
    twice = sorted(set(table.loc[table[best].duplicated() & (table[best] != ""), best]))
    shared = sorted(set(twice) & set(students))
    require(not shared, f"{file.name} has {shared} more than once in {best!r}.")
    return best


def _totals(marks: pd.DataFrame) -> dict[str, str]:
    known = marks[marks["total"].notna()]
    return {s: f"{t:g}" for s, t in zip(known["student"], known["total"], strict=True)}


def _out_of(marks: pd.DataFrame) -> str:
    return f"{marks['out of'].iloc[0]:g}" if len(marks) else "0"


def _filled(table: pd.DataFrame, rows: pd.DataFrame, key: str, marks: pd.DataFrame) -> Filled:
    totals = _totals(marks)
    unknown = sorted(set(totals) - set(rows[key]))
    return Filled(table, unknown, [who for who in rows[key] if who not in totals])
