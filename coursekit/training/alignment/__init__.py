"""Objectives that align modalities, on the course's training loop; one in one file.

They stand beside the balancing methods of `coursekit.balancing`: the same hooks, another aim.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from coursekit.training.alignment.align_before_fuse import AlignBeforeFuse
from coursekit.training.alignment.contrastive import Contrastive
from coursekit.training.alignment.correspondence import Correspondence
from coursekit.training.alignment.single_stream import SingleStreamObjective
from coursekit.training.method import Method
from coursekit.utils.checks import choose

OBJECTIVES: Mapping[str, type[Method]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (AlignBeforeFuse, Contrastive, Correspondence, SingleStreamObjective)
    }
)


def names() -> list[str]:
    """Names of all objectives, sorted."""
    return sorted(OBJECTIVES)


def build(name: str, **settings: Any) -> Method:
    """An objective with its own settings; unknown names are refused.  It serves one training."""
    return OBJECTIVES[choose("objective", name, OBJECTIVES)](**settings)
