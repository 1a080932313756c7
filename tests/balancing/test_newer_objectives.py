"""Objectives of LFM, DI-MML, InfoReg, ARL, AUG, CML, MBSD, AMCo: against loops, and what holds."""

import math
from itertools import combinations, pairwise, permutations

import numpy as np
import pytest
import torch
from exact_numbers import draw, tensor
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from coursekit import balancing
from coursekit.balancing import amco, arl, aug, cml, dimml, inforeg, lfm, mbsd

SEEDS = st.integers(0, 99)
SHAPES = {"m": st.integers(2, 4), "b": st.integers(1, 5), "c": st.integers(2, 5), "seed": SEEDS}


def law(**given_by):
    """A test on thirty inputs that are the same in every run."""
    same_every_time = settings(derandomize=True, max_examples=30, deadline=None)
    return lambda test: same_every_time(given(**given_by)(test))


def case(m, b, c, seed, spread=2.0):
    """Logits of m modalities and labels."""
    logits = [spread * x for x in draw(*((b, c) for _ in range(m)), seed=seed)]
    return logits, torch.randint(c, (b,), generator=torch.Generator().manual_seed(seed))


def softmax(row):
    """Probabilities of one row, by Python's own numbers."""
    powers = [math.exp(x - max(row)) for x in row]
    return [p / sum(powers) for p in powers]


def rows(logits):
    """Probabilities by modality and row."""
    return [[softmax(row) for row in x.tolist()] for x in logits]


def near(got, want):
    assert torch.as_tensor(got).flatten().tolist() == pytest.approx(
        np.ravel(want).tolist(), rel=1e-9, abs=1e-12
    )


def test_modules_without_a_method_are_in_no_list():
    known = balancing.names()
    assert not {"lfm", "dimml", "inforeg", "arl", "aug", "cml", "mbsd", "amco"} & set(known)
    assert "mlb" in known


# ---- LFM -------------------------------------------------------------------------------------


@law(**SHAPES)
def test_the_gap_of_predictions_by_loop(m, b, c, seed):
    logits, _ = case(m, b, c, seed)
    shares = rows(logits)
    divergences, released = [], []
    for p, q in combinations(shares, 2):
        for one, other in zip(p, q, strict=True):
            mean = [(x + y) / 2 for x, y in zip(one, other, strict=True)]
            kl = [sum(x * math.log(x / k) for x, k in zip(r, mean, strict=True))
                  for r in (one, other)]  # fmt: skip
            back = [sum(k * math.log(k / x) for x, k in zip(r, mean, strict=True))
                    for r in (one, other)]  # fmt: skip
            divergences.append(sum(kl) / 2)
            released.append(sum(back) / 2)
    near(lfm.prediction_gap(logits), np.mean(divergences))
    near(lfm.prediction_gap(logits, "from-mean"), np.mean(released))


@law(**SHAPES)
def test_the_gap_has_the_properties_of_a_jensen_shannon_divergence(m, b, c, seed):
    logits, _ = case(m, b, c, seed, spread=5.0)
    gap = lfm.prediction_gap(logits)
    assert -1e-12 <= gap <= math.log(2) + 1e-12
    near(lfm.prediction_gap(logits[::-1]), gap)
    near(lfm.prediction_gap([x + 3 for x in logits]), gap)  # softmax sees no common shift
    near(lfm.prediction_gap([logits[0]] * m), 0.0)
    # Never further apart than by the released code's measure, which has no largest value.
    assert lfm.prediction_gap(logits, "from-mean") >= gap - 1e-12


def test_opposite_certainties_are_log_2_apart_and_have_a_gradient():
    sure = tensor([[500.0, 0.0], [0.0, 800.0]]).requires_grad_()
    gap = lfm.prediction_gap([sure, -sure])
    near(gap.detach(), math.log(2))
    gap.backward()
    assert bool(sure.grad.isfinite().all())
    assert lfm.prediction_gap([sure, -sure], "from-mean") > 300


@law(weight=st.floats(0, 1), gap=st.floats(0, 2), **SHAPES)
def test_the_loss_weighs_fit_against_agreement(weight, gap, m, b, c, seed):
    logits, labels = case(m, b, c, seed)
    means = np.mean([x.numpy() for x in logits], axis=0).tolist()
    fit = np.mean([-math.log(softmax(r)[y]) for r, y in zip(means, labels.tolist(), strict=True)])
    near(lfm.loss(logits, labels, tensor(gap), weight), 2 * (weight * fit + (1 - weight) * gap))


