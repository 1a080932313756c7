"""AVE: events that are both seen and heard, marked in ten-second videos.

Layout: ``AVE/{youtube_id}.mp4``, ``Annotations.txt``, ``trainSet.txt``, ``valSet.txt`` and
``testSet.txt``; lines ``Category&id&quality&start&end``, in seconds. The first list has a header
or, as in the authors' repository, none. A video may hold several events, so ids repeat; one
published event lasts from 0 to 0. Source: Tian and colleagues 2018.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from coursekit.data.files import DataFileError
from coursekit.data.lazy_split import LazyData
from coursekit.data.research.cache import cache_at
from coursekit.data.research.decode import Scale, Sound, require_pictures
from coursekit.data.research.folder_layout import (
    folder_at,
    numbered,
    plain,
    read_lines,
    row_numbers,
    settle,
    warn_left_out,
    warn_shared,
)
from coursekit.data.research.video import Film, ReadFilms
from coursekit.utils.checks import choose, require_positive

LISTS = {"train": "trainSet.txt", "valid": "valSet.txt", "test": "testSet.txt"}
SOUND = Sound(rate=16000, seconds=10.0, mels=64, window=400, step=160)


class Event(NamedTuple):
    """A line of a list: what happens in which video, from when to when, and whose split it is."""

    category: str
    video: str
    start: float
    end: float
    split: str


def read_event(line: str, where: str, split: str) -> Event:
    """One line ``Category&id&quality&start&end``; an event may have no length, as one of AVE has.

    Errors: DataFileError for another number of fields, an id that could lead out of the folder, or
    seconds that are no span.
    """
    fields = line.split("&")
    if len(fields) != 5:
        want = "Category&id&quality&start&end was expected"
        raise DataFileError(f"{where}: {line!r} came; {want}.")
    category, video, _, start, end = fields
    try:
        span = float(start), float(end)
    except ValueError:
        span = -1.0, -1.0
    if not 0 <= span[0] <= span[1] < float("inf"):
        raise DataFileError(f"{where}: seconds {start}&{end} came; 0 ≤ start < end was expected.")
    return Event(category, plain(video, where), *span, split)


def without_header(lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The lines of a list without the first where it names the fields: no seconds stand in it."""
    seconds = lines[0][1].split("&")[3:]
    named = len(seconds) == 2 and not any(c.isdigit() for s in seconds for c in s)
    return lines[1:] if named else lines


def read_classes(root: Path) -> tuple[str, ...]:
    """The categories of Annotations.txt, sorted.  Errors: DataFileError."""
    lines = without_header(read_lines(root / "Annotations.txt"))
    return tuple(sorted({read_event(line, where, "").category for where, line in lines}))


def read_events(root: Path, classes: Sequence[str]) -> list[Event]:
    """All rows of the three lists.  Errors: DataFileError, also for a category unknown so far."""
    events = []
    for split, name in LISTS.items():
        for where, line in without_header(read_lines(root / name)):
            event = read_event(line, where, split)
            if event.category not in classes:
                want = "a category of Annotations.txt was expected"
                raise DataFileError(f"{where}: {event.category!r} came; {want}.")
            events.append(event)
    return events


def disjoint(events: Sequence[Event]) -> tuple[list[Event], tuple[str, ...]]:
    """The events without those of train whose video stands in valid or test, and of valid in test.

    Also a sentence for each event that was dropped, and how many of its split were.
    """
    videos = {split: {e.video for e in events if e.split == split} for split in LISTS}
    later = {"train": ("valid", "test"), "valid": ("test",), "test": ()}
    alone, dropped = [], []
    for event in events:
        shared = [other for other in later[event.split] if event.video in videos[other]]
        if shared:
            dropped.append((event.split, f"{event.video} is also in {' and '.join(shared)}"))
        else:
            alone.append(event)
    numbers = {split: sum(own == split for own, _ in dropped) for split in LISTS}
    total = {split: sum(e.split == split for e in events) for split in LISTS}
    return alone, tuple(
        f"{split}: {why}; {numbers[split]} of {total[split]} rows are left out for this."
        for split, why in dropped
    )


def seconds_of(start: float, end: float, frames: int, fps: float) -> tuple[float, ...]:
    """When ``frames`` pictures of a segment are taken.

    The segment is sampled at ``fps``, from its start on; of these moments ``frames`` are taken,
    evenly spread, and where there are fewer, some twice.
    """
    moments = max(int((end - start) * fps + 1e-9), 1)
    return tuple(start + (i * moments // frames) / fps for i in range(frames))


def load_ave(
    root: Path | str,
    *,
    split: str = "disjoint",
    frames: int = 4,
    fps: float = 1.0,
    size: int = 224,
    sound: Sound = SOUND,
    scale: Scale = Scale(),  # noqa: B008 (frozen)
    allow_missing: bool = False,
    workers: int = 0,
    cache: Path | str | None = None,
) -> LazyData:
    """AVE: audio (1, mels, frames), video (frames, 3, size, size) of each event; group = video.

    split: the published lists share some videos. "disjoint" drops from train what is also in valid
    or test, and from valid what is in test, and lists it in ``missing``; "published" keeps all and
    warns, with the numbers.
    frames, fps: see `seconds_of`.  size: pixels per side, see `decode.squared`.  sound: that of
    the event, repeated to ``sound.seconds``; see `decode.Sound`.  scale, cache: see `decode.Scale`,
    `cache.Cached`.  workers: processes that read ahead.
    allow_missing: leave out events whose video is missing, and list them in ``missing``. Events of
    no length are left out always, with a warning, and stand there too.
    Errors: ValueError, TypeError for options out of range; DataFileError for missing videos and
    lists that cannot be read, and, when a row is read, for a damaged video or one that breaks off
    more than a second before its event does.
    """
    choose("split", split, ("disjoint", "published"))
    require_pictures(frames, size, sound, scale)
    require_positive("fps", fps)
    top, stored = folder_at(root), cache_at(cache)
    classes = read_classes(top)
    every = read_events(top, classes)
    events = [e for e in every if e.start < e.end]
    empty = [e for e in every if e.start == e.end]
    warn_left_out([e.video for e in empty], "events have no length")
    there = {p.name for p in (top / "AVE").glob("*.mp4")}
    lost = [e for e in events if f"{e.video}.mp4" not in there]
    sentences = [f"{e.split}: {e.video}.mp4 is not in AVE." for e in lost]
    missing = settle(sentences, len(events), allow_missing)
    missing += tuple(f"{e.split}: {e.video} has an event of no length." for e in empty)
    events = [e for e in events if f"{e.video}.mp4" in there]
    if split == "disjoint":
        events, dropped = disjoint(events)
        missing += dropped
    else:
        warn_shared("videos", {s: [e.video for e in events if e.split == s] for s in LISTS})
    films = tuple(
        Film(top / "AVE" / f"{e.video}.mp4", seconds_of(*e[2:4], frames, fps), *e[2:4])
        for e in events
    )
    return LazyData(
        name="AVE",
        read=ReadFilms(films, size, sound, scale, stored),
        modalities=("audio", "video"),
        labels=torch.tensor([classes.index(e.category) for e in events]),
        group=torch.tensor(numbered(e.video for e in events)[0]),
        splits=row_numbers([e.split for e in events]),
        classes=classes,
        missing=missing,
        workers=workers,
        files=(top,),
    )
