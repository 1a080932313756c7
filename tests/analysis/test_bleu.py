"""BLEU: clipped counts, the brevity penalty, and what a smoothing makes of no match."""

import math
import random
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.analysis.bleu import (
    SMOOTHINGS,
    BleuParts,
    bleu_parts,
    bleu_parts_of_each,
    marked_ngrams,
)

WORDS = st.lists(st.sampled_from("abc"), max_size=7)
REFERENCES = st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=7), min_size=1,
                      max_size=3)  # fmt: skip
CORPUS = st.lists(st.tuples(WORDS, REFERENCES), min_size=1, max_size=4)


def counted_by_hand(candidate, references, n):
    """Matches and n-grams, each different n-gram looked up in every reference."""
    own = [" ".join(candidate[i : i + n]) for i in range(len(candidate) - n + 1)]
    texts = [[" ".join(r[i : i + n]) for i in range(len(r) - n + 1)] for r in references]
    matches = sum(min(own.count(g), max(t.count(g) for t in texts)) for g in set(own))
    return matches, len(own)


@given(CORPUS)
def test_counts_are_those_made_by_hand_and_so_are_the_marks(corpus):
    candidates, references = zip(*corpus, strict=True)
    parts = bleu_parts(candidates, references)
    for i, (candidate, own) in enumerate(corpus):
        for n in range(1, 5):
            counted = counted_by_hand(candidate, own, n)
            assert (parts.matches[i, n - 1], parts.totals[i, n - 1]) == counted
            marks = marked_ngrams(candidate, own, n)
            assert [g for g, _ in marks] == [
                tuple(candidate[s : s + n]) for s in range(len(candidate) - n + 1)
            ]
            assert sum(right for _, right in marks) == counted[0]


@given(CORPUS, st.sampled_from(SMOOTHINGS), st.randoms(use_true_random=False))
def test_neither_the_order_of_references_nor_of_images_changes_anything(corpus, smoothing, rng):
    before = bleu_parts(*zip(*corpus, strict=True)).corpus(smoothing)
    mixed = [(c, rng.sample(own, len(own))) for c, own in rng.sample(corpus, len(corpus))]
    after = bleu_parts(*zip(*mixed, strict=True)).corpus(smoothing)
    np.testing.assert_allclose(before, after, rtol=1e-12)
    assert (before >= 0).all() and (before <= 1 + 1e-12).all()


def test_systems_together_have_the_counts_of_each_alone():
    references = [[["a", "b", "a"], ["b"]], [["c", "a"]]]
    systems = [[["a", "a"], ["c"]], [["b", "a", "b"], []], [["a", "a"], ["c", "a"]]]
    for candidates, parts in zip(systems, bleu_parts_of_each(systems, references), strict=True):
        alone = bleu_parts(candidates, references)
        for field in ("matches", "totals", "lengths", "reference_lengths"):
            np.testing.assert_array_equal(getattr(parts, field), getattr(alone, field))


@given(st.lists(st.sampled_from("abc"), min_size=4, max_size=9), REFERENCES)
def test_a_perfect_copy_of_four_words_or_more_has_one(words, others):
    parts = bleu_parts([words], [[*others, words]])
    for smoothing in SMOOTHINGS:
        np.testing.assert_allclose(parts.corpus(smoothing), 1, atol=1e-8)
    np.testing.assert_array_equal(parts.matches, parts.totals)


@given(CORPUS)
def test_another_reference_cannot_take_matches_away(corpus):
    candidates, references = zip(*corpus, strict=True)
    more = [[*own, ["a", "b", "c", "a"]] for own in references]
    fewer, all_of_them = bleu_parts(candidates, references), bleu_parts(candidates, more)
    assert (fewer.matches <= all_of_them.matches).all()


@given(CORPUS)
def test_one_image_alone_scores_as_its_corpus(corpus):
    parts = bleu_parts(*zip(*corpus, strict=True))
    for smoothing in SMOOTHINGS:
        rows = parts.per_image(smoothing)
        for i, (candidate, own) in enumerate(corpus):
            alone = bleu_parts([candidate], [own]).corpus(smoothing)
            np.testing.assert_allclose(rows[i], alone, rtol=1e-12)


def test_the_first_ones_of_a_repeated_word_count():
    """The paper's own example: "the" seven times, of which a reference has two."""
    texts = ("the cat is on the mat", "there is a cat on the mat")
    references = [text.split() for text in texts]
    marks = marked_ngrams(["the"] * 7, references, 1)
    assert [right for _, right in marks] == [True, True, *[False] * 5]
    parts = bleu_parts([["the"] * 7], [references])
    assert parts.corpus()[0] == pytest.approx(2 / 7)


def test_the_corpus_is_not_the_mean_of_images():
    candidates = [["a", "b", "c", "d"], ["a", "x"]]
    references = [[["a", "b", "c", "d"]], [["a", "b"]]]
    parts = bleu_parts(candidates, references, max_n=1)
    assert parts.corpus()[0] == pytest.approx(5 / 6)
    assert parts.per_image()[:, 0].mean() == pytest.approx(3 / 4)


