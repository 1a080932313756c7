"""People in roles, biased draws of them; German credit; weights."""

import numpy as np
import pandas as pd
import pytest
import torch

from coursekit.data.emoji_people import ARTISTS, GENDERS, draw_people, jittered, open_emoji_people
from coursekit.data.german_credit import PROTECTED, credit_features, open_german_credit
from coursekit.data.reweighing import balancing_weights, reweighing_weights


@pytest.fixture(scope="module")
def people():
    return open_emoji_people()


def test_every_role_has_every_gender_and_tone_by_both_artists(people):
    assert len(people.roles) == 65
    counts = people.table.groupby(["role", "gender", "tone"]).size()
    assert len(counts) == 65 * 3 * 6 and (counts == 1).all()
    assert set(people.table["gender"]) == set(GENDERS)
    for artist in ARTISTS:
        assert people.pictures[artist].shape == (1170, 3, 32, 32)
    assert people.table.loc[people.rows("cook", "woman"), "tone"].tolist() == list(range(6))
    with pytest.raises(ValueError, match="Did you mean 'cook'"):
        people.rows("cok", "woman")


def test_pictures_of_one_role_differ_by_gender_and_tone(people):
    pictures = people.pictures["google"]
    man, woman = (people.rows("cook", g) for g in ("man", "woman"))
    assert not torch.equal(pictures[man[2]], pictures[woman[2]])
    assert not torch.equal(pictures[man[1]], pictures[man[5]])


def test_jitter_moves_pictures_and_leaves_the_ground_white(people):
    pictures = people.pictures["google"][:4]
    moved = jittered(pictures, 3, seed=0)
    assert moved.shape == (3, 4, 3, 32, 32) and torch.equal(moved, jittered(pictures, 3, seed=0))
    assert not torch.equal(moved[0], moved[1])
    white = torch.full((1, 3, 16, 16), 255, dtype=torch.uint8)
    assert (jittered(white, 2, seed=1) == 255).all()
    dark = [(255 - x.float()).sum() for x in (pictures[0], moved[0, 0])]
    assert 0.5 < dark[1] / dark[0] < 1.2


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_a_draw_has_the_dependence_that_was_asked_for(share):
    draw = draw_people(6, share=share, seed=3)
    table = pd.DataFrame(draw.train.numpy(), columns=["role", "gender", "tone", "jitter"])
    assert len(table) == 120 and not table.duplicated().any()
    usual = draw.leaning.numpy()[table["role"].to_numpy()] == table["gender"]
    assert usual.groupby(table["role"]).mean().tolist() == pytest.approx([share] * 6)
    assert draw.leaning.sum() == 3 and len(set(draw.roles)) == 6


def test_the_test_is_balanced_and_has_other_tones():
    draw = draw_people(4, seed=1)
    seen, unseen = (set(part[:, 2].tolist()) for part in (draw.train, draw.test))
    assert not seen & unseen and set(draw.audit[:, 2].tolist()) == seen
    cells = np.unique(draw.test[:, :2].numpy(), axis=0, return_counts=True)[1]
    assert cells.tolist() == [18] * 8
    assert draw_people(4, seed=2).roles != draw.roles


def test_german_credit_is_what_the_card_says():
    table = open_german_credit()
    assert table.shape == (1000, 23) and table["good"].sum() == 700
    assert table["personal_status"].value_counts().to_dict() == {
        "A93": 548, "A92": 310, "A94": 92, "A91": 50,
    }  # fmt: skip
    assert (table["sex"] == "female").sum() == 310
    assert (open_german_credit(30)["age_group"] == "young").sum() == (table["age"] <= 30).sum()


def test_features_leave_out_what_says_sex_or_age():
    table = open_german_credit()
    without, whole = (credit_features(table, protected=p) for p in (False, True))
    assert not [c for c in without.columns if c.startswith(PROTECTED) or c == "good"]
    assert "age" in whole and "sex_female" in whole
    assert "good" not in whole and "age_group_young" not in whole
    assert without.notna().all(axis=None)


def test_weights_make_group_and_label_independent():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 60)
    groups = np.where(rng.random(60) < 0.7, labels % 2, 1 - labels % 2)
    rows = pd.DataFrame({"g": groups, "y": labels, "w": reweighing_weights(groups, labels)})
    joint = rows.pivot_table(index="g", columns="y", values="w", aggfunc="sum") / 60
    np.testing.assert_allclose(joint, np.outer(joint.sum(axis=1), joint.sum(axis=0)))
    np.testing.assert_allclose(joint.sum(axis=0), np.bincount(labels) / 60)
    assert rows["w"].sum() == pytest.approx(60)


def test_balancing_by_gamma_goes_from_nothing_to_equal_cells():
    groups, labels = list("aaabbb"), [1, 1, 0, 1, 0, 0]
    assert balancing_weights(groups, labels, 0.0).tolist() == [1] * 6
    even = balancing_weights(groups, labels)
    assert even.tolist() == [0.5, 0.5, 1, 1, 0.5, 0.5]
    between = balancing_weights(groups, labels, 0.5)
    assert (even <= between).all() and (between <= 1).all()


def test_an_empty_cell_is_named():
    with pytest.raises(ValueError, match="no row of group 'b' with label 1"):
        reweighing_weights(list("aabb"), [1, 0, 0, 0])


def test_pictures_of_any_form_move_by_at_most_two_pixels_each_way():
    tall = torch.full((1, 3, 128, 16), 255, dtype=torch.uint8)
    tall[:, :, 63:65, 7:9] = 0
    dark = jittered(tall, 200, seed=0)[:, 0, 0] < 128  # 200 pictures of one dot
    rows = torch.arange(128.0)[None, :, None]
    middle = (dark * rows).sum((1, 2)) / dark.sum((1, 2))
    assert (middle - 63.5).abs().max() < 3  # two pixels, and the rounding of a small dot


def test_a_share_of_any_number_type_is_taken():
    assert len(draw_people(4, share=np.float32(0.75)).train) == 80
    with pytest.raises(TypeError, match="share is True"):
        draw_people(4, share=True, per_role=10)


def test_weights_by_groups_that_are_tuples_and_not_by_lists():
    groups, labels = [("a", 1), ("a", 1), ("b", 2), ("b", 2)], [0, 1, 0, 1]
    assert reweighing_weights(groups, labels).tolist() == [1.0] * 4
    assert balancing_weights(groups, labels).tolist() == [1.0] * 4
    with pytest.raises(ValueError, match=r"no row of group \('b', 2\) with label 1"):
        reweighing_weights(groups, [0, 1, 0, 0])
    with pytest.raises(TypeError, match=r"groups holds \['a'\]"):
        reweighing_weights([["a"], ["b"]], [0, 1])
