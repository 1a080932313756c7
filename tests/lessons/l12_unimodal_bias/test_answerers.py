"""The answerers of lesson 12: trained at once as alone, MLB's steps, shares of right answers."""

import pandas as pd
import pytest
import torch

from coursekit.balancing.mlb import coefficients
from coursekit.data.easy_vqa import TYPES
from coursekit.data.shifted_priors import TESTS
from coursekit.lessons.l12_unimodal_bias.answer_roles import ALL
from coursekit.lessons.l12_unimodal_bias.answer_shares import by_role, by_type, rows_on_tests
from coursekit.lessons.l12_unimodal_bias.answerer_training import (
    answers_of,
    new_answerers,
    train_answerers,
)
from coursekit.lessons.l12_unimodal_bias.blend import HEADS, blend_weights
from coursekit.lessons.l12_unimodal_bias.cures import CURES, training_batch
from coursekit.lessons.l12_unimodal_bias.paced_steps import PacedSteps, scores
from coursekit.lessons.l12_unimodal_bias.prior_strengths import accuracy_under
from coursekit.lessons.l12_unimodal_bias.question_data import draw_shapes, stacked
from coursekit.lessons.l12_unimodal_bias.scene_data import draw_scene_questions
from coursekit.lessons.l12_unimodal_bias.study_priors import (
    additive_logits,
    first_rows,
    majority_logits,
    shuffled_logits,
)


@pytest.fixture(scope="module")
def draws():
    return [draw_shapes(1), draw_shapes(2)]


@pytest.fixture(scope="module")
def trained(draws):
    """Plain networks after one epoch."""
    return train_answerers(draws, CURES["joint"], epochs=1)


def test_training_keeps_the_order_and_its_clean_pictures(draws):
    one = draws[0]
    assert one.noise > 0 and set(one.splits) == {"train", "valid", *TESTS}
    assert one.train.pictures.shape == (4000, 1, 32)
    assert draw_shapes(1) is one  # made once
    again = draw_shapes.__wrapped__(1)
    assert torch.equal(again.splits[TESTS[0]].pictures, one.splits[TESTS[0]].pictures)


@pytest.mark.parametrize("name", CURES)
def test_every_cure_trains_and_moves_what_answers(draws, name):
    cure = CURES[name]
    few = [first_rows(one, 128) for one in draws]
    networks = train_answerers(few, cure, epochs=1)
    before = new_answerers(few, cure.detach)
    head = {"question": "question_head", "picture": "picture_head"}.get(cure.head, "answer")
    if name == "both alone":
        head = "question_head"
    moved = networks.stacked[f"{head}.weight"] - before.stacked[f"{head}.weight"]
    assert (moved.abs().amax((1, 2)) > 0).all()
    assert answers_of(networks, [d.splits[TESTS[0]] for d in few])[cure.head].isfinite().all()


def test_a_draw_trains_beside_others_as_alone_but_for_its_noise(draws):
    """Without noise the second network is what it is with nobody beside it."""
    quiet = [draw_shapes(seed, noise=0.0) for seed in (1, 2)]
    quiet = [first_rows(one, 256) for one in quiet]
    both = train_answerers(quiet, CURES["product"], epochs=1)
    alone = train_answerers(quiet[1:], CURES["product"], epochs=1)
    for name, value in both.stacked.items():
        assert torch.allclose(value[1], alone.stacked[name][0], atol=1e-5), name


def test_the_random_state_is_left_as_it_was(draws):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    new_answerers(draws)
    assert torch.equal(torch.rand(3), expected)


def test_mlb_stretches_each_modalitys_step_by_its_own_factor(draws):
    few = [first_rows(one, 64) for one in draws]
    networks = new_answerers(few)
    inputs = stacked([one.train for one in few])
    answers = networks(inputs["pictures"], inputs["bags"])
    paced = PacedSteps(networks)
    before = {name: value.detach().clone() for name, value in networks.stacked.items()}
    paced.remember()
    with torch.no_grad():
        for value in networks.stacked.values():
            value.add_(1)
    paced.rescale(answers, inputs["answers"])
    sums = scores(answers, inputs["answers"])
    for k in range(2):
        factor = coefficients(sums[k], 2.0, 8.0)
        step = {name: value[k] - before[name][k] for name, value in networks.stacked.items()}
        assert torch.allclose(step["see.0.weight"], factor[0].expand(48, 32), atol=1e-4)
        assert torch.allclose(step["question_head.bias"], factor[1].expand(13), atol=1e-4)
        joint = step["answer.weight"]
        assert torch.allclose(joint[:, :48], factor[0].expand(13, 48), atol=1e-4)
        assert torch.allclose(joint[:, 48:96], factor[1].expand(13, 48), atol=1e-4)
        assert torch.allclose(joint[:, 96:], torch.ones(13, 48), atol=1e-4)


