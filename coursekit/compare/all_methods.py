"""Everything a training can be made with: balancing methods, then objectives that align.

The one place that resolves a method's name for `coursekit.compare.plan`, ``train`` and ``sweep``.
"""

from typing import Any

from coursekit import balancing
from coursekit.training.alignment import OBJECTIVES
from coursekit.training.method import Method
from coursekit.utils.checks import choose

PROBE = "a linear probe"  # whose accuracy an objective is reported by


def registry() -> dict[str, type[Method]]:
    """Method by name.  Errors: ValueError where an objective is called like a balancing method."""
    known = balancing.registry()
    twice = sorted(set(known) & set(OBJECTIVES))
    if twice:
        raise ValueError(f"{twice} are names of balancing methods and of objectives; of one only.")
    return {**known, **OBJECTIVES}


def names() -> list[str]:
    """Names of all, the balancing methods first."""
    return list(registry())


def build(name: str, **settings: Any) -> Method:
    """A method with its own settings; unknown names are refused.  It serves one training."""
    known = registry()
    return known[choose("method", name, known)](**settings)


def is_objective(name: str) -> bool:
    """Whether this is an objective: it learns from pairs, and its joint logits are a probe's."""
    return name in OBJECTIVES
