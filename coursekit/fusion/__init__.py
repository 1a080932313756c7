"""Fusion operators. One class in one file; a new file here is found by itself.

names()                               every operator
build("late-linear", widths, classes) an untrained one
film.film, low_rank.low_rank, …       their equations, as functions of tensors, each in its module
"""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from coursekit.fusion import (
    additive,
    bilinear,
    film,
    gmu,
    low_rank,
    multiplicative,
    non_local,
    squeeze_excite,
)
from coursekit.fusion.base import Fusion
from coursekit.fusion.conformer import ConformerFusion
from coursekit.fusion.early_transformer import MultiModalTransformer
from coursekit.fusion.hard_gate import straight_through
from coursekit.fusion.kiela_gate import gated
from coursekit.fusion.mag import modality_shift
from coursekit.fusion.tensor import tensor_product
from coursekit.utils.checks import choose


def registry() -> dict[str, type[Fusion]]:
    """Operator by name, from every module of this package."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    here = [cls for cls in Fusion.__subclasses__() if cls.__module__.startswith(f"{__name__}.")]
    return {cls.name: cls for cls in here}


def names() -> list[str]:
    """Names of all operators, sorted."""
    return sorted(registry())


def build(name: str, widths: Mapping[str, int], num_classes: int) -> Fusion:
    """An operator for features of ``widths`` (modality → D_m); unknown names are refused."""
    known = registry()
    return known[choose("fusion", name, known)](widths, num_classes)


__all__ = [
    "ConformerFusion",
    "Fusion",
    "MultiModalTransformer",
    "additive",
    "bilinear",
    "build",
    "film",
    "gated",
    "gmu",
    "low_rank",
    "modality_shift",
    "multiplicative",
    "names",
    "non_local",
    "registry",
    "squeeze_excite",
    "straight_through",
    "tensor_product",
]
