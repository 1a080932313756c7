"""Laws that hold for any input: what a change of order, scale or name may and may not change.

The equations themselves are held against loops and references elsewhere; here each function is held
against itself under a change whose effect is known.
"""

import math
from itertools import combinations

import numpy as np
import pytest
import torch
from exact_numbers import draw, tensor
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coursekit.analysis.calibration import ece, reliability
from coursekit.analysis.emap import interaction_share, project
from coursekit.analysis.intervals import interval
from coursekit.balancing import (
    agm,
    ensemble,
    gblend,
    gradnorm,
    mlb,
    mmcosine,
    mslr,
    ogm,
    pcgrad,
    pmr,
)
from coursekit.balancing.unimodal_scores import rivals, true_class_scores
from coursekit.data.spectrogram import hz_to_mel, mel_filters, resize, trim_silence
from coursekit.data.standardise import standardise_features, standardise_whole
from coursekit.data.synthetic import Modality, Recipe, ceiling, shown_classes
from coursekit.data.timeline import moments
from coursekit.fusion.additive import additive
from coursekit.fusion.bilinear import bilinear
from coursekit.fusion.film import film
from coursekit.fusion.gmu import gmu
from coursekit.fusion.kiela_gate import gated
from coursekit.fusion.low_rank import low_rank
from coursekit.fusion.mag import modality_shift
from coursekit.fusion.multiplicative import multiplicative
from coursekit.fusion.non_local import non_local
from coursekit.fusion.squeeze_excite import squeeze_excite
from coursekit.fusion.tensor import tensor_product
from coursekit.layers import modality_dropout
from coursekit.layers.tokens import sinusoidal_positions

same_every_time = settings(derandomize=True, max_examples=50)
SEEDS = st.integers(0, 10_000)
SCORES = st.lists(st.floats(0.05, 20), min_size=2, max_size=5)
SCALES = st.floats(0.01, 100)


def law(**given_by):
    """A test of a law, on fifty inputs that are the same in every run."""
    return lambda test: same_every_time(given(**given_by)(test))


def close(a, b, tolerance=1e-9):
    return torch.allclose(a, b, rtol=tolerance, atol=tolerance)


def order_of(n, seed):
    return torch.randperm(n, generator=torch.Generator().manual_seed(seed))


def classes(n, c, seed):
    return torch.randint(c, (n,), generator=torch.Generator().manual_seed(seed))


# ---- balancing: order, scale and size of the coefficients --------------------------------------

COEFFICIENTS = {
    "mlb": lambda s: mlb.coefficients(s, 2.0, 8.0),
    "ogm": lambda s: ogm.coefficients(s, 0.8),
    "agm": lambda s: agm.coefficients(s, s.square() / 4, 1.0),
    "gblend": lambda s: gblend.weights(s, 3 * s, s / 2, 2 + s, rule="safe"),
    "gradnorm": lambda s: gradnorm.targets(s, s.square(), s + 1, 1.5),
    "mslr": lambda s: mslr.ratios(torch.stack([*[s / 25] * 5, s.sqrt() / 5])),
}


@pytest.mark.parametrize("name", COEFFICIENTS)
@law(scores=SCORES, seed=SEEDS)
def test_coefficients_follow_their_modalities_in_any_order(name, scores, seed):
    s, of = tensor(scores), COEFFICIENTS[name]
    assume(bool(((s / rivals(s) - 1).abs() > 1e-6).all()))  # rounding must not decide who is ahead
    order = order_of(len(s), seed)
    assert close(of(s[order]), of(s)[order])


@law(scores=SCORES, alpha=st.floats(0.01, 3), beta=st.floats(1.01, 10), c=SCALES)
def test_mlb_brakes_whoever_is_ahead_and_only_them(scores, alpha, beta, c):
    s = tensor(scores)
    r = rivals(s) / s
    assume(bool(((r - 1).abs() > 1e-6).all()))
    k = mlb.coefficients(c * s, alpha, beta)
    assert close(k, mlb.coefficients(s, alpha, beta))
    assert torch.equal(k < 1, r < 1)
    assert (k > 0).all() and (k <= beta).all()
    assert (mlb.coefficients(s, 0.0, beta) == 1).all()
    assert (mlb.coefficients(s, alpha, 1.0) <= 1).all()  # brake only


