"""Questions with known priors: easy-VQA and scenes, their keys, and what the tests promise."""

import pytest
import torch

from coursekit.data.actor_captions import ACTORS, THINGS, draw_actor_scenes
from coursekit.data.easy_vqa import (
    COLOURS,
    PARTS,
    SHAPES,
    TYPES,
    open_easy_vqa,
    outlines_and_colours,
    question_key,
)
from coursekit.data.scene_questions import OPPOSITE, key_of, scene_questions
from coursekit.data.scenes import draw_scenes
from coursekit.data.shifted_priors import (
    TESTS,
    draw_preferences,
    draw_questions,
    draw_splits,
    flat_prior,
    prior_with_share,
)


@pytest.fixture(scope="module")
def data():
    return open_easy_vqa()


@pytest.fixture(scope="module")
def drawn(data):
    return draw_splits(*(data.part(name) for name in PARTS), seed=3)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("what is the blue shape?", ("shape", "blue")),
        ("what shape does the image contain?", ("shape", "")),
        ("what is the color of the triangle?", ("colour", "triangle")),
        ("is no red shape present?", ("yes/no", "not red")),
        ("does the image not contain a circle?", ("yes/no", "not circle")),
        ("is there a teal shape in the image?", ("yes/no", "teal")),
    ],
)
def test_keys_of_questions(text, key):
    assert question_key(text) == key


def test_answers_fit_their_pictures(data):
    """Every answer follows from the shape and colour that others say the picture has."""
    questions = data.questions
    assert len(data.pictures) == 5000 and len(questions) == 48_248 and questions.types == TYPES
    facts = {"shape": {}, "colour": {}}
    rows = zip(questions.key.tolist(), questions.answer.tolist(), questions.picture.tolist(),
               strict=True)  # fmt: skip
    later = []
    for key, answer, picture in rows:
        kind, about = questions.keys[key]
        word = questions.answers[answer]
        if kind == "yes/no":
            later.append((about, word, picture))
        else:
            assert facts[kind].setdefault(picture, word) == word
    assert set(facts["shape"].values()) == set(SHAPES)
    assert set(facts["colour"].values()) == set(COLOURS)
    for about, word, picture in later:
        own = {facts[kind].get(picture) for kind in ("shape", "colour")}
        if None in own:
            continue
        there = about.removeprefix("not ") in own
        assert word == ("yes" if there != about.startswith("not ") else "no")


def test_parts_share_no_picture_and_every_cell_is_filled(data):
    parts = [data.part(name) for name in PARTS]
    pictures = [set(part.picture.tolist()) for part in parts]
    assert not (pictures[0] & pictures[1] or pictures[0] & pictures[2] or pictures[1] & pictures[2])
    assert all(torch.equal(part.possible, data.questions.possible) for part in parts)


def test_outlines_tell_shapes_apart_and_colours_are_the_things(data):
    features = outlines_and_colours(data.pictures[:200])
    shape = {}
    questions = data.questions
    numbers = (questions.key.tolist(), questions.answer.tolist(), questions.picture.tolist())
    for key, answer, picture in zip(*numbers, strict=True):
        if picture < 200 and questions.keys[key][0] == "shape":
            shape[picture] = questions.answers[answer]
    covered = features[:, :-3].mean(1)
    by_shape = {s: torch.stack([covered[p] for p in shape if shape[p] == s]).mean() for s in SHAPES}
    assert by_shape["rectangle"] > by_shape["circle"] > by_shape["triangle"]
    empty = torch.full((1, 3, 9, 9), 200, dtype=torch.uint8)
    assert outlines_and_colours(empty).abs().sum() == 0


def test_the_favourite_has_its_share_and_the_flat_test_none(drawn):
    splits, preferences = drawn
    assert not (preferences.train == preferences.shifted).any()
    for name, questions in splits.items():
        share = (questions.answer == preferences.train[questions.key]).double().mean()
        other = (questions.answer == preferences.shifted[questions.key]).double().mean()
        if name in ("train", "valid", "same prior"):
            assert share == pytest.approx(0.8, abs=0.04) and other < 0.15
        elif name == "shifted prior":
            assert other == pytest.approx(0.8, abs=0.04) and share < 0.15
        else:
            assert share == pytest.approx((1 / 3 + 1 / 8 + 1 / 2) / 3, abs=0.04)
        kinds = torch.bincount(questions.type).double() / len(questions)
        assert kinds.tolist() == pytest.approx([1 / 3] * 3, abs=0.05)
    assert tuple(splits)[2:] == TESTS


