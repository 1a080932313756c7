"""Tux Paint's stamps: pictures with a sentence in many languages, and the sentence spoken.

Stamps are under the GPL-2 and come with the user's own installation of Tux Paint; the course stores
nothing that is made of them. A training of yours on them does, in your own folder. For every
picture X.png there is X.txt, its first line in English and the others as ``de.utf8=Ein Löwe.``, and
X_desc_fr.ogg, the sentence spoken.
https://tuxpaint.org/docs/en/html/EXTENDING.html, "Stamps".
"""

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from coursekit.data.bag_of_words import vocabulary, words_of
from coursekit.data.emoji import as_floats
from coursekit.data.files import DataFileError
from coursekit.data.multimodal import SPLIT_NAMES, MultimodalData
from coursekit.data.spectrogram import RATE, word_picture
from coursekit.data.standardise import standardise_whole
from coursekit.utils.checks import require, require_count, require_flag, require_instance

ROOT = Path("/usr/share/tuxpaint/stamps")  # where Debian's package puts them
INSTALL = (
    "the stamps come with Tux Paint (Debian's package tuxpaint-stamps-default, or "
    "https://tuxpaint.org/download/stamps/); name their folder with root=…"
)
SIGNS = frozenset(("alphabet", "alphabets", "letters", "numbers", "symbols"))  # no pictures
SHARES = {"train": 0.7, "valid": 0.85, "test": 1.0}  # up to there, of the captions


@dataclass(frozen=True)
class Stamp:
    """One picture.  english, caption: its sentence in English and in the chosen language.

    spoken: the recording of that sentence; None where there is none.  kind: its folder.
    """

    picture: Path
    kind: str
    english: str
    caption: str
    spoken: Path | None


def find_stamps(
    root: Path | str = ROOT, language: str = "en", speech: bool = False
) -> tuple[list[Stamp], str]:
    """All stamps with a picture that can be read, and a sentence that counts others; "" for none.

    language: as Tux Paint calls it, "de", "pt_br"; "en" is the first line of a text.  speech: only
    those whose caption is spoken.
    Letters and symbols are no pictures, and are left out without being counted.
    Errors: DataFileError for a folder that is missing or has no stamp with such a caption.
    """
    require_instance("root", root, Path | str)
    require_instance("language", language, str)
    folder = Path(root)
    if not folder.is_dir():
        raise DataFileError(f"root is {folder}, which is no folder; {INSTALL}.")
    stamps: list[Stamp] = []
    drawings = untold = silent = 0
    for text in sorted(folder.rglob("*.txt")):
        if SIGNS & set(text.relative_to(folder).parts):
            continue
        picture = text.with_suffix(".png")
        if not picture.exists():
            drawings += text.with_suffix(".svg").exists()
            continue
        captions = captions_of(text)
        if "en" not in captions or language not in captions:
            untold += 1
            continue
        kind = text.relative_to(folder).parts[0] if text.parent != folder else "other"
        spoken = text.with_name(f"{text.stem}_desc_{language}.ogg")
        has = spoken if spoken.exists() else None
        if speech and has is None:
            silent += 1
            continue
        stamps.append(Stamp(picture, kind, captions["en"], captions[language], has))
    counts = {
        "drawings that are SVG only, which nothing here can draw": drawings,
        f"pictures without a caption in {language!r}": untold,
        f"pictures whose caption in {language!r} is not spoken": silent,
    }
    parts = [f"{count} {what}" for what, count in counts.items() if count]
    left_out = f"Left out: {'; '.join(parts)}." if parts else ""
    if not stamps:
        raise DataFileError(f"root is {folder}, where no stamp can be used. {left_out} {INSTALL}.")
    return stamps, left_out


def captions_of(path: Path) -> dict[str, str]:
    """Language → sentence, from the text of a stamp; "en" is its first line.

    Errors: DataFileError for what is no text in UTF-8.
    """
    try:
        first, *others = path.read_text(encoding="utf-8-sig").splitlines() or [""]
    except (OSError, UnicodeDecodeError) as problem:
        raise DataFileError(f"{path} cannot be read as a text in UTF-8 ({problem}).") from None
    captions = {"en": first.strip()}
    for line in others:
        name, equals, sentence = line.partition("=")
        if equals and sentence.strip():
            captions[name.strip().removesuffix(".utf8")] = sentence.strip()
    return {language: sentence for language, sentence in captions.items() if sentence}


