"""MultiBench's files of speech, face and text features, such as MOSI and MOSEI.

A pickle with ``{train, valid, test}`` → ``vision, audio, text`` (N, T, D), ``labels``, ``id``;
short sequences are padded with zeros in front. Source: Liang and colleagues 2021.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.data.files import DataFileError
from coursekit.data.lazy_split import LazyData
from coursekit.data.multimodal import SPLIT_NAMES
from coursekit.data.research.folder_layout import is_system, numbered, row_numbers, warn_shared
from coursekit.data.research.unpickle import read_arrays
from coursekit.utils.checks import choose, require, require_finite, require_instance

MODALITIES = ("vision", "audio", "text")
FIELDS = (*MODALITIES, "labels", "id")
RUNS_CODE = (
    "Loading a pickle runs code: whoever made the file decides what happens on your computer. "
    'unpickle is None; "restricted" reads only arrays, text and numbers, and refuses the rest.'
)
Parts = dict[str, dict[str, np.ndarray]]  # split → field → array


@dataclass(frozen=True)
class ReadArrays:
    """Row number → that row of each array; (N, T, D) in memory."""

    inputs: Mapping[str, Tensor]

    def __call__(self, row: int) -> dict[str, Tensor]:
        """One row, (T, D) by modality."""
        return {m: x[row] for m, x in self.inputs.items()}


def by_sign(scores: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Scores (N,) as classes: below 0, or 0 and above; 0 and 1 alone are classes already.

    So are the labels of humour (UR-FUNNY), of which none is below 0.
    """
    if set(np.unique(scores)) <= {0.0, 1.0}:
        return scores.astype(np.int64), ("0", "1")
    return (scores >= 0).astype(np.int64), ("negative", "not negative")