def test_the_schedule_rises_to_label_fitting_alone():
    weights = [lfm.fitting_weight(e) for e in range(400)]
    assert all(0 < w <= 1 for w in weights)
    assert all(x <= y for x, y in pairwise(weights))
    assert weights[150] == pytest.approx(0.8213142121562482, abs=1e-12)
    assert weights[lfm.FITTING_ALONE - 1] < 1 == weights[lfm.FITTING_ALONE]
    one_more = sum(f * lfm.FITTING_ALONE**k for k, f in enumerate(lfm.FITTING_WEIGHT))
    assert one_more > 1


# ---- DI-MML ----------------------------------------------------------------------------------


@law(b=st.integers(1, 8), d=st.integers(1, 5), c=st.integers(1, 4), seed=SEEDS)
def test_the_accuracy_of_single_dimensions_by_loop(b, d, c, seed):
    (z,) = draw((b, d), seed=seed)
    y = torch.randint(c, (b,), generator=torch.Generator().manual_seed(seed)).tolist()
    z, accuracies = z.tolist(), []
    for dim in range(d):
        means = {k: np.mean([z[i][dim] for i in range(b) if y[i] == k]) for k in sorted(set(y))}
        nearest = [min(means, key=lambda k, i=i: abs(z[i][dim] - means[k])) for i in range(b)]
        accuracies.append(np.mean([n == k for n, k in zip(nearest, y, strict=True)]))
    features, labels = tensor(z), torch.tensor(y)
    near(dimml.dimension_accuracies(features, labels, c), accuracies)
    hits = [round(a * b) for a in accuracies]
    good = [h * d > sum(hits) for h in hits]
    assert dimml.good_dimensions(features, labels, c).tolist() == good


def test_a_class_without_rows_is_nearest_to_nothing_and_ties_go_to_the_lower_class():
    z = tensor([[0.0, 2.0], [0.1, 2.0], [1.0, 2.0]])
    labels = torch.tensor([1, 1, 2])  # class 0, whose row of the means is zero, does not occur
    assert dimml.dimension_accuracies(z, labels, 3).tolist() == pytest.approx([1.0, 2 / 3])
    assert dimml.good_dimensions(z, labels, 3).tolist() == [True, False]


def test_equally_good_dimensions_are_not_good_whatever_the_rounding():
    z = torch.arange(7.0, dtype=torch.float64)[:, None].repeat(1, 3)
    labels = torch.tensor([0, 0, 0, 1, 0, 1, 1])
    for dtype in (torch.float32, torch.float64):
        accuracies = dimml.dimension_accuracies(z.to(dtype), labels, 2)
        assert 0 < accuracies[0] < 1
        assert not dimml.good_dimensions(z.to(dtype), labels, 2).any()


def pull(learner, guide, dims, t):
    """The loss of one direction by loop."""
    losses = []
    for i, v in enumerate(learner):
        dots = [sum(v[k] * a[k] for k in dims) / t for a in guide]
        losses.append(math.log(sum(math.exp(x - max(dots)) for x in dots)) + max(dots) - dots[i])
    return np.mean(losses)


@law(m=st.integers(2, 3), b=st.integers(1, 4), d=st.integers(1, 5), t=st.floats(0.5, 9),
       seed=SEEDS)  # fmt: skip
def test_the_contrast_by_loop(m, b, d, t, seed):
    features = draw(*((b, d) for _ in range(m)), seed=seed)
    rng = torch.Generator().manual_seed(seed)
    good = [torch.rand(d, generator=rng) < 0.5 for _ in range(m)]
    lists = [z.tolist() for z in features]
    want = 0.0
    for guide, learner in permutations(range(m), 2):
        dims = [k for k in range(d) if good[guide][k] and not good[learner][k]]
        want += pull(lists[learner], lists[guide], dims, t)
    near(dimml.decoupled_contrast(features, good, t), want)


def test_a_modality_is_taught_where_only_the_other_is_good_and_teaches_unmoved():
    a, v = (x.requires_grad_() for x in draw((4, 3), (4, 3)))
    good = [torch.tensor([True, True, False]), torch.tensor([False, True, True])]
    dimml.decoupled_contrast([a, v], good).backward()
    for x, taught in ((a, [False, False, True]), (v, [True, False, False])):
        assert (x.grad.abs().sum(0) > 0).tolist() == taught
    guide = a.detach().requires_grad_()
    dimml.contrast(v, guide, good[0]).backward()
    assert guide.grad is None
    constant = dimml.contrast(v, a, torch.zeros(3, dtype=torch.bool))
    near(constant.detach(), math.log(4))


