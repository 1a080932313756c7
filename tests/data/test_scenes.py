"""Scenes: what their captions say is what their pictures show, and foils are wrong in one thing."""

import pytest
import torch

from coursekit.data import load
from coursekit.data.scene_captions import (
    FOILS,
    NOUNS,
    OBJECTS,
    RELATIONS,
    WORDS,
    caption_words,
    foil_words,
    foils,
    ids_of,
    one_hot,
    parsed,
    words_in,
)
from coursekit.data.scene_combinations import PARTS, combinations
from coursekit.data.scenes import (
    BRIGHTNESS,
    CELL,
    NOISE,
    draw_scenes,
    scene_splits,
    tiles,
    with_wrong_captions,
)

RNG = torch.Generator()


@pytest.fixture(scope="module")
def scenes():
    return draw_scenes(400, seed=3)


def test_a_stands_to_b_as_the_caption_says(scenes):
    for caption, (a, b, c) in zip(scenes.captions, scenes.cells.tolist(), strict=True):
        down, right = b // 3 - a // 3, b % 3 - a % 3
        says = next(word for word in caption.split() if word in RELATIONS)
        assert {
            "left": down == 0 and right > 0,
            "right": down == 0 and right < 0,
            "above": right == 0 and down > 0,
            "below": right == 0 and down < 0,
        }[says]
        assert len({a, b, c}) == 3


def test_the_cell_of_a_word_shows_its_thing(scenes):
    """By the picture itself: of all objects of all artists that of the word is nearest."""
    every = tiles().flatten(2)  # (artists, objects, 768)
    for i in range(40):
        cells = scenes.pictures[i].unfold(1, CELL, CELL).unfold(2, CELL, CELL)
        cells = cells.permute(1, 2, 0, 3, 4).reshape(9, -1)
        words = [WORDS[w] if w >= 0 else "" for w in scenes.words[i].tolist()]
        nearest = {}
        for place, cell in enumerate(scenes.word_cells[i].tolist()):
            if cell >= 0:
                distance = (every - cells[cell]).norm(dim=2).min(0).values
                nearest[place] = OBJECTS[int(distance.argmin())]
        for place, thing in nearest.items():
            assert words[place] in thing
        assert len(nearest) == sum(len(OBJECTS[o]) for o in scenes.objects[i].tolist())


def test_words_that_name_nothing_have_no_cell(scenes):
    named = scenes.word_cells >= 0
    text = [[WORDS[w] for w in row if w >= 0] for row in scenes.words.tolist()]
    for row, words in zip(named.tolist(), text, strict=True):
        without = [w for w, has in zip(words, row, strict=False) if not has]
        assert without[0] == "[cls]" and without[1] in RELATIONS and without[2:] == ["and"]
        assert not any(row[len(words) :])
    nouns = scenes.noun_cells
    assert ((nouns >= 0).sum(1) == 3).all()
    assert torch.equal(nouns[nouns >= 0].reshape(-1, 3), scenes.cells)
    assert (scenes.occupied.sum(1) == 3).all()


@pytest.mark.parametrize("count", [1, 7, 200])
def test_half_of_the_scenes_can_exchange_their_colours(count):
    scenes = draw_scenes(count, seed=1)
    wrong, there = scenes.foils("colour")
    assert int(there.sum()) == count // 2
    assert torch.equal(wrong[~there], scenes.text[~there])


def test_a_foil_differs_in_what_it_is_called_after(scenes):
    text = scenes.text
    for kind in ("relation", "colour"):
        wrong, there = scenes.foils(kind)
        assert torch.equal(wrong.sum(1), text.sum(1))  # the same bag of words
        assert (wrong[there] != text[there]).flatten(1).any(1).all()
    assert scenes.foils("relation")[1].all()
    wrong, there = scenes.foils("object", seed=5)
    assert there.all()
    rows = zip(words_in(text), words_in(wrong), strict=True)
    for (a, r, b, c), other in ((parsed(x), parsed(y)) for x, y in rows):
        assert other[:3] == (a, r, b) and other[3] != c
        assert other[3][0] in NOUNS and other[3][0] not in (*a, *b, *c)


def test_foils_by_hand():
    caption = caption_words(0, 0, 4, 12)
    assert " ".join(caption) == "[cls] red heart left blue circle and cat"
    exchanged = foil_words(caption, "relation", RNG)
    assert " ".join(exchanged) == "[cls] blue circle left red heart and cat"
    colours = foil_words(caption, "colour", RNG)
    assert " ".join(colours) == "[cls] blue heart left red circle and cat"
    two = caption_words(12, 2, 13)
    assert foil_words(two, "colour", RNG) == two
    assert foil_words(two, "object", RNG)[:3] == two[:3]
    with pytest.raises(ValueError, match="Did you mean 'colour'"):
        foil_words(two, "color", RNG)
    with pytest.raises(ValueError, match=r"'cat dog'; a caption such as"):
        foil_words(("cat", "dog"), "relation", RNG)


def test_text_and_words_are_one_another(scenes):
    assert torch.equal(one_hot(ids_of(words_in(scenes.text))), scenes.text)
    assert scenes.text.shape == (400, 9, len(WORDS))
    assert torch.equal(scenes.text.sum(2), (scenes.words >= 0).float())
    with pytest.raises(ValueError, match="captions has one of 3 words; 2 or fewer"):
        ids_of([("[cls]", "cat", "left")], 2)
    with pytest.raises(ValueError, match=r"a word of captions is 'cart'.*'cat'"):
        ids_of([("cart",)])