@law(scores=SCORES, low=st.floats(0, 2), more=st.floats(0, 2), c=SCALES)
def test_ogm_never_speeds_up_and_brakes_harder_with_alpha(scores, low, more, c):
    s = tensor(scores)
    weak, strong = ogm.coefficients(s, low), ogm.coefficients(s, low + more)
    assert (weak <= 1).all() and (weak >= 0).all() and (strong <= weak + 1e-12).all()
    assume(bool(((s / rivals(s) - 1).abs() > 1e-6).all()))
    assert close(ogm.coefficients(c * s, low), weak)


@law(n=st.integers(2, 5), value=st.floats(0.05, 20), alpha=st.floats(0, 3))
def test_on_a_tie_nobody_is_touched(n, value, alpha):
    # Halves of powers of two: their sums and means are exact.
    s = torch.full((n,), 2.0 ** math.floor(math.log2(value)), dtype=torch.float64)
    for k in (ogm.coefficients(s, alpha), mlb.coefficients(s, alpha, 8.0)):
        assert (k == 1).all()


@law(scores=SCORES, running=st.floats(0.1, 3), alpha=st.floats(0.01, 2))
def test_agm_slows_whoever_does_better_than_usual(scores, running, alpha):
    s = tensor(scores) / 10
    usual = torch.full_like(s, running)  # all were the same: who is below the mean is better
    k = agm.coefficients(s, usual, alpha)
    better = s.mean() - s
    assert (k[better > 1e-9] < 1).all() and (k[better < -1e-9] > 1).all()
    assert (agm.coefficients(s, usual, 0.0) == 1).all()
    assert (k <= math.exp(alpha * agm.LARGEST) + 1e-9).all()


# ---- balancing: Shapley values -----------------------------------------------------------------


def coalitions(players):
    return [frozenset(c) for r in range(1, len(players) + 1) for c in combinations(players, r)]


def game(players, seed):
    sets = coalitions(players)
    return dict(zip(sets, draw(*((2, 3) for _ in sets), seed=seed), strict=True))


@law(m=st.integers(2, 4), seed=SEEDS)
def test_players_that_can_be_exchanged_get_the_same(m, seed):
    values = game(range(m), seed)
    swap = {0: 1, 1: 0}
    mirrored = {s: values[frozenset(swap.get(p, p) for p in s)] for s in values}
    even = {s: (values[s] + mirrored[s]) / 2 for s in values}
    shares = agm.shapley(even)
    assert close(shares[0], shares[1])
    first, other = agm.shapley(values), agm.shapley(mirrored)  # a new name, the same share
    assert close(first[0], other[1]) and close(first[1], other[0])


@law(m=st.integers(2, 4), seed=SEEDS)
def test_a_dummy_gets_what_it_brings_and_the_others_what_they_had(m, seed):
    values = game(range(m), seed)
    (own,) = draw((2, 3), seed=seed + 1)
    with_dummy = {**values, frozenset([m]): own}
    with_dummy |= {s | {m}: x + own for s, x in values.items()}
    shares = agm.shapley(with_dummy)
    assert close(shares[m], own)
    for one, alone in zip(shares, agm.shapley(values), strict=False):
        assert close(one, alone)


@law(m=st.integers(1, 4), seed=SEEDS, c=st.floats(-5, 5))
def test_shares_of_a_sum_are_the_sums_of_the_shares(m, seed, c):
    a, b = game(range(m), seed), game(range(m), seed + 1)
    shares = agm.shapley({s: a[s] + c * b[s] for s in a})
    for one, x, y in zip(shares, agm.shapley(a), agm.shapley(b), strict=True):
        assert close(one, x + c * y)
    assert close(sum(agm.shapley(a)), a[frozenset(range(m))])


# ---- balancing: blends, norms, gradients -------------------------------------------------------


def four_losses(k, seed):
    return [x.abs() + 0.1 for x in draw(*((k,) for _ in range(4)), seed=seed)]


@law(k=st.integers(2, 5), seed=SEEDS, c=SCALES, rule=st.sampled_from(gblend.RULES))
def test_a_blend_knows_no_unit_and_no_zero_of_the_losses(k, seed, c, rule):
    losses = four_losses(k, seed)
    gain, overfitting = gblend.ogr_parts(*losses)
    raw = gain / overfitting.square()
    assume(float(overfitting.abs().min()) > 1e-3 and float(raw.sum().abs()) > 1e-3)
    w = gblend.weights(*losses, rule=rule)
    assert float(w.sum()) == pytest.approx(1)
    assert close(gblend.weights(*(x + c for x in losses), rule=rule), w, 1e-6)
    if rule == "paper":  # the floors of the safe rule are in the unit of the losses
        assert close(gblend.weights(*(c * x for x in losses), rule=rule), w, 1e-6)


