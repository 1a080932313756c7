"""What the folders of research data sets have in common: names, lists, missing files, splits."""

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from coursekit.data.files import DataFileError
from coursekit.data.multimodal import SPLIT_NAMES
from coursekit.utils.checks import choose, require_flag, require_instance

SYSTEM = ("thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir", "icon\r")
FIRST = 3  # names that a sentence about many begins with
PLAIN = re.compile(r"[\w][\w .,()&'-]*")  # letters, digits, and signs that cannot leave a folder


def folder_at(root: Path | str) -> Path:
    """``root`` as a path.  Errors: DataFileError unless it is a folder."""
    require_instance("root", root, Path | str)
    path = Path(root).expanduser()
    if not path.is_dir():
        raise DataFileError(f"root is {path}; the folder of the data set was expected.")
    return path


def is_system(name: str) -> bool:
    """Whether a file or folder is none of the data but left by a system: ``._x``, ``Thumbs.db``.

    All that is hidden counts as such.
    """
    return name.startswith(".") or name.lower() in SYSTEM


def warn_left_out(names: Sequence[str], what: str) -> None:
    """Warn, if there are any, how many ``names`` are left out and of the first ones.

    what: why, to follow the number, such as "events have no length".
    """
    if names:
        few = ", ".join(names[:FIRST]) + (" …" if len(names) > FIRST else "")
        warnings.warn(f"Left out: {len(names)} {what}: {few}.", stacklevel=4)


def plain(name: str, where: str) -> str:
    """``name`` if it can only name something inside its folder; ``where`` it stands.

    Letters, digits, "_", and inside it spaces and ``.,()&'-``: no slash, and no "." in front.
    YouTube's ids may begin with "-".  Errors: DataFileError.
    """
    if PLAIN.fullmatch(name.lstrip("-")) is None or ".." in name:
        raise DataFileError(f"{where}: {name!r} is no plain name; it could lead out of the folder.")
    return name


def read_lines(path: Path) -> list[tuple[str, str]]:
    """Each line that is not blank, with where it stands; UTF-8, with or without a mark, any ends.

    Errors: DataFileError if the file is missing, no UTF-8 or empty.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataFileError(f"{path} is missing; the data set's list was expected there.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataFileError(f"{path} cannot be read: {error}.") from None
    lines = enumerate(text.splitlines(), 1)
    placed = [(f"{path}, line {i}", line.strip()) for i, line in lines if line.strip()]
    if not placed:
        raise DataFileError(f"{path} has no lines; the data set's list was expected.")
    return placed


def settle(missing: Sequence[str], total: int, allow: bool, what: str = "files") -> tuple[str, ...]:
    """The sentences of ``missing``, one per sample, if they are allowed.

    Errors: DataFileError saying how many of ``total`` are missing, and the first three.
    """
    require_flag("allow_missing", allow)
    if not total:
        raise DataFileError("root holds no samples; the layout of the data set was expected.")
    if missing and not allow:
        few = " ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
        raise DataFileError(
            f"{len(missing)} of {total} samples lack {what}. {few} "
            "Complete the folder, or pass allow_missing=True to leave these samples out."
        )
    if len(missing) == total:
        raise DataFileError(f"All {total} samples lack {what}. {missing[0]}")
    return tuple(missing)


def numbered(names: Iterable[str]) -> tuple[list[int], tuple[str, ...]]:
    """For each name its place among the different ones, sorted, and these."""
    listed = list(names)
    known = tuple(sorted(set(listed)))
    place = {name: i for i, name in enumerate(known)}
    return [place[name] for name in listed], known


def every_fifth(names: Iterable[str], first: int) -> set[str]:
    """Of the different names, sorted, those at the places first, first + 5, …"""
    return set(sorted(set(names))[first::5])


def warn_shared(what: str, sides: Mapping[str, Iterable[str]]) -> None:
    """Warn, with the number, for each two splits that share names."""
    parts = [(split, set(names)) for split, names in sides.items()]
    for i, (first, names_of_first) in enumerate(parts):
        for second, names_of_second in parts[i + 1 :]:
            if shared := len(names_of_first & names_of_second):
                warnings.warn(
                    f"{shared} {what} stand in both {first} and {second}: what is learned about "
                    "them in one helps in the other, so the score is no estimate for new ones.",
                    stacklevel=4,
                )


def row_numbers(splits: Sequence[str]) -> dict[str, Tensor]:
    """Split of each row → rows of each split.

    Errors: ValueError for another name of a split, DataFileError for a split without rows.
    """
    for split in set(splits):
        choose("split", split, SPLIT_NAMES)
    rows = {
        split: torch.tensor([i for i, own in enumerate(splits) if own == split], dtype=torch.int64)
        for split in SPLIT_NAMES
    }
    empty = [split for split, own in rows.items() if not len(own)]
    if empty:
        raise DataFileError(f"No row is left for {' and '.join(empty)}; each split needs some.")
    return rows
