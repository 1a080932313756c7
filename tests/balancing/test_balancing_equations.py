"""The equations of the balancing methods: identities, oracles by loop, refusals."""

import math
from itertools import chain, combinations, pairwise, permutations

import pytest
import torch
from exact_numbers import draw, tensor
from hypothesis import assume, given
from hypothesis import strategies as st

from coursekit.analysis.calibration import ece
from coursekit.balancing import agm, gblend, gradnorm, mlb, mmcosine, mslr, ogm, pcgrad, pmr

POSITIVE = st.lists(st.floats(0.05, 20), min_size=2, max_size=5)


def clear_of_ties(scores):
    """The scores, unless one is so near the others' mean that rounding decides who is ahead."""
    s = tensor(scores)
    rivals = (s.sum() - s) / (len(s) - 1)
    assume(bool(((s / rivals - 1).abs() > 1e-6).all()))
    return s


# ---- identities ------------------------------------------------------------------------------


@given(scores=POSITIVE, alpha=st.floats(0, 3), beta=st.floats(1, 10))
def test_mlb_knows_order_scale_and_rest(scores, alpha, beta):
    s = clear_of_ties(scores)
    k = mlb.coefficients(s, alpha, beta)
    assert torch.allclose(mlb.coefficients(s.flip(0), alpha, beta), k.flip(0))
    assert torch.allclose(mlb.coefficients(7 * s, alpha, beta), k)  # a ratio has no scale
    equal = torch.full_like(s, scores[0])
    assert torch.allclose(mlb.coefficients(equal, alpha, beta), torch.ones_like(s))
    ahead = s > (s.sum() - s) / (len(s) - 1)
    assert (k[ahead] <= 1).all() and (k[~ahead] >= 1 - 1e-9).all()
    assert (k >= 0).all() and (k <= max(beta, 1) + 1e-9).all()


@given(scores=POSITIVE, alpha=st.floats(0.01, 3))
def test_ogm_brakes_those_ahead_and_nobody_else(scores, alpha):
    s = clear_of_ties(scores)
    k = ogm.coefficients(s, alpha)
    ahead = s > (s.sum() - s) / (len(s) - 1)
    assert (k[~ahead] == 1).all() and (k[ahead] < 1).all()
    assert torch.allclose(ogm.coefficients(3 * s, alpha), k)


def test_a_tie_is_left_alone():
    assert ogm.coefficients(tensor([2.0, 2.0]), 1.0).tolist() == [1.0, 1.0]


@given(m=st.integers(2, 4), seed=st.integers(0, 50))
def test_shapley_values_sum_to_the_whole_and_equal_the_mean_over_orders(m, seed):
    order = list(range(m))
    sets = [frozenset(c) for r in range(1, m + 1) for c in combinations(order, r)]
    values = dict(zip(sets, draw(*((2, 3) for _ in sets), seed=seed), strict=True))
    shares = agm.shapley(values)
    assert torch.allclose(sum(shares), values[frozenset(order)])
    full = {frozenset(): torch.zeros(2, 3, dtype=torch.float64), **values}
    for one in order:
        gains = []
        for arrival in permutations(order):
            before = frozenset(arrival[: arrival.index(one)])
            gains.append(full[before | {one}] - full[before])
        assert torch.allclose(shares[one], torch.stack(gains).mean(0))


@given(scores=POSITIVE, alpha=st.floats(0, 2))
def test_agm_leaves_alone_who_is_as_far_as_usual(scores, alpha):
    s = tensor(scores) / 10
    assert torch.allclose(agm.coefficients(s, s, alpha), torch.ones_like(s))


@given(k=st.integers(2, 5), seed=st.integers(0, 99), rule=st.sampled_from(gblend.RULES))
def test_blends_sum_to_one(k, seed, rule):
    losses = [x.abs() + 0.1 for x in draw(*((k,) for _ in range(4)), seed=seed)]
    weights = gblend.weights(*losses, rule=rule)
    assert float(weights.sum()) == pytest.approx(1)
    if rule == "safe":
        assert (weights >= gblend.LEAST_WEIGHT - 1e-12).all()


