"""Parameter groups: who decays, each parameter once, and what AdamW makes of it."""

import pytest
import torch
from exact_numbers import tensor
from torch import nn

from coursekit.models import build_classifier
from coursekit.training.optimizers import AdamW
from coursekit.training.parameter_groups import parameter_groups, require_each_once
from coursekit.training.uncertainty_weights import UncertaintyWeights


class Model(nn.Module):
    """A bit of everything."""

    def __init__(self):
        super().__init__()
        self.encoders = nn.ModuleDict({"A": nn.Linear(3, 4), "B": nn.Conv1d(2, 4, 3)})
        self.norm = nn.LayerNorm((4, 2))  # its scale has two axes
        self.vectors = nn.Parameter(torch.ones(2, 4))
        self.marks = nn.ParameterDict({"A": nn.Parameter(torch.ones(4))})
        self.weigh = UncertaintyWeights(2)


def by_name(model, groups):
    """Name → decay, learning rate."""
    names = {p: n for n, p in model.named_parameters()}
    return {names[p]: (g.get("weight_decay"), g.get("lr")) for g in groups for p in g["params"]}


def test_only_products_decay():
    model = Model()
    groups = parameter_groups(model, {"": {"weight_decay": 0.1}}, undecayed=["vectors"])
    decays = {n for n, (decay, _) in by_name(model, groups).items() if decay == 0.1}
    assert decays == {"encoders.A.weight", "encoders.B.weight"}
    assert len(by_name(model, groups)) == len(list(model.parameters()))
    assert {n for n, (d, _) in by_name(model, groups).items() if d == 0} == {
        n for n, _ in model.named_parameters() if n not in decays
    }
    decays = {
        n
        for n, (d, _) in by_name(
            model, parameter_groups(model, {"": {"weight_decay": 1.0}})
        ).items()
        if d
    }
    assert "vectors" in decays  # two axes: it has to be named


def test_settings_by_part():
    data = {"A": torch.randn(4, 6), "B": torch.randn(4, 5)}
    model = build_classifier(data, 3, widths=(4,))
    parts = {
        "encoders.A": {"lr": 0.1, "weight_decay": 0.5},
        "encoders.B": {"lr": 0.2},
        "fusion": {"weight_decay": 0.3},
        "heads": {"lr": 0.4},
    }
    named = by_name(model, parameter_groups(model, parts))
    assert named["encoders.A.layers.0.weight"] == (0.5, 0.1)
    assert named["encoders.A.layers.0.bias"] == (0.0, 0.1)
    assert named["encoders.B.layers.0.weight"] == (None, 0.2)
    assert named["encoders.B.layers.0.bias"] == (0.0, 0.2)
    assert named["fusion.linear.weight"] == (0.3, None)
    assert named["heads.B.bias"] == (0.0, 0.4)
    optimizer = AdamW(parameter_groups(model, parts), lr=1.0, weight_decay=0.7)
    require_each_once(model, optimizer.param_groups)
    assert by_name(model, optimizer.param_groups)["encoders.B.layers.0.weight"] == (0.7, 0.2)
    assert by_name(model, optimizer.param_groups)["fusion.linear.weight"] == (0.3, 1.0)


def test_decay_takes_its_share_and_no_more():
    """One step on a gradient of zero: w (1 − lr · decay), and biases as they were."""
    layer = nn.Linear(2, 1).double()
    before = [p.detach().clone() for p in layer.parameters()]
    optimizer = AdamW(parameter_groups(layer, {"": {"lr": 0.1, "weight_decay": 0.5}}))
    for p in layer.parameters():
        p.grad = torch.zeros_like(p)
    optimizer.step()
    assert torch.allclose(layer.weight, before[0] * (1 - 0.1 * 0.5), rtol=0, atol=1e-15)
    assert torch.equal(layer.bias, before[1])


def test_the_first_step_is_as_long_as_the_learning_rate_whatever_the_gradient():
    for gradient in (1e-3, 1.0, 1e3):
        p = nn.Parameter(tensor([1.0]))
        optimizer = AdamW([p], lr=0.1, weight_decay=0.0)
        p.grad = tensor([gradient])
        optimizer.step()
        assert float(p.detach()) == pytest.approx(0.9, abs=1e-5)


def test_adamw_is_torch_s_own():
    x = [nn.Parameter(tensor([[1.0, -2.0]])) for _ in range(2)]
    kinds = (AdamW, torch.optim.AdamW)
    for p, kind in zip(x, kinds, strict=True):
        optimizer = kind([p], lr=0.1, weight_decay=0.3)
        for _ in range(4):
            optimizer.zero_grad()
            (p**2).sum().backward()
            optimizer.step()
    assert torch.equal(*x)


@pytest.mark.parametrize(
    ("parts", "undecayed", "sentence"),
    [
        ({"encoders": {"lr": 1.0}}, (), r"parts leave out \['vectors', 'norm.weight'"),
        ({"": {"lr": 1.0}, "norm": {"lr": 1.0}}, (), r"twice, in \['', 'norm'\]; one was"),
        ({"": {"lr": 1.0}, "fusion": {"lr": 1.0}}, (), "parts has 'fusion', in which the model"),
        ({"": {"lr": 1.0}}, ["vector"], "undecayed has 'vector', in which the model has no"),
        ({"": {"lr": -1.0}}, (), r"parts\[''\]\['lr'\] is -1.0; a positive number"),
        ({"": {"decay": 1.0}}, (), r"a setting in parts\[''\] is 'decay'; it can be 'lr'"),
        ({"": {}}, (), r"parts\[''\] is empty"),
    ],
)
def test_what_is_no_partition_is_refused(parts, undecayed, sentence):
    with pytest.raises(ValueError, match=sentence):
        parameter_groups(Model(), parts, undecayed)


def test_a_parameter_that_two_parts_share_is_named_by_both_names():
    model = nn.ModuleDict({"a": nn.Linear(2, 2), "b": nn.Linear(2, 2)})
    model["b"].weight = model["a"].weight
    with pytest.raises(ValueError, match=r"parts have a.weight alias b.weight twice, in \['a', 'b"):
        parameter_groups(model, {"a": {"lr": 1.0}, "b": {"lr": 1.0}})
    (decayed, rest) = parameter_groups(model, {"": {"lr": 1.0, "weight_decay": 0.1}})
    assert len(decayed["params"]) == 1 and len(rest["params"]) == 2


def test_groups_made_by_hand():
    model = nn.ModuleDict({"a": nn.Linear(2, 2), "b": nn.Linear(2, 2)})
    every = list(model.parameters())
    require_each_once(model, [{"params": every[:2]}, {"params": every[2:]}])
    optimizer = AdamW(every)
    model["c"] = nn.Linear(2, 2)  # after the optimiser
    with pytest.raises(ValueError, match=r"groups leave out \['c.weight', 'c.bias'\]; each param"):
        require_each_once(model, optimizer.param_groups)
    with pytest.raises(ValueError, match=r"groups hold \['a.weight'\] more than once"):
        require_each_once(model, [{"params": list(model.parameters())}, {"params": every[:1]}])
