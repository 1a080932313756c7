"""UCF101: short clips of 101 actions; 51 of them have sound.

Layout: ``UCF-101/{Class}/v_{Class}_gGG_cCC.avi`` and ``ucfTrainTestlist/`` with ``classInd.txt``
(``number Class``), ``trainlist0k.txt`` (``Class/file.avi number``, from 1 on) and
``testlist0k.txt`` (without number). Clips of one group were cut from one video, so that a group
must not straddle the splits. Source: Soomro and colleagues 2012.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from coursekit.data.files import DataFileError
from coursekit.data.lazy_split import LazyData
from coursekit.data.research.cache import Cached, cache_at
from coursekit.data.research.decode import Scale, Sound, require_pictures
from coursekit.data.research.folder_layout import (
    every_fifth,
    folder_at,
    numbered,
    plain,
    read_lines,
    row_numbers,
    settle,
    warn_shared,
)
from coursekit.data.research.video import Film, Probe, ReadFilms
from coursekit.utils.checks import choose, require, require_count, require_list

FOLDS = 3
FEWEST = 4  # frames; clips with fewer are left out
NAME = re.compile(r"v_(\w+)_g(\d+)_c\d+\.avi")
SOUND = Sound(rate=16000, seconds=5.0, mels=64, window=400, step=160)


class Clip(NamedTuple):
    """A line of a list: the action, the file's name, its group within the action, and the split."""

    action: str
    file: str
    group: str
    split: str


def read_actions(lists: Path) -> dict[str, int]:
    """Class → its number from 1 on, in the order of classInd.txt.  Errors: DataFileError."""
    numbers: dict[str, int] = {}
    for where, line in read_lines(lists / "classInd.txt"):
        number, _, action = line.partition(" ")
        if not number.isdecimal() or action in numbers or int(number) in numbers.values():
            raise DataFileError(f"{where}: {line!r} came; a new number and class were expected.")
        numbers[plain(action.strip(), where)] = int(number)
    return numbers


def read_clip(line: str, where: str, split: str, actions: dict[str, int]) -> Clip:
    """One line ``Class/v_Class_gGG_cCC.avi``, followed by the class's number where it trains.

    Errors: DataFileError for another form, an unknown class, or a number that is not the class's.
    """
    path, _, number = line.partition(" ")
    action, _, file = path.partition("/")
    match = NAME.fullmatch(file)
    # One class writes its own name with another capital in its files.
    if match is None or action not in actions or match[1].lower() != action.lower():
        raise DataFileError(f"{where}: {line!r} came; Class/v_Class_gGG_cCC.avi was expected.")
    wanted = str(actions[action]) if split == "train" else ""
    if number.strip() != wanted:
        want = f"class number {wanted!r} was expected"
        raise DataFileError(f"{where}: {line!r} came; {want}.")
    return Clip(action, file, f"{action} g{match[2]}", split)


def read_clips(lists: Path, fold: int, actions: dict[str, int]) -> list[Clip]:
    """All clips of a fold's two lists.  Errors: DataFileError, also for one listed twice."""
    clips: dict[str, Clip] = {}
    for split in ("train", "test"):
        for where, line in read_lines(lists / f"{split}list{fold:02d}.txt"):
            clip = read_clip(line, where, split, actions)
            if clip.file in clips:
                raise DataFileError(f"{where}: {clip.file} is listed twice; once was expected.")
            clips[clip.file] = clip
    return list(clips.values())


def with_valid(clips: Sequence[Clip]) -> list[Clip]:
    """The clips with every fifth training group of each class, the second first, in valid."""
    aside: set[str] = set()
    for action in {c.action for c in clips}:
        aside |= every_fifth((c.group for c in clips if c[::3] == (action, "train")), 1)
    return [
        c._replace(split="valid") if c.split == "train" and c.group in aside else c for c in clips
    ]


def seconds_of(frames: int, lasting: float) -> tuple[float, ...]:
    """The middles of ``frames`` equal parts of a clip, in seconds."""
    return tuple((i + 0.5) / frames * lasting for i in range(frames))