def read_picture(path: Path, size: int) -> Tensor:
    """A picture (3, size, size) uint8 on white ground, as large as fits, in the middle.

    Errors: DataFileError for what cannot be read as a picture.
    """
    try:
        with Image.open(path) as opened:
            drawn = opened.convert("RGBA")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as problem:
        raise DataFileError(f"{path} cannot be read as a picture ({problem}).") from None
    drawn.thumbnail((size, size))
    ground = Image.new("RGBA", (size, size), "white")
    ground.alpha_composite(drawn, ((size - drawn.width) // 2, (size - drawn.height) // 2))
    return torch.from_numpy(np.array(ground.convert("RGB"))).permute(2, 0, 1)


def read_speech(path: Path) -> tuple[np.ndarray, int]:
    """A recording as a waveform (samples,) float32 and its rate, 8000 Hz.

    Errors: ImportError without PyAV, which the extra "research" brings; DataFileError for a file
    that cannot be decoded or has no sound.
    """
    from coursekit.data.research.video_file import opened, sound_stream

    with opened(path) as container:
        import av  # `opened` has said what to do where it is missing

        to_8_khz = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        frames = container.decode(sound_stream(path, container))
        pieces = [piece for frame in frames for piece in to_8_khz.resample(frame)]
        waves = [piece.to_ndarray().ravel() for piece in [*pieces, *to_8_khz.resample(None)]]
    require(sum(map(len, waves)) > 0, f"{path} has no sound in it; a spoken caption was expected.")
    return np.concatenate(waves), RATE


def spoken_captions(stamps: list[Stamp]) -> Tensor:
    """Their recordings as log-mel pictures (N, 32, 32) in decibels."""
    waves = [read_speech(stamp.spoken) for stamp in stamps if stamp.spoken is not None]
    return torch.stack([word_picture(torch.from_numpy(wave), rate)[0] for wave, rate in waves])


def families_of(stamps: list[Stamp]) -> np.ndarray:
    """A number per stamp, the same for those with one caption in English or in the language."""
    captions = [("en", s.english) for s in stamps], [("", s.caption) for s in stamps]
    places = {caption: i for i, caption in enumerate(dict.fromkeys(captions[0] + captions[1]))}
    rows = np.tile(np.arange(len(stamps)), 2)
    columns = len(stamps) + np.array([places[c] for c in captions[0] + captions[1]])
    n = len(stamps) + len(places)
    links = coo_array((np.ones(len(rows)), (rows, columns)), shape=(n, n))
    _, families = connected_components(links, directed=False)
    return np.unique(families[: len(stamps)], return_inverse=True)[1]


def splits_of(stamps: list[Stamp], families: np.ndarray) -> dict[str, Tensor]:
    """Rows of train, valid and test; which one a family is in hangs on its captions alone."""
    share = np.zeros(len(stamps))
    for family in np.unique(families):
        rows = np.flatnonzero(families == family)
        first = min(stamps[row].english for row in rows)
        share[rows] = int(hashlib.sha256(first.encode()).hexdigest()[:8], 16) / 16**8
    lower = 0.0
    splits = {}
    for name in SPLIT_NAMES:
        inside = (share >= lower) & (share < SHARES[name])
        splits[name], lower = torch.from_numpy(np.flatnonzero(inside)), SHARES[name]
    return splits


def load_tux_paint(
    root: Path | str = ROOT, language: str = "en", size: int = 32, speech: bool = False
) -> MultimodalData:
    """Pictures (N, 3, size, size), 0 white to 1 black, and texts (N, V), bags of training words.

    labels: the folder, such as "animals"; group: what has the same caption, which lies in one
    split.  language: of the captions, "en", "de", "fr" ….  speech: a third modality, audio
    (N, 1, 32, 32), the caption spoken, as a log-mel picture that every sentence fills; only stamps
    that have it.  Where stamps are left out, a warning counts them.
    Errors: DataFileError, with what to install, for a missing folder, and for damaged files;
    ImportError where recordings are wanted and cannot be decoded.
    """
    require_count("size", size, 1)
    require_flag("speech", speech)
    stamps, left_out = find_stamps(root, language, speech)
    if left_out:
        warnings.warn(left_out, stacklevel=2)
    families = families_of(stamps)
    splits = splits_of(stamps, families)
    captions = [words_of(stamp.caption) for stamp in stamps]
    known = vocabulary([captions[row] for row in splits["train"].tolist()], least=1)
    kinds = sorted({stamp.kind for stamp in stamps})
    pictures = torch.stack([read_picture(stamp.picture, size) for stamp in stamps])
    inputs = {"picture": as_floats(pictures), "text": known.bags(captions)}
    if speech:
        inputs["audio"] = standardise_whole(spoken_captions(stamps)[:, None], splits["train"])
    return MultimodalData(
        name=f"tux_paint ({language})",
        inputs=inputs,
        labels=torch.tensor([kinds.index(stamp.kind) for stamp in stamps]),
        group=torch.from_numpy(families.astype(np.int64)),
        splits=splits,
        classes=tuple(kinds),
        files=(Path(root),),
    )