def test_the_safe_rule_survives_what_the_paper_rule_does_not():
    before, fallen = tensor([1.0, 1.0]), tensor([0.5, 1.2])
    # Head 0 overfits nothing, head 1 generalised backwards.
    losses = (before, before, fallen, fallen)
    with pytest.raises(ValueError, match=r"O is 0 for the heads \[0, 1\]"):
        gblend.weights(*losses)
    safe = gblend.weights(*losses, rule="safe")
    assert safe[0] > safe[1] >= 0.05


@given(tasks=st.integers(2, 5), seed=st.integers(0, 99))
def test_projected_gradients_keep_what_does_not_conflict(tasks, seed):
    (g,) = draw((tasks, 6), seed=seed)
    friendly = g.abs()
    assert torch.equal(pcgrad.project(friendly), friendly)
    two = g[:2]
    projected = pcgrad.project(two)
    for i, j in ((0, 1), (1, 0)):
        assert float(projected[i] @ two[j]) >= -1e-9


@given(scale=st.floats(0.1, 10), seed=st.integers(0, 50))
def test_cosine_logits_know_no_length(scale, seed):
    z, w = draw((3, 4), (5, 4), seed=seed)
    logits = mmcosine.logits([z], [w], scale)
    assert torch.allclose(mmcosine.logits([9 * z], [0.2 * w], scale), logits)
    loop = [[scale * float(a @ b / a.norm() / b.norm()) for b in w] for a in z]
    assert torch.allclose(logits, tensor(loop))


def test_mslr_waits_for_six_epochs():
    accuracies = tensor([[0.1 * i, 0.5] for i in range(1, 8)])
    assert mslr.ratios(accuracies[:5]).tolist() == [1.0, 1.0]
    assert mslr.ratios(accuracies[:6]).tolist() == pytest.approx([0.6 / 0.3, 1.0])
    assert mslr.ratios(accuracies).tolist() == pytest.approx([0.7 / 0.4, 1.0])


@given(alpha=st.floats(0, 3), seed=st.integers(0, 50))
def test_gradnorm_targets(alpha, seed):
    norms, losses, first = (x.abs() + 0.1 for x in draw((4,), (4,), (4,), seed=seed))
    targets = gradnorm.targets(norms, losses, first, alpha)
    pace = [float(a / b) for a, b in zip(losses, first, strict=True)]
    mean = sum(pace) / 4
    expected = [float(norms.mean()) * (p / mean) ** alpha for p in pace]
    assert torch.allclose(targets, tensor(expected))


@given(c=st.integers(2, 4), seed=st.integers(0, 50))
def test_prototypes_by_loop_and_absent_classes(c, seed):
    (z,) = draw((7, 3), seed=seed)
    labels = torch.randint(c, (7,), generator=torch.Generator().manual_seed(seed))
    centres = pmr.prototypes(z, labels, c + 1)
    for k in range(c + 1):
        rows = [z[i] for i in range(7) if labels[i] == k]
        expected = sum(rows) / len(rows) if rows else torch.zeros(3, dtype=torch.float64)
        assert torch.allclose(centres[k], expected)
    assert pmr.present(labels, c + 1).tolist() == [k in labels.tolist() for k in range(c + 1)]


def test_a_feature_on_its_prototype_has_a_gradient():
    z = torch.ones(1, 3, dtype=torch.float64, requires_grad=True)
    pmr.similarities(z, torch.ones(2, 3, dtype=torch.float64)).sum().backward()
    assert torch.isfinite(z.grad).all()


@given(ahead=st.floats(0.1, 10))
def test_pmr_helps_the_one_behind(ahead):
    beta, gamma = pmr.coefficients(tensor([ahead, 1.0]))
    assert 0 <= beta <= 1 and 0 <= gamma <= 1
    assert beta * gamma == 0
    assert (gamma > 0) == (ahead > 1) or ahead == 1


