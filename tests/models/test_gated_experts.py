"""A gate over experts: soft is the mixture, hard is the chosen expert and nobody else."""

from itertools import pairwise

import pytest
import torch
from exact_numbers import draw, tensor
from torch import nn

from coursekit.analysis.costs import multiply_adds
from coursekit.models import build_classifier, initialise
from coursekit.models.gated_experts import (
    GatedExperts,
    InputGate,
    gate_temperature,
    picked,
    weighted_answer,
)
from coursekit.models.mixed_edge import MixedEdge
from coursekit.training.resource_loss import resource_loss

WIDTHS = {"A": 3, "B": 4}


class Counting(nn.Module):
    """An expert of some modalities that counts the rows that it was asked for."""

    def __init__(self, *modalities):
        super().__init__()
        self.modalities, self.rows = modalities, []
        self.layer = nn.Linear(sum(WIDTHS[m] for m in modalities), 5).double()

    def forward(self, inputs):
        self.rows.append(len(inputs["A"]))
        return self.layer(torch.cat([inputs[m] for m in self.modalities], 1))


def gated(**settings):
    torch.manual_seed(0)
    experts = {"cheap": Counting("A"), "other": Counting("B"), "both": Counting("A", "B")}
    return GatedExperts(experts, InputGate(WIDTHS, 3).double(), **settings)


def rows(number=30):
    a, b = draw((number, 3), (number, 4))
    return {"A": 3 * a, "B": 3 * b}


def test_soft_is_the_mixture_by_loop():
    model, x = gated(temperature=2.0).train(), rows(7)
    answer = model(x)
    g = (model.gate(x) / 2.0).softmax(1)
    assert torch.allclose(answer.gate, g)
    outputs = [e(x) for e in model.experts.values()]
    for n in range(7):
        want = sum(g[n, k] * outputs[k][n] for k in range(3))
        assert torch.allclose(answer.logits[n], want, rtol=0, atol=1e-12)


def test_hard_is_the_chosen_expert_and_nobody_else_is_asked():
    model, x = gated().eval(), rows()
    answer = model(x)
    choice = model.gate(x).argmax(1)
    assert sorted(set(choice.tolist())) == [0, 1, 2]
    asked = [e.rows for e in model.experts.values()]
    assert asked == [[int((choice == k).sum())] for k in range(3)]
    assert torch.equal(answer.gate, nn.functional.one_hot(choice, 3).double())
    assert torch.allclose(answer.logits, picked([e(x) for e in model.experts.values()], choice))
    one = {m: v[:1] for m, v in x.items()}
    assert torch.allclose(model(one).logits, answer.logits[:1])


def test_hard_in_training_runs_all_and_has_the_gradient_of_the_softmax():
    model, x = gated(hard_training=True).train(), rows(6)
    answer = model(x)
    assert [e.rows for e in model.experts.values()] == [[6]] * 3
    assert torch.allclose(answer.logits, model.eval()(x).logits)
    model.train()
    answer = model(x)
    answer.logits.square().sum().backward()
    outputs = torch.stack([e(x) for e in model.experts.values()], 1).detach()
    logits = model.gate(x)
    upstream = (2 * answer.logits.detach().unsqueeze(1) * outputs).sum(2)
    (want,) = torch.autograd.grad((logits.softmax(1) * upstream).sum(), model.gate.layers.weight)
    assert torch.allclose(model.gate.layers.weight.grad, want)


def test_a_hard_gate_saves_multiply_adds_and_a_soft_one_does_not():
    model = gated(temperature=1.0).double()
    with torch.no_grad():
        model.gate.layers.weight.zero_()
        model.gate.layers.bias.copy_(tensor([1.0, 0.0, 0.0]))
    one = {m: x[:1] for m, x in rows(2).items()}
    gate = 7 * 3
    assert multiply_adds(model, one) == gate + 3 * 5  # evaluation: the cheap expert alone

    class Soft(nn.Module):
        def forward(self, inputs):
            return model.train()(inputs)

    every = gate + (3 + 4 + 7) * 5
    division, weighing = 0, 3 * 5  # of the logits by τ = 1; of three outputs
    assert multiply_adds(Soft(), one) == every + division + weighing


