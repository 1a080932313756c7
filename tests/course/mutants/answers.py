"""The right answers of an exercise as syntax trees: its reference and those in answers.py."""

import ast
import copy
import importlib
import importlib.util
import inspect
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import numpy

from coursekit.course.exercises import Exercise, OpenExercise
from coursekit.course.registry import exercises, rooms

TESTS = Path(__file__).parents[2]
ANSWER = "_answer"


@dataclass(frozen=True)
class Source:
    """A right answer: what it is called, its module's names, and its functions as a tree.

    tree: definitions of the functions it needs, then ``_answer = …``.
    """

    name: str
    namespace: dict
    tree: ast.Module


def all_exercises() -> dict[str, tuple[str, Exercise]]:
    """Key → lesson and exercise, for all lessons."""
    every = [(lesson, e) for lesson in rooms() for e in vars(exercises(lesson)).values()]
    return {e.key: (lesson, e) for lesson, e in every if isinstance(e, Exercise)}


def is_open(exercise: Exercise) -> bool:
    """Whether it asks for a class and has no single right value."""
    return isinstance(exercise, OpenExercise)


def remembering(exercise: Exercise) -> Exercise:
    """The exercise, which computes what hangs on a seed only once.

    Its cases, the right values and what misconceptions say are the same for every answer. Those of
    an open exercise are classes, not values, and stay as they are.
    """
    if is_open(exercise):
        return exercise
    known = [replace(m, function=_remembered(m.function)) for m in exercise.misconceptions]
    return replace(
        exercise,
        cases=None if exercise.cases is None else _with_kept_cases(exercise.cases),
        reference=_remembered(exercise.reference),
        misconceptions=tuple(known),
    )


def _with_kept_cases(make: Callable[[numpy.random.Generator], list[tuple]]):
    kept: dict[str, list[tuple]] = {}

    def cases(rng: numpy.random.Generator) -> list[tuple]:
        state = str(rng.bit_generator.state)
        if state not in kept:
            kept[state] = make(rng)
        return kept[state]

    return cases


def _remembered(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same values and errors, each computed once for the same arguments."""
    kept: dict[bytes, tuple[Any, Exception | None]] = {}

    def call(*arguments: Any) -> Any:
        key = pickle.dumps(arguments)
        if key not in kept:
            try:
                kept[key] = function(*arguments), None
            except Exception as error:
                kept[key] = None, error
        value, error = kept[key]
        if error is not None:
            raise error.with_traceback(None)
        return copy.copy(value)

    return call


def answers_path(lesson: str) -> Path:
    """Where the answers to a lesson's exercises are kept."""
    return TESTS / "lessons" / rooms()[lesson].rpartition(".")[2] / "answers.py"


def load_answers(lesson: str) -> ModuleType:
    """The module with the lesson's RIGHT and WRONG."""
    path = answers_path(lesson)
    spec = importlib.util.spec_from_file_location(f"answers_{lesson}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def exercise_modules(lesson: str) -> list[ModuleType]:
    """The modules in which a lesson's exercises are written."""
    package = exercises(lesson)
    names = [m.name for m in iter_modules(package.__path__, package.__name__ + ".")]
    return [package, *map(importlib.import_module, names)]


def sources(lesson: str, key: str) -> Iterator[Source]:
    """The reference first, then the right answers."""
    for module in exercise_modules(lesson):
        tree = ast.parse(inspect.getsource(module))
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and _keyword(call, "key") == key:
                reference = next(k.value for k in call.keywords if k.arg == "reference")
                yield _source("reference", vars(module), tree, reference)
    tree = ast.parse(answers_path(lesson).read_text(encoding="utf-8"))
    namespace = vars(load_answers(lesson))
    for name, expression in _table(tree, "RIGHT", key):
        yield _source(name, namespace, tree, expression)


def compiled(source: Source):
    """The function that ``source.tree`` is just now."""
    scope = dict(source.namespace) | {"_numpy": numpy}
    exec(compile(ast.fix_missing_locations(source.tree), f"<{source.name}>", "exec"), scope)
    return scope[ANSWER]


def _keyword(call: ast.Call, name: str):
    return next((getattr(k.value, "value", None) for k in call.keywords if k.arg == name), None)


def _source(name: str, namespace: dict, tree: ast.Module, expression: ast.expr) -> Source:
    definitions = {d.name: d for d in tree.body if isinstance(d, ast.FunctionDef)}
    needed, waiting = [], [expression]
    while waiting:
        names = {n.id for n in ast.walk(waiting.pop()) if isinstance(n, ast.Name)}
        new = [definitions[n] for n in sorted(names & set(definitions))]
        waiting += [d for d in new if d not in needed]
        needed += [d for d in new if d not in needed]
    body = sorted(needed, key=lambda d: d.lineno)
    answer = ast.Assign([ast.Name(ANSWER, ast.Store())], expression)
    return Source(name, namespace, ast.Module([*body, answer], []))


def _table(tree: ast.Module, name: str, key: str) -> Iterator[tuple[str, ast.expr]]:
    """The entries of ``name[key]``, from a dict literal or an assignment of its own."""
    for node in tree.body:
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Dict):
            continue
        target, entries = node.targets[0], {}
        if isinstance(target, ast.Name) and target.id == name:
            entries = {k.value: v for k, v in zip(node.value.keys, node.value.values, strict=True)}
        elif isinstance(target, ast.Subscript) and getattr(target.value, "id", "") == name:
            entries = {target.slice.value: node.value}
        table = entries.get(key)
        if isinstance(table, ast.Dict):
            for k, v in zip(table.keys, table.values, strict=True):
                yield k.value, v
