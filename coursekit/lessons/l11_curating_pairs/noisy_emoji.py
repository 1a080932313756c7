"""Emoji and their captions as vectors, a known share of the captions exchanged."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from torch import Tensor

from coursekit.data.emoji import Emoji, open_emoji
from coursekit.data.picture_features import picture_features, principal_components
from coursekit.data.wrong_captions import exchange_captions, wrong_pairs
from coursekit.utils.checks import require_count, require_share

SIZE = 96  # of the vectors of a picture and of a caption
POOL = 300  # test pairs
KNOWN = 200  # pairs that somebody has checked
LEAST = 3  # training captions that a word must occur in


@dataclass(frozen=True)
class NoisyPairs:
    """Pairs to curate, and the truth about them.

    pictures, captions: (N, 96) vectors; caption i stands beside picture i, right or wrong.
    true_captions: (N, 96), what should stand there.  wrong, known: (N,) bool; known pairs were
    checked, and are right.  groups: (N,) names.  texts: (N,) the captions as words, as they stand.
    test_pictures, test_captions: (300, 96), all right.  rows, test_rows: of the emoji table.
    """

    pictures: Tensor
    captions: Tensor
    true_captions: Tensor
    wrong: Tensor
    known: Tensor
    groups: np.ndarray
    subgroups: np.ndarray
    texts: tuple[tuple[str, ...], ...]
    test_pictures: Tensor
    test_captions: Tensor
    rows: Tensor
    test_rows: Tensor

    def __len__(self) -> int:
        return len(self.pictures)


@lru_cache(maxsize=1)
def emoji_to_curate() -> tuple[Emoji, Tensor]:
    """Google's emoji without flags, whose names are no words of a language, and their features."""
    emoji = open_emoji("google")
    rows = np.flatnonzero(emoji.table["group"] != "Flags")
    emoji = Emoji("google", emoji.table.iloc[rows].reset_index(drop=True), emoji.pictures[rows])
    return emoji, picture_features(emoji.pictures)


def noisy_pairs(seed: int, share: float = 0.4, text: str = "name and keywords") -> NoisyPairs:
    """The pairs of one seed: which families are for the test, which are known, which are wrong.

    share: of the pairs that are not known, whose captions are exchanged.  text: what a caption is,
    see `Emoji.captions`.
    """
    require_count("seed", seed)
    require_share("share", share)
    generator = torch.Generator().manual_seed(seed)
    emoji, features = emoji_to_curate()
    captions = [tuple(words) for words in emoji.captions(text)]
    train, test = _by_family(emoji.table["family"].to_numpy(), generator)
    own = [captions[i] for i in train.tolist()]
    known = torch.zeros(len(train), dtype=torch.bool)
    known[torch.randperm(len(train), generator=generator)[:KNOWN]] = True
    owner = torch.arange(len(train))
    open_rows = (~known).nonzero().flatten()
    exchanged = exchange_captions([own[i] for i in open_rows.tolist()], share, generator)
    owner[open_rows] = open_rows[exchanged]
    pictures = _in_its_spread(principal_components(features[train], features[test], SIZE))
    words = _in_its_spread(_caption_vectors(own, [captions[i] for i in test.tolist()]))
    table = emoji.table.iloc[train.numpy()]
    return NoisyPairs(
        pictures=pictures[0],
        captions=words[0][owner],
        true_captions=words[0],
        wrong=wrong_pairs(owner, own),
        known=known,
        groups=table["group"].to_numpy(),
        subgroups=table["subgroup"].to_numpy(),
        texts=tuple(own[i] for i in owner.tolist()),
        test_pictures=pictures[1],
        test_captions=words[1],
        rows=train,
        test_rows=test,
    )


def _by_family(families: np.ndarray, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Rows to train and to test on; families stay together, 300 rows test."""
    names, family = np.unique(families, return_inverse=True)
    order = torch.randperm(len(names), generator=generator)
    place = torch.argsort(order)[torch.from_numpy(family)]
    rows = torch.argsort(place, stable=True)
    return rows[POOL:].sort().values, rows[:POOL].sort().values


def _caption_vectors(
    train: Sequence[tuple[str, ...]], test: Sequence[tuple[str, ...]]
) -> tuple[Tensor, Tensor]:
    """Weighted bags of words, rare words more (tf-idf), as principal components of training."""
    counts = TfidfVectorizer(analyzer=lambda words: words, min_df=LEAST)
    bags = counts.fit_transform(train).toarray(), counts.transform(test).toarray()
    pca = PCA(SIZE, svd_solver="covariance_eigh").fit(bags[0])
    first, second = (torch.from_numpy(pca.transform(rows)).float() for rows in bags)
    return first, second


def _in_its_spread(vectors: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Both divided by the one spread of all training numbers, so that noise has a measure."""
    spread = vectors[0].std()
    return vectors[0] / spread, vectors[1] / spread
