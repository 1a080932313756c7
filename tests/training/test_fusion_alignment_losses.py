"""Matching, masked words, momentum distillation and word-patch alignment, by their definitions."""

import copy
import math

import pytest
import torch
from torch import nn
from vector_checkers.fusion_alignment import least_cost

from coursekit.training.alignment.align_before_fuse import pair_contrast
from coursekit.training.contrastive_losses import info_nce
from coursekit.training.image_text_matching import (
    hard_negative_weights,
    matching_loss,
    random_negative_weights,
)
from coursekit.training.masked_words import mask_words, masked_word_loss
from coursekit.training.momentum_distillation import distilled_contrast, follow, share_at
from coursekit.training.pair_queue import EMPTY, PairQueue
from coursekit.training.word_patch_alignment import (
    cosine_costs,
    transport_distance,
    transport_plan,
    word_patch_loss,
)

NONE = torch.zeros(0, 4, dtype=torch.float64)
TAU = torch.tensor(0.3, dtype=torch.float64)
ONE = torch.ones((), dtype=torch.float64)


def drawn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


# ---- the teacher -------------------------------------------------------------------------------


def test_half_the_distance_is_left_after_138_steps():
    student, teacher = nn.Linear(3, 2).double(), nn.Linear(3, 2).double()
    before = teacher.weight - student.weight
    for _ in range(138):
        follow(teacher, student, 0.995)
    torch.testing.assert_close(teacher.weight - student.weight, before * 0.995**138)
    assert round(0.995**138, 2) == 0.5


def test_statistics_of_a_batch_norm_are_not_followed():
    student, teacher = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    student(torch.randn(8, 2))
    start = copy.deepcopy(teacher.running_mean)
    follow(teacher, student, 0.0)
    assert torch.equal(teacher.running_mean, start) and not torch.equal(student.running_mean, start)


def test_a_teacher_that_cannot_follow_is_refused():
    with pytest.raises(ValueError, match="differ in number or shape"):
        follow(nn.Linear(3, 2), nn.Linear(2, 3), 0.9)
    with pytest.raises(ValueError, match=r"teacher has dtype torch.bfloat16"):
        follow(nn.Linear(3, 2).bfloat16(), nn.Linear(3, 2), 0.9)


@pytest.mark.parametrize(("step", "share"), [(0, 0.0), (5, 0.2), (9, 0.36), (10, 0.4), (99, 0.4)])
def test_the_ramp(step, share):
    assert share_at(step, 10) == pytest.approx(share)
    assert share_at(step, 10, 1.0) == pytest.approx(share / 0.4)


# ---- contrast with a teacher -------------------------------------------------------------------


def by_definition(u, v, tu, tv, qu, qv, share, own):
    """Sums over single pairs; ``own[i]`` has the keys that belong to row i."""
    total = 0.0
    for student, teacher, keys in (
        (u, tu, torch.cat([tv, qv])),
        (v, tv, torch.cat([tu, qu])),
    ):
        for i in range(len(u)):
            cos = [float(torch.cosine_similarity(student[i], k, dim=0)) / 0.3 for k in keys]
            soft = [float(torch.cosine_similarity(teacher[i], k, dim=0)) / 0.3 for k in keys]
            norm, soft_norm = sum(map(math.exp, cos)), sum(map(math.exp, soft))
            for j in range(len(keys)):
                target = share * math.exp(soft[j]) / soft_norm
                target += (1 - share) * (j in own[i]) / len(own[i])
                total -= target * (cos[j] - math.log(norm))
    return total / (2 * len(u))


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("queued", [0, 6])
def test_distilled_contrast_by_its_sums(share, queued):
    parts = [drawn(3, 4, seed=s) for s in range(4)]
    parts += [drawn(queued, 4, seed=s) for s in (4, 5)]
    loss = distilled_contrast(*parts, TAU, share)
    expected = by_definition(*parts, share, [[0], [1], [2]])
    assert float(loss) == pytest.approx(expected, abs=1e-12)
    swapped = [parts[i] for i in (1, 0, 3, 2, 5, 4)]
    torch.testing.assert_close(distilled_contrast(*swapped, TAU, share), loss)


