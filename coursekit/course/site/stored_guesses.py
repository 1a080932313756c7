"""The guesses of a stored notebook: what is asked, and what turned out to be true.

What is asked stands in the source; the truth in the output of the cell that reveals it.
"""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from bs4 import BeautifulSoup
from nbformat import NotebookNode

from coursekit.course.authoring.learner_notebook import FOLDED
from coursekit.course.site.notebook_values import NotebookValues, code_trees
from coursekit.course.widgets.controls import Slider
from coursekit.course.widgets.curve_guess import STEPS, CurveGuess
from coursekit.course.widgets.guess import ChoiceGuess, NumberGuess
from coursekit.utils.checks import require

SHOWN = re.compile(r"Guess (\S+): (.*)", re.DOTALL)
ALONE = "No guess was made."  # how a stored outcome ends: nobody guesses while notebooks are made
KINDS: Mapping[str, tuple[str, type]] = MappingProxyType(
    {
        "NumberGuess": ("number", NumberGuess),
        "ChoiceGuess": ("choice", ChoiceGuess),
        "CurveGuess": ("curve", CurveGuess),
    }
)


@dataclass(frozen=True)
class StoredGuess:
    """One guess as its card needs it.

    kind: "number", "choice" or "curve".  truth: a number, an option, or [x, y] pairs of a curve
    with one at every point of the sketch; None where it cannot be had, and `lacks` says why.
    within: what counts as right; None for a choice.  asked: the rest of the declaration.
    """

    key: str
    question: str
    kind: str
    truth: float | str | list[list[float]] | None = None
    within: float | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)
    lacks: str = ""


def stored_guesses(notebook: NotebookNode) -> dict[int, StoredGuess]:
    """Number of the cell that shows a guess → the guess."""
    trees = code_trees(notebook)
    values, calls = NotebookValues(trees), list(_declarations(trees))
    guesses = {}
    for number, cell in enumerate(notebook.cells):
        for text in _texts(cell):
            match = SHOWN.fullmatch(text.strip())
            if match:
                guesses[number] = _guess(match[1], match[2], calls, values, notebook, trees)
    return guesses


def outcome_cells(notebook: NotebookNode) -> dict[int, tuple[int, ...]]:
    """Number of a cell → which of its outputs show the outcome of a guess or that it is folded.

    Cells without such outputs are left out; their other outputs stay on the page.
    """
    dropped = {}
    for number, cell in enumerate(notebook.cells):
        places = tuple(i for i, text in enumerate(_texts(cell)) if _only_outcome(text))
        if places:
            dropped[number] = places
    return dropped


def _only_outcome(text: str) -> bool:
    return text.strip() == FOLDED or text.rstrip().endswith(ALONE)


def _texts(cell: NotebookNode) -> list[str]:
    """The plain text of each of a cell's outputs, "" where it has none."""
    return [str(o.get("data", {}).get("text/plain", "")) for o in cell.get("outputs", [])]


@dataclass(frozen=True)
class _Declaration:
    kind: str
    key: re.Pattern[str]  # an f-string's gaps stand for anything
    name: str  # of the variable; "" where guesses are made in a row
    arguments: Mapping[str, ast.expr]