def test_of_two_reference_lengths_equally_near_the_shorter_counts():
    candidate, longer, shorter = list("abcd"), list("abcdef"), list("ab")
    for references in ([longer, shorter], [shorter, longer]):
        parts = bleu_parts([candidate], [references])
        assert parts.reference_lengths.tolist() == [2]
        assert parts.brevity_penalty() == 1
    assert bleu_parts([candidate], [[longer]]).brevity_penalty() == pytest.approx(math.exp(-0.5))


def test_an_empty_candidate_is_legal_and_scores_nothing():
    parts = bleu_parts([[], list("abcd")], [[["a", "b"]], [list("abcd")]])
    assert parts.brevity_penalty() == pytest.approx(math.exp(1 - 6 / 4))
    for smoothing in SMOOTHINGS:
        assert (parts.per_image(smoothing)[0] == 0).all()
        assert parts.corpus(smoothing) == pytest.approx(np.full(4, math.exp(-0.5)), abs=1e-7)
    nothing = bleu_parts([[]], [[["a"]]])
    assert all((nothing.corpus(smoothing) == 0).all() for smoothing in SMOOTHINGS)
    assert (bleu_parts([[]], [[[]]]).corpus() == 0).all()


def test_smoothings_of_counts_worked_out_by_hand():
    """Five words, one pair of them right, no three."""
    parts = BleuParts(*map(np.array, ([[3, 1, 0, 0]], [[5, 4, 3, 2]], [5], [5])))
    assert parts.precisions().tolist() == pytest.approx([0.6, 0.25, 0, 0])
    assert parts.precisions("exponential").tolist() == pytest.approx([0.6, 0.25, 1 / 6, 1 / 8])
    assert parts.precisions("add-one").tolist() == pytest.approx([0.6, 0.4, 0.25, 1 / 3])
    assert parts.precisions("coco").tolist() == pytest.approx([0.6, 0.25, 0, 0], abs=1e-9)
    assert parts.corpus()[2:].tolist() == [0, 0]
    assert parts.corpus("coco")[3] == pytest.approx((0.15e-30 / 6) ** 0.25, rel=1e-6)
    assert parts.corpus("exponential")[3] == pytest.approx((0.15 / 48) ** 0.25)


def test_smoothing_can_turn_two_captions_around():
    """Three words right in a row of six, or two pairs: each smoothing has its winner."""
    reference = [list("abcdefgh")]
    row, pairs = list("abcxyz"), list("abxcdy")
    parts = bleu_parts([row, pairs], [reference, reference])
    scores = {smoothing: parts.per_image(smoothing)[:, 3] for smoothing in SMOOTHINGS}
    assert (scores["none"] == 0).all()
    winners = {smoothing: float(np.sign(s[0] - s[1])) for smoothing, s in scores.items()}
    assert len(set(winners.values())) > 1, winners


def test_a_candidate_without_a_right_word_has_nothing_whatever_the_smoothing():
    parts = bleu_parts([list("xyzv")], [[list("abcd")]])
    for smoothing in ("none", "exponential", "add-one"):
        assert (parts.corpus(smoothing) == 0).all()
    assert 0 < parts.corpus("coco")[3] < 1e-13


def test_a_text_that_is_not_cut_is_refused_and_so_is_a_missing_level_of_lists():
    with pytest.raises(TypeError, match=r"candidates\[0\] is 'a dog'; words in a list"):
        bleu_parts(["a dog"], [[["a", "dog"]]])
    with pytest.raises(TypeError, match=r"references\[0\]\[0\] is 'a'; words in a list"):
        bleu_parts([["a", "dog"]], [["a", "dog"]])
    with pytest.raises(ValueError, match="references are of 1 images, candidates of 2"):
        bleu_parts([["a"], ["b"]], [[["a"]]])
    with pytest.raises(ValueError, match=r"references\[1\] is empty"):
        bleu_parts([["a"], ["b"]], [[["a"]], []])


def test_against_a_second_way_of_counting_on_random_texts():
    """The clip by sorted lists, the score by powers, on texts longer than hypothesis draws."""
    rng = random.Random(4)
    vocabulary = [f"w{i}" for i in range(9)]
    texts = [[rng.choice(vocabulary) for _ in range(rng.randint(5, 20))] for _ in range(40)]
    candidates, references = texts[:10], [texts[10 + 3 * i : 13 + 3 * i] for i in range(10)]
    parts = bleu_parts(candidates, references, max_n=2)
    product = 1.0
    for n in (1, 2):
        right = total = 0
        for candidate, own in zip(candidates, references, strict=True):
            cut = (lambda t: t) if n == 1 else (lambda t: list(pairwise(t)))
            counts = Counter(cut(candidate))
            total += sum(counts.values())
            right += sum(min(k, max(cut(r).count(g) for r in own)) for g, k in counts.items())
        product *= right / total
        length = sum(map(len, candidates))
        wanted = sum(
            sorted((abs(len(r) - len(c)), len(r)) for r in own)[0][1]
            for c, own in zip(candidates, references, strict=True)
        )
        penalty = 1 if length >= wanted else math.exp(1 - wanted / length)
        assert parts.corpus()[n - 1] == pytest.approx(penalty * product ** (1 / n), rel=1e-12)