def test_ids_spread_the_target_over_batch_and_queue():
    parts = [drawn(3, 4, seed=s) for s in range(4)] + [drawn(4, 4, seed=s) for s in (4, 5)]
    ids, queue_ids = torch.tensor([5, 7, 5]), torch.tensor([EMPTY, 7, EMPTY, 5])
    loss = distilled_contrast(*parts, TAU, 0.4, ids, queue_ids)
    expected = by_definition(*parts, 0.4, [[0, 2, 6], [1, 4], [0, 2, 6]])
    assert float(loss) == pytest.approx(expected, abs=1e-12)


def test_without_teacher_and_queue_it_is_info_nce():
    u, v = drawn(5, 4), drawn(5, 4, seed=1)
    plain = info_nce(u, v, -TAU.log())
    torch.testing.assert_close(distilled_contrast(u, v, u, v, NONE, NONE, TAU, 0.0), plain)


def test_no_gradient_reaches_teacher_and_queue():
    parts = [drawn(3, 4, seed=s).requires_grad_() for s in range(6)]
    temperature = TAU.clone().requires_grad_()
    distilled_contrast(*parts, temperature, 0.4).backward()
    assert all(part.grad is None for part in parts[2:])
    assert all(part.grad.abs().sum() > 0 for part in (*parts[:2], temperature))


def test_one_pair_alone_costs_nothing_and_half_precision_is_widened():
    u, v = drawn(1, 4), drawn(1, 4, seed=1)
    assert float(distilled_contrast(u, v, u, v, NONE, NONE, TAU, 0.4)) == pytest.approx(0)
    low = [drawn(40, 4, seed=s).bfloat16() for s in range(4)]
    loss = distilled_contrast(*low, NONE.bfloat16(), NONE.bfloat16(), TAU, 0.4)
    wide = distilled_contrast(*(x.double() for x in low), NONE, NONE, TAU, 0.4)
    torch.testing.assert_close(loss, wide)


@pytest.mark.parametrize("wrong", [0.0, -0.1])
def test_a_temperature_that_is_none_is_refused(wrong):
    parts = [drawn(3, 4, seed=s) for s in range(4)]
    with pytest.raises(ValueError, match="temperature is zero or less"):
        distilled_contrast(*parts, NONE, NONE, torch.tensor(wrong), 0.4)


# ---- the queue ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [2, 3, 6])
def test_the_queue_holds_the_last_pairs_both_halves_in_one_row(rows):
    queue = PairQueue(6, 4).double()
    history = [(drawn(rows, 4, seed=2 * s), drawn(rows, 4, seed=2 * s + 1)) for s in range(5)]
    for number, (first, second) in enumerate(history):
        queue.enqueue(first, second, torch.arange(rows) + number * rows)
    all_first, all_second = (torch.cat(side) for side in zip(*history, strict=True))
    assert sorted(queue.ids.tolist()) == list(range(5 * rows - 6, 5 * rows))
    for name, every in (("first", all_first), ("second", all_second)):
        wanted = nn.functional.normalize(every[queue.ids], dim=1)
        torch.testing.assert_close(getattr(queue, name), wanted)


def test_a_queue_starts_empty_with_directions_and_is_part_of_a_state():
    queue = PairQueue(8, 3, torch.Generator().manual_seed(0))
    assert (queue.ids == EMPTY).all()
    torch.testing.assert_close(queue.first.norm(dim=1), torch.ones(8))
    assert not list(queue.parameters())
    queue.enqueue(torch.eye(3), torch.eye(3))
    other = PairQueue(8, 3)
    other.load_state_dict(queue.state_dict())
    assert torch.equal(other.first, queue.first) and int(other.next_place) == 3
    assert (queue.ids == EMPTY).all()  # no ids came


def test_a_queue_without_places_takes_nothing_and_a_full_one_not_more():
    PairQueue(0, 3).enqueue(torch.eye(3), torch.eye(3))
    with pytest.raises(ValueError, match=r"first has 3 rows; at most 2"):
        PairQueue(2, 3).enqueue(torch.eye(3), torch.eye(3))


# ---- matching ----------------------------------------------------------------------------------