def test_blend_weights_sum_to_three_and_favour_no_negative(draws):
    blend = blend_weights([first_rows(one, 128) for one in draws])
    assert blend.shape == (2, len(HEADS)) and (blend > 0).all()
    assert blend.sum(1).tolist() == pytest.approx([3, 3])


def test_shares_of_right_answers_by_hand(draws):
    seen = draws[0].splits[TESTS[0]]
    right = seen.questions.answer.clone()
    assert set(by_type(right, seen).values()) == {1.0} and tuple(by_type(right, seen)) == (
        ALL,
        *TYPES,
    )
    right[seen.questions.type == 0] = 12
    wrong = by_type(right, seen)
    assert wrong["shape"] < 0.01 and wrong["colour"] > 0.9


def test_accuracies_by_role_give_those_of_a_drawn_test(draws, trained):
    logits = answers_of(trained, [one.every_test_question for one in draws])["joint"]
    rows = pd.concat(
        by_role(own.argmax(-1), one).assign(seed=one.seed)
        for own, one in zip(logits, draws, strict=True)
    )
    drawn = {t: answers_of(trained, [one.splits[t] for one in draws])["joint"] for t in TESTS}
    table = pd.DataFrame(rows_on_tests("joint", draws, drawn))
    for test in TESTS:
        for kind in TYPES:
            own = table[(table["test"] == test) & (table["type"] == kind)].set_index("seed")
            expected = accuracy_under(rows, kind, test, 0.8)
            assert (own["accuracy"] - expected).abs().max() < 0.1, (test, kind)


def test_who_always_says_the_favourite_is_right_in_its_share(draws):
    one = draws[0]
    favourite = one.preferences.train[one.every_test_question.questions.key]
    rows = by_role(favourite, one).assign(seed=0)
    for kind, answers in (("shape", 3), ("colour", 8), ("yes/no", 2)):
        for share in (0.5, 0.8, 1.0):
            assert accuracy_under(rows, kind, TESTS[0], share)[0] == pytest.approx(share)
            other = (1 - share) / (answers - 1)
            assert accuracy_under(rows, kind, TESTS[1], share)[0] == pytest.approx(other)
        assert accuracy_under(rows, kind, TESTS[2], 0.8)[0] == pytest.approx(1 / answers)


def test_majority_shuffled_and_additive_answers(draws, trained):
    test = TESTS[0]
    majority = majority_logits(draws, test).argmax(-1)
    for one, own in zip(draws, majority, strict=True):
        kinds = one.splits[test].questions.type
        assert all(len(own[kinds == kind].unique()) == 1 for kind in range(3))
    splits = [one.splits[test] for one in draws]
    plain = answers_of(trained, splits)["joint"]
    for what in ("pictures", "bags"):
        assert not torch.allclose(shuffled_logits(trained, splits, what), plain)
    few = [first_rows(one, 12).splits[test] for one in draws]
    additive = additive_logits(trained, few)
    assert additive.shape == (2, 12, 13) and additive.isfinite().all()


def test_a_bias_that_is_not_neutral_gives_impossible_answers_next_to_nothing():
    keys, answers = torch.tensor([0, 0, 1]), torch.tensor([0, 1, 2])
    neutral = training_batch(keys, answers, (2, 3), True)["log_bias"].exp()
    counted = training_batch(keys, answers, (2, 3), False)["log_bias"].exp()
    assert neutral[0].tolist() == pytest.approx([1 / 3] * 3)
    assert counted[0, 2] < 1e-3 < 0.4 < counted[0, 0]


def test_scenes_have_nine_cells_and_know_where_they_are():
    one = draw_scene_questions(1)
    assert one.train.pictures.shape == (4000, 9, 30)
    places = one.train.pictures[0, :, -6:]
    assert places.sum(1).tolist() == [2] * 9 and len(places.unique(dim=0)) == 9
