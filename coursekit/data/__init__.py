"""Data by name, ``load("uci_views")``; generated, ``load_preset("starve")``; your own."""

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from coursekit.data.av_digits import load_av_digits
from coursekit.data.book_reviews import load_book_reviews
from coursekit.data.emoji import load_emoji
from coursekit.data.multimodal import MultimodalData, Split
from coursekit.data.own_arrays import from_arrays
from coursekit.data.preset_recipes import load_preset, preset, presets
from coursekit.data.scenes import load_scenes
from coursekit.data.synthetic import Modality, Recipe, ceiling, generate
from coursekit.data.tux_paint import load_tux_paint
from coursekit.data.uci_views import load_uci_views
from coursekit.utils.checks import choose, require

LOADERS: Mapping[str, Callable[..., MultimodalData]] = MappingProxyType(
    {
        "av_digits": load_av_digits,
        "book_reviews": load_book_reviews,
        "emoji": load_emoji,
        "scenes": load_scenes,
        "tux_paint": load_tux_paint,
        "uci_views": load_uci_views,
    }
)


def load(name: str, **options: Any) -> MultimodalData:
    """The data set ``name``; its options are those of its loader, see ``help(LOADERS[name])``.

    Errors: ValueError for an unknown name or an option this data set does not have, each with the
    nearest right one; what the loader itself refuses.
    """
    generated = (
        f"name is {name!r}, a preset of the generator; load_preset({name!r}) makes its data."
    )
    require(name not in presets(), generated)
    loader = LOADERS[choose("name", name, LOADERS)]
    known = list(inspect.signature(loader).parameters)
    for option in options:
        if not known:
            raise ValueError(f"{name} takes no options; {option!r} came.")
        choose(f"an option of {name}", option, known)
    return loader(**options)


__all__ = [
    "LOADERS",
    "Modality",
    "MultimodalData",
    "Recipe",
    "Split",
    "ceiling",
    "from_arrays",
    "generate",
    "load",
    "load_preset",
    "preset",
    "presets",
]
