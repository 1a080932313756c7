"""The Free Spoken Digit Dataset in a folder of one's own, paired with the course's images."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from coursekit.data.av_digits import load_av_digits
from coursekit.data.multimodal import MultimodalData
from coursekit.data.research.folder_layout import folder_at
from coursekit.utils.checks import choose

FIXED = ("speech", "folder")  # what this loader sets itself
PARAMETERS = inspect.signature(load_av_digits).parameters
DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {name: p.default for name, p in PARAMETERS.items() if name not in FIXED}
)


def load_recordings(root: Path | str, **options: Any) -> MultimodalData:
    """`coursekit.data.av_digits.load_av_digits` with the recordings in ``root``, or in a folder
    ``recordings`` there.

    options: those of that loader, but for speech and folder.
    Errors: ValueError for other options; DataFileError for recordings that are missing or not the
    published ones.
    """
    for option in options:
        choose("an option of fsdd", option, DEFAULTS)
    folder = folder_at(root)
    inner = folder / "recordings"
    return load_av_digits(speech="fsdd", folder=inner if inner.is_dir() else folder, **options)
