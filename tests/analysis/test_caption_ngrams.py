"""How captions are cut, and runs of words."""

import unicodedata

import pytest

from coursekit.analysis.caption_ngrams import ngram_counts, ngrams, tokens_of


@pytest.mark.parametrize(
    ("caption", "tokens"),
    [
        ("A man rides a horse.", ["a", "man", "rides", "a", "horse"]),
        ("Two  dogs,\tone (brown)!\n", ["two", "dogs", "one", "brown"]),
        ("it's a man’s T-shirt", ["it", "s", "a", "man", "s", "t-shirt"]),
        ("1,000 kites at 2.5 m, 3", ["1,000", "kites", "at", "2.5", "m", "3"]),
        ("dog -- cat - bird-", ["dog", "cat", "bird"]),
        ("snake_case", ["snake", "case"]),
        ("...", []),
        ("", []),
    ],
)
def test_words_are_in_lower_case_without_punctuation(caption, tokens):
    assert tokens_of(caption) == tokens


def test_an_accent_written_by_itself_makes_no_other_word():
    apart = unicodedata.normalize("NFD", "Café")
    assert apart != "Café" and tokens_of(apart) == tokens_of("Café") == ["café"]


def test_ngrams_are_in_order_and_none_where_there_are_fewer_words():
    assert ngrams(["a", "b", "a"], 2) == [("a", "b"), ("b", "a")]
    assert ngrams(["a"], 2) == [] and ngrams([], 1) == []
    assert ngram_counts(["a", "a", "a"], 3) == [{("a",): 3}, {("a", "a"): 2}, {("a",) * 3: 1}]
