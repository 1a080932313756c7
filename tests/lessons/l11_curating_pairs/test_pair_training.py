"""Training of all seeds at once, and what each arm trains on."""

import pytest
import torch

from coursekit.lessons.l11_curating_pairs.arms import (
    CHOICES,
    Opinion,
    arms_for,
    check,
    checked_rows,
    kept_rows,
)
from coursekit.lessons.l11_curating_pairs.noisy_emoji import noisy_pairs
from coursekit.lessons.l11_curating_pairs.pair_training import (
    Towers,
    pair_losses,
    pair_scores,
    recalls,
    train,
    train_stepwise,
    weighted_loss,
)
from coursekit.lessons.l11_curating_pairs.scorers import (
    SCORERS,
    at_random,
    cross_fitted,
    everything,
    only,
    second_opinion,
)
from coursekit.lessons.l11_curating_pairs.study_curating import auc, truth_about
from coursekit.training.contrastive_losses import info_nce

SEEDS = (0, 1)


@pytest.fixture(scope="module")
def bench():
    return [noisy_pairs(seed) for seed in SEEDS]


def opinion_of(pairs, share=0.6):
    """Scorers that know the truth, but for a little noise."""
    noise = torch.rand(len(pairs), generator=torch.Generator().manual_seed(0))
    right = 0.5 * (~pairs.wrong).float() + 0.2 * noise
    probability = torch.where(pairs.wrong, 0.1, 0.9).double()
    scores = {name: right for name in SCORERS} | {"two networks": probability}
    return Opinion(scores, probability, share, torch.Generator().manual_seed(1))


# Training


def test_losses_are_info_nce_of_each_seed():
    first, second = torch.nn.functional.normalize(torch.randn(2, 3, 8, 5), dim=-1)
    scales = torch.tensor([1.0, 2.0, 3.0])
    cosines = first @ second.mT
    expected = [info_nce(u, v, s) for u, v, s in zip(first, second, scales, strict=True)]
    torch.testing.assert_close(pair_losses(cosines, scales).mean(1), torch.stack(expected))
    weights = torch.rand(3, 8)
    by_weight = weighted_loss(cosines, scales, weights, 0.5)
    each = pair_losses(cosines, scales)
    torch.testing.assert_close(by_weight[1], (weights[1] * each[1]).sum() / weights[1].sum())


def test_a_seed_trains_as_it_does_alone(bench):
    together = train([everything(p) for p in bench], SEEDS, steps=6)
    alone = train([everything(bench[1])], SEEDS[1:], steps=6)
    torch.testing.assert_close(
        pair_scores(together, bench)[1], pair_scores(alone, bench[1:])[0], atol=1e-5, rtol=0
    )
    assert Towers(0)(torch.randn(3, 96), torch.randn(3, 96))[0].norm(dim=1).tolist() == (
        pytest.approx([1] * 3)
    )


def test_the_generator_changes_one_object_step_by_step(bench):
    steps = list(train_stepwise([everything(bench[0])], [0], steps=3))
    assert len(steps) == 3 and steps[0] is steps[2]
    with pytest.raises(ValueError, match="parts has 1 seeds; 2 were expected"):
        next(train_stepwise([everything(bench[0])], SEEDS))


def test_a_pacing_that_allows_too_few_is_refused(bench):
    with pytest.raises(ValueError, match="100 pairs may be drawn; 128 or more"):
        train([everything(bench[0])], [0], steps=2, pacing=lambda step, pairs: 100)


def test_recall_is_a_share_for_every_seed(bench):
    networks = train([everything(p) for p in bench], SEEDS, steps=40)
    first, tenth, all_of_them = (recalls(networks, bench, k) for k in (1, 10, 300))
    assert all(a < b for a, b in zip(first, tenth, strict=True)) and all_of_them == [1, 1]
    assert min(tenth) > 10 / 300  # chance


# Arms


def test_a_cut_keeps_the_known_and_exactly_a_share_of_the_open(bench):
    pairs = bench[0]
    kept = kept_rows(pairs, torch.rand(len(pairs)), 0.6)
    still_open = ~pairs.known
    assert kept[pairs.known].all()
    assert int(kept[still_open].sum()) == int(0.6 * int(still_open.sum()))


