"""Open Clip Art of the user's own: drawings with titles that uploaders wrote, and nobody curated.

Debian's packages openclipart-svg (titles and keywords, in the RDF of every drawing) and
openclipart-png (the same drawings as pictures) put them below one folder, ``svg`` and ``png``. They
are in the public domain; the course stores nothing of them. Many titles name a collection or an
author; the name of the file, which says what is drawn, is a second caption beside them.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import torch
from torch import Tensor

from coursekit.data.bag_of_words import words_of
from coursekit.data.files import DataFileError
from coursekit.data.tux_paint import read_picture
from coursekit.utils.checks import choose, require_count, require_instance

ROOT = Path("/usr/share/openclipart")  # where Debian's packages put them
INSTALL = (
    "Debian's packages openclipart-svg and openclipart-png bring it; name the folder that holds "
    "svg and png with root=…"
)
TEXTS = ("title", "keywords", "file_name")
SIGNS = re.compile(r"[\W\d_]+")  # between the words of a file's name


@dataclass(frozen=True)
class ClipArt:
    """Drawings and what is said of them.

    table: a row per drawing with title, keywords (joined by blanks), file_name (its words) and
    folder, a label.  pictures: (N, 3, size, size) uint8 on white ground.
    """

    table: pd.DataFrame
    pictures: Tensor

    def captions(self, text: str = "title") -> list[tuple[str, ...]]:
        """The words of every drawing's text, in their order; text: one of `TEXTS`."""
        choose("text", text, TEXTS)
        return [tuple(dict.fromkeys(words_of(line))) for line in self.table[text]]


def what_is_said(path: Path) -> dict[str, str]:
    """Title and keywords of a drawing, from the RDF in its SVG; empty where there is none.

    Errors: DataFileError for a file that is no XML.
    """
    require_instance("path", path, Path)
    try:
        work = ElementTree.parse(path).find(".//{*}Work")
    except (OSError, ElementTree.ParseError) as problem:
        raise DataFileError(f"{path} cannot be read as SVG ({problem}).") from None
    if work is None:
        return {"title": "", "keywords": ""}
    keywords = [item.text or "" for item in work.findall("{*}subject//{*}li")]
    title = work.findtext("{*}title") or ""  # not that of a publisher within
    return {"title": title.strip(), "keywords": " ".join(word.strip() for word in keywords)}


def find_drawings(root: Path | str = ROOT) -> tuple[pd.DataFrame, list[Path]]:
    """A row per drawing, see `ClipArt`, and where its picture is.

    A link to another drawing counts once, as that one; drawings without a picture are left out.
    Errors: DataFileError, with what to install, where there is none.
    """
    require_instance("root", root, Path | str)
    drawings = Path(root) / "svg"
    rows, pictures = [], []
    for path in sorted(drawings.rglob("*.svg")) if drawings.is_dir() else []:
        place = path.relative_to(drawings)
        picture = (Path(root) / "png" / place).with_suffix(".png")
        if path.is_symlink() or not picture.exists():
            continue
        name = SIGNS.sub(" ", path.stem).strip().casefold()
        folder = place.parts[0] if len(place.parts) > 1 else "other"
        rows.append({**what_is_said(path), "file_name": name, "folder": folder})
        pictures.append(picture)
    if not rows:
        raise DataFileError(f"root is {root}, where no drawing with a picture is; {INSTALL}.")
    return pd.DataFrame(rows), pictures


def load_open_clip_art(root: Path | str = ROOT, size: int = 32, most: int | None = None) -> ClipArt:
    """All drawings, or ``most`` of them that lie evenly among all.

    size: of a side of the pictures.
    Errors: as `find_drawings`; DataFileError for a damaged file.
    """
    require_count("size", size, 1)
    table, pictures = find_drawings(root)
    if most is not None:
        require_count("most", most, 1)
        rows = torch.linspace(0, len(table) - 1, min(most, len(table))).long().tolist()
        table, pictures = table.iloc[rows].reset_index(drop=True), [pictures[i] for i in rows]
    return ClipArt(table, torch.stack([read_picture(path, size) for path in pictures]))
