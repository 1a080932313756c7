"""CREMA-D: actors who say twelve sentences in six moods, as sound and as frames of their faces.

Layout: ``AudioWAV/{ID}.wav`` and ``Image-{fps:02d}-FPS/{ID}/{frame:05d}.jpg``, where an ID such as
``1001_DFA_ANG_XX`` is actor, sentence, emotion and level. Frames are numbered one by one from 0 or
1, or by their place in the video, as the script published with OGM-GE does; see `frame_numbers`.
Source of the recordings: Cao and colleagues 2014.
"""

import re
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from coursekit.data.files import DataFileError
from coursekit.data.lazy_split import LazyData
from coursekit.data.research.cache import Cached, cache_at
from coursekit.data.research.decode import Photo, Scale, Sound, WavPicture, require_pictures
from coursekit.data.research.folder_layout import (
    every_fifth,
    folder_at,
    is_system,
    numbered,
    read_lines,
    row_numbers,
    settle,
    warn_left_out,
    warn_shared,
)
from coursekit.utils.checks import choose, require, require_count

EMOTIONS = ("NEU", "HAP", "SAD", "FEA", "DIS", "ANG")
FOLDS = 5
HEADER = 44  # bytes before the first sample; a recording that has no more is known to be published
FRAME = re.compile(r"(?:frame_)?(\d{5})\.jpg")
NAME = re.compile(r"(\d{4})_[A-Z]+_([A-Z]{3})_[A-Z]+")
SOUND = Sound(rate=22050, seconds=3.0, mels=64, window=512, step=353)


@dataclass(frozen=True)
class ReadClips:
    """Row number → {"audio": (1, mels, frames), "video": (T, 3, size, size)}, float32."""

    sounds: tuple[Path, ...]
    frames: tuple[tuple[Path, ...], ...]
    sound: Sound
    size: int
    scale: Scale
    cache: Path | None

    def __call__(self, row: int) -> dict[str, Tensor]:
        """Decode one row.  Errors: DataFileError."""
        photo = Cached(Photo(self.size), self.cache)
        wave = Cached(WavPicture(self.sound), self.cache)
        shots = np.stack([photo(path) for path in self.frames[row]])
        audio = self.scale.sound(wave(self.sounds[row])).to(torch.float32)
        return {"audio": audio, "video": self.scale.pixels(shots)}


def parts_of(name: str, where: str) -> tuple[str, str]:
    """Actor and emotion of an ID.  Errors: DataFileError for what is no ID."""
    match = NAME.fullmatch(name)
    if match is None or match[2] not in EMOTIONS:
        want = "an ID such as 1001_DFA_ANG_XX was expected"
        raise DataFileError(f"{where}: {name!r} came; {want}.")
    return match[1], match[2]


def middle(frames: list[str], number: int) -> list[str]:
    """``number`` consecutive frames from the middle; if there are fewer, the last is repeated."""
    first = max(len(frames) - number, 0) // 2
    taken = frames[first : first + number]
    return taken + taken[-1:] * (number - len(taken))


def place_rate(numbers: Sequence[Sequence[int]], fps: int) -> int:
    """Pictures per second of the videos whose frames are numbered by place; 0: one by one.

    numbers: of each clip's frames, in order.  fps: frames kept of a second.  Frames that are
    ``fps`` apart in the list are a second apart, and the commonest distance of theirs is the rate;
    where they are numbered one by one it is ``fps`` itself.
    """
    pairs = [pair for clip in numbers for pair in zip(clip, clip[fps:], strict=False)]
    apart = Counter(b - a for a, b in pairs).most_common(1)
    return apart[0][0] if apart and apart[0][0] > fps else 0