def _declarations(trees: Mapping[int, ast.Module]) -> Iterator[_Declaration]:
    for tree in trees.values():
        names = {
            node.value: ast.unparse(node.targets[0])
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in KINDS:
                kind, made_by = KINDS[ast.unparse(node.func)]
                keywords = {str(k.arg): k.value for k in node.keywords}
                bound = inspect.signature(made_by).bind(*node.args, **keywords).arguments
                yield _Declaration(kind, _pattern(bound["key"]), names.get(node, ""), bound)


def _pattern(text: ast.expr) -> re.Pattern[str]:
    """What a literal or an f-string may have become; a group for each gap."""
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    return re.compile(
        "".join(re.escape(str(p.value)) if isinstance(p, ast.Constant) else "(.+?)" for p in parts)
    )


def _guess(
    key: str,
    question: str,
    calls: list[_Declaration],
    values: NotebookValues,
    notebook: NotebookNode,
    trees: Mapping[int, ast.Module],
) -> StoredGuess:
    declared = next((call for call in calls if call.key.fullmatch(key)), None)
    if declared is None:
        return StoredGuess(key, question, "", lacks="its declaration is not in the notebook")
    kind = declared.kind
    try:
        asked = _asked(declared, values, _spoken(declared.arguments["question"], question))
        number, markup = _outcome(notebook, question)
        truth = _truth(kind, markup, asked)
        within = None if kind == "choice" else _within(trees[number], declared.name, values)
    except ValueError as error:
        return StoredGuess(key, question, kind, lacks=str(error))
    return StoredGuess(key, question, kind, truth, within, asked)


def _spoken(written: ast.expr, question: str) -> dict[str, str]:
    """What the stored question gives away of the expressions in its f-string: source → text."""
    parts = written.values if isinstance(written, ast.JoinedStr) else []
    gaps = [ast.unparse(p.value) for p in parts if isinstance(p, ast.FormattedValue)]
    match = _pattern(written).fullmatch(question)
    return dict(zip(gaps, match.groups(), strict=True)) if match else {}


def _asked(
    declared: _Declaration, values: NotebookValues, spoken: Mapping[str, str]
) -> dict[str, Any]:
    """The declaration's values, and where the handle of a scale starts."""
    asked: dict[str, Any] = {
        name: float(spoken[source]) if (source := ast.unparse(node)) in spoken
        else values.value(node)
        for name, node in declared.arguments.items()
        if name not in ("key", "question")
    }  # fmt: skip
    if declared.kind == "choice":
        return {"options": list(asked["options"])}
    low, high = asked["low"], asked["high"]
    step = asked.setdefault("step", round((high - low) / STEPS, 10))
    scale = Slider("Your guess", low, high, step, low)
    asked["decimals"] = scale.decimals
    if declared.kind == "number":
        return {"unit": "", **asked, "start": scale.at(round((high - low) / step) // 2)}
    return asked | {"xs": list(asked["xs"]), "names": list(asked["names"])}


def _outcome(notebook: NotebookNode, question: str) -> tuple[int, str]:
    """The cell whose stored output shows this question's outcome, and the output's markup."""
    for number, cell in enumerate(notebook.cells):
        for output, text in zip(cell.get("outputs", []), _texts(cell), strict=True):
            if text.startswith(f"{question} ") and text.rstrip().endswith(ALONE):
                return number, str(output["data"].get("text/html", ""))
    raise ValueError(f"no stored output shows the outcome of {question!r}.")


def _truth(kind: str, markup: str, asked: Mapping[str, Any]) -> float | str | list[list[float]]:
    """The truth in the table below an outcome's picture."""
    rows = [
        [cell.get_text() for cell in row.find_all("td")]
        for row in BeautifulSoup(markup, "html.parser").find_all("tr")
    ]
    true = [row[1:] for row in rows if row and row[0] == "truth"]
    require(bool(true), "the table of the stored outcome has no row of the truth.")
    if kind == "choice":
        require(true[0][0] in asked["options"], f"{true[0][0]!r} is none of the options.")
        return true[0][0]
    if kind == "number":
        return float(true[0][0])
    curve = [[float(x), float(y)] for x, y, *_ in true]
    lacking = {float(x) for x in asked["xs"]} - {x for x, _ in curve}
    require(not lacking, f"the table of the stored outcome has no truth at {sorted(lacking)}.")
    return curve


def _within(tree: ast.Module, name: str, values: NotebookValues) -> float:
    """What counts as right, from the cell's call of ``NAME.reveal`` or else its only one."""
    reveals = {
        ast.unparse(node.func.value): node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "reveal"
    }
    only = next(iter(reveals.values())) if len(reveals) == 1 else None
    call = reveals.get(name, only)
    require(call is not None, f"the cell of the outcome has no call of {name}.reveal.")
    given = {k.arg: k.value for k in call.keywords} if call else {}
    require("within" in given, "reveal has no argument within.")
    return float(values.value(given["within"]))
