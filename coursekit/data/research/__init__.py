"""Research data sets that users bring: ``open_data("cremad", "/data/CREMA-D", fold=0)``."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from coursekit.data.lazy_split import LazyData
from coursekit.data.multimodal import MultimodalData
from coursekit.data.research.ave import load_ave
from coursekit.data.research.cremad import load_cremad
from coursekit.data.research.decode import Scale, Sound
from coursekit.data.research.first_look import check, report, scale_of, standardised
from coursekit.data.research.fsdd_folder import DEFAULTS, load_recordings
from coursekit.data.research.multibench import load_multibench
from coursekit.data.research.ucf101 import load_ucf101
from coursekit.utils.checks import choose

SOURCES: Mapping[str, Callable[..., LazyData | MultimodalData]] = MappingProxyType(
    {
        "cremad": load_cremad,
        "ave": load_ave,
        "ucf101": load_ucf101,
        "multibench": load_multibench,
        "fsdd": load_recordings,
    }
)


def open_data(name: str, root: Path | str, **options: Any) -> LazyData | MultimodalData:
    """The data set ``name`` in the folder ``root``; options: see ``help(SOURCES[name])``.

    Errors: ValueError for an unknown name or an option this data set does not have, each with the
    nearest right one; what the loader itself refuses.
    """
    loader = SOURCES[choose("name", name, SOURCES)]
    known = inspect.signature(loader).parameters
    named = [o for o, p in known.items() if p.kind is not p.VAR_KEYWORD and o != "root"]
    if named:  # else the loader passes its options on, and checks them
        for option in options:
            choose(f"an option of {name}", option, named)
    return loader(root, **options)


def defaults(name: str) -> dict[str, Any]:
    """The options of the data set ``name``, each with what it is where nobody says.

    Errors: ValueError for an unknown name, with the nearest right one.
    """
    known = inspect.signature(SOURCES[choose("name", name, SOURCES)]).parameters
    named = {o: p.default for o, p in known.items() if p.kind is p.KEYWORD_ONLY}
    return named or dict(DEFAULTS)


__all__ = [
    "SOURCES",
    "Scale",
    "Sound",
    "check",
    "defaults",
    "open_data",
    "report",
    "scale_of",
    "standardised",
]