def test_every_arm_trains_on_pairs_that_there_are(bench):
    pairs = bench[0]
    sizes = {}
    for name, arm in arms_for(0.6).items():
        part = arm.make(pairs, opinion_of(pairs))
        sizes[name] = len(part)
        assert part.captions.shape == part.pictures.shape == (len(part), 96), name
        assert torch.equal(part.pictures, pairs.pictures[part.rows]), name
        assert len(part.rows.unique()) == len(part) == len(part.weights), name
        assert bool((part.weights >= 0).all()), name
    assert sizes["known only"] == 200 and sizes["as they are"] == len(pairs)
    assert sizes["cut, truth"] == len(pairs) - int(pairs.wrong.sum())


def test_scores_that_know_the_truth_find_everything(bench):
    pairs = bench[0]
    opinion = opinion_of(pairs)
    arms = arms_for(0.6)
    facts = {
        name: truth_about(pairs, arms[name].make(pairs, opinion))
        for name in ("as they are", "cut, cross-fitted", "cut, two networks", "all right")
    }
    assert facts["as they are"] == {"caught": 0, "right kept": 1}
    assert facts["cut, cross-fitted"] == pytest.approx({"caught": 1, "right kept": 1}, abs=0.003)
    assert facts["cut, two networks"] == {"caught": 1, "right kept": 1}
    assert facts["all right"]["caught"] == pytest.approx(1, abs=0.02)
    lowest = truth_about(pairs, arms["check 20%, lowest"].make(pairs, opinion))
    assert lowest["caught"] == pytest.approx(0.5, abs=0.02) and lowest["right kept"] == 1


@pytest.mark.parametrize("choice", CHOICES)
def test_a_budget_is_a_share_of_the_open_pairs(bench, choice):
    pairs = bench[0]
    checked = checked_rows(pairs, opinion_of(pairs), choice, 0.2)
    assert not checked[pairs.known].any()
    assert int(checked.sum()) == int(0.2 * int((~pairs.known).sum()))
    part = check(choice, 0.2)(pairs, opinion_of(pairs))
    given = torch.where(checked[:, None], pairs.true_captions, pairs.captions)
    if choice != "random":  # that one has been drawn anew
        assert torch.equal(part.captions, given)


def test_margins_of_wrong_pairs_are_smaller(bench):
    pairs = bench[0]
    margins = arms_for(0.6)["hinge, soft margins"].make(pairs, opinion_of(pairs)).weights
    assert margins[pairs.wrong].max() < margins[~pairs.wrong].min() <= 0.2 + 1e-6


# Scorers


def test_a_random_score_tells_nothing_and_the_truth_everything(bench):
    pairs = bench[0]
    assert auc(pairs, at_random(bench, SEEDS)[0]) == pytest.approx(0.5, abs=0.05)
    assert auc(pairs, (~pairs.wrong).float()) == 1 and auc(pairs, pairs.wrong.float()) == 0


def test_a_cross_fitted_score_does_not_depend_on_the_own_caption(bench, monkeypatch):
    """Every open pair is scored by the network whose training it was no part of."""
    from coursekit.lessons.l11_curating_pairs import scorers

    trained_on = []

    def train_nothing(parts, seeds, steps):
        trained_on.append(parts)
        return len(trained_on) - 1

    def score_by_number(network, pairs):
        return torch.full((len(pairs), len(pairs[0])), float(network))

    monkeypatch.setattr(scorers, "train", train_nothing)
    monkeypatch.setattr(scorers, "pair_scores", score_by_number)
    scores = cross_fitted(bench, SEEDS)
    for k, pairs in enumerate(bench):
        for network, parts in enumerate(trained_on):
            judged = (scores[k] == network) & ~pairs.known
            assert judged.any() and not judged[parts[k].rows].any()
        assert (scores[k][pairs.known] == 0.5).all()


def test_two_networks_give_probabilities(bench):
    opinion = second_opinion(bench[:1], SEEDS[:1])
    assert opinion.probability.shape == opinion.label.shape == (1, len(bench[0]))
    for values in (opinion.probability, opinion.label):
        assert values.min() >= 0 and values.max() <= 1 and (values[0][bench[0].known] == 1).all()
    assert auc(bench[0], opinion.probability[0]) > 0.6 and auc(bench[0], -opinion.loss[0]) > 0.6


def test_only_takes_rows_in_their_order(bench):
    part = only(bench[0], bench[0].known)
    assert torch.equal(part.rows, bench[0].known.nonzero().flatten())