@law(gain=st.floats(0.1, 2), less=st.floats(0.05, 1), more=st.floats(0.01, 1))
def test_of_two_heads_that_gained_the_same_the_one_that_overfits_more_gets_less(gain, less, more):
    start = tensor([3.0, 3.0])
    valid = start - gain
    train = valid - tensor([less, less + more])
    for rule in gblend.RULES:
        w = gblend.weights(start, start, train, valid, rule=rule)
        assert w[0] > w[1]


@law(tasks=st.integers(1, 5), seed=SEEDS, alpha=st.floats(0, 3), c=SCALES)
def test_gradnorm_asks_more_of_the_slow(tasks, seed, alpha, c):
    norms, losses, first = (x.abs() + 0.1 for x in draw(*((tasks,) for _ in range(3)), seed=seed))
    targets = gradnorm.targets(norms, losses, first, alpha)
    assert close(gradnorm.targets(c * norms, losses, first, alpha), c * targets)
    assert close(gradnorm.targets(norms, c * losses, c * first, alpha), targets)
    assert close(gradnorm.targets(norms, losses, first, 0.0), norms.mean().expand(tasks))
    assert close(gradnorm.targets(norms, losses, first, 1.0).mean(), norms.mean())
    slow_first = (losses / first).argsort(descending=True)
    assert (targets[slow_first].diff() <= 1e-9).all()


@law(seed=SEEDS, c=SCALES, d=st.integers(2, 8))
def test_two_projected_gradients_are_no_longer_in_conflict_and_no_longer(seed, c, d):
    (g,) = draw((2, d), seed=seed)
    projected = pcgrad.project(g)
    if float(g[0] @ g[1]) < 0:
        for i, j in ((0, 1), (1, 0)):
            assert float(projected[i] @ g[j]) == pytest.approx(0, abs=1e-9)
        assert float(projected[0] @ projected[1]) >= -1e-9
    else:
        assert torch.equal(projected, g)
    assert (projected.norm(dim=1) <= g.norm(dim=1) + 1e-9).all()
    scaled = torch.stack([g[0], c * g[1]])  # the length of the other does not matter
    assert close(pcgrad.project(scaled)[0], projected[0], 1e-6)
    assert close(pcgrad.project(g.flip(0)), projected.flip(0))


@law(tasks=st.integers(2, 5), seed=SEEDS)
def test_gradients_at_right_angles_stay_as_they_are(tasks, seed):
    (g,) = draw((8, 8), seed=seed)
    apart = torch.linalg.qr(g).Q[:tasks] * 3
    assert close(pcgrad.project(apart), apart)
    assert close(pcgrad.merge(apart), apart.sum(0))  # no conflict: the step of the summed losses


