"""Emoji and their captions as vectors: a known share of the captions exchanged, or users' words."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from torch import Tensor

from coursekit.data.bag_of_words import words_of
from coursekit.data.emoji import Emoji, open_emoji
from coursekit.data.picture_features import picture_features, principal_components
from coursekit.data.wrong_captions import exchange_captions, wrong_pairs
from coursekit.utils.checks import require_count, require_share

SIZE = 96  # of the vectors of a picture and of a caption
POOL = 300  # test pairs
KNOWN = 200  # pairs that somebody has checked
LEAST = 3  # training captions that a word must occur in
Words = tuple[str, ...]


@dataclass(frozen=True)
class NoisyPairs:
    """Pairs to curate, and the truth about them.

    pictures, captions: (N, 96) vectors; caption i stands beside picture i, right or wrong.
    true_captions: (N, 96), what should stand there.  template_captions: (N, 96), the name of the
    subgroup in its place.  wrong, known: (N,) bool; known pairs were checked, and are right; the
    others are open.  groups: (N,) names.  texts: the captions as words, as they stand.
    test_pictures, test_captions: (300, 96), all right.  rows, test_rows: of `emoji_to_curate`.
    """

    pictures: Tensor
    captions: Tensor
    true_captions: Tensor
    template_captions: Tensor
    wrong: Tensor
    known: Tensor
    groups: np.ndarray
    texts: tuple[Words, ...]
    test_pictures: Tensor
    test_captions: Tensor
    rows: Tensor
    test_rows: Tensor

    def __len__(self) -> int:
        return len(self.pictures)


@lru_cache(maxsize=1)
def emoji_to_curate() -> tuple[Emoji, Tensor]:
    """Google's emoji without flags, whose names say nothing of the picture, and their features."""
    emoji = open_emoji("google")
    rows = np.flatnonzero(emoji.table["group"] != "Flags")
    emoji = Emoji("google", emoji.table.iloc[rows].reset_index(drop=True), emoji.pictures[rows])
    return emoji, picture_features(emoji.pictures)


@dataclass(frozen=True)
class _Draw:
    """What a seed decides: which rows train, which test, which of the training ones are known."""

    train: Tensor
    test: Tensor
    known: Tensor
    generator: torch.Generator


def _draw(seed: int) -> _Draw:
    require_count("seed", seed)
    generator = torch.Generator().manual_seed(seed)
    emoji, _ = emoji_to_curate()
    train, test = _by_family(emoji.table["family"].to_numpy(), generator)
    known = torch.zeros(len(train), dtype=torch.bool)
    known[torch.randperm(len(train), generator=generator)[:KNOWN]] = True
    return _Draw(train, test, known, generator)


def noisy_pairs(seed: int, share: float = 0.4) -> NoisyPairs:
    """The pairs of one seed; ``share`` of the open ones have a caption of another open one.

    Errors: ValueError for a share outside 0 to 1, and one of a single pair.
    """
    require_share("share", share)
    draw = _draw(seed)
    own = _captions(draw.train)
    open_rows = (~draw.known).nonzero().flatten()
    exchanged = exchange_captions([own[i] for i in open_rows.tolist()], share, draw.generator)
    owner = torch.arange(len(own))
    owner[open_rows] = open_rows[exchanged]
    texts = [own[i] for i in owner.tolist()]
    return _assembled(draw, texts, own, wrong_pairs(owner, own), known_words=own)


def user_pairs(seed: int) -> NoisyPairs:
    """The pairs of one seed with users' keywords for captions, but for the known pairs.

    The truth is the curated caption; it also tests. "Wrong" is what shares no word with it.
    """
    draw = _draw(seed)
    own, users = _captions(draw.train), _captions(draw.train, "user keywords")
    texts = [mine if k else theirs for mine, theirs, k in zip(own, users, draw.known, strict=True)]
    wrong = [not set(mine) & set(text) for mine, text in zip(own, texts, strict=True)]
    return _assembled(draw, texts, own, torch.tensor(wrong), known_words=[*texts, *own])


def _captions(rows: Tensor, text: str = "name and keywords") -> list[Words]:
    every = emoji_to_curate()[0].captions(text)
    return [tuple(every[i]) for i in rows.tolist()]


def _assembled(
    draw: _Draw,
    texts: Sequence[Words],
    own: Sequence[Words],
    wrong: Tensor,
    *,
    known_words: Sequence[Words],
) -> NoisyPairs:
    """Vectors of everything.

    texts: as they stand beside the training pictures.  own: the truth.  known_words: texts whose
    words become numbers.
    """
    emoji, features = emoji_to_curate()
    table = emoji.table.iloc[draw.train.numpy()]
    pictures = _in_its_spread(
        *principal_components(features[draw.train], features[draw.test], SIZE)
    )
    names = [words_of(name) for name in table["subgroup"]]
    captions = _in_its_spread(
        *_caption_vectors(known_words, texts, own, names, _captions(draw.test))
    )
    return NoisyPairs(
        pictures=pictures[0],
        captions=captions[1],
        true_captions=captions[2],
        template_captions=captions[3],
        wrong=wrong,
        known=draw.known,
        groups=table["group"].to_numpy(),
        texts=tuple(texts),
        test_pictures=pictures[1],
        test_captions=captions[4],
        rows=draw.train,
        test_rows=draw.test,
    )


def _by_family(families: np.ndarray, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Rows to train and to test on, 300; all of a family but perhaps one stands on one side."""
    names, family = np.unique(families, return_inverse=True)
    order = torch.randperm(len(names), generator=generator)
    place = torch.argsort(order)[torch.from_numpy(family)]
    rows = torch.argsort(place, stable=True)
    return rows[POOL:].sort().values, rows[:POOL].sort().values


def _caption_vectors(train: Sequence[Words], *others: Sequence[Words]) -> list[Tensor]:
    """Weighted bags of words, rare words more (tf-idf), as principal components of ``train``."""
    counts = TfidfVectorizer(analyzer=lambda words: words, min_df=LEAST)
    bags = [counts.fit_transform(train), *(counts.transform(words) for words in others)]
    pca = PCA(SIZE, svd_solver="covariance_eigh").fit(bags[0].toarray())
    return [torch.from_numpy(pca.transform(rows.toarray())).float() for rows in bags]


def _in_its_spread(train: Tensor, *others: Tensor) -> list[Tensor]:
    """All divided by the one spread of the training numbers, so that noise has a measure."""
    spread = train.std()
    return [vectors / spread for vectors in (train, *others)]