@pytest.mark.parametrize("axis", ["both", "horizontal", "vertical"])
def test_combinations_of_the_test_never_occur_in_training(axis):
    split = {part: {tuple(row) for row in combinations(part, 2, axis).tolist()} for part in PARTS}
    assert split["all"] == split["train"] | split["valid"] | split["test"]
    assert len(split["all"]) == sum(len(split[p]) for p in ("train", "valid", "test"))
    for part in ("train", "valid", "test"):
        for a, r, b in split[part]:
            assert {(b, r, a), (a, r ^ 1, b), (b, r ^ 1, a)} <= split[part]
    parts = scene_splits(2, (300, 60, 60), axis=axis)
    for name, scenes in parts.items():
        shown = zip(scenes.objects.tolist(), scenes.relation.tolist(), strict=True)
        assert {(a, r, b) for (a, b, _), r in shown} <= split[name]
        wrong, there = scenes.foils("colour")
        for words in words_in(wrong[there]):
            a, r, b, _ = parsed(words)
            assert (OBJECTS.index(a), RELATIONS.index(r), OBJECTS.index(b)) in split[name]


def test_one_axis_has_its_relations_only():
    for axis, relations in (("horizontal", {0, 1}), ("vertical", {2, 3})):
        assert set(draw_scenes(80, axis=axis).relation.tolist()) == relations
        data = load("scenes", train=60, valid=20, test=20, axis=axis)
        assert data.classes == tuple(RELATIONS[r] for r in sorted(relations))
        assert set(data.labels.tolist()) == {0, 1}


def test_two_objects_make_a_shorter_caption():
    scenes = draw_scenes(50, objects=2)
    assert scenes.objects.shape == (50, 2) and scenes.text.shape == (50, 6, len(WORDS))
    assert all("and" not in caption for caption in scenes.captions)
    wrong, there = scenes.foils("object")
    assert there.all() and wrong.shape == scenes.text.shape


@pytest.mark.parametrize("share", [0.0, 0.2, 0.4, 1.0])
def test_wrong_captions_are_counted_and_known(share):
    scenes = draw_scenes(200, seed=4, objects=2, axis="horizontal")  # captions that repeat
    mixed = with_wrong_captions(scenes, share, seed=1)
    assert int(mixed.wrong.sum()) == round(200 * share)
    assert torch.equal((mixed.words != scenes.words).any(1), mixed.wrong)
    assert sorted(mixed.captions) == sorted(scenes.captions)
    assert (mixed.word_cells[mixed.wrong] == -1).all()
    assert torch.equal(mixed.pictures, scenes.pictures)


def test_one_caption_for_all_cannot_be_exchanged():
    one = draw_scenes(1).part(torch.zeros(6, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"share is 0.5, 3 scenes, 3 with one caption"):
        with_wrong_captions(one, 0.5)


def test_the_same_seed_gives_the_same_scenes():
    one, same, other = (draw_scenes(20, seed) for seed in (5, 5, 6))
    for name in ("pictures", "objects", "cells", "words"):
        assert torch.equal(getattr(one, name), getattr(same, name))
    assert not torch.equal(one.words, other.words)
    assert not torch.equal(one.words, draw_scenes(20, 5, "train").words)


def test_pictures_have_white_ground_with_noise(scenes):
    empty = scenes.pictures.unfold(2, CELL, CELL).unfold(3, CELL, CELL)
    empty = empty.permute(0, 2, 3, 1, 4, 5).reshape(400, 9, -1)[~scenes.occupied]
    assert float(empty.mean()) == pytest.approx(0, abs=1e-3)
    assert float(empty.std()) == pytest.approx(NOISE, rel=0.01)
    assert scenes.pictures.max() < (1 + BRIGHTNESS) + 6 * NOISE


def test_load_gives_equal_captions_one_group_which_lies_in_one_split():
    data = load("scenes", train=500, valid=50, test=70, wrong=0.2)
    assert [len(data.train), len(data.valid), len(data.test)] == [500, 50, 70]
    assert data.classes == RELATIONS and data.modalities == ("picture", "text")
    train, valid, test = (set(part.group.tolist()) for part in (data.train, data.valid, data.test))
    assert not (train & valid or train & test or valid & test)
    text = data.inputs["text"].argmax(2)
    for number in data.group.unique()[:50]:
        assert len(text[data.group == number].unique(dim=0)) == 1
    assert int(data.kind[data.splits["train"]].sum()) == 100
    assert int(data.kind[data.splits["test"]].sum()) == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"count": 0}, "count is 0"),
        ({"count": 3, "objects": 4}, "objects is 4"),
        ({"count": 3, "axis": "across"}, "axis is 'across'"),
        ({"count": 3, "part": "trian"}, "Did you mean 'train'"),
        ({"count": 3, "seed": -1}, "seed is -1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        draw_scenes(**arguments)


def test_what_is_no_caption_is_refused():
    for kind in FOILS:
        with pytest.raises(TypeError, match="generator is a int"):
            foils(draw_scenes(2).text, kind, 3)
    with pytest.raises(ValueError, match=r"text has shape \(2, 9, 3\)"):
        words_in(torch.zeros(2, 9, 3))
    with pytest.raises(ValueError, match="three numbers of scenes"):
        scene_splits(0, (4, 2))