def frame_numbers(last: int, rate: int, fps: int) -> list[int]:
    """The numbers up to ``last`` that a clip's frames have: ``fps`` of each ``rate`` pictures.

    Of every second the pictures 0, ⌊rate/fps⌋, 2⌊rate/fps⌋, …: with 29 pictures per second and
    fps = 1 they are 0, 29, 58, …
    """
    step = rate // fps
    seconds = range(last // rate + 1)
    return [n for s in seconds for j in range(fps) if (n := s * rate + j * step) <= last]


def _gap(numbers: list[int], rate: int, fps: int, first: int) -> str:
    """What is wrong with the numbers of a clip's frames; empty if nothing is.

    first: the number with which clips begin.
    """
    if not numbers:
        return "no frame"
    last = numbers[-1] - first
    wanted = list(range(last + 1))
    if rate:
        places, own = {n - first for n in numbers}, place_rate([numbers], fps)
        wanted = frame_numbers(last, rate, fps)
        if own and not places <= set(wanted):  # a video with another number of pictures
            wanted = frame_numbers(last, own, fps)
    lost = sorted({n + first for n in wanted} - set(numbers))
    return f"no frame {lost[0]:05d}.jpg" if lost else ""


def _voices(folder: Path) -> tuple[set[str], set[str]]:
    """IDs of the wave files in ``folder``, and those of files that hold nothing but a header."""
    _require_folder(folder)
    files = [p for p in folder.glob("*.wav") if not is_system(p.name)]
    empty = {p.stem for p in files if p.stat().st_size <= HEADER}
    return {p.stem for p in files}, empty


def _faces(folder: Path) -> set[str]:
    """Names of the folders in ``folder``; a warning names what is none, but for system files."""
    _require_folder(folder)
    entries = sorted(p for p in folder.iterdir() if not is_system(p.name))
    others = [p.name for p in entries if not p.is_dir()]
    warn_left_out(others, f"files in {folder.name} are no folders of frames")
    return {p.name for p in entries if p.is_dir()}


def _require_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise DataFileError(f"{folder} is not there; the layout of CREMA-D has this folder.")


def _frames_of(folder: Path) -> dict[int, str]:
    """Number → file name of a clip's frames, in order."""
    pictures = folder.glob("*.jpg") if folder.is_dir() else ()
    named = [(m, p.name) for p in pictures if (m := FRAME.fullmatch(p.name))]
    return dict(sorted((int(m[1]), name) for m, name in named))


def read_published(root: Path) -> dict[str, tuple[str, str]]:
    """ID → (side, emotion) of the widely used split; side is "train" or "test".

    Errors: DataFileError for a line that is not ``ID,EMO``, or an ID that is listed twice.
    """
    rows: dict[str, tuple[str, str]] = {}
    for side in ("train", "test"):
        for where, line in read_lines(root / f"{side}.csv"):
            name, _, emotion = line.partition(",")
            parts_of(name, where)
            if emotion not in EMOTIONS:
                raise DataFileError(f"{where}: {line!r} came; ID,EMO with {EMOTIONS} was expected.")
            if name in rows:
                raise DataFileError(f"{where}: {name} is listed twice; once was expected.")
            rows[name] = (side, emotion)
    wrong = sum(parts_of(name, "")[1] != emotion for name, (_, emotion) in rows.items())
    if wrong:
        warnings.warn(f"{wrong} listed emotions are not those of the IDs.", stacklevel=3)
    return rows


def fold_of(actors: list[str], fold: int) -> list[str]:
    """The split of each row by its actor.

    The actors in order of their numbers are dealt out to five heaps in turn; heap ``fold`` tests,
    the next one validates and the other three train.
    """
    place, known = numbered(actors)
    if len(known) < FOLDS:
        raise DataFileError(f"root holds {len(known)} actors; {FOLDS} or more were expected.")
    role = {fold: "test", (fold + 1) % FOLDS: "valid"}
    return [role.get(i % FOLDS, "train") for i in place]


def published_splits(sides: list[str], actors: list[str]) -> list[str]:
    """The split of each row: valid is cut out of train, every fifth of its actors."""
    rows = list(zip(sides, actors, strict=True))
    warn_shared("actors", {s: {a for side, a in rows if side == s} for s in ("train", "test")})
    aside = every_fifth((actor for side, actor in rows if side == "train"), 1)
    return ["valid" if side == "train" and actor in aside else side for side, actor in rows]


def load_cremad(
    root: Path | str,
    *,
    split: str = "actors",
    fold: int = 0,
    frames: int = 3,
    fps: int = 1,
    size: int = 224,
    sound: Sound = SOUND,
    scale: Scale = Scale(),  # noqa: B008 (frozen)
    allow_missing: bool = False,
    workers: int = 0,
    cache: Path | str | None = None,
) -> LazyData:
    """CREMA-D: audio (1, mels, frames), video (frames, 3, size, size); group = actor.

    split: "actors", five folds whose splits share no actor (``fold`` 0 to 4, see `fold_of`), or
    "published", train.csv and test.csv, which share actors (a warning says how many); there valid
    is every fifth actor of train.csv, and what is in neither list stands in ``missing``.
    frames: consecutive ones from the middle of the clip; a clip with fewer repeats its last.
    fps: which folder of frames.  size: pixels per side, see `decode.squared`.  sound, scale, cache:
    see `decode.Sound`, `decode.Scale`, `cache.Cached`.  workers: processes that read ahead.
    allow_missing: leave out clips whose files are missing, and list them in ``missing``. Recordings
    without samples, of which one is published, are left out always, with a warning.
    Errors: ValueError, TypeError for options out of range; DataFileError for missing files and
    lists that cannot be read, and, when a row is read, for a damaged file.
    """
    choose("split", split, ("actors", "published"))
    require_count("fold", fold, 0, FOLDS - 1)
    require(split == "actors" or fold == 0, f"fold is {fold}; the published split has none but 0.")
    require_count("fps", fps, 1)
    require_pictures(frames, size, sound, scale)
    top, stored = folder_at(root), cache_at(cache)
    voices, faces = top / "AudioWAV", top / f"Image-{fps:02d}-FPS"
    (heard, silent), seen = _voices(voices), _faces(faces)
    listed = read_published(top) if split == "published" else {}
    names = [n for n in sorted(listed or heard | seen) if n not in silent]
    shots = {name: _frames_of(faces / name) for name in names}
    rate = place_rate([list(s) for s in shots.values()], fps)
    first = min(min((n for s in shots.values() for n in s), default=0), 1)
    gaps = {n: _gap(list(shots[n]), rate, fps, first) for n in names}
    lacking = {n: g for n in names if (g := _lack(n in heard, n in seen, gaps[n]))}
    missing = settle([f"{n}: {why}." for n, why in lacking.items()], len(names), allow_missing)
    unlisted = sorted((heard | seen) - set(names) - silent)
    warn_left_out(sorted(silent), "wave files have no samples")
    missing += tuple(f"{n}: its wave file has no samples." for n in sorted(silent))
    missing += tuple(f"{n}: in neither train.csv nor test.csv." for n in unlisted)
    whole = [n for n in names if n not in lacking]
    actors, emotions = zip(*(parts_of(n, str(top)) for n in whole), strict=True)
    if listed:
        emotions = tuple(listed[n][1] for n in whole)
        splits = published_splits([listed[n][0] for n in whole], list(actors))
    else:
        splits = fold_of(list(actors), fold)
    pictures = tuple(
        tuple(faces / n / f for f in middle(list(shots[n].values()), frames)) for n in whole
    )
    waves = tuple(voices / f"{n}.wav" for n in whole)
    return LazyData(
        name="CREMA-D",
        read=ReadClips(waves, pictures, sound, size, scale, stored),
        modalities=("audio", "video"),
        labels=torch.tensor([EMOTIONS.index(e) for e in emotions]),
        group=torch.tensor(numbered(actors)[0]),
        splits=row_numbers(splits),
        classes=EMOTIONS,
        missing=missing,
        workers=workers,
        files=(top,),
    )


def _lack(heard: bool, seen: bool, gap: str) -> str:
    """What of a clip is missing, in words; empty if nothing is."""
    gap = gap if seen else "no folder of frames"
    return " and ".join(([] if heard else ["no wave file"]) + ([gap] if gap else []))