@law(t=st.floats(0.05, 5), **SHAPES)
def test_certain_models_weigh_more(t, m, b, c, seed):
    logits, _ = case(m, b, c, seed)
    sure = [[max(p) for p in shares] for shares in rows(logits)]
    by_row = [softmax([sure[k][i] / t for k in range(m)]) for i in range(b)]
    weights = dimml.certainty_weights(logits, t)
    near(weights.T, by_row)
    want = [[sum(by_row[i][k] * float(logits[k][i, j]) for k in range(m)) for j in range(c)]
            for i in range(b)]  # fmt: skip
    near(dimml.certainty_fusion(logits, t), want)
    order = list(reversed(range(m)))
    near(dimml.certainty_weights([logits[k] for k in order], t), weights[order])


# ---- InfoReg ---------------------------------------------------------------------------------


@law(traces=st.lists(st.floats(0.001, 50), max_size=25), window=st.integers(1, 12))
def test_the_rise_of_traces_by_loop(traces, window):
    def mean(end):
        return sum(traces[i] for i in range(end - window, end) if i >= 0) / window

    want = (mean(len(traces)) - mean(len(traces) - 1)) / mean(len(traces)) if traces else 1.0
    assert inforeg.relative_rise(traces, window) == pytest.approx(want, rel=1e-9, abs=1e-12)


def test_the_window_closes_when_traces_rise_no_more():
    traces, rises = [], []
    for _ in range(30):
        rises.append(inforeg.relative_rise(traces))
        traces.append(2.0)
    assert rises[:3] == pytest.approx([1.0, 1.0, 1 / 2])
    assert rises[11:] == pytest.approx([0.0] * 19)
    assert inforeg.relative_rise([0.0] * 3) == 0.0 == inforeg.relative_rise([1.0] + [0.0] * 10)
    assert inforeg.relative_rise([4.0] * 10 + [1.0]) < 0


@law(m=st.integers(2, 5), seed=SEEDS)
def test_only_the_leader_is_held(m, seed):
    s, factors = draw((m,), (m,), seed=seed)
    factors = factors.abs()
    beta = inforeg.coefficients(s, factors)
    leader = int(s.argmax())
    others = [float(x) for i, x in enumerate(s) if i != leader]
    lead = float(s[leader]) - sum(others) / len(others)
    want = [0.0] * m
    want[leader] = float(factors[leader]) * math.exp(math.tanh(lead))
    near(beta, want)
    near(inforeg.coefficients(s + 5, factors), want)  # of differences
    assert factors[leader] <= beta[leader] <= factors[leader] * math.e + 1e-12


def test_nobody_is_held_at_a_tie():
    ones = tensor([1.0, 1.0, 1.0])
    assert inforeg.coefficients(tensor([2.0, 2.0, 1.0]), ones).tolist() == [0.0] * 3
    assert inforeg.coefficients(tensor([2.0, 2.0]), ones[:2]).tolist() == [0.0] * 2


def test_a_held_gradient_is_that_of_a_spring_to_the_epoch_s_start():
    weight, start, target = (x.requires_grad_() for x in draw((2, 3), (2, 3), (2, 3)))
    (plain,) = torch.autograd.grad((weight - target).square().sum(), weight)
    spring = (weight - target).square().sum() + 0.7 * (weight - start).square().sum() / 2
    (want,) = torch.autograd.grad(spring, weight)
    got = inforeg.regulated(plain, weight, start, 0.7)
    assert torch.allclose(got, want, rtol=0, atol=1e-12)
    assert torch.equal(inforeg.regulated(plain, weight, start, 0.0), plain)


def test_a_trace_weighs_layers_alike():
    layers = [tensor([[1.0, 3.0]]), tensor([[[6.0]]]), tensor([0.0, 0.0, 3.0])]
    near(inforeg.fisher_trace(layers), 2 + 6 + 1)


# ---- ARL -------------------------------------------------------------------------------------


