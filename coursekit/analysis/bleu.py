"""BLEU: how many of a caption's runs of words stand in a reference, with what it is counted from.

Papineni, Roukos, Ward and Zhu (2002), https://aclanthology.org/P02-1040, sections 2.1 to 2.3.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coursekit.analysis.caption_ngrams import (
    Ngram,
    Tokens,
    ngram_counts,
    ngrams,
    require_captions,
    require_own_references,
    require_references,
    require_tokens,
)
from coursekit.utils.checks import choose, require, require_count, require_list

SMOOTHINGS = ("none", "coco", "exponential", "add-one")
TINY, SMALL = 1e-15, 1e-9  # what the scripts of COCO add above and below each fraction bar


@dataclass(frozen=True)
class BleuParts:
    """What BLEU is computed from, for I images and n-grams of 1 to K words.

    matches: (I, K), n-grams of the candidate that stand in a reference, each as often at most as in
    the one reference that has most of it.  totals: (I, K), n-grams of the candidate.
    lengths: (I,), its words.  reference_lengths: (I,), those of the reference that is nearest in
    length, of two equally near ones the shorter.

    A smoothing says what an n without a match counts, which would make a whole product zero:
    "none": 0, and so does an n for which a candidate is too short.
    "coco": 1e-15 is added to matches, 1e-9 to totals, and to both lengths, as in the scripts that
    came with COCO: without a match for n = 4, BLEU-4 is about 1e-4, which looks like a score.
    "exponential": half a match for the first such n, a quarter for the second, and so on; but 0
    for a candidate that is too short or has no word right (the default of sacrebleu; Chen and
    Cherry 2014, https://aclanthology.org/W14-3346, smoothing 3).
    "add-one": one more match and one more n-gram for each n from 2 on, so that an n for which the
    candidate is too short counts 1; but 0 where no word is right (Lin and Och 2004,
    https://aclanthology.org/C04-1072).
    """

    matches: NDArray[np.int64]
    totals: NDArray[np.int64]
    lengths: NDArray[np.int64]
    reference_lengths: NDArray[np.int64]

    def corpus(self, smoothing: str = "none") -> NDArray[np.float64]:
        """BLEU-1 to BLEU-K of all images together, (K,), 0 to 1.

        BLEU-n = BP · (p_1 · … · p_n)^{1/n}; matches, totals and lengths are summed over images
        before anything is divided, so it is not the mean of `per_image`.
        """
        penalty = self.brevity_penalty(smoothing)
        return penalty * _geometric_means(self.precisions(smoothing))

    def per_image(self, smoothing: str = "none") -> NDArray[np.float64]:
        """BLEU-1 to BLEU-K of each image by itself, (I, K), 0 to 1."""
        precisions = _precisions(self.matches, self.totals, smoothing)
        penalties = _brevity_penalty(self.lengths, self.reference_lengths, smoothing)
        return penalties[:, None] * _geometric_means(precisions)

    def precisions(self, smoothing: str = "none") -> NDArray[np.float64]:
        """p_n = matches over totals of all images, (K,), with the smoothing."""
        return _precisions(self.matches.sum(0), self.totals.sum(0), smoothing)

    def brevity_penalty(self, smoothing: str = "none") -> float:
        """BP = exp(1 − r/c) where the candidates' words c are fewer than the references' r, or 1.

        Only "coco" changes it, in the tenth digit.
        """
        lengths = self.lengths.sum(), self.reference_lengths.sum()
        return float(_brevity_penalty(*lengths, smoothing))


def bleu_parts(
    candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]], max_n: int = 4
) -> BleuParts:
    """The counts of BLEU for a caption per image and the references of the same images.

    candidates: a list of words per image; none at all is a caption too, that scores 0.
    references: per image a list of one or more lists of words; see `tokens_of`.  max_n: the largest
    n-gram, N in the paper.
    Errors: TypeError for text that is not cut into words; ValueError for no images, an image
    without references, and other numbers of images.
    """
    require_captions(candidates, references)
    return bleu_parts_of_each([candidates], references, max_n)[0]


def bleu_parts_of_each(
    systems: Sequence[Sequence[Tokens]], references: Sequence[Sequence[Tokens]], max_n: int = 4
) -> list[BleuParts]:
    """`bleu_parts` of several systems for the same images; the references are counted once.

    systems: the candidates of one or more systems, each as for `bleu_parts`.
    Errors: as there; ValueError for no system.
    """
    require_list("systems", systems, "captions of each system")
    require_references(references)
    for i, candidates in enumerate(systems):
        require_list(f"systems[{i}]", candidates, "captions as words")
        for j, candidate in enumerate(candidates):
            require_tokens(f"systems[{i}][{j}]", candidate)
        sentence = f"references are of {len(references)} images, systems[{i}] of {len(candidates)}"
        require(len(references) == len(candidates), f"{sentence}; equally many were expected.")
    require_count("max_n", max_n, 1)
    orders = range(1, max_n + 1)
    limits = [[_most_in_one_reference(own, n) for n in orders] for own in references]
    return [_parts(candidates, references, limits, max_n) for candidates in systems]


def _parts(
    candidates: Sequence[Tokens],
    references: Sequence[Sequence[Tokens]],
    limits: list[list[Counter[Ngram]]],
    max_n: int,
) -> BleuParts:
    """The counts of one system; ``limits`` holds per image how often an n-gram can match."""
    matches, totals = [], []
    for candidate, own in zip(candidates, limits, strict=True):
        counts = ngram_counts(candidate, max_n)
        matches.append([(c & most).total() for c, most in zip(counts, own, strict=True)])
        totals.append([c.total() for c in counts])
    lengths = [len(candidate) for candidate in candidates]
    nearest = [
        _nearest_length(length, own) for length, own in zip(lengths, references, strict=True)
    ]
    return BleuParts(*(np.array(x, dtype=np.int64) for x in (matches, totals, lengths, nearest)))


def marked_ngrams(
    candidate: Tokens, references: Sequence[Tokens], n: int
) -> list[tuple[Ngram, bool]]:
    """The candidate's n-grams in their order, each with whether BLEU counts it as a match.

    Of an n-gram that the candidate repeats more often than any one reference has it, the first ones
    count. As many are True as `bleu_parts` has matches.
    Errors: as in `bleu_parts`.
    """
    require_tokens("candidate", candidate)
    require_own_references("references", references)
    left = _most_in_one_reference(references, n)
    marks = []
    for ngram in ngrams(candidate, n):
        marks.append((ngram, left[ngram] > 0))
        left[ngram] -= 1
    return marks


def _most_in_one_reference(references: Sequence[Tokens], n: int) -> Counter[Ngram]:
    """How often each n-gram occurs in the reference that has most of it."""
    most: Counter[Ngram] = Counter()
    for reference in references:
        most |= Counter(ngrams(reference, n))
    return most


def _nearest_length(length: int, references: Sequence[Tokens]) -> int:
    """The reference length next to ``length``; of two the shorter, whatever their order."""
    return min((abs(len(r) - length), len(r)) for r in references)[1]


def _geometric_means(precisions: NDArray) -> NDArray:
    """Geometric mean of the first n precisions, for each n of the last axis."""
    with np.errstate(divide="ignore"):  # the logarithm of 0 is −∞, and its mean gives 0 again
        logs = np.log(precisions)
    return np.exp(logs.cumsum(-1) / np.arange(1, precisions.shape[-1] + 1))


def _precisions(matches: NDArray, totals: NDArray, smoothing: str) -> NDArray:
    """Matches over totals, (…, K); 0 where there is no n-gram."""
    choose("smoothing", smoothing, SMOOTHINGS)
    if smoothing == "coco":
        return (matches + TINY) / (totals + SMALL)
    above, below = matches.astype(float), totals.astype(float)
    if smoothing == "add-one":
        above[..., 1:] += 1
        below[..., 1:] += 1
    elif smoothing == "exponential":
        missed = (matches == 0) & (totals > 0)
        above = np.where(missed, 0.5 ** missed.cumsum(-1), above)
    if smoothing != "none":
        above = np.where(matches[..., :1] > 0, above, 0.0)  # no word right, nothing half right
    return above / np.where(below > 0, below, 1)


def _brevity_penalty(lengths: NDArray, reference_lengths: NDArray, smoothing: str) -> NDArray:
    """BP of texts with these numbers of words, of the same shape."""
    tiny, small = (TINY, SMALL) if smoothing == "coco" else (0.0, 0.0)
    lengths, wanted = lengths + tiny, reference_lengths + small
    with np.errstate(divide="ignore", invalid="ignore"):  # no words: r/0 = ∞, whose penalty is 0
        return np.where(lengths < wanted, np.exp(1 - wanted / lengths), 1.0)