def looked_into(
    clips: Sequence[Clip], folder: Path, stored: Path | None, allow_missing: bool
) -> tuple[dict[Clip, tuple[float, float]], dict[Clip, str]]:
    """Seconds of pictures and sound of each usable clip, and why each of the others is not.

    Errors: DataFileError for clips that are missing or cannot be opened, unless they are allowed.
    """
    paths = {c: folder / c.action / c.file for c in clips}
    lost = {c: f"{c.action}/{c.file} is not in UCF-101." for c in clips if not paths[c].is_file()}
    settle(list(lost.values()), len(clips), allow_missing)
    probe, usable = Cached(Probe(), stored), {}
    unfit = dict(lost)
    for clip in clips:
        if clip in lost:
            continue
        frames, lasting, heard = probe(paths[clip]).tolist()
        if frames < FEWEST:
            unfit[clip] = f"{clip.file} has {frames:.0f} frames; {FEWEST} or more were expected."
        elif not heard:
            unfit[clip] = f"{clip.file} has no sound."
        else:
            usable[clip] = (lasting, heard)
    return usable, unfit


def _films(usable: dict[Clip, tuple[float, float]], folder: Path, frames: int) -> tuple[Film, ...]:
    return tuple(
        Film(folder / c.action / c.file, seconds_of(frames, lasting), 0.0, min(lasting, heard))
        for c, (lasting, heard) in usable.items()
    )


def load_ucf101(
    root: Path | str,
    *,
    fold: int = 1,
    classes: Sequence[str] | None = None,
    frames: int = 4,
    size: int = 224,
    sound: Sound = SOUND,
    scale: Scale = Scale(),  # noqa: B008 (frozen)
    allow_missing: bool = False,
    workers: int = 0,
    cache: Path | str | None = None,
) -> LazyData:
    """UCF101: audio (1, mels, frames), video (frames, 3, size, size); group = source video.

    Every clip is opened once to see whether it has sound, which takes minutes for all 13 000 of
    them; with ``cache`` only the first time.
    fold: 1 to 3, the published lists; valid is every fifth training group of each class.
    classes: names to keep, in this order; default those of which some clip has sound, in the order
    of classInd.txt. Clips without sound or with fewer than 4 frames stand in ``missing``.
    frames: in the middles of that many parts of the clip.  size: pixels per side, see
    `decode.squared`.  sound: from the clip's start; see `decode.Sound`.  scale, cache: see
    `decode.Scale`, `cache.Cached`.  workers: processes that read ahead.
    allow_missing: leave out clips that are missing, and list them in ``missing``.
    Errors: ValueError, TypeError for options out of range; DataFileError for missing clips, lists
    that cannot be read and damaged videos; ImportError without PyAV.
    """
    require_count("fold", fold, 1, FOLDS)
    require_pictures(frames, size, sound, scale)
    top, stored = folder_at(root), cache_at(cache)
    actions = read_actions(top / "ucfTrainTestlist")
    if classes is not None:
        require_list("classes", classes, "names")
    wanted = [choose("classes", c, actions) for c in classes or actions]
    require(len(set(wanted)) == len(wanted), "classes names one twice; each once was expected.")
    listed = read_clips(top / "ucfTrainTestlist", fold, actions)
    clips = with_valid([c for c in listed if c.action in wanted])
    groups = {s: [c.group for c in clips if c.split == s] for s in ("train", "valid", "test")}
    warn_shared("groups", groups)
    usable, unfit = looked_into(clips, top / "UCF-101", stored, allow_missing)
    heard = {c.action for c in usable}
    names = tuple(c for c in wanted if c in heard)
    silent = [c for c in wanted if c not in heard]
    if classes is not None and silent:
        raise DataFileError(f"classes names {silent[0]!r}, of which no clip can be used.")
    return LazyData(
        name=f"UCF101, fold {fold}",
        read=ReadFilms(_films(usable, top / "UCF-101", frames), size, sound, scale, stored),
        modalities=("audio", "video"),
        labels=torch.tensor([names.index(c.action) for c in usable]),
        group=torch.tensor(numbered(c.group for c in usable)[0]),
        splits=row_numbers([c.split for c in usable]),
        classes=names,
        missing=tuple(unfit.values()),
        workers=workers,
        files=(top,),
    )
