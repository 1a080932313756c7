"""CIDEr and CIDEr-D: against scikit-learn's counts, against being gamed, and with one image."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from coursekit.analysis.cider import DocumentFrequencies, cider, cider_d, document_frequencies

WORDS = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=6)
SOME = st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=6)
CORPUS = st.lists(st.tuples(WORDS, st.lists(SOME, min_size=1, max_size=3)), min_size=2, max_size=4)
REFERENCES = [
    [list("abcde"), list("abxde")],
    [list("fghij"), list("fghab")],
    [list("klmno"), list("klabm")],
]


def by_vectors(candidates, references, clip):
    """Equations 1 to 4 on dense count vectors of scikit-learn, one n at a time."""
    orders = []
    for n in range(1, 5):
        texts = [" ".join(t) for own in references for t in own]
        every = [*texts, *(" ".join(c) for c in candidates)]
        counter = CountVectorizer(ngram_range=(n, n), token_pattern=r"\S+")
        try:
            counter.fit(every)
        except ValueError:  # no text has so many words
            orders.append(np.zeros(len(candidates)))
            continue
        rows = [counter.transform([" ".join(t) for t in own]).toarray() for own in references]
        df = np.sum([row.max(0) > 0 for row in rows], axis=0)
        idf = np.log(len(references)) - np.log(np.maximum(df, 1))
        scores = []
        for candidate, own, row in zip(candidates, references, rows, strict=True):
            g = counter.transform([" ".join(candidate)]).toarray()[0] * idf
            values = []
            for reference, counts in zip(own, row, strict=True):
                other = counts * idf
                norms = np.linalg.norm(g) * np.linalg.norm(other)
                first = np.minimum(g, other) if clip else g
                value = first @ other / norms if norms else 0.0
                apart = len(candidate) - len(reference)
                values.append(value * math.exp(-(apart**2) / 72) if clip else value)
            scores.append(np.mean(values))
        orders.append(np.array(scores))
    return 10 * np.stack(orders, 1)


@settings(max_examples=40)
@given(CORPUS)
def test_both_are_what_dense_vectors_give(corpus):
    candidates, references = zip(*corpus, strict=True)
    for measure, clip in ((cider, False), (cider_d, True)):
        scores = measure(candidates, references)
        expected = by_vectors(candidates, references, clip)
        np.testing.assert_allclose(scores.by_order, expected, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(scores.per_image, expected.mean(1), rtol=1e-9, atol=1e-9)
        assert scores.corpus == pytest.approx(expected.mean(), rel=1e-9, abs=1e-9)


@given(CORPUS, st.randoms(use_true_random=False))
def test_the_order_of_references_changes_nothing_and_the_clip_only_lowers(corpus, rng):
    candidates, references = zip(*corpus, strict=True)
    mixed = [rng.sample(own, len(own)) for own in references]
    scores = cider_d(candidates, references)
    np.testing.assert_allclose(scores.per_image, cider_d(candidates, mixed).per_image, atol=1e-9)
    assert (scores.by_order <= cider(candidates, references).by_order + 1e-9).all()
    assert (scores.by_order >= 0).all() and (scores.by_order <= 10 + 1e-9).all()


@settings(max_examples=20)
@given(st.integers(1, 6), st.integers(2, 4))
def test_a_perfect_copy_has_ten_if_it_has_four_words_and_its_ngrams_are_its_own(words, images):
    """With one reference each, and a word or more per order that not every image has."""
    references = [[[f"{i}-{w}" for w in range(words)]] for i in range(images)]
    scores = cider_d([own[0] for own in references], references)
    np.testing.assert_allclose(scores.per_image, 2.5 * min(words, 4), rtol=1e-12)
    assert (scores.by_order[:, words:] == 0).all()


def test_what_all_images_have_counts_nothing_even_if_it_is_right():
    references = [[["a", "red", "dog"]], [["a", "red", "dog"]]]
    assert cider_d([["a", "red", "dog"]] * 2, references).corpus == 0


def test_repeating_what_is_surely_right_pays_until_it_is_clipped():
    honest, gamed = list("abcxy"), list("abcabcabcabc")
    rest = [own[0] for own in REFERENCES[1:]]
    plain = [cider([c, *rest], REFERENCES).per_image[0] for c in (honest, gamed)]
    with_d = [cider_d([c, *rest], REFERENCES).per_image[0] for c in (honest, gamed)]
    assert plain[1] > plain[0] and with_d[1] < with_d[0]


def test_the_length_costs_by_the_width_sigma():
    references = [[list("abcd")], [list("efgh")]]
    longer = [list("abcdxy"), list("efgh")]
    narrow, wide = (cider_d(longer, references, sigma=s).by_order[0] for s in (1.0, 1e6))
    np.testing.assert_allclose(narrow, wide * math.exp(-2), rtol=1e-9)
    fewer = cider_d(longer, references, max_n=2).by_order
    np.testing.assert_allclose(fewer, cider_d(longer, references).by_order[:, :2])


def test_one_image_is_refused_unless_frequencies_come_from_more():
    candidate, references = [REFERENCES[0][0]], REFERENCES[:1]
    for measure in (cider, cider_d):
        with pytest.raises(ValueError, match="references are of 1 image, in which every n-gram"):
            measure(candidate, references)
        with pytest.raises(ValueError, match="frequencies are of 1 image"):
            measure(candidate, references, frequencies=document_frequencies(references))
        frequencies = document_frequencies(REFERENCES)
        whole = measure([own[0] for own in REFERENCES], REFERENCES)
        alone = measure(candidate, references, frequencies=frequencies)
        np.testing.assert_array_equal(alone.per_image, whole.per_image[:1])


def test_the_set_of_images_makes_the_score():
    references = [*REFERENCES[:2], [list("pqrst")]]  # a and b are in two of three images
    candidates = [list("abxyz"), list("fghij"), list("pqrst")]
    of_three = cider_d(candidates, references).per_image[0]
    of_two = cider_d(candidates[:2], references[:2]).per_image[0]
    assert of_three > of_two + 0.1
    common = document_frequencies(references)
    again = cider_d(candidates[:2], references[:2], frequencies=common).per_image[0]
    assert again == pytest.approx(of_three)


def test_images_are_counted_once_however_often_they_say_it():
    frequencies = document_frequencies([[["a", "a"], ["a", "b"]], [["b"]]], max_n=2)
    assert frequencies.counts == {("a",): 1, ("b",): 2, ("a", "a"): 1, ("a", "b"): 1}
    assert frequencies.images == 2
    assert frequencies.rarity(("a",)) == frequencies.rarity(("never",)) == math.log(2)
    assert frequencies.rarity(("b",)) == 0


def test_frequencies_must_fit():
    short = document_frequencies(REFERENCES, max_n=2)
    with pytest.raises(ValueError, match="frequencies are of n-grams up to 2; 4 or more"):
        cider_d([list("ab")] * 3, REFERENCES, frequencies=short)
    with pytest.raises(ValueError, match="counts goes up to 3; 2"):
        DocumentFrequencies({("a",): 3}, 2, 1)


def test_an_empty_caption_is_legal_and_scores_nothing():
    scores = cider_d([[], list("fghij"), list("klmno")], REFERENCES)
    assert scores.per_image[0] == 0 and (scores.per_image[1:] > 0).all()


@pytest.mark.parametrize("counts", [[1], {"a": 1}, {("a",): -1}, {("a",): 1.5}, {("a",): "1"}])
def test_frequencies_that_count_nothing_are_refused_by_name(counts):
    with pytest.raises((ValueError, TypeError), match="counts"):
        DocumentFrequencies(counts, 2, 1)