@pytest.mark.parametrize("large", [1.0, 1e3, 1e4])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16])
def test_weights_without_ones_own_pair_whatever_the_scale(large, dtype):
    similarity = (large * (2 * torch.eye(4) - 1)).to(dtype)
    for weights in hard_negative_weights(similarity):
        expected = (1 - torch.eye(4)) / 3
        torch.testing.assert_close(weights, expected.to(weights.dtype))


def test_the_likeliest_wrong_partner_by_its_definition():
    similarity, ids = 3 * drawn(5, 5), torch.tensor([0, 1, 0, 2, 1])
    of_texts, of_pictures = hard_negative_weights(similarity, ids)
    for i in range(5):
        others = [j for j in range(5) if ids[j] != ids[i]]
        for weights, row in ((of_texts[i], similarity[i]), (of_pictures[i], similarity[:, i])):
            mass = [math.exp(row[j]) for j in others]
            expected = torch.zeros(5, dtype=torch.float64)
            expected[others] = torch.tensor(mass, dtype=torch.float64) / sum(mass)
            torch.testing.assert_close(weights, expected)


def test_weights_carry_no_gradient():
    similarity = drawn(4, 4).requires_grad_()
    assert not any(weights.requires_grad for weights in hard_negative_weights(similarity))


def test_random_weights_are_equal_over_what_is_allowed():
    of_texts, of_pictures = random_negative_weights(3, torch.tensor([4, 4, 9]))
    expected = torch.tensor([[0, 0, 1], [0, 0, 1], [0.5, 0.5, 0]])
    torch.testing.assert_close(of_texts, expected)
    torch.testing.assert_close(of_pictures, expected)


@pytest.mark.parametrize("rows", [1, 3])
def test_where_there_is_no_wrong_partner_a_sentence_says_so(rows):
    ids = torch.zeros(rows, dtype=torch.int64)
    for weights in (
        lambda: hard_negative_weights(torch.zeros(rows, rows), ids),
        lambda: random_negative_weights(rows, ids),
    ):
        with pytest.raises(ValueError, match="no wrong partner in the batch"):
            weights()
    with pytest.raises(ValueError, match="similarity is of one pair, so that"):
        hard_negative_weights(torch.zeros(1, 1))


def test_a_sure_and_right_answer_costs_nothing_a_blind_one_log_2():
    matched = torch.tensor([True, False, False])
    sure = 1e4 * torch.stack([~matched, matched], 1).double()
    assert float(matching_loss(sure, matched)) == 0
    assert float(matching_loss(-sure, matched)) == pytest.approx(1e4)
    assert float(matching_loss(sure * 0, matched)) == pytest.approx(math.log(2))


# ---- masked words ------------------------------------------------------------------------------

WORDS, MASK, CLS = 12, 1, 0


def sentences(rows, length=6):
    """One-hot sentences that begin with [cls], the last two places empty."""
    ids = torch.randint(2, WORDS, (rows, length), generator=torch.Generator().manual_seed(3))
    ids[:, 0] = CLS
    words = nn.functional.one_hot(ids, WORDS).float()
    words[:, -2:] = 0
    return words


def test_eighty_ten_ten_and_only_ordinary_words():
    words = sentences(20_000)
    changed, masked = mask_words(words, 0.3, MASK, [CLS], torch.Generator().manual_seed(0))
    assert not masked[:, 0].any() and not masked[:, -2:].any()
    assert torch.equal(changed[~masked], words[~masked])
    assert masked[:, 1:4].float().mean() == pytest.approx(0.3, abs=0.01)
    before, after = words[masked].argmax(1), changed[masked].argmax(1)
    assert (changed[masked].sum(1) == 1).all()
    # A tenth of the random words is the old one again.
    assert (after == MASK).float().mean() == pytest.approx(0.8, abs=0.01)
    assert (after == before).float().mean() == pytest.approx(0.1 + 0.1 / 10, abs=0.01)
    replaced = after[(after != MASK) & (after != before)]
    counts = replaced.bincount(minlength=WORDS).float() / len(replaced)
    assert counts[[CLS, MASK]].sum() == 0
    torch.testing.assert_close(counts[2:], torch.full((10,), 0.1), rtol=0, atol=0.02)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_no_word_or_every_word(share):
    words = sentences(50)
    changed, masked = mask_words(words, share, MASK, [CLS], torch.Generator().manual_seed(0))
    assert masked[:, 1:4].float().mean() == share
    assert torch.equal(changed, words) == (share == 0)