def by_seven(scores: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Scores (N,) rounded to whole numbers, halves to the even one, and cut to −3 … 3."""
    whole = np.clip(np.rint(scores), -3, 3).astype(np.int64)
    return whole + 3, tuple(f"{score:+d}" if score else "0" for score in range(-3, 4))


def by_class(scores: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Whole numbers (N,) as they are; the classes are those that occur, in order."""
    if not (scores == np.rint(scores)).all():
        wrong = scores[scores != np.rint(scores)][0]
        raise DataFileError(f"labels holds {wrong:g}; task='classes' expects whole numbers.")
    known, places = np.unique(scores.astype(np.int64), return_inverse=True)
    return places, tuple(map(str, known.tolist()))


TASKS: Mapping[str, Callable[[np.ndarray], tuple[np.ndarray, tuple[str, ...]]]] = MappingProxyType(
    {"sign": by_sign, "seven": by_seven, "classes": by_class}
)


def find_file(root: Path | str) -> Path:
    """``root`` itself if it is a file, else the only .pkl in it.  Errors: DataFileError."""
    require_instance("root", root, Path | str)
    path = Path(root).expanduser()
    if path.is_file():
        return path
    pickles = sorted(p for p in path.glob("*.pkl") if not is_system(p.name))
    if len(pickles) != 1:
        raise DataFileError(
            f"root is {path}, with {len(pickles)} .pkl files; the path of one was expected."
        )
    return pickles[0]


def split_arrays(content: Any, path: Path) -> Parts:
    """The arrays of each split, checked.  Errors: DataFileError naming split and field."""
    parts: Parts = {}
    for split in SPLIT_NAMES:
        part = content.get(split) if isinstance(content, dict) else None
        lost = [f for f in FIELDS if not isinstance(part, dict) or f not in part]
        if part is None or lost:
            raise DataFileError(f"{path}: {split} lacks {', '.join(lost)}.")
        parts[split] = {f: np.asarray(part[f]) for f in FIELDS}
        for field in FIELDS:
            _require_field(f"{path}: {split} {field}", field, parts[split])
    for field in MODALITIES:
        shapes = {parts[split][field].shape[1:] for split in SPLIT_NAMES}
        if len(shapes) > 1:
            raise DataFileError(f"{path}: {field} has the shapes {sorted(shapes)}; one was meant.")
    return parts


def _require_field(where: str, field: str, part: Mapping[str, np.ndarray]) -> None:
    x, n = part[field], len(part["vision"]) if part["vision"].ndim else 0
    numbers = field == "id" or x.dtype.kind in "iufb"
    if not numbers or x.ndim == 0 or len(x) != n or (field in MODALITIES and x.ndim != 3):
        want = f"({n}, T, D) numbers" if field in MODALITIES else f"{n} rows"
        raise DataFileError(f"{where} has shape {x.shape} and type {x.dtype}; {want} expected.")
    if field == "labels" and (x.size != n or not np.isfinite(x).all()):
        raise DataFileError(f"{where} has shape {x.shape}; one finite number per row was expected.")


def video_of(name: Any) -> str:
    """The video of a clip's id: its first entry, without a clip number in brackets or behind $_$.

    "03bSnISJMiM[7]" and ["03bSnISJMiM", 4.5, 6.0] are clips of the video "03bSnISJMiM".
    """
    first = np.asarray(name).ravel()[0]
    text = first.decode("latin1") if isinstance(first, bytes) else str(first)
    return re.sub(r"(\[\d+\]|\$_\$.*)$", "", text)


def joined(parts: Parts, field: str, fill: float | None) -> Tensor:
    """One modality of all splits, (N, T, D) float32; what is NaN or infinite becomes ``fill``.

    Errors: DataFileError saying how many numbers are not finite, unless ``fill`` is given.
    """
    whole = np.concatenate([parts[split][field] for split in SPLIT_NAMES]).astype(np.float32)
    wrong = ~np.isfinite(whole)
    if wrong.any():
        if fill is None:
            count, rows = int(wrong.sum()), int(wrong.any((1, 2)).sum())
            raise DataFileError(
                f"{field} has {count} numbers in {rows} rows that are NaN or infinite; fill=0.0 "
                "puts a 0 in their places."
            )
        whole[wrong] = fill
    return torch.from_numpy(whole)


def load_multibench(
    root: Path | str,
    *,
    unpickle: str | None = None,
    task: str = "sign",
    fill: float | None = None,
    workers: int = 0,
) -> LazyData:
    """A MultiBench pickle: vision, audio, text, (T, D) each; group = video.

    root: the file, or a folder with one .pkl.  unpickle: must be "restricted", see `unpickle`.
    task: "sign", score below 0 or not, where labels of 0 and 1 alone stay as they are; "seven",
    scores rounded to −3 … 3; "classes", labels that are whole numbers already.  fill: put in place
    of NaN and infinite features; None refuses them.
    Warns, with the number, if videos stand in two splits.
    Errors: ValueError for unknown options; DataFileError for a file that is refused, missing,
    damaged or of another layout, and for labels that become a single class.
    """
    require(unpickle is not None, RUNS_CODE)
    choose("unpickle", str(unpickle), ("restricted",))
    make = TASKS[choose("task", task, TASKS)]
    if fill is not None:
        require_finite("fill", fill)
    path = find_file(root)
    parts = split_arrays(read_arrays(path), path)
    videos = {split: [video_of(name) for name in parts[split]["id"]] for split in SPLIT_NAMES}
    warn_shared("videos", videos)
    scores = np.concatenate([parts[s]["labels"].reshape(-1) for s in SPLIT_NAMES])
    labels, classes = make(scores.astype(np.float64))
    if len(np.unique(labels)) < 2:
        low, high = scores.min(), scores.max()
        made = f"labels from {low:g} to {high:g}, which task={task!r} makes one class"
        raise DataFileError(f"{path} has {made}; two or more were expected.")
    rows = [split for split in SPLIT_NAMES for _ in videos[split]]
    return LazyData(
        name=f"MultiBench {path.stem}",
        read=ReadArrays({m: joined(parts, m, fill) for m in MODALITIES}),
        modalities=MODALITIES,
        labels=torch.from_numpy(labels),
        group=torch.tensor(numbered(v for s in SPLIT_NAMES for v in videos[s])[0]),
        splits=row_numbers(rows),
        classes=classes,
        workers=workers,
        files=(path,),
    )
