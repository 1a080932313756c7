"""Of what data stored rows are: a file beside a table, so that it goes on with the same only."""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coursekit.compare.plan import AnyData
from coursekit.data.multimodal import SPLIT_NAMES
from coursekit.training.checkpoint import write_whole
from coursekit.training.data_identity import differences, facts_of
from coursekit.utils.checks import require, require_instance


def facts(data: AnyData) -> dict[str, Any]:
    """`coursekit.training.data_identity.facts_of` each split."""
    return {name: facts_of(data.split(name)) for name in SPLIT_NAMES}


def require_same_data(
    path: Path, made_of: Mapping[str, AnyData], *, begun: bool, advice: str
) -> None:
    """Refuse to go on with rows of other data; note in ``path`` what data these are.

    path: the JSON file beside the rows; data that it does not name are added.  made_of: data by
    name.  begun: whether there are rows already; then a name without a note gives a warning, for
    nobody knows what they are of.  advice: what to do, a sentence.
    Errors: ValueError saying what differs; a file that is damaged, too.
    """
    require_instance("path", path, Path)
    noted = _read(path)
    unknown = []
    for name, data in made_of.items():
        here = facts(data)
        if name not in noted:
            unknown.append(name)
            noted[name] = here
            continue
        words = [w for split in here for w in differences(split, noted[name][split], here[split])]
        require(not words, f"The rows of {name} are of other data: {', '.join(words)}. {advice}")
    if begun and unknown:
        warnings.warn(
            f"{path.name} does not tell of what data the rows of {', '.join(unknown)} are; they "
            "are taken for rows of the same.",
            stacklevel=2,
        )
    if unknown:
        write_whole(path, (json.dumps(noted) + "\n").encode())


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as problem:
        raise ValueError(f"{path} cannot be read: {problem}. Name another folder.") from None
