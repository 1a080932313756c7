"""MCR: the divergence by loop, the game of three, and that only encoders play it."""

import math

import pytest
import torch
from exact_numbers import draw
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from coursekit import balancing
from coursekit.balancing.mcr import STRATEGIES, jensen_shannon, pulls
from coursekit.data import Modality, Recipe, generate
from coursekit.models import build_classifier
from coursekit.training import Settings
from coursekit.training.loop import begin
from coursekit.training.method import Step


@given(seed=st.integers(0, 99), c=st.integers(2, 5), sharp=st.floats(0, 6))
def test_divergence_by_loop(seed, c, sharp):
    first, second = (sharp * x for x in draw((3, c), (3, c), seed=seed))
    total = 0.0
    for p, q in zip(first.softmax(1).tolist(), second.softmax(1).tolist(), strict=True):
        for a, b in zip(p, q, strict=True):
            m = (a + b) / 2
            total += (a * math.log(a / m) + b * math.log(b / m)) / 2
    got = float(jensen_shannon(first, second))
    assert got == pytest.approx(total / 3, abs=1e-12)
    assert got == pytest.approx(float(jensen_shannon(second, first)), abs=1e-12)
    assert -1e-12 <= got <= math.log(2) + 1e-12


def test_divergence_of_equals_and_of_opposites():
    x = torch.tensor([[1e4, -1e4], [-1e4, 1e4]])
    assert float(jensen_shannon(x, x)) == 0
    assert float(jensen_shannon(x, -x)) == pytest.approx(math.log(2))
    far = (x * 3e34).requires_grad_()  # finite, and no difference of two is
    assert jensen_shannon(far, far).item() == 0
    divergence = jensen_shannon(far, -far.detach())
    divergence.backward()
    assert divergence.item() == pytest.approx(math.log(2)) and bool(far.grad.isfinite().all())


@pytest.mark.parametrize(
    ("strategy", "k", "f"), [("greedy", -1, 0), ("independent", 0, 1), ("collaborative", 1, 1)]
)
@given(m=st.integers(2, 4), seed=st.integers(0, 50))
def test_the_game_by_loop(strategy, k, f, m, seed):
    shapes = [(2, i + 1) for i in range(m)]
    flat = draw(*(shapes * (m + 1)), seed=seed)
    permuted = [list(flat[j * m : (j + 1) * m]) for j in range(m)]
    whole = list(flat[m * m :])
    for i, pull in enumerate(pulls(permuted, whole, strategy)):
        expected = -permuted[i][i] - f * whole[i]
        for j in range(m):
            if j != i:
                expected = expected - k * permuted[j][i]
        assert torch.allclose(pull, expected)


# ---- in a training -----------------------------------------------------------------------------


def a_step(fusion="late-linear", modalities="AB"):
    recipe = Recipe({m: Modality() for m in modalities}, redundant=0.6, train=40, valid=20, test=20)
    data = generate(recipe, seed=1)
    model = build_classifier(
        data.train.inputs, data.num_classes, widths=(8, 4), fusion=fusion, seed=3
    ).double()
    inputs = {m: x.double() for m, x in data.train.inputs.items()}
    run = begin(model, data.train, data.valid, Settings(), 0)
    return Step(run, inputs, data.train.labels, model(inputs), 1)


def influences(step, of):
    """Σ_m J_m of the step; of: whose features, "own" or "others", are variables when permuted."""
    model, divergences = step.run.model, []
    for m in model.modalities:
        order = torch.randperm(40, generator=step.run.generator)
        z = model.encode(step.inputs)
        fixed = [n for n in z if (n == m) == (of == "others")] if of else []
        shown = {n: x.detach() if n in fixed else x for n, x in z.items()}
        permuted = model.fusion({**shown, m: shown[m][order]})
        divergences.append(jensen_shannon(permuted, model.fusion(z)))
    return torch.stack(divergences).sum()


@pytest.mark.parametrize("modalities", ["AB", "ABC"])
@pytest.mark.parametrize("fusion", ["late-linear", "mid-mlp"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_encoders_play_and_the_fusion_does_not(strategy, fusion, modalities):
    """Against divergences in which one side's features are constants, differentiated whole."""
    step = a_step(fusion, modalities)
    model = step.run.model
    method = balancing.build("mcr", strength=0.7, strategy=strategy)
    step.run.generator.manual_seed(4)
    loss = method.loss(step, {"joint": 1.0})
    loss.backward()

    def game(of):
        step.run.generator.manual_seed(4)
        return influences(step, of)

    plain = F.cross_entropy(model(step.inputs).joint, step.labels)
    if strategy == "greedy":
        goal = plain + 0.7 * (game("others") - game("own"))
    else:
        goal = plain - 0.7 * game("own" if strategy == "independent" else None)
    shown = float(plain.detach()) - 0.7 * float(game(None).detach())
    assert float(loss.detach()) == pytest.approx(shown)
    for part, wanted in ((model.encoders, goal), (model.fusion, plain)):
        for p, g in zip(part.parameters(), grads_of(part, wanted), strict=True):
            assert torch.allclose(p.grad, g, atol=1e-12)


def grads_of(module, loss):
    return torch.autograd.grad(loss, list(module.parameters()), retain_graph=True)


def test_without_strength_nothing_is_drawn():
    step = a_step()
    before = step.run.generator.get_state()
    loss = balancing.build("mcr", strength=0.0).loss(step, {"joint": 1.0})
    assert torch.equal(loss, step.cross_entropies()["joint"])
    assert torch.equal(before, step.run.generator.get_state())