@law(sharpness=st.floats(0.5, 10), share=st.floats(0.01, 1), **SHAPES)
def test_weights_of_dependence_by_loop(sharpness, share, m, b, c, seed):
    logits, _ = case(m, b, c, seed)
    least = share / m
    entropy = [np.mean([-sum(x * math.log(x) for x in p) for p in r]) for r in rows(logits)]
    floored = [max(h / sum(entropy), least) for h in entropy]
    inverse = [1 / f / sum(1 / g for g in floored) for f in floored]
    size = [float(x.abs().mean()) for x in logits]
    size = [s / sum(size) for s in size]
    want = softmax([sharpness * (1 - s) / (m - 1) * i for s, i in zip(size, inverse, strict=True)])
    near(arl.mean_entropies(logits), entropy)
    near(arl.logit_shares(logits), size)
    near(arl.floored_shares(tensor(entropy), least), floored)
    near(arl.inverse_shares(tensor(floored)), inverse)
    weights = arl.coefficients(logits, sharpness, least)
    near(weights, want)
    assert float(weights.sum()) == pytest.approx(1)
    near(arl.coefficients(logits[::-1], sharpness, least), want[::-1])


def test_the_surer_modality_gets_more_of_two_that_are_relied_on_alike():
    doubt = tensor([[1.0, -1.0, 1.0, -1.0]])
    sure = tensor([[3.0, -1 / 3, -1 / 3, -1 / 3]])  # as large on average
    weights = arl.coefficients([sure, doubt])
    assert float(weights[0]) > 0.5 > float(weights[1])
    assert arl.coefficients([doubt, doubt]).tolist() == [0.5, 0.5]


def test_logits_of_zeros_and_certain_ones_have_equal_shares():
    nothing, certain = torch.zeros(2, 3).double(), 1e4 * torch.eye(3).double()[:2]
    near(arl.coefficients([nothing, nothing]), [0.5, 0.5])
    near(arl.floored_shares(arl.mean_entropies([certain, certain])), [0.5, 0.5])
    near(arl.logit_shares([nothing, certain]), [0.0, 1.0])
    assert not arl.coefficients([nothing.requires_grad_(), certain]).requires_grad


def test_a_floor_above_an_equal_share_is_refused():
    with pytest.raises(ValueError, match=r"least is 0.3; above 0 and at most 1/4"):
        arl.coefficients([torch.ones(2, 3)] * 4, least=0.3)


@pytest.mark.parametrize("m", [2, 3, 4, 7])
def test_the_usual_floor_is_an_equal_share_at_most(m):
    entropies = tensor([0.0] + [1.0] * (m - 1))
    floor = min(0.3, 1 / m)
    near(arl.floored_shares(entropies), [floor] + [max(floor, 1 / (m - 1))] * (m - 1))
    assert float(arl.coefficients([torch.ones(2, 3)] * m).sum()) == pytest.approx(1)


# ---- logits that are finite and very far apart -----------------------------------------------

FAR = torch.tensor([[3e38, -3e38], [-3e38, 3e38]])


def test_certain_logits_have_no_entropy():
    x = FAR.clone().requires_grad_()
    entropies = arl.mean_entropies([x, FAR])
    entropies.sum().backward()
    assert entropies.tolist() == [0.0, 0.0] and bool(x.grad.isfinite().all())


def test_the_divergence_of_certain_logits_has_its_limit():
    y = torch.tensor([0, 0])
    for other in (FAR, -FAR, torch.zeros(2, 2)):
        w = torch.stack([x.double().softmax(1)[:, 0] for x in (FAR, other)])
        s = w.amax(0)
        expected = [0.0 if a == 0 else a * math.log(a / b)
                    for a, b in zip(w.amin(0).tolist(), s.tolist(), strict=True)]  # fmt: skip
        got = mbsd.true_class_divergence(FAR, other, y).tolist()
        assert got == pytest.approx(expected, rel=1e-6)


def test_the_gap_of_certain_logits_is_0_or_log_2_or_too_large():
    for divergence in lfm.DIVERGENCES:
        assert float(lfm.prediction_gap([FAR, FAR], divergence)) == 0.0
    assert float(lfm.prediction_gap([FAR, -FAR])) == pytest.approx(math.log(2))
    with pytest.raises(ValueError, match="prediction_gap is too large for a number"):
        lfm.prediction_gap([FAR, -FAR], "from-mean")


def test_agreement_is_never_worth_less_than_nothing():
    """Rounding leaves gaps of equal answers a little below 0, which the loss would refuse."""
    for seed in range(50):
        (x,) = draw((4, 5), seed=seed)
        gap = lfm.prediction_gap([x.float(), x.float() * (1 + 1e-7)])
        assert float(gap) >= 0
        lfm.loss([x, x], torch.zeros(4).long(), gap, 0.5)
    with pytest.raises(ValueError, match=r"alignment holds -0.5; zero or more"):
        lfm.loss([x, x], torch.zeros(4).long(), tensor(-0.5), 0.5)