@given(seed=st.integers(0, 99), bins=st.integers(1, 20))
def test_ece_by_loop(seed, bins):
    (logits,) = draw((30, 4), seed=seed)
    probs = logits.softmax(1)
    labels = torch.randint(4, (30,), generator=torch.Generator().manual_seed(seed))
    edges = torch.linspace(0, 1, bins + 1, dtype=torch.float64).tolist()
    total = 0.0
    for low, high in pairwise(edges):
        rows = [i for i in range(30) if low < float(probs[i].max()) <= high]
        right = sum(int(probs[i].argmax()) == int(labels[i]) for i in rows)
        sure = sum(float(probs[i].max()) for i in rows)
        total += abs(right - sure) / 30
    assert float(ece(probs, labels, bins)) == pytest.approx(total, abs=1e-12)


# ---- refusals --------------------------------------------------------------------------------

S, NAN = tensor([1.0, 2.0]), tensor([1.0, math.nan])
X = torch.ones(2, 3, dtype=torch.float64)
Y = torch.tensor([0, 1])


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: mlb.coefficients(S, -1.0, 2.0), ValueError, "alpha is -1.0; zero or a positive"),
        (lambda: mlb.coefficients(S, 1.0, 0.5), ValueError, "beta_max is 0.5; one or more"),
        (lambda: mlb.coefficients(NAN, 1.0, 2.0), ValueError, "scores contains NaN"),
        (lambda: mlb.coefficients(S[:1], 1.0, 2.0), ValueError, "scores has shape (1,); two or"),
        (lambda: mlb.coefficients(0 * S, 1.0, 2.0), ValueError, "scores holds 0.0; positive"),
        (lambda: ogm.coefficients(Y, 1.0), TypeError, "scores has dtype torch.int64"),
        (lambda: ogm.noise_std(S[:1]), ValueError, "grad has shape (1,); two numbers"),
        (lambda: agm.shapley({}), ValueError, "values is empty"),
        (lambda: agm.shapley({frozenset("ab"): X}), ValueError, "values lacks ['a']; every set"),
        (lambda: agm.coefficients(S, S[:1], 1.0), ValueError, "running has shape (1,); (2) was"),
        (lambda: gblend.weights(S, S, S, S, rule="nice"), ValueError, "rule is 'nice'"),
        (lambda: gblend.weights(S, S, S, S[:1]), ValueError, "valid_after has shape (1,)"),
        (lambda: gradnorm.targets(S, -S, S, 1.0), ValueError, "losses holds -2.0; positive"),
        (lambda: mmcosine.logits([X], [X, X]), ValueError, "features holds 1, weights 2"),
        (lambda: mmcosine.logits([X], [X[:, :2]]), ValueError, "weights[0] has shape (2, 2)"),
        (lambda: mmcosine.logits([X], [X], 0.0), ValueError, "scale is 0.0; a positive"),
        (lambda: mslr.ratios(X[0]), ValueError, "accuracies has shape (3,)"),
        (lambda: mslr.ratios(X, memory=0), ValueError, "memory is 0; a whole number"),
        (lambda: pcgrad.project(S), ValueError, "grads has shape (2,); (any, any)"),
        (lambda: pmr.prototypes(X, Y, 1), ValueError, "labels lie in 0 to 1; 0 to 0 was"),
        (lambda: pmr.prototypes(X, S, 2), TypeError, "labels is torch.float64; classes as int64"),
        (lambda: pmr.coefficients(tensor([1.0] * 3)), ValueError, "shape (3,); (2,) was"),
        (lambda: ece(X, Y), ValueError, "probs has rows that are no probabilities"),
        (lambda: ece(X / 3, S), TypeError, "labels is torch.float64; whole numbers"),
        (lambda: ece(X / 3, Y[:1]), ValueError, "labels has shape (1,); (2,) was expected"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refusals(call, error, sentence):
    with pytest.raises(error) as caught:
        call()
    assert sentence in str(caught.value)


def test_every_subset_is_asked_for():
    subsets = chain.from_iterable(combinations("abc", r) for r in range(1, 4))
    values = {frozenset(s): X for s in subsets}
    assert len(agm.shapley(values)) == 3
    del values[frozenset("bc")]
    with pytest.raises(ValueError, match=r"values lacks \['b', 'c'\]"):
        agm.shapley(values)