def test_classifiers_of_the_course_are_experts():
    data = {"A": torch.randn(8, 3), "B": torch.randn(8, 4)}
    experts = {
        "A": build_classifier({"A": data["A"]}, 5, widths=(4,)),
        "both": build_classifier(data, 5, widths=(4,)),
    }
    model = GatedExperts(experts, InputGate(WIDTHS, 2, hidden=6))
    initialise(model, 0)
    answer = model.train()(data)
    answer.logits.sum().backward()
    assert answer.logits.shape == (8, 5) and model.gate.layers[0].weight.grad is not None
    hard = model.eval()(data)
    joint = picked([e(data).joint for e in experts.values()], hard.gate.argmax(1))
    assert torch.allclose(hard.logits, joint, atol=1e-6)


def test_a_dearer_resource_makes_the_gate_cheaper():
    """Experts that are equally good: only the cost is left to decide."""
    shares = []
    for weight in (0.0, 0.3, 3.0):
        model, x = gated().train(), rows()
        optimizer = torch.optim.Adam(model.gate.parameters(), lr=0.05)
        for _ in range(30):
            optimizer.zero_grad()
            answer = model(x)
            task = answer.logits.square().mean()
            (task + weight * resource_loss(answer.gate, [1.0, 5.0, 9.0])).backward()
            optimizer.step()
        shares.append(float(answer.gate.detach()[:, 0].mean()))
    assert shares[0] < shares[1] < shares[2]


def test_the_temperature_falls_exponentially():
    assert gate_temperature(0.0) == 1
    assert gate_temperature(1.0) == pytest.approx(0.001)
    assert gate_temperature(0.5, 4.0, 1.0) == pytest.approx(2)
    steps = [gate_temperature(i / 5) for i in range(6)]
    ratios = [b / a for a, b in pairwise(steps)]
    assert ratios == pytest.approx([ratios[0]] * 5)


def test_a_nearly_hard_softmax_has_no_gradient():
    logits = torch.tensor([[0.3, 0.1]], requires_grad=True)
    (logits / gate_temperature(1.0)).softmax(1)[0, 0].backward()
    assert float(logits.grad.abs().max()) == 0


def test_the_gate_reads_all_inputs_flat():
    gate = InputGate({"A": 6, "B": 4}, 2)
    out = gate({"B": torch.ones(3, 4), "A": torch.ones(3, 2, 3), "C": torch.ones(3)})
    assert out.shape == (3, 2)
    with pytest.raises(ValueError, match=r"inputs\['A'\] has shape \(3, 5\)"):
        gate({"B": torch.ones(3, 4), "A": torch.ones(3, 5)})
    with pytest.raises(ValueError, match=r"inputs lacks \['B'\]; the gate reads"):
        gate({"A": torch.ones(3, 6)})


def test_shapes_that_do_not_fit_are_refused():
    outputs = draw((4, 2), (4, 2))
    with pytest.raises(ValueError, match=r"gate has shape \(4, 3\); \(4, 2\) was expected"):
        weighted_answer(outputs, torch.ones(4, 3))
    with pytest.raises(ValueError, match="choice lie in 0 to 2"):
        picked(outputs, torch.tensor([0, 1, 2, 0]))
    model = GatedExperts({"a": Counting("A")}, InputGate(WIDTHS, 2).double())
    with pytest.raises(ValueError, match="what the gate gives has shape"):
        model(rows(3))


@pytest.mark.parametrize("name", ["a.b", "", "half", 1])
def test_names_that_no_module_can_have_are_refused_by_argument(name):
    modules = {name: nn.Linear(2, 2), "other": nn.Linear(2, 2)}
    with pytest.raises(ValueError, match=r"^experts has"):
        GatedExperts(modules, nn.Linear(2, 2))
    with pytest.raises(ValueError, match=r"^operators has"):
        MixedEdge(modules)
