"""Kinds of arguments for tables of public functions: a good value, and what is wrong with one.

A table has an entry for each function: by parameter, an `Argument`. `discovered` finds what needs
one, `cases` lists what must be refused, and `require_refused` sees that it is.
"""

import inspect
import math
import re
from importlib import import_module
from pathlib import Path
from types import GeneratorType
from typing import Any, NamedTuple

import pytest
import torch

import coursekit
from coursekit.data.files import DataFileError
from coursekit.training.checkpoint import CheckpointError

PACKAGE = Path(coursekit.__file__).parent
REFUSALS = (ValueError, TypeError, DataFileError, CheckpointError)


class Wrong(NamedTuple):
    """A wrong value; ``words`` must stand in the refusal beside the name of the argument."""

    label: str
    value: Any
    words: str = ""


class Argument(NamedTuple):
    """A good value and the wrong ones.  says: how the refusal calls it, if not by its name."""

    good: Any
    wrong: tuple[Wrong, ...] = ()
    says: str = ""


def changed(x, place, value):
    """A copy of the tensor with another number at one place of its flat view."""
    x = x.clone()
    x.view(-1)[place] = value
    return x


def batch(x, *but, also=()):
    """A finite floating tensor that is not empty; ``but`` names wrong ones it may well be."""
    wrong = [
        Wrong("NaN", changed(x, -1, math.nan)),
        Wrong("inf", changed(x, 0, math.inf)),
        Wrong("empty", x[:0]),
        Wrong("deeper", x[None]),
        Wrong("flatter", x[0]),
        Wrong("whole numbers", x.long()),
        Wrong("numpy", x.numpy()),
        Wrong("list", x.tolist()),
        Wrong("nothing", None),
        *also,
    ]
    assert set(but) <= {w.label for w in wrong}
    return Argument(x, tuple(w for w in wrong if w.label not in but))


def scores(x):
    """Positive finite numbers, one per modality."""
    low = (Wrong("zero", changed(x, 0, 0.0)), Wrong("negative", changed(x, 0, -1.0)))
    return batch(x, also=(*low, Wrong("one only", x[:1])))


def like(x, *but):
    """A batch that has to fit another one: one row more is wrong too."""
    return batch(x, *but, also=(Wrong("another size", torch.cat([x, x[-1:]])),))


def labels(y, classes=None, *but):
    """Classes of samples, (N,); ``classes``: how many, where the function can know it."""
    wrong = [
        Wrong("−1", changed(y, 0, -1)),
        Wrong("another size", y[:-1]),
        Wrong("deeper", y[None]),
        Wrong("not whole", y + 0.5),
        Wrong("numpy", y.numpy()),
        Wrong("list", y.tolist()),
    ]
    if classes is not None:
        wrong.append(Wrong("C", changed(y, 0, classes)))
    return Argument(y, tuple(w for w in wrong if w.label not in but))


def number(good, *wrong):
    """A finite number, not one of ``wrong``."""
    bad = (math.nan, math.inf, "1", None, *wrong)
    return Argument(good, tuple(Wrong(f"{value!r}", value) for value in bad))


def share(good):
    """A number in [0, 1]."""
    return number(good, -0.1, 1.1)


def count(good, *wrong):
    """A whole number, not one of ``wrong``."""
    bad = (good + 0.5, f"{good}", True, math.nan, *wrong)
    return Argument(good, tuple(Wrong(f"{value!r}", value) for value in bad))


def name(good, says="", near=True):
    """One of several names; the nearest is offered for one that is nearly right."""
    missed = Wrong("misspelt", f"{good[:-1]}", f"Did you mean {good!r}?" if near else "")
    return Argument(good, (missed, Wrong("number", 7)), says)


def several(items, item):
    """A list of tensors, each as ``item(tensor)``."""
    wrong = [Wrong("not a list", items[0]), Wrong("none", []), Wrong("number", 7)]
    for w in item(items[-1]).wrong:
        wrong.append(Wrong(f"the last: {w.label}", [*items[:-1], w.value]))
    return Argument(items, tuple(wrong))


def by_name(good, item=None):
    """A dictionary of tensors by modality, each as ``item(tensor)``."""
    first = next(iter(good))
    wrong = [Wrong("list", list(good.values())), Wrong("none", {}), Wrong("number", 7)]
    for w in item(good[first]).wrong if item else ():
        wrong.append(Wrong(f"{first}: {w.label}", {**good, first: w.value}))
    return Argument(good, tuple(wrong))


def table(good, *columns):
    """A table with these columns."""
    lacks = (Wrong(f"no {c}", good.drop(columns=c), c) for c in columns)
    return Argument(good, (Wrong("list", good.to_dict("records")), Wrong("number", 7), *lacks))


def a(good, *also):
    """An object of one class, which text and numbers are not."""
    return Argument(good, (Wrong("text", "text"), Wrong("number", 7), *also))


def free(good):
    """Whatever Python lets through: True or False, the label of a bar, a generator, a sentence."""
    return Argument(good)


def flag(good=False):
    """True or False."""
    return Argument(good, tuple(Wrong(f"{value!r}", value) for value in ("yes", 7, None)))


def optional(argument):
    """The same, and None is no mistake."""
    return argument._replace(wrong=tuple(w for w in argument.wrong if w.value is not None))


def with_also(argument, *wrong):
    """The same with further wrong values."""
    return argument._replace(wrong=(*argument.wrong, *wrong))


# ---- what needs an entry, and what a table says ------------------------------------------------


def discovered(modules, classes=False):
    """Public functions, and classes, of the modules that have a parameter, by name in coursekit."""
    for where in modules:
        module = import_module(f"coursekit.{where}")
        for key, value in vars(module).items():
            if key.startswith("_") or getattr(value, "__module__", "") != module.__name__:
                continue
            made = classes and inspect.isclass(value) and not issubclass(value, BaseException)
            computes = inspect.isfunction(inspect.unwrap(value))  # under a cache too
            if (computes or made) and inspect.signature(value).parameters:
                yield f"{where}.{key}", value


def parameters(function):
    """Names of the parameters, without **settings, whose names are those of other functions."""
    every = inspect.signature(function).parameters.values()
    return [p.name for p in every if p.kind is not p.VAR_KEYWORD]


def call(function, arguments):
    """Call it; a generator runs up to its first pause."""
    result = function(**arguments)
    return next(result, None) if isinstance(result, GeneratorType) else result


def good_of(entry):
    """The good arguments by parameter."""
    return {p: argument.good for p, argument in entry.items()}


def cases(table):
    """Every wrong value of a table, as parameters of a test: key, parameter, wrong."""
    return [
        pytest.param(key, parameter, wrong, id=f"{key}-{parameter}-{wrong.label}")
        for key, entry in table.items()
        for parameter, argument in entry.items()
        for wrong in argument.wrong
    ]


def require_refused(function, entry, parameter, wrong):
    """With one wrong value it is the course that refuses, in a sentence with the parameter."""
    with pytest.raises(REFUSALS) as caught:
        call(function, good_of(entry) | {parameter: wrong.value})
    message, place = str(caught.value), Path(caught.traceback[-1].path)
    assert place.is_relative_to(PACKAGE), f"{place} refuses, not the course: {message}"
    names = [entry[parameter].says or parameter]
    if wrong.label in ("another size", "deeper", "flatter"):
        names = list(entry)  # two that do not fit each other: either may be named
    assert any(re.search(rf"\b{re.escape(n)}\b", message) for n in names), message
    assert wrong.words in message and message.endswith((".", "?"))