# ---- AUG -------------------------------------------------------------------------------------


@law(b=st.integers(1, 5), c=st.integers(2, 5), alpha=st.floats(0, 2), seed=SEEDS)
def test_the_boosting_loss_by_loop(b, c, alpha, seed):
    (previous, added), labels = case(2, b, c, seed)
    total = 0.0
    for before, new, y in zip(previous.tolist(), added.tolist(), labels.tolist(), strict=True):
        both = [x + z for x, z in zip(before, new, strict=True)]
        total += -math.log(softmax(both)[y]) - math.log(softmax(before)[y])
        total += -math.log(softmax(new)[y]) * (1 - alpha * softmax(before)[y])
    near(aug.boosting_loss(previous, added, labels, alpha), total / b)


def test_what_earlier_branches_know_is_a_target_without_gradient():
    (previous, added), labels = case(2, 4, 3, 0)
    previous.requires_grad_()
    with_target, without = (
        torch.autograd.grad(aug.boosting_loss(previous, added, labels, alpha), previous)[0]
        for alpha in (0.5, 0.0)
    )
    assert torch.equal(with_target, without)
    known = 50.0 * F.one_hot(labels, 3).double()
    added.requires_grad_()
    sure, unsure = (
        torch.autograd.grad(aug.boosting_loss(x, added, labels, 1.0), added)[0].norm()
        for x in (known, -known)
    )
    assert float(sure) < 1e-12 < float(unsure)  # there is nothing left to learn


@pytest.mark.parametrize(
    ("scores", "place"),
    [([1.0, 2.0], 0), ([2.0, 1.0], 1), ([1.0, 1.005], None), ([1.0, 1.0], None), ([0.0, 1.0], 0),
     ([0.0, 0.0], None), ([3.0, 1.0, 2.0], 1), ([1.0, 1.0, 3.0], 0), ([100.0, 98.0], 1)],
)  # fmt: skip
def test_the_weakest_gets_the_next_branch(scores, place):
    assert aug.behind(tensor(scores)) == place
    assert aug.behind(tensor(scores), 1e9) in (None, place)
    assert aug.behind(tensor(scores) / 7) == place


# ---- CML -------------------------------------------------------------------------------------


@law(weight=st.floats(0, 3), **SHAPES)
def test_rises_of_confidence_by_loop(weight, m, b, c, seed):
    logits, _ = case(m, b, c, seed)
    sure = [[max(p) for p in shares] for shares in rows(logits)]
    near(cml.confidence(logits[0]), sure[0])
    near(cml.rise(logits[0], logits[1]), [max(0, y - x) for x, y in zip(*sure[:2], strict=True)])
    steps = [max(0, fewer[i] - more[i]) for more, fewer in pairwise(sure) for i in range(b)]
    near(cml.penalty(logits, weight), weight * sum(steps) / b)


def test_a_sample_that_became_surer_does_not_hide_behind_another():
    complete, reduced = tensor([[0.0, 0.0], [4.0, 0.0]]), tensor([[4.0, 0.0], [0.0, 0.0]])
    assert float((cml.confidence(reduced) - cml.confidence(complete)).sum()) == 0
    assert cml.penalty([complete, reduced]) > 0.2
    flat = complete * 0
    assert cml.penalty([complete, flat, flat]) == 0  # less and less sure: as it should be


# ---- MBSD ------------------------------------------------------------------------------------


@law(**SHAPES)
def test_the_gap_between_modalities_by_loop(m, b, c, seed):
    logits, labels = case(m, b, c, seed)
    shares, y = rows(logits), labels.tolist()
    total = 0.0
    for k, n in combinations(range(m), 2):
        weights, squares, terms = [], [], []
        for i in range(b):
            p, q = shares[k][i][y[i]], shares[n][i][y[i]]
            right = any(int(np.argmax(shares[j][i])) == y[i] for j in (k, n))
            weights.append(abs(p - q) if right else 0.0)
            squares.append(float(((logits[k][i] - logits[n][i]) ** 2).mean()))
            terms.append(min(p, q) * math.log(min(p, q) / max(p, q)))
        pair = (logits[k], logits[n])
        near(mbsd.gap_weights(*pair, labels), weights)
        near(mbsd.squared_gaps(*pair), squares)
        near(mbsd.true_class_divergence(*pair, labels), terms)
        total += sum(w * (s + t) for w, s, t in zip(weights, squares, terms, strict=True)) / b
    near(mbsd.gap_loss(logits, labels), total / (m * (m - 1) / 2))


