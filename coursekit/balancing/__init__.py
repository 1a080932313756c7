"""Methods that balance the training of several modalities; one method in one file.

Every module begins with its method's pure functions: the equations, on tensors.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from coursekit.training.method import Method
from coursekit.utils.checks import choose


def registry() -> dict[str, type[Method]]:
    """Method by name, from every module of this package."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    every: list[type[Method]] = [Method, *_below(Method)]
    ours = [cls for cls in every if cls is Method or cls.__module__.startswith(__name__)]
    named = {cls.name: cls for cls in ours if "name" in vars(cls)}  # helpers have none of theirs
    return dict(sorted(named.items()))  # the order must not hang on what was imported first


def _below(cls: type[Method]) -> list[type[Method]]:
    return [c for child in cls.__subclasses__() for c in (child, *_below(child))]


def names() -> list[str]:
    """Names of all methods, sorted."""
    return sorted(registry())


def build(name: str, **settings: Any) -> Method:
    """A method with its own settings; unknown names are refused.  A method serves one training."""
    known = registry()
    return known[choose("method", name, known)](**settings)
