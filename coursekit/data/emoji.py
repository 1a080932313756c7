"""Emoji: pictures of two artists with their names and keywords, pairs of picture and text."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from coursekit.data.bag_of_words import Vocabulary, vocabulary, words_of
from coursekit.data.files import open_checked
from coursekit.data.multimodal import SPLIT_NAMES, MultimodalData
from coursekit.utils.checks import choose, require, require_instance

ARTISTS = ("google", "twemoji")
LANGUAGES = ("en", "de", "es", "fr", "zh")
TEXTS = ("name and keywords", "name", "keywords", "user keywords")
# A mirrored picture of these is another emoji's, or wrong: an arrow, a letter, a flag, a clock.
NOT_TO_MIRROR = frozenset(
    (
        *("arrow", "alphanum", "keycap", "math", "currency", "punctuation", "av-symbol", "time"),
        *("flag", "country-flag", "subdivision-flag", "geometric", "other-symbol", "zodiac"),
        "transport-sign",
    )
)
DIRECTIONS = frozenset(["left", "right", "facing", "leftwards", "rightwards", "counterclockwise"])


@dataclass(frozen=True)
class Emoji:
    """All emoji of one artist.

    table: a row per emoji with code, emoji, name, group, subgroup, family, split, held_out.
    pictures: (N, 3, 32, 32) uint8.  Row i of both is the same emoji.
    """

    artist: str
    table: pd.DataFrame
    pictures: Tensor

    def captions(self, text: str = "name and keywords", language: str = "en") -> list[tuple]:
        """The words of every emoji's text, in their order.

        text: one of `TEXTS`; users' keywords there are in English only.
        Errors: ValueError for another text or language.
        """
        choose("text", text, TEXTS)
        choose("language", language, LANGUAGES)
        if text == "user keywords":
            require(language == "en", f"language is {language!r}; users' keywords are in en only.")
            columns = ["user_keywords"]
        else:
            parts = [part for part in ("name", "keywords") if part in text]
            columns = [f"{language}_{part}" for part in parts]
        joined = self.table[columns].agg(" ".join, axis=1)
        return [tuple(dict.fromkeys(words_of(line))) for line in joined]

    @property
    def may_be_mirrored(self) -> Tensor:
        """Whether a picture's mirror image still shows what its caption says, (N,) bool."""
        turned = [bool(DIRECTIONS & set(words_of(name))) for name in self.table["en_name"]]
        fixed = self.table["subgroup"].isin(NOT_TO_MIRROR).to_numpy()
        return torch.from_numpy(~(fixed | np.array(turned)))


def open_emoji(artist: str = "google") -> Emoji:
    """The emoji that ``artist`` ("google", "twemoji") has drawn, 1911 or 1875.

    Errors: ValueError for another artist; DataFileError for a damaged file.
    """
    choose("artist", artist, ARTISTS)
    table = _every_emoji()
    with np.load(open_checked(f"emoji_{artist}.npz")) as arrays:
        pictures = torch.from_numpy(arrays["pictures"]).permute(0, 3, 1, 2).contiguous()
        rows = arrays.get("rows", np.arange(len(table)))
    return Emoji(artist, table.iloc[rows].reset_index(drop=True), pictures)


def _every_emoji() -> pd.DataFrame:
    """The rows of all emoji, whoever has drawn them."""
    table = pd.read_csv(open_checked("emoji.csv"), dtype=str, keep_default_na=False)
    table["held_out"] = table["held_out"] == "1"
    return table


def as_floats(pictures: Tensor) -> Tensor:
    """Pictures of bytes as float32 from 0 (white) to 1 (black), so that empty ground is zero."""
    require_instance("pictures", pictures, Tensor)
    require(
        pictures.dtype == torch.uint8, f"pictures is {pictures.dtype}; uint8 pixels were expected."
    )
    return 1 - pictures.float() / 255


def training_vocabulary(text: str = "name and keywords", language: str = "en") -> Vocabulary:
    """The words that occur in at least two captions of the training split.

    The same for both artists, also where one has not drawn all: their texts can be compared.
    Errors: as `Emoji.captions`.
    """
    every = open_emoji(ARTISTS[0])
    train = (every.table["split"] == "train").tolist()
    captions = every.captions(text, language)
    return vocabulary([words for words, kept in zip(captions, train, strict=True) if kept])


def load_emoji(
    artist: str = "google", text: str = "name and keywords", language: str = "en"
) -> MultimodalData:
    """Pictures (N, 3, 32, 32), 0 white to 1 black, and texts (N, V), bags of the training words.

    labels: the group, one of ten; group: the family, which lies in one split with everything
    that shows the same but for sex or direction.  artist: "google" or "twemoji".  text: what a
    caption is, one of `TEXTS`.
    Errors: ValueError for an unknown artist, text or language.
    """
    emoji = open_emoji(artist)
    captions = emoji.captions(text, language)
    known = training_vocabulary(text, language)
    labels, classes = pd.factorize(emoji.table["group"], sort=True)
    numbers = pd.Index(sorted(_every_emoji()["family"].unique()))  # the same for both artists
    families = numbers.get_indexer(emoji.table["family"])
    split = emoji.table["split"].to_numpy()
    return MultimodalData(
        name="emoji",
        inputs={"picture": as_floats(emoji.pictures), "text": known.bags(captions)},
        labels=torch.from_numpy(labels.astype(np.int64)),
        group=torch.from_numpy(families.astype(np.int64)),
        splits={name: torch.from_numpy(np.flatnonzero(split == name)) for name in SPLIT_NAMES},
        classes=tuple(classes),
        files=(open_checked("emoji.csv"), open_checked(f"emoji_{artist}.npz")),
    )
