"""Fusion operators. One class in one file; a new file here is found by itself.

names()                               every operator
build("late-linear", widths, classes) an untrained one
tensor_product, low_rank, film, …     their equations, as functions of tensors
"""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from coursekit.checks import choose
from coursekit.fusion.base import Fusion
from coursekit.fusion.non_local import non_local
from coursekit.fusion.squeeze_excite import squeeze_excite


def registry() -> dict[str, type[Fusion]]:
    """Operator by name, from every module of this package."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return {cls.name: cls for cls in Fusion.__subclasses__()}


def names() -> list[str]:
    """Names of all operators, sorted."""
    return sorted(registry())


def build(name: str, widths: Mapping[str, int], num_classes: int) -> Fusion:
    """An operator for features of ``widths`` (modality → D_m); unknown names are refused."""
    known = registry()
    return known[choose("fusion", name, known)](widths, num_classes)


__all__ = ["Fusion", "build", "names", "non_local", "registry", "squeeze_excite"]