def test_pools_that_share_a_picture_are_refused(data):
    pool = data.part("train")
    with pytest.raises(ValueError, match="test has pictures of train"):
        draw_splits(pool, data.part("valid"), pool, seed=0)


def test_priors_by_hand():
    possible = torch.tensor([[True, True, False], [True, True, True]])
    prior = prior_with_share(possible, torch.tensor([1, 2]), 0.8)
    assert prior.tolist() == [pytest.approx([0.2, 0.8, 0]), pytest.approx([0.1, 0.1, 0.8])]
    assert flat_prior(possible).sum(1).tolist() == pytest.approx([1, 1])
    drawn = [draw_preferences(possible, torch.Generator().manual_seed(s)) for s in range(40)]
    assert {int(p.train[0]) for p in drawn} == {0, 1}
    assert {int(p.shifted[1]) for p in drawn} == {0, 1, 2}


def test_questions_about_scenes_are_answered_by_the_scene():
    scenes = draw_scenes(60, seed=2)
    pool = scene_questions(scenes)
    captions = scenes.captions
    seen = {"place": 0, "colour": 0, "yes/no": 0}
    for text, answer, picture in zip(pool.text, pool.answer, pool.picture, strict=True):
        words, word = pool.texts[text].rstrip("?").split(), pool.answers[answer]
        caption = captions[picture].split()
        kind, about = key_of(pool.texts[text])
        seen[kind] += 1
        if kind == "yes/no":
            assert (word == "yes") == (about in caption)
        elif kind == "colour":
            assert caption[caption.index(about) - 1] == word and caption.count(about) == 1
        else:
            place = next(i for i, w in enumerate(caption) if w in OPPOSITE)
            before, behind = caption[place - 1], caption[place + 1 :]
            if caption[place] == about and words[-1] in behind[:2] and word == before:
                continue
            assert OPPOSITE[caption[place]] == about and word in behind[:2] and words[-1] == before
    assert all(seen.values())
    yes = pool.answer == pool.answers.index("yes")
    assert yes.sum() == (pool.answer == pool.answers.index("no")).sum()


def test_persons_and_things_go_together_as_asked():
    scenes = draw_actor_scenes(2000, 5, share=0.9, noise=0.0)
    goes = scenes.is_man.bool() != scenes.leaning[scenes.things]
    assert goes.double().mean() == pytest.approx(0.9, abs=0.03)
    assert scenes.leaning.sum() == len(THINGS) // 2
    rows = torch.arange(len(scenes))
    assert scenes.hidden[rows, scenes.person].abs().sum() == 0
    assert (scenes.pictures[rows, scenes.person].abs().sum(1) > 0).all()
    assert torch.equal(scenes.hidden[rows, scenes.thing], scenes.pictures[rows, scenes.thing])
    balanced = draw_actor_scenes(2000, 5, "test")
    assert torch.equal(balanced.leaning, scenes.leaning)
    assert balanced.is_man.double().mean() == pytest.approx(0.5, abs=0.04)
    assert len(ACTORS) == 4 and not torch.equal(balanced.captions, scenes.captions)


def test_questions_without_words_are_refused():
    for text in ("", "?"):
        with pytest.raises(ValueError, match="a question was expected"):
            question_key(text)
        with pytest.raises(ValueError, match="three words or more"):
            key_of(text)


def test_rows_and_pictures_that_there_are_not_are_refused(data):
    pool = data.part("valid")
    for rows, sentence in (
        (torch.tensor([len(pool)]), "rows lie in"),
        (torch.tensor([-1]), "rows lie in"),
        (torch.zeros(0, dtype=torch.int64), "rows has shape"),
    ):
        with pytest.raises(ValueError, match=sentence):
            pool.part(rows)
    with pytest.raises(TypeError, match=r"rows is torch\.bool"):
        pool.part(torch.zeros(len(pool), dtype=torch.bool))
    with pytest.raises(ValueError, match="pictures has 5 rows"):
        pool.about(torch.ones(5, dtype=torch.bool))
    with pytest.raises(ValueError, match="pictures has no True"):
        pool.about(torch.zeros(5000, dtype=torch.bool))


def test_priors_that_cannot_be_drawn_from_and_unlike_pools_are_refused(data):
    pool = data.part("test")
    for prior in (0 * flat_prior(pool.possible), -flat_prior(pool.possible)):
        with pytest.raises(ValueError, match="prior has a negative number or a row of zeros"):
            draw_questions(pool, prior, 5, torch.Generator())
    scenes = scene_questions(draw_scenes(20))
    with pytest.raises(ValueError, match="test has not train's texts, answers and keys"):
        draw_splits(data.part("train"), data.part("valid"), scenes, seed=0)