def test_the_same_generator_masks_the_same_words():
    words = sentences(50)
    one, two = (mask_words(words, 0.5, MASK, [], torch.Generator().manual_seed(7)) for _ in "ab")
    assert torch.equal(one[0], two[0]) and torch.equal(one[1], two[1])


def test_words_that_are_no_words_are_refused():
    for words in (sentences(2) * 2, sentences(2) + 1):
        with pytest.raises(ValueError, match="words has rows with other numbers"):
            mask_words(words, 0.3, MASK, [], torch.Generator())
    with pytest.raises(ValueError, match="special names all 12 words"):
        mask_words(sentences(2), 0.3, MASK, range(12), torch.Generator())


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_the_loss_of_masked_words_by_its_sums(share):
    logits, teacher = 3 * drawn(2, 3, 5), 3 * drawn(2, 3, 5, seed=1)
    words = torch.tensor([[0, 4, -100], [2, 99, 3]])
    masked = torch.tensor([[True, True, False], [False, False, True]])
    total = 0.0
    for b, i in masked.nonzero().tolist():
        log_p = logits[b, i].log_softmax(0)
        soft = teacher[b, i].softmax(0)
        total -= (1 - share) * float(log_p[words[b, i]])
        total -= share * float((soft * log_p).sum())
    loss = masked_word_loss(logits, words, masked, teacher, share)
    assert float(loss) == pytest.approx(total / 3, abs=1e-12)


def test_nothing_masked_is_a_zero_that_can_be_differentiated():
    logits = drawn(2, 3, 5).requires_grad_()
    words = torch.zeros(2, 3, dtype=torch.int64)
    loss = masked_word_loss(logits, words, words.bool(), drawn(2, 3, 5, seed=1), 0.4)
    loss.backward()
    assert float(loss.detach()) == 0 and torch.equal(logits.grad, torch.zeros_like(logits))


def test_no_gradient_reaches_the_teacher_of_words():
    teacher = drawn(2, 3, 5).requires_grad_()
    logits = drawn(2, 3, 5, seed=1).requires_grad_()
    words = torch.zeros(2, 3, dtype=torch.int64)
    masked_word_loss(logits, words, ~words.bool(), teacher, 0.4).backward()
    assert teacher.grad is None and logits.grad.abs().sum() > 0


