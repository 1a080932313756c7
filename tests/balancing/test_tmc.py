"""TMC: its losses against integrals and PyTorch's distributions, and a training by hand."""

import math

import pytest
import torch
from exact_numbers import draw
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from torch.distributions import Dirichlet, kl_divergence
from torch.nn import functional as F

from coursekit import balancing
from coursekit.balancing.tmc import annealing_at, expected_cross_entropies, wrong_evidence
from coursekit.data import load_preset
from coursekit.models import build_classifier
from coursekit.training import Settings, fit
from coursekit.training.loop import begin

HOW = Settings(epochs=2, batch_size=24, momentum=0.0, lr=0.05, clip=None)


@pytest.fixture(scope="module")
def data():
    return load_preset("starve", 1, train=64, valid=32, test=32)


def model_for(data, fusion="evidential"):
    return build_classifier(data.train.inputs, 6, widths=(8, 4), fusion=fusion, seed=2)


@given(c=st.integers(2, 4), seed=st.integers(0, 20))
def test_the_cross_entropy_is_the_mean_over_the_distribution(c, seed):
    """By an integral: one class's share is of a beta distribution."""
    (e,) = (x.abs() * 3 for x in draw((2, c), seed=seed))
    labels = torch.randint(c, (2,), generator=torch.Generator().manual_seed(seed))
    losses = expected_cross_entropies(e, labels)
    for b, y in enumerate(labels.tolist()):
        alpha = (e[b] + 1).tolist()
        share = stats.beta(alpha[y], sum(alpha) - alpha[y])
        mean, _ = integrate.quad(lambda p, share=share: -math.log(p) * share.pdf(p), 0, 1)
        assert float(losses[b]) == pytest.approx(mean, rel=1e-5)


@given(c=st.integers(2, 5), seed=st.integers(0, 99))
def test_wrong_evidence_is_a_divergence_from_nothing(c, seed):
    (e,) = (x.abs() * 3 for x in draw((3, c), seed=seed))
    labels = torch.randint(c, (3,), generator=torch.Generator().manual_seed(seed))
    wrong = e.clone()
    wrong[range(3), labels] = 0
    expected = kl_divergence(Dirichlet(wrong + 1), Dirichlet(torch.ones_like(e)))
    assert torch.allclose(wrong_evidence(e, labels), expected, atol=1e-9)
    right = torch.zeros_like(e).scatter_(1, labels[:, None], 5.0)  # all of it for the label
    assert torch.allclose(wrong_evidence(right, labels), torch.zeros(3).double(), atol=1e-9)


def test_wrong_evidence_counts_more_and_more():
    assert [annealing_at(epoch, 4) for epoch in range(1, 7)] == [0.25, 0.5, 0.75, 1, 1, 1]
    assert annealing_at(1, 0) == annealing_at(1, 1) == 1


def test_a_training_written_by_hand(data):
    """By PyTorch's distributions; of both modalities and of both together, plain SGD."""
    model, twin = model_for(data), model_for(data)
    method = balancing.build("tmc", annealing=4)
    fit(model, data.train, data.valid, HOW, seed=4, method=method)
    order = torch.Generator().manual_seed(4)
    moved = [*twin.encoders.parameters(), *twin.fusion.parameters()]
    for epoch in (1, 2):
        for rows in torch.randperm(64, generator=order).split(24):
            y = data.train.labels[rows]
            e = [
                F.softplus(vote(twin.encoders[m](data.train.inputs[m][rows])))
                for m, vote in zip("AB", twin.fusion.votes, strict=True)
            ]
            loss = 0.0
            for evidence in (*e, e[0] + e[1] + e[0] * e[1] / 6):
                alpha = evidence + 1
                fits = (alpha.sum(1).digamma() - alpha[range(len(y)), y].digamma()).mean()
                wrong = 1 + evidence * (1 - F.one_hot(y, 6))
                apart = kl_divergence(Dirichlet(wrong), Dirichlet(torch.ones(6))).mean()
                loss = loss + fits + epoch / 4 * apart
            grads = torch.autograd.grad(loss, moved)
            with torch.no_grad():
                for w, g in zip(moved, grads, strict=True):
                    w.sub_(0.05 * g)
    ours = [*model.encoders.parameters(), *model.fusion.parameters()]
    assert all(torch.allclose(p, q, atol=1e-5) for p, q in zip(ours, moved, strict=True))


def test_it_is_for_evidence(data):
    run = begin(model_for(data, "additive"), data.train, data.valid, HOW, 0)
    with pytest.raises(ValueError, match=r"fusion is 'additive'; TMC needs 'evidential'\."):
        balancing.build("tmc").begin(run)