@law(tasks=st.integers(2, 4), seed=SEEDS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_projecting_survives_gradients_of_any_length(tasks, seed, dtype):
    """The square of a tiny gradient is zero, of a huge one infinite; a task may have none."""
    (g,) = draw((tasks, 6), seed=seed)
    expected = pcgrad.project(g, torch.Generator().manual_seed(seed))
    top = torch.finfo(dtype).max / 100
    bottom = torch.finfo(dtype).tiny * 100
    rough = 20 * torch.finfo(dtype).eps
    for scale in (bottom, 1e-3, top / float(g.abs().max())):
        generator = torch.Generator().manual_seed(seed)
        projected = pcgrad.project((g * scale).to(dtype), generator).double() / scale
        assert (projected - expected).abs().max() <= rough * float(g.abs().max()) + rough
    g[0] = 0
    assert torch.equal(pcgrad.project(g.to(dtype))[0], torch.zeros(6, dtype=dtype))
    assert pcgrad.project(g.to(dtype)).isfinite().all()
    assert torch.equal(pcgrad.project(g.to(dtype) * 0), g.to(dtype) * 0)


@law(values=st.lists(st.floats(0.05, 1), min_size=1, max_size=4), c=st.floats(0.1, 1))
def test_an_accuracy_that_stands_still_keeps_the_rate(values, c):
    a = tensor([values] * 7)
    assert close(mslr.ratios(a), torch.ones(len(values), dtype=torch.float64))
    a[-1] *= c
    assert close(mslr.ratios(a), torch.full_like(a[0], c))
    assert close(mslr.ratios(a / 2), mslr.ratios(a))


@law(a=st.floats(0.05, 20), b=st.floats(0.05, 20), c=SCALES)
def test_pmr_helps_one_modality_at_most_whatever_their_order(a, b, c):
    beta, gamma = pmr.coefficients(tensor([a, b]))
    assert float(beta * gamma) == 0 and 0 <= beta <= 1 and 0 <= gamma <= 1
    swapped = pmr.coefficients(tensor([b, a]))
    assert close(torch.stack(swapped), torch.stack([gamma, beta]))
    assert close(torch.stack(pmr.coefficients(c * tensor([a, b]))), torch.stack([beta, gamma]))


@law(seed=SEEDS, c=st.integers(1, 4))
def test_prototypes_and_similarities_move_with_the_space(seed, c):
    z, turn, shift = draw((7, 3), (3, 3), (3,), seed=seed)
    q, y = torch.linalg.qr(turn).Q, classes(7, c, seed)
    centres = pmr.prototypes(z, y, c)
    order = order_of(7, seed)
    assert close(pmr.prototypes(z[order], y[order], c), centres)
    moved = pmr.prototypes(z @ q + shift, y, c)
    here = pmr.present(y, c)
    assert close(moved[here], centres[here] @ q + shift)
    s = pmr.similarities(z, centres)
    assert (s <= 0).all()
    assert close(pmr.similarities(z @ q + shift, centres @ q + shift), s)


@law(seed=SEEDS, m=st.integers(1, 4), scale=st.floats(0.1, 20))
def test_cosine_logits_are_bounded_and_know_no_order(seed, m, scale):
    z = draw(*((4, 3) for _ in range(m)), seed=seed)
    w = draw(*((5, 3) for _ in range(m)), seed=seed + 1)
    logits = mmcosine.logits(z, w, scale)
    assert (logits.abs() <= scale * m + 1e-9).all()
    assert close(mmcosine.logits(z[::-1], w[::-1], scale), logits)
    assert close(
        mmcosine.logits(z, z, scale).diagonal(), torch.full((4,), scale * m, dtype=torch.float64)
    )


@law(n=st.integers(1, 30), m=st.integers(1, 4), p=st.floats(0, 1), seed=SEEDS)
def test_a_sample_loses_one_modality_at_most(n, m, p, seed):
    def masks(chance):
        return modality_dropout.masks(n, m, chance, torch.Generator().manual_seed(seed))

    keep = masks(p)
    assert keep.shape == (n, m) and ((keep == 0) | (keep == 1)).all()
    assert (keep.sum(1) >= m - 1).all()
    assert (masks(0.0) == 1).all() and (masks(1.0).sum(1) == m - 1).all()


@law(m=st.integers(1, 4), seed=SEEDS, shift=st.floats(-50, 50))
def test_the_mean_of_heads_is_a_distribution_between_theirs(m, seed, shift):
    heads = draw(*((5, 4) for _ in range(m)), seed=seed)
    p = ensemble.mean_of_heads(heads).exp()
    each = torch.stack([h.softmax(1) for h in heads])
    assert close(p.sum(1), torch.ones(5).double())
    assert (p <= each.amax(0) + 1e-12).all() and (p >= each.amin(0) - 1e-12).all()
    moved = [heads[0] + shift, *heads[1:]]
    assert close(ensemble.mean_of_heads(moved).exp(), p)
    turned = ensemble.mean_of_heads([h.T for h in heads[::-1]], classes=0)
    assert close(turned.T.exp(), p)


PARTS = slice(None, 1), slice(1, None)


@law(n=st.integers(2, 12), m=st.integers(1, 3), seed=SEEDS, shift=st.floats(-50, 50))
def test_true_class_scores_are_sums_over_the_samples(n, m, seed, shift):
    heads, y = draw(*((n, 4) for _ in range(m)), seed=seed), classes(n, 4, seed)
    s = true_class_scores(heads, y)
    assert (s > 0).all() and (s < n).all()
    halves = [
        true_class_scores([h[rows] for h in heads], y[rows]) for rows in torch.arange(n).chunk(2)
    ]
    assert close(sum(halves), s)
    assert close(true_class_scores([h + shift for h in heads], y), s)
    names = order_of(4, seed)  # class c is called names[c] from now on
    renamed = [h[:, names.argsort()] for h in heads]
    assert close(true_class_scores(renamed, names[y]), s)


@law(seed=SEEDS, c=st.floats(-100, 100), shift=st.floats(-10, 10))
def test_the_noise_is_as_wide_as_the_gradient(seed, c, shift):
    (g,) = draw((3, 4), seed=seed)
    width = ogm.noise_std(g) - ogm.LEAST_STD
    assert float(ogm.noise_std(c * g + shift)) == pytest.approx(
        float(abs(c) * width + ogm.LEAST_STD), abs=1e-9
    )


# ---- calibration -------------------------------------------------------------------------------


@law(n=st.integers(1, 40), c=st.integers(2, 5), bins=st.integers(1, 20), seed=SEEDS)
def test_ece_lies_between_0_and_1_whatever_the_order(n, c, bins, seed):
    (logits,) = draw((n, c), seed=seed)
    p, y, order = logits.mul(3).softmax(1), classes(n, c, seed), order_of(n, seed)
    value = ece(p, y, bins)
    assert 0 <= value <= 1
    assert close(ece(p[order], y[order], bins), value)
    names = order_of(c, seed + 1)
    assert close(ece(p[:, names.argsort()], names[y], bins), value)
    bin_table = reliability(p, y, bins)
    assert int(bin_table.total.sum()) == n
    assert float((bin_table.total * bin_table.accuracy.nan_to_num()).sum()) == pytest.approx(
        float((p.argmax(1) == y).sum())
    )


@law(n=st.integers(1, 40), c=st.integers(2, 5), bins=st.integers(1, 20), seed=SEEDS)
def test_who_is_sure_is_perfect_when_right_and_as_bad_as_can_be_when_wrong(n, c, bins, seed):
    y = classes(n, c, seed)
    sure = torch.nn.functional.one_hot(y, c).double()
    assert float(ece(sure, y, bins)) == 0
    assert float(ece(sure, (y + 1) % c, bins)) == pytest.approx(1)


@law(n=st.integers(1, 40), confidence=st.floats(0.51, 0.99), bins=st.integers(1, 20), seed=SEEDS)
def test_with_one_confidence_the_error_is_how_far_it_is_off(n, confidence, bins, seed):
    y = classes(n, 2, seed)
    p = tensor([[confidence, 1 - confidence]] * n)
    off = abs(float((y == 0).double().mean()) - confidence)
    assert float(ece(p, y, bins)) == pytest.approx(off, abs=1e-9)


# ---- EMAP --------------------------------------------------------------------------------------


@law(
    m=st.integers(2, 3),
    n=st.integers(1, 4),
    c=st.integers(1, 3),
    seed=SEEDS,
    shift=st.floats(-9, 9),
)
def test_the_projection_keeps_the_mean_and_moves_with_the_logits(m, n, c, seed, shift):
    (grid,) = draw((n,) * m + (c,), seed=seed)
    projected = project(grid)
    assert close(projected.mean(0), grid.mean(dim=list(range(m))))
    assert close(project(grid + shift), projected + shift)
    assert 0 <= interaction_share(grid) <= 1
    moved = grid + shift * torch.arange(n).reshape(n, *(1,) * m)  # the first modality alone
    assert close(project(moved), projected + shift * torch.arange(n)[:, None])


@law(n=st.integers(2, 4), c=st.integers(2, 3), seed=SEEDS, scale=SCALES, shift=st.floats(-9, 9))
def test_the_share_of_interaction_has_no_unit(n, c, seed, scale, shift):
    (grid,) = draw((n, n, c), seed=seed)
    whole = interaction_share(grid)
    assert interaction_share(scale * grid + shift) == pytest.approx(whole, abs=1e-9)
    common = draw((n, n, 1), seed=seed + 1)[0]  # of all classes alike: softmax does not see it
    assert interaction_share(grid + common) == pytest.approx(whole, abs=1e-9)
    rows, columns = draw((n, 1, c), (1, n, c), seed=seed + 2)
    assert interaction_share(rows + columns) == pytest.approx(0, abs=1e-9)


# ---- fusion ------------------------------------------------------------------------------------


@law(seed=SEEDS, rank=st.integers(2, 4))
def test_film_can_do_nothing_and_can_be_done_twice(seed, rank):
    x, a, b, c, d = draw((2, 3, *(2,) * (rank - 2)), *((2, 3) for _ in range(4)), seed=seed)
    assert torch.equal(film(x, torch.ones(2, 3).double(), torch.zeros(2, 3).double()), x)
    assert close(film(film(x, a, b), c, d), film(x, c * a, c * b + d))
    assert close(film(x, 0 * a, b), b.reshape(2, 3, *(1,) * (rank - 2)).expand_as(x))


@law(seed=SEEDS, d=st.integers(1, 5))
def test_a_gmu_lies_between_its_parts_whichever_comes_first(seed, d):
    v, t, w = draw((3, d), (3, d), (d, 2 * d), seed=seed)
    fused, low, high = gmu(v, t, w), torch.minimum(v, t).tanh(), torch.maximum(v, t).tanh()
    assert (fused >= low - 1e-12).all() and (fused <= high + 1e-12).all()
    swapped = torch.cat([-w[:, d:], -w[:, :d]], dim=1)  # σ(−x) = 1 − σ(x)
    assert close(gmu(t, v, swapped), fused)
    assert close(gmu(v, t, 0 * w), (v.tanh() + t.tanh()) / 2)
    assert close(gmu(v, v, w), v.tanh())


@law(seed=SEEDS)
def test_gates_open_and_close(seed):
    x, g = draw((3, 4), (3, 4), seed=seed)
    assert close(gated(x, g) + gated(x, -g), x)
    squeezed = squeeze_excite(x, *draw((2, 4), (4, 2), seed=seed + 1))
    for y in (gated(x, g), squeezed):
        assert (y.abs() <= x.abs()).all() and (y * x >= 0).all()
    silent = torch.zeros(2, 4, dtype=torch.float64)
    assert close(squeeze_excite(x, silent, silent.T), x / 2)


@law(m=st.integers(1, 4), seed=SEEDS, c=st.floats(-5, 5))
def test_sums_and_products_know_no_order(m, seed, c):
    parts = draw(*((2, 3) for _ in range(m)), seed=seed)
    mixed = [parts[i] for i in order_of(m, seed)]
    for fuse in (additive, multiplicative):
        assert close(fuse(mixed), fuse(parts))
    assert close(multiplicative([c * parts[0], *parts[1:]]), c * multiplicative(parts))
    assert close(additive([parts[0] + c, *parts[1:]]), additive(parts) + c)


@law(widths=st.lists(st.integers(1, 3), min_size=1, max_size=3), seed=SEEDS)
def test_the_tensor_product_holds_a_one_and_every_feature(widths, seed):
    parts = draw(*((2, d) for d in widths), seed=seed)
    cube = tensor_product(parts).reshape(2, *(d + 1 for d in widths))
    assert (cube.flatten(1)[:, 0] == 1).all()
    for m, z in enumerate(parts):
        edge = [0] * len(parts)
        edge[m] = slice(1, None)
        assert torch.equal(cube[(slice(None), *edge)], z)
    turned = tensor_product(parts[::-1]).reshape(2, *(d + 1 for d in widths[::-1]))
    axes = range(len(widths), 0, -1)
    assert close(turned.permute(0, *axes), cube)


@law(m=st.integers(1, 3), rank=st.integers(1, 4), seed=SEEDS, c=st.floats(0.1, 5))
def test_low_rank_knows_no_order_and_only_products_of_scales(m, rank, seed, c):
    parts = draw(*((2, 3) for _ in range(m)), seed=seed)
    factors = draw(*((rank, 4, 2) for _ in range(m)), seed=seed + 1)
    weights, bias = draw((rank,), (2,), seed=seed + 2)
    logits = low_rank(parts, factors, weights, bias)
    order = order_of(rank, seed)
    assert close(low_rank(parts, [f[order] for f in factors], weights[order], bias), logits)
    assert close(low_rank(parts[::-1], factors[::-1], weights, bias), logits)
    assert close(low_rank(parts, [c * factors[0], *factors[1:]], weights / c, bias), logits)


@law(seed=SEEDS, c=st.floats(-5, 5))
def test_bilinear_is_linear_in_each_modality(seed, c):
    x, other, y, w, b = draw((2, 3), (2, 3), (2, 4), (5, 3, 4), (5,), seed=seed)
    zero = torch.zeros(5, dtype=torch.float64)
    of_the_sum = bilinear([x + c * other, y], w, zero)
    assert close(of_the_sum, bilinear([x, y], w, zero) + c * bilinear([other, y], w, zero))
    assert close(bilinear([y, x], w.transpose(1, 2), b), bilinear([x, y], w, b))


@law(seed=SEEDS, c=SCALES)
def test_a_shift_turns_and_grows_with_its_vectors(seed, c):
    z, h, turn = draw((3, 4), (3, 4), (4, 4), seed=seed)
    q = torch.linalg.qr(turn).Q
    shift = modality_shift(z, h)
    assert close(modality_shift(z @ q, h @ q), shift @ q)
    assert close(modality_shift(c * z, c * h), c * shift, 1e-3)  # but for the small ε
    assert torch.equal(modality_shift(z, h, 0.0), z)


@law(seed=SEEDS, p=st.integers(1, 4))
def test_attention_follows_the_positions_and_may_be_silent(seed, p):
    x, q, k, v, out = draw((2, p, 4), (3, 4), (3, 4), (3, 4), (4, 3), seed=seed)
    order = order_of(p, seed)
    assert close(non_local(x[:, order], q, k, v, out), non_local(x, q, k, v, out)[:, order])
    assert torch.equal(non_local(x, q, k, v, 0 * out), x)
    alike = x[:, :1].expand(2, p, 4)  # all weights are 1/P
    assert close(non_local(alike, q, k, v, out), alike + alike @ v.T @ out.T)


@law(length=st.integers(2, 30), half=st.integers(1, 10), step=st.integers(1, 5))
def test_positions_are_turned_by_a_step(length, half, step):
    positions = sinusoidal_positions(length + step, 2 * half)
    assert close(positions.square().sum(1), torch.full((length + step,), half).double())
    products = (positions[step:] * positions[:-step]).sum(
        1
    )  # of two positions, by their distance alone
    assert close(products, products[0].expand(length))


# ---- data --------------------------------------------------------------------------------------


@law(mels=st.integers(1, 40), fft=st.sampled_from([128, 256, 512]), rate=st.integers(4000, 48_000))
def test_mel_filters_share_every_frequency_out(mels, fft, rate):
    filters = mel_filters(mels, fft, rate)
    assert filters.shape == (mels, fft // 2 + 1) and (filters >= 0).all() and (filters <= 1).all()
    total = filters.sum(0)
    assert (total <= 1 + 1e-5).all()
    hz = torch.arange(fft // 2 + 1) * rate / fft
    edges = torch.linspace(0, hz_to_mel(rate / 2), mels + 2, dtype=torch.float64)
    centres = 700 * (10 ** (edges[1:-1] / 2595) - 1)
    inside = (hz >= centres[0]) & (hz <= centres[-1])
    assert torch.allclose(total[inside], torch.ones(int(inside.sum())), atol=1e-4)


@law(low=st.floats(0, 20_000), more=st.floats(0.01, 1000))
def test_mel_grows_with_the_frequency_and_ever_slower(low, more):
    here, there, beyond = (hz_to_mel(low + i * more) for i in range(3))
    assert 0 <= here < there < beyond and beyond - there < there - here + 1e-9


@law(h=st.integers(1, 9), w=st.integers(1, 9), to=st.integers(1, 9), seed=SEEDS, c=st.floats(-9, 9))
def test_resizing_keeps_what_is_even_and_the_range(h, w, to, seed, c):
    picture = draw((2, h, w), seed=seed)[0].float()
    assert torch.allclose(resize(picture, h, w), picture, atol=1e-5)
    resized = resize(picture, to, to)
    assert resized.shape == (2, to, to)
    assert resized.min() >= picture.min() - 1e-4 and resized.max() <= picture.max() + 1e-4
    assert torch.allclose(resize(torch.full((1, h, w), c), to, to), torch.tensor(c), atol=1e-4)


@law(before=st.integers(0, 5), after=st.integers(0, 5), seed=SEEDS, c=SCALES)
def test_trimming_twice_is_trimming_once_and_loudness_does_not_matter(before, after, seed, c):
    word = draw((400,), seed=seed)[0]
    quiet = [torch.zeros(80 * k, dtype=torch.float64) for k in (before, after)]
    wave = torch.cat([quiet[0], word, quiet[1]])
    trimmed = trim_silence(wave)
    assert torch.equal(trimmed, word) and torch.equal(trim_silence(trimmed), trimmed)
    assert torch.equal(trim_silence(c * wave), c * word)


@law(n=st.integers(3, 12), seed=SEEDS, c=SCALES, shift=st.floats(-100, 100))
def test_scaling_takes_out_unit_and_zero_of_the_training_rows(n, seed, c, shift):
    (x,), rows = draw((n, 3), seed=seed), torch.arange(n - 1)
    standardised = standardise_features(x, rows)
    assert torch.allclose(standardised[rows].mean(0), torch.zeros(3), atol=1e-5)
    assert torch.allclose(standardised[rows].std(0, correction=0), torch.ones(3), atol=1e-4)
    for scaled in (standardise_features, standardise_whole):
        assert torch.allclose(scaled(c * x + shift, rows), scaled(x, rows), atol=1e-3)
    other = x.clone()
    other[-1] = 1e6  # a test row: of no influence on the others
    assert torch.equal(standardise_features(other, rows)[rows], standardised[rows])


SHARES = st.tuples(*(st.floats(0, 1) for _ in range(4)))


@law(parts=SHARES, c=st.integers(2, 5))
def test_who_sees_more_is_never_worse(parts, c):
    a, b, both, together = (p / (sum(parts) + 1e-9) for p in parts)
    recipe = Recipe(
        {"A": Modality(), "B": Modality()},
        redundant=both,
        unique={"A": a, "B": b},
        synergistic=together,
        num_classes=c,
    )
    nobody, only_a, only_b, all_of_it = (
        ceiling(recipe, seen) for seen in ((), ("A",), ("B",), ("A", "B"))
    )
    assert nobody == pytest.approx(1 / c)
    assert nobody - 1e-9 <= min(only_a, only_b)
    assert max(only_a, only_b) <= all_of_it + 1e-9 and all_of_it <= 1 + 1e-9
    assert ceiling(recipe, ("B", "A")) == pytest.approx(all_of_it)


@law(m=st.integers(2, 4), c=st.integers(2, 6), data=st.data())
def test_what_a_sample_shows_adds_up_to_its_label(m, c, data):
    recipe = Recipe({f"m{i}": Modality() for i in range(m)}, synergistic=1.0, num_classes=c)
    label = data.draw(st.integers(0, c - 1))
    others = tuple(data.draw(st.integers(0, c - 1)) for _ in range(m - 1))
    shown = shown_classes("synergistic", label, others, recipe)
    assert len(shown) == m and shown[:-1] == others and sum(shown) % c == label
    assert set(shown_classes("redundant", label, others, recipe)) == {label}
    alone = shown_classes("unique m1", label, others, recipe)
    assert [i for i, k in enumerate(alone) if k >= 0] == [1] and alone[1] == label
    assert set(shown_classes("absent", label, others, recipe)) == {-1}


@law(n=st.integers(1, 20), m=st.integers(1, 4), steps=st.integers(2, 6), seed=SEEDS)
def test_moments_meet_always_or_never(n, m, steps, seed):
    def when(alignment):
        return moments(n, m, steps, alignment, torch.Generator().manual_seed(seed))

    assert (when(1.0) == when(1.0)[:, :1]).all()
    apart = when(0.0)
    assert (apart[:, 1:] != apart[:, :1]).all() and (apart >= 0).all() and (apart < steps).all()


@law(
    values=st.lists(st.floats(-10, 10), min_size=2, max_size=8),
    c=st.floats(0.1, 10),
    shift=st.floats(-10, 10),
    level=st.floats(0.5, 0.98),
)
def test_an_interval_moves_with_its_values_and_widens_with_its_level(values, c, shift, level):
    x = np.array(values)
    i, moved = interval(x, level), interval(c * x + shift, level)
    for end in ("mean", "low", "high"):
        assert getattr(moved, end) == pytest.approx(c * getattr(i, end) + shift, abs=1e-6)
    mirrored = interval(-x, level)
    assert (mirrored.low, mirrored.high) == pytest.approx((-i.high, -i.low), abs=1e-9)
    wide = interval(x, level + 0.01)
    assert wide.low <= i.low <= i.mean <= i.high <= wide.high