# ---- words and patches -------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 4), (3, 1), (3, 4), (5, 5), (4, 2)])
def test_many_steps_come_to_the_least_cost(n, m):
    cost = drawn(3, n, m).abs()
    plan = transport_plan(cost, beta=0.1, steps=3000)
    expected = torch.tensor([least_cost(one) for one in cost], dtype=torch.float64)
    torch.testing.assert_close((cost * plan).sum((1, 2)), expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(n * plan.sum(2), ONE.expand(3, n), rtol=0, atol=1e-9)
    torch.testing.assert_close(m * plan.sum(1), ONE.expand(3, m), rtol=0, atol=1e-6)


@pytest.mark.parametrize("steps", [1, 50])
def test_one_step_by_its_definition(steps):
    cost = drawn(1, 3, 4).abs()
    kernel, plan = (-cost[0] / 0.5).exp(), torch.ones(3, 4, dtype=torch.float64)
    sigma = torch.full((3,), 1 / 3, dtype=torch.float64)
    for _ in range(steps):
        q = kernel * plan
        delta = 1 / (4 * (q.T @ sigma))
        sigma = 1 / (3 * (q @ delta))
        plan = sigma[:, None] * q * delta
    torch.testing.assert_close(transport_plan(cost, steps=steps)[0], plan)


def test_masked_words_and_patches_are_as_if_they_were_not_there():
    words, patches = drawn(2, 4, 5), drawn(2, 3, 5, seed=1)
    has_word = torch.tensor([[True, True, False, True], [True] * 4])
    has_patch = torch.tensor([[False, True, True], [True] * 3])
    together = transport_distance(words, patches, has_word, has_patch)
    alone = transport_distance(words[:1, has_word[0]], patches[:1, has_patch[0]])
    torch.testing.assert_close(together[:1], alone)
    plan = transport_plan(cosine_costs(words, patches), has_word, has_patch)
    assert plan[0, 2].sum() == 0 and plan[0, :, 0].sum() == 0
    torch.testing.assert_close(plan.sum((1, 2)), torch.ones(2).double())


def test_costs_of_a_thousand_do_not_underflow():
    cost = 1000 * drawn(2, 3, 4).abs()
    plan = transport_plan(cost, beta=0.01, steps=5)
    torch.testing.assert_close(3 * plan.sum(2), ONE.expand(2, 3))


def test_half_precision_is_widened():
    words, patches = drawn(2, 3, 5).half(), drawn(2, 4, 5, seed=1).half()
    distance = transport_distance(words, patches)
    torch.testing.assert_close(distance, transport_distance(words.double(), patches.double()))


def test_the_gradient_goes_through_the_cost_only():
    words, patches = drawn(2, 3, 5).requires_grad_(), drawn(2, 4, 5, seed=1).requires_grad_()
    plan = transport_plan(cosine_costs(words, patches))
    assert not plan.requires_grad
    (gradient,) = torch.autograd.grad(transport_distance(words, patches).sum(), words)
    (expected,) = torch.autograd.grad((cosine_costs(words, patches) * plan).sum(), words)
    torch.testing.assert_close(gradient, expected)


def test_padding_of_zeros_gets_no_gradient_that_is_no_number():
    words, patches = drawn(1, 3, 5), drawn(1, 4, 5, seed=1)
    words[:, 2] = 0
    words.requires_grad_()
    transport_distance(words, patches, torch.tensor([[True, True, False]])).sum().backward()
    assert words.grad[:, :2].abs().sum() > 0 and words.grad[:, 2].abs().sum() == 0


def test_a_row_without_a_word_is_refused():
    with pytest.raises(ValueError, match="word_mask has a row without a True"):
        transport_plan(drawn(1, 2, 2).abs(), torch.zeros(1, 2, dtype=torch.bool))


def test_distances_of_what_is_no_pair_count_against():
    distances = torch.tensor([0.5, 0.25, 1.0], dtype=torch.float64)
    loss = word_patch_loss(distances, torch.tensor([True, True, False]))
    assert float(loss) == pytest.approx(-0.25 / 3)


@pytest.mark.parametrize("temperature", [1e-40, 1e-44, 0.0, -0.1])
def test_a_temperature_by_which_nothing_can_be_divided_is_refused(temperature):
    u, v, tau = drawn(3, 4).float(), drawn(3, 4, seed=1).float(), torch.tensor(temperature)
    for call in (
        lambda: distilled_contrast(u, v, u, v, NONE.float(), NONE.float(), tau, 0.4),
        lambda: pair_contrast(u, v, tau, torch.arange(3)),
    ):
        with pytest.raises(ValueError, match="temperature is zero or less, or so small"):
            call()


def test_a_teacher_may_be_wider_than_its_student():
    u, v = drawn(3, 4).float(), drawn(3, 4, seed=1).float()
    teacher = [u.double(), v.double()]
    mixed = distilled_contrast(u, v, *teacher, NONE, NONE, TAU, 0.4)
    whole = distilled_contrast(*teacher, *teacher, NONE, NONE, TAU, 0.4)
    torch.testing.assert_close(mixed.double(), whole, rtol=0, atol=1e-6)


def test_words_and_patches_of_two_precisions_have_costs():
    words, patches = drawn(2, 3, 4), drawn(2, 5, 4, seed=1)
    mixed = transport_distance(words.float(), patches)
    whole = transport_distance(words.float().double(), patches)
    torch.testing.assert_close(mixed, whole, rtol=0, atol=1e-6)


def test_a_beta_that_makes_costs_infinite_is_refused():
    with pytest.raises(ValueError, match="beta is 1e-45, and costs divided by it"):
        transport_plan(drawn(1, 3, 4).float(), beta=1e-45)


def test_distances_of_half_precision_are_added_in_float64():
    distances = torch.linspace(0, 1, 3000).bfloat16()
    loss = word_patch_loss(distances, torch.ones(3000, dtype=torch.bool))
    assert float(loss) == pytest.approx(float(distances.double().mean()), abs=1e-12)