def test_the_single_term_of_the_divergence_has_its_least_value():
    p = torch.linspace(0.01, 0.99, 99).double()
    logits = torch.stack([p, 1 - p], 1).log()
    labels = torch.zeros(99).long()
    surest = tensor([[0.0, -800.0]]).expand(99, 2)
    terms = mbsd.true_class_divergence(logits, surest, labels)
    assert float(terms.max()) <= 0
    assert float(terms.min()) == pytest.approx(-1 / math.e, abs=1e-4)  # w log w at 1/e


@pytest.mark.parametrize(("c", "one", "other", "loss"), [(100, 3.8, 6.9, -0.14),
                                                         (10, 1.9, 3.0, -0.02)])  # fmt: skip
def test_of_many_classes_the_gap_loss_rewards_a_gap(c, one, other, loss):
    """As its docstring says: the least value is not where the modalities agree."""

    def of(x, y):
        logits = torch.zeros(2, 1, c, dtype=torch.float64)
        logits[:, 0, 0] = tensor([x, y])
        return float(mbsd.gap_loss(list(logits), torch.tensor([0])))

    assert of(one, other) == pytest.approx(loss, abs=0.005)
    around = [of(one + i / 10, other + j / 10) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    assert of(one, other) == min(around) < of(one, one) == 0


def test_where_neither_is_right_nothing_is_taught():
    labels = torch.tensor([2, 2])
    first, second = tensor([[3.0, 0, 1], [3.0, 0, 0]]), tensor([[0.0, 4, 0], [0.0, 0, 5]])
    weights = mbsd.gap_weights(first, second, labels)
    assert weights[0] == 0 < weights[1]


# ---- AMCo ------------------------------------------------------------------------------------


@law(**SHAPES)
def test_dependence_by_loop(m, b, c, seed):
    logits, _ = case(m, b, c, seed)
    want = [0.0] * m
    for i in range(b):
        every = softmax([float(x) for z in logits for x in z[i]])
        for k in range(m):
            want[k] += sum(every[k * c : (k + 1) * c]) / b
    shares = amco.dependence(logits)
    near(shares, want)
    assert float(shares.sum()) == pytest.approx(1)
    assert amco.is_dependent(shares).tolist() == [w > 0.5 for w in want]
    near(amco.dependence([z + 3 for z in logits]), want)


def test_a_tie_depends_on_nobody():
    same = torch.ones(2, 3).double()
    assert amco.is_dependent(amco.dependence([same, same])).tolist() == [False, False]


@law(epoch=st.integers(0, 9), batch=st.integers(0, 20), end=st.floats(0.05, 2))
def test_the_masked_share_grows_within_an_epoch(epoch, batch, end):
    share = amco.masked_share(amco.progress(epoch, batch), end)
    assert share == pytest.approx(math.sin(math.pi / 2 * min(1.0, epoch * batch / 10 / end)))
    assert share <= amco.masked_share(amco.progress(epoch, batch + 1), end)
    assert 0 <= share <= 1
    assert amco.masked_count(share, 6) - 1e-9 <= 6 * share < amco.masked_count(share, 6) + 1
    assert amco.masked_share(end, end) == 1 and amco.masked_share(0.0, end) == 0


def test_hundredths_are_counted_exactly():
    """0.29 · 100 is 28.999… in floating point."""
    assert [amco.masked_count(n / 100, 100) for n in range(101)] == list(range(101))


@law(places=st.integers(1, 20), masked=st.integers(0, 20), seed=SEEDS)
def test_a_mask_has_as_many_zeros_as_it_should(places, masked, seed):
    assume(masked <= places)
    once, again = (amco.mask(masked, places, torch.Generator().manual_seed(seed)) for _ in range(2))
    assert torch.equal(once, again) and once.shape == (places,)
    assert int((once == 0).sum()) == masked and int((once == 1).sum()) == places - masked


def test_masks_are_drawn_evenly():
    generator = torch.Generator().manual_seed(0)
    total = torch.stack([amco.mask(2, 5, generator) for _ in range(2000)]).mean(0)
    assert total.tolist() == pytest.approx([0.6] * 5, abs=0.05)
