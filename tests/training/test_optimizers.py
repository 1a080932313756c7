"""torch's optimisers without their wrappers: the same numbers, and no compiler is imported."""

import subprocess
import sys

import pytest
import torch

from coursekit.training import optimizers

KINDS = {
    "SGD": {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01, "fused": True},
    "Adam": {"lr": 0.1, "weight_decay": 0.01, "fused": True},
    "AdamW": {"lr": 0.1, "weight_decay": 0.01, "fused": True},
    "Adagrad": {"lr": 0.1, "weight_decay": 0.01, "fused": True},
}

EVERY_TRAINING = """
import sys
from coursekit import balancing
from coursekit.lessons.l02_fusion_operators import surfaces
from coursekit.data import load_preset
from coursekit.models import build_classifier
from coursekit.training import Settings, fit

data = load_preset("starve", train=40, valid=20, test=20)
known = balancing.registry()
trainings = [("sgd", name) for name in known]  # which does not hang on the optimiser
for optimizer, name in [*trainings, ("adam", "joint"), ("adagrad", "joint")]:
    own = {"modality": "A"} if name == "unimodal" else {}
    fusion = (known[name].fusions or ("late-linear",))[0]
    model = build_classifier(data.train.inputs, data.num_classes, widths=(4,), fusion=fusion)
    settings = Settings(epochs=1, optimizer=optimizer)
    fit(model, data.train, data.valid, settings, method=balancing.build(name, **own))
surfaces.learn("film", surfaces.TARGETS["product"], count=5)
import coursekit.__main__
import coursekit.course.widgets
slow = ("torch._dynamo", "scipy.stats", "sklearn", "statsmodels", "nbformat.validator")
print("slow:", *(name for name in slow if name in sys.modules))
"""


def steps(kind, settings, start, number=5, state=None):
    """Weights after some steps on gradients that are always the same, and the state."""
    torch.manual_seed(0)
    weights = [torch.nn.Parameter(w.clone()) for w in start]
    optimizer = kind(weights, **settings)
    if state is not None:
        optimizer.load_state_dict(state)
    for _ in range(number):
        optimizer.zero_grad()
        sum((w * torch.randn_like(w)).sum() for w in weights).backward()
        optimizer.step()
    return [w.detach() for w in weights], optimizer.state_dict()


@pytest.mark.parametrize("name", list(KINDS))
def test_weights_and_state_are_those_of_torch(name):
    torch.manual_seed(1)
    start = [torch.randn(4, 3), torch.randn(3)]
    ours, state = steps(getattr(optimizers, name), KINDS[name], start)
    theirs, expected = steps(getattr(torch.optim, name), KINDS[name], start)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(ours, start, strict=True))
    assert state["param_groups"] == expected["param_groups"]
    again, _ = steps(getattr(optimizers, name), KINDS[name], ours, state=expected)
    reference, _ = steps(getattr(torch.optim, name), KINDS[name], theirs, state=state)
    assert all(torch.equal(a, b) for a, b in zip(again, reference, strict=True))


@pytest.mark.parametrize("name", list(KINDS))
def test_a_step_asks_for_no_gradient_of_itself(name):
    weight = torch.nn.Parameter(torch.ones(2))
    plain = {**KINDS[name], "fused": False, "foreach": False}  # which raise when they record
    optimizer = getattr(optimizers, name)([weight], **plain)
    weight.grad = torch.ones(2)
    optimizer.step()
    assert weight.grad_fn is None and weight.is_leaf


def test_no_training_explorer_or_command_imports_what_takes_seconds():
    """The compiler, or statistics and probes that nobody asked for, in every kernel and worker."""
    command = [sys.executable, "-c", EVERY_TRAINING]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "slow:"


def test_a_first_gradient_may_come_late():
    """As of a modality whose turn comes after another's; torch's fused form fails there."""
    start = [torch.ones(2), torch.ones(2)]

    def moved(kind, fused):
        weights = [torch.nn.Parameter(w.clone()) for w in start]
        optimizer = kind(weights, lr=0.1, momentum=0.9, weight_decay=0.01, fused=fused)
        for turn in (0, 1, 0, 1):
            optimizer.zero_grad()
            (weights[turn] * weights[0]).sum().backward()
            optimizer.step()
        return torch.cat([w.detach() for w in weights])

    assert torch.allclose(moved(optimizers.SGD, True), moved(torch.optim.SGD, False), atol=1e-7)
    with pytest.raises(TypeError, match="NoneType"):
        moved(torch.optim.SGD, True)
