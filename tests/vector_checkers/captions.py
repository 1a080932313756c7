"""BLEU with its counts, as three published codes smooth it, and CIDEr-D."""

import math

import numpy as np
import pytest
import torch

from coursekit.analysis.bleu import BleuParts, bleu_parts
from coursekit.analysis.cider import cider_d, document_frequencies
from vector_checkers.reading import WHOLE

ORDER = 4
SACREBLEU = {"none": "none", "exp": "exponential", "add-k": "add-one"}
SACREBLEU_KEY = "sacrebleu_tokenize_none"
TORCHMETRICS_KEY = "torchmetrics_float32_n_plain_smooth"
FLOOR = 0.1  # of a match, for an n without one


def texts(case):
    """Candidates and references, cut at blanks."""
    references = [[r.split() for r in own] for own in case.take("references")]
    return [c.split() for c in case.take("candidates")], references


def bleu_case(case):
    """Scores of the corpus and of each image, and what sacrebleu and torchmetrics make of them."""
    candidates, references = texts(case)
    parts = bleu_parts(candidates, references, ORDER)
    case.same("test_length", int(parts.lengths.sum()))
    case.same("closest_reference_length", int(parts.reference_lengths.sum()))
    coco = case.part("coco")
    coco.same("bleu_1_to_4", torch.from_numpy(parts.corpus("coco")))
    coco.same("sentence_bleu_1_to_4", torch.from_numpy(parts.per_image("coco")))
    if has_numbers(case, SACREBLEU_KEY):
        part = case.part(SACREBLEU_KEY)
        for name in part:
            sacrebleu(part.part(name), name, parts)
    if has_numbers(case, TORCHMETRICS_KEY):
        part = case.part(TORCHMETRICS_KEY)
        for n in part:
            part.same(n, torch.from_numpy(torchmetrics(candidates, references, int(n))))


def has_numbers(case, key):
    """Whether a library is there, and did not raise: then its error would be there as text."""
    return key in case and not isinstance(case.take(key), str)


def sacrebleu(part, name, parts):
    """0 to 100, under its names of smoothings; one of them is not the package's."""
    if name == "floor":
        matches, totals = parts.matches.sum(0), parts.totals.sum(0)
        above = np.where((matches == 0) & (matches[0] > 0), FLOOR, matches)
        precisions = np.where(totals > 0, above / np.maximum(totals, 1), 0)
        score = parts.brevity_penalty() * math.prod(precisions) ** (1 / ORDER)
    else:
        precisions, score = parts.precisions(SACREBLEU[name]), parts.corpus(SACREBLEU[name])[-1]
    part.same("precisions", torch.from_numpy(100 * precisions))
    part.same("score_0_to_100", 100 * float(score))
    part.same("bp", parts.brevity_penalty())
    part.same("sys_len", int(parts.lengths.sum()))
    part.same("ref_len", int(parts.reference_lengths.sum()))


def torchmetrics(candidates, references, n):
    """Plain and smooth: of equally near lengths the first listed, and 0 where some n has none."""
    parts = bleu_parts(candidates, references, n)
    nearest = [
        min(map(len, own), key=lambda length, c=c: abs(length - len(c)))  # the first of the least
        for c, own in zip(candidates, references, strict=True)
    ]
    first = BleuParts(parts.matches, parts.totals, parts.lengths, np.array(nearest))
    if parts.matches.sum(0).min() == 0:
        return np.zeros(2)
    return np.array([first.corpus(smoothing)[-1] for smoothing in ("none", "add-one")])


def whole_bleu(part):
    """Our tolerance is the same for all: scores of torchmetrics are in float64 there."""
    if "tolerance_torchmetrics" in part:
        part.take("tolerance_torchmetrics")


def cider_case(case):
    """Frequencies, scores per image and of all; a single image is refused, the file has 0."""
    candidates, references = texts(case)
    max_n = case.count("n") if "n" in case else ORDER
    frequencies = document_frequencies(references, max_n)
    case.same("log_images", math.log(frequencies.images))
    part = case.part("document_frequency")
    shared = {" ".join(g): df for g, df in frequencies.counts.items()}
    for ngram in {g for g, df in shared.items() if df > 1} | set(part):
        part.same(ngram, shared.get(ngram, 0))
    sigma = case.number("sigma") if "sigma" in case else 6.0
    if len(references) == 1:
        with pytest.raises(ValueError, match="every caption would score 0"):
            cider_d(candidates, references, max_n=max_n, sigma=sigma)
        case.same("cider_per_image", torch.zeros(1).double())
        case.same("cider", 0.0)
        return
    scores = cider_d(candidates, references, max_n=max_n, sigma=sigma)
    case.same("cider_per_image", torch.from_numpy(scores.per_image))
    case.same("cider", scores.corpus)


def defaults(part):
    """What is used where a case names nothing else."""
    part.same("n", ORDER)
    part.same("sigma", 6.0)


CHECKERS = {
    "bleu.json": {WHOLE: whole_bleu, "cases": bleu_case},
    "cider.json": {"cases": cider_case, "defaults": defaults},
}
