"""Encoders of pictures and of texts that never met: who is near whom in both?"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer
from torch import Tensor
from torch.nn import functional as F

from coursekit.analysis.mutual_neighbours import mutual_neighbours
from coursekit.data.emoji import open_emoji
from coursekit.lessons.l09_contrastive_alignment.emoji_training import emoji, new_model
from coursekit.models import evaluating

SIZES = (2, 8, 32, 128, 512)
FLAGS = "Flags"  # alike in pictures and in names, and too easy


def without_flags() -> tuple[Tensor, np.ndarray]:
    """Pictures (N, 3, 32, 32) and which words their texts hold (N, V), of all but flags.

    Texts without a word of the vocabulary are left out: they have no neighbours.
    """
    data = emoji()
    words = (data.inputs["text"] > 0).double().numpy()
    flags = (open_emoji().table["group"] == FLAGS).to_numpy()
    rows = np.flatnonzero(~flags & (words.sum(axis=1) > 0))
    return data.inputs["picture"][rows], words[rows]


def picture_features(pictures: Tensor, seed: int) -> dict[str, Tensor]:
    """What a picture is compared by: its pixels, a 4 × 4 version of it, an untrained encoder."""
    model = new_model(emoji(), seed)
    with torch.no_grad(), evaluating(model):
        untrained = model.feature("picture", pictures)
    return {
        "all pixels": pictures.flatten(1),
        "4 × 4 pixels": F.avg_pool2d(pictures, 8).flatten(1),
        "untrained encoder": untrained,
    }


def text_features(words: np.ndarray, size: int) -> Tensor:
    """Latent semantic analysis: the ``size`` largest singular directions of tf-idf, (N, size)."""
    weighted = TfidfTransformer().fit_transform(words)
    return torch.from_numpy(TruncatedSVD(size, random_state=0).fit_transform(weighted))


def agreement(sizes: Sequence[int] = SIZES, seed: int = 0) -> pd.DataFrame:
    """Mutual ten nearest neighbours of pictures and texts, by the size of the texts' encoder.

    Columns: pictures (which features), size, agreement.
    """
    pictures, words = without_flags()
    seen: Mapping[str, Tensor] = picture_features(pictures, seed)
    mixed = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(seed))
    seen = {**seen, "all pixels, shuffled": seen["all pixels"][mixed]}
    rows: list[dict[str, object]] = []
    for size in sizes:
        text = text_features(words, size)
        for name, features in seen.items():
            shared = float(mutual_neighbours(features, text))
            rows.append({"pictures": name, "size": size, "agreement": shared})
    return pd.DataFrame(rows)
