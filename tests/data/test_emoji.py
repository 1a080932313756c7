"""Emoji: pairs of picture and text, and changes that keep them true."""

import pytest
import torch

from coursekit.data import load
from coursekit.data.bag_of_words import Vocabulary, vocabulary, words_of
from coursekit.data.emoji import ARTISTS, LANGUAGES, TEXTS, open_emoji
from coursekit.data.pair_augmentation import brightened, mirrored, shifted, without_words


@pytest.mark.parametrize("artist", ARTISTS)
def test_a_family_lies_in_one_split(artist):
    table = open_emoji(artist).table
    assert (table.groupby("family")["split"].nunique() == 1).all()
    assert set(table["split"]) == {"train", "valid", "test"}


def test_both_artists_show_the_same_codes_in_the_same_splits():
    one, other = (open_emoji(artist).table.set_index("code") for artist in ARTISTS)
    assert set(other.index) < set(one.index) and len(other) > 1800
    assert (one.loc[other.index, "split"] == other["split"]).all()
    texts = [load("emoji", artist=artist).inputs["text"] for artist in ARTISTS]
    places = [list(one.index).index(code) for code in other.index]
    assert torch.equal(texts[0][places], texts[1])


def test_whole_subgroups_are_held_out():
    table = open_emoji().table
    by = table.groupby("subgroup")["held_out"].nunique()
    assert (by == 1).all() and table.loc[table["held_out"], "subgroup"].nunique() == 24
    assert 400 < table["held_out"].sum() < 700


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", [t for t in TEXTS if "user" not in t])
def test_every_picture_has_words(language, text):
    captions = open_emoji().captions(text, language)
    assert sum(len(words) == 0 for words in captions) < 5


def test_users_keywords_are_english_only():
    assert len(open_emoji().captions("user keywords")) == 1911
    with pytest.raises(ValueError, match="in en only"):
        open_emoji().captions("user keywords", "de")
    with pytest.raises(ValueError, match="Did you mean 'google'"):
        load("emoji", artist="gogle")


def test_texts_know_training_words_only():
    data, table = load("emoji"), open_emoji().table
    text = data.inputs["text"]
    train = text[(table["split"] == "train").tolist()]
    assert ((train > 0).sum(0) >= 2).all()
    assert text.norm(dim=1).max() <= 1 + 1e-6
    picture = data.inputs["picture"]
    assert picture.shape == (1911, 3, 32, 32) and 0 <= picture.min() < picture.max() <= 1


def test_an_arrow_a_letter_a_flag_may_not_be_mirrored():
    emoji = open_emoji()
    allowed = dict(zip(emoji.table["en_name"], emoji.may_be_mirrored.tolist(), strict=True))
    for name in ("left arrow", "red apple", "person walking: facing right"):
        assert allowed[name] == (name == "red apple")
    assert 0.5 < sum(allowed.values()) / len(allowed) < 0.9


# ---- words ---------------------------------------------------------------------------------


def test_words_are_lower_case_without_marks():
    assert words_of("Red-Heart: “LOVE”, 2×") == ("red", "heart", "love", "2")


def test_a_bag_has_length_one_and_forgets_the_order():
    known = vocabulary([("red", "heart"), ("red", "car"), ("car",)])
    assert known.words == ("car", "red")
    bags = known.bags([("red", "car"), ("car", "red", "car"), ("moon",)])
    assert torch.equal(bags[0], bags[1]) and bags.norm(dim=1).tolist() == pytest.approx([1, 1, 0])
    assert known.unknown(["moon", "red", "moon"]) == ("moon",)
    with pytest.raises(ValueError, match="more than once"):
        Vocabulary(("a", "a"))


# ---- changes -------------------------------------------------------------------------------


def pictures():
    return torch.arange(2 * 3 * 4 * 4.0).reshape(2, 3, 4, 4) + 1


def test_a_moved_picture_leaves_ground_behind():
    seen = set()
    for seed in range(40):
        moved = shifted(pictures(), 1, torch.Generator().manual_seed(seed))
        assert moved.shape == pictures().shape
        seen.add(int((moved == 0).sum()))
    assert seen == {0, 2 * 3 * 4, 2 * 3 * 7}  # not moved, along one side, along two
    assert torch.equal(shifted(pictures(), 0, torch.Generator()), pictures())


def test_brightness_changes_each_picture_by_its_own_factor():
    ratio = brightened(pictures(), 0.2, torch.Generator().manual_seed(0)) / pictures()
    factors = [r.unique() for r in ratio.round(decimals=5)]
    assert all(len(f) == 1 and 0.8 <= f <= 1.2 for f in factors) and factors[0] != factors[1]


def test_only_what_may_be_is_mirrored():
    allowed, seen = torch.tensor([True, False]), set()
    for seed in range(20):
        out = mirrored(pictures(), allowed, torch.Generator().manual_seed(seed))
        assert torch.equal(out[1], pictures()[1])
        seen.add(torch.equal(out[0], pictures()[0].flip(2)))
    assert seen == {True, False}


def test_a_text_keeps_a_word_and_its_length():
    bags = Vocabulary(("a", "b", "c")).bags([("a",), ("a", "b", "c")])
    for seed in range(30):
        out = without_words(bags, 0.6, torch.Generator().manual_seed(seed))
        assert out.norm(dim=1).tolist() == pytest.approx([1, 1])
        assert ((out > 0) <= (bags > 0)).all()


def test_a_text_that_is_not_cut_into_words_is_refused():
    """Its letters would be taken for words, and nobody would notice."""
    known = Vocabulary(("cat", "a"))
    for call in (
        lambda: known.bags(["cat"]),
        lambda: known.bags("cat"),
        lambda: known.known("cat"),
        lambda: known.unknown("cat"),
        lambda: vocabulary(["a cat", "a dog"]),
        lambda: known.bags([3]),
    ):
        with pytest.raises(TypeError, match="words in a list were expected"):
            call()


def test_numbers_are_drawn_where_the_generator_is():
    x = pictures()
    generator = torch.Generator("cpu").manual_seed(0)
    with torch.device("meta"):
        for changed in (shifted(x, 2, generator), brightened(x, 0.2, generator),
                        mirrored(x, torch.ones(len(x), dtype=torch.bool, device="cpu"), generator),
                        without_words(x.flatten(1).abs(), 0.3, generator)):  # fmt: skip
            assert changed.device.type == "cpu"
