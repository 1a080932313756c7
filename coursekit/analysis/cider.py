"""CIDEr and CIDEr-D: agreement with the references on n-grams that few images have.

Vedantam, Zitnick and Parikh (2015), https://arxiv.org/abs/1411.5726, equations 1 to 5. Words are
taken as they come: the paper stems them, the scripts that everybody uses do not.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coursekit.analysis.caption_ngrams import (
    Ngram,
    Tokens,
    ngram_counts,
    require_captions,
    require_references,
)
from coursekit.utils.checks import require, require_count, require_instance, require_positive

SCALE = 10.0  # equation 4 takes ten times the mean: a perfect caption has 10


@dataclass(frozen=True)
class DocumentFrequencies:
    """In how many of ``images`` images a reference has the n-gram, for n from 1 to ``max_n``.

    counts: df by n-gram; those that occur in no image need no entry.
    Errors: ValueError for a count that exceeds the number of images.
    """

    counts: Mapping[Ngram, int]
    images: int
    max_n: int

    def __post_init__(self) -> None:
        require_count("images", self.images, 1)
        require_count("max_n", self.max_n, 1)
        if not isinstance(self.counts, Mapping):
            kind = type(self.counts).__name__
            raise TypeError(f"counts is a {kind}; numbers of images by n-gram were expected.")
        for ngram, count in self.counts.items():
            require_instance("an n-gram in counts", ngram, tuple)
            require_count(f"counts[{ngram!r}]", count)
        most = max(self.counts.values(), default=0)
        require(most <= self.images, f"counts goes up to {most}; {self.images}, the number of "
                "images, was expected at most.")  # fmt: skip

    def rarity(self, ngram: Ngram) -> float:
        """log I − log max(1, df): 0 for what every image has, log I for what one or none has."""
        return math.log(self.images) - math.log(max(1, self.counts.get(ngram, 0)))


@dataclass(frozen=True)
class CiderScores:
    """by_order: (I, K), what each image scores with n-grams of 1 to K words, 0 to 10."""

    by_order: NDArray[np.float64]

    @property
    def per_image(self) -> NDArray[np.float64]:
        """Mean over n, (I,), 0 to 10."""
        return self.by_order.mean(1)

    @property
    def corpus(self) -> float:
        """Mean over images, 0 to 10."""
        return float(self.per_image.mean())


@dataclass(frozen=True)
class _Vectors:
    """A caption's weights by n-gram for each n, their lengths as vectors, its number of words."""

    weights: list[dict[Ngram, float]]
    norms: list[float]
    words: int


def document_frequencies(
    references: Sequence[Sequence[Tokens]], max_n: int = 4
) -> DocumentFrequencies:
    """Count the images whose references have an n-gram, once per image however often.

    references: per image a list of one or more lists of words.
    Errors: as in `cider_d`, but a single image may be counted.
    """
    require_references(references)
    require_count("max_n", max_n, 1)
    counts: Counter[Ngram] = Counter()
    for own in references:
        counts.update({g for text in own for c in ngram_counts(text, max_n) for g in c})
    return DocumentFrequencies(dict(counts), len(references), max_n)


def cider(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]],
    *, max_n: int = 4, frequencies: DocumentFrequencies | None = None,
) -> CiderScores:  # fmt: skip
    """CIDEr without the defences of CIDEr-D: the cosine of weighted n-gram counts, times 10.

    g(w) = count · rarity (equation 1), its cosine with each reference's, mean over references
    (equation 2), and mean over n (equation 3). Of a vector only the direction counts: to repeat the
    words that are surely right turns it towards the reference, so repeating pays. It is here to be
    compared with CIDEr-D, not to be reported. The paper gives it without the 10.
    Arguments and errors as in `cider_d`.
    """
    return _scores(candidates, references, max_n, None, frequencies)


def cider_d(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]],
    *, max_n: int = 4, sigma: float = 6.0, frequencies: DocumentFrequencies | None = None,
) -> CiderScores:  # fmt: skip
    """CIDEr-D of a caption per image against the references of the same images.

    Σ_w min(g_c, g_r) · g_r / (‖g_c‖ ‖g_r‖) · exp(−(l_c − l_r)² / (2σ²)), mean over references,
    times 10 (equation 4), and mean over n (equation 5). The minimum stops repetition from paying,
    the last factor a length l other than the reference's; l is in words here, in pairs of words in
    the released script, which is one less for both.
    candidates, references: as in `bleu_parts`.  max_n: the largest n-gram.  sigma: σ, in words.
    frequencies: from `document_frequencies`, of these references if None. They make the score: one
    from another set of images, or a part of it, cannot be compared, unless both use the same.
    What every image has counts nothing, and an n for which the caption or the reference has nothing
    that counts scores 0; so a perfect copy of three words has 7.5 at most, of one word 2.5.
    Errors: TypeError for text that is not cut into words, or other frequencies; ValueError for no
    images, an image without references, other numbers of images, frequencies with a smaller max_n,
    and for those of one image: log 1 = 0, so every caption would score 0, a perfect one too.
    """
    require_positive("sigma", sigma)
    return _scores(candidates, references, max_n, sigma, frequencies)


def _scores(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]], max_n: int,
    sigma: float | None, frequencies: DocumentFrequencies | None,
) -> CiderScores:  # fmt: skip
    """CIDEr-D, or CIDEr where sigma is None."""
    require_captions(candidates, references)
    if frequencies is None:
        frequencies = document_frequencies(references, max_n)
        _require_images("references", frequencies)
    require_instance("frequencies", frequencies, DocumentFrequencies)
    require_count("max_n", max_n, 1)
    _require_images("frequencies", frequencies)
    sentence = f"frequencies are of n-grams up to {frequencies.max_n}; {max_n} or more was expected"
    require(frequencies.max_n >= max_n, f"{sentence}, as max_n.")
    rows = []
    for candidate, own in zip(candidates, references, strict=True):
        vectors = _vectors(candidate, max_n, frequencies)
        each = [_similarities(vectors, _vectors(r, max_n, frequencies), sigma) for r in own]
        rows.append(np.mean(each, axis=0))
    return CiderScores(SCALE * np.array(rows))


def _require_images(name: str, frequencies: DocumentFrequencies) -> None:
    """Refuse frequencies of one image, by which nothing is rarer than anything else."""
    require(
        frequencies.images > 1,
        f"{name} are of {frequencies.images} image, in which every n-gram has the weight log 1 = "
        "0: every caption would score 0; those of two images or more were expected.",
    )


def _vectors(tokens: Tokens, max_n: int, frequencies: DocumentFrequencies) -> _Vectors:
    weights = [
        {ngram: count * frequencies.rarity(ngram) for ngram, count in counts.items()}
        for counts in ngram_counts(tokens, max_n)
    ]
    norms = [math.sqrt(math.fsum(w * w for w in by_ngram.values())) for by_ngram in weights]
    return _Vectors(weights, norms, len(tokens))


def _similarities(caption: _Vectors, reference: _Vectors, sigma: float | None) -> list[float]:
    """For each n, 0 to 1; with the clip and the length's factor unless sigma is None."""
    values = []
    for n, (own, other) in enumerate(zip(caption.weights, reference.weights, strict=True)):
        norms = caption.norms[n] * reference.norms[n]
        products = (
            (own[g] if sigma is None else min(own[g], other[g])) * other[g]
            for g in own.keys() & other.keys()
        )
        values.append(math.fsum(products) / norms if norms else 0.0)
    if sigma is None:
        return values
    apart = (caption.words - reference.words) / sigma
    return [value * math.exp(-apart * apart / 2) for value in values]
