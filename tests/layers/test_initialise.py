"""Every parameter is drawn from the seed, all of it, or the model is refused and left as it was."""

import pytest
import torch
from torch import nn

from coursekit.layers.initialise import initialise


class Drawing(nn.Module):
    """Two raw parameters and a rule of its own, which draws what ``rule`` says."""

    def __init__(self, rule, **further):
        super().__init__()
        self.first, self.second = (nn.Parameter(torch.ones(3, 2)) for _ in range(2))
        self.rule = rule
        for name, part in further.items():
            setattr(self, name, part)

    def initialise(self, generator):
        self.rule(self, generator)


class Raw(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))


class Scaled(nn.Linear):
    """A layer of torch's with a parameter more."""

    def __init__(self):
        super().__init__(2, 3)
        self.scale = nn.Parameter(torch.ones(3))


def uniform(p, generator):
    nn.init.uniform_(p, generator=generator)


def both(module, generator):
    uniform(module.first, generator)
    uniform(module.second, generator)


def one(module, generator):
    uniform(module.first, generator)


def one_and_a_part(module, generator):
    uniform(module.first, generator)
    with torch.no_grad():
        module.second[0].uniform_(generator=generator)


def by_data(module, generator):
    module.first.data = torch.rand(3, 2, generator=generator)
    module.second.data.copy_(torch.rand(3, 2, generator=generator))


def anew(module, generator):
    module.first = nn.Parameter(torch.rand(3, 2, generator=generator))
    module.second = nn.Parameter(torch.rand(3, 2, generator=generator))


def from_the_global_generator(module, generator):
    uniform(module.first, generator)
    nn.init.uniform_(module.second)


def through_reset(module, generator):
    """Draws globally in a child, which is drawn from the seed afterwards."""
    both(module, generator)
    module.layer.reset_parameters()


def weight_norm():
    return nn.utils.weight_norm(nn.Linear(2, 2))


REFUSED = {
    "a second parameter": (lambda: Drawing(one), r"no seed draws: \['0\.second'\]"),
    "half of one": (lambda: Drawing(one_and_a_part), r"no seed draws: \['0\.second'\]"),
    "none": (lambda: Drawing(lambda *_: None), r"draws: \['0\.first', '0\.second'\]"),
    "a child's": (lambda: Drawing(both, child=Raw()), r"no seed draws: \['0\.child\.scale'\]"),
    "a list's": (
        lambda: Drawing(both, more=nn.ParameterList([torch.ones(2)])),
        r"no seed draws: \['0\.more\.0'\]",
    ),
    "a known layer's further one": (Scaled, r"no seed draws: \['0\.scale'\]"),
    "a tensor made of others": (
        lambda: nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)),
        r"draws: \['0\.parametrizations\.weight\.original0', '0\.param",
    ),
    "a whole number": (
        lambda: Drawing(both, count=nn.Parameter(torch.ones(2).long(), requires_grad=False)),
        r"no seed draws: \['0\.count'\]",
    ),
    "the global generator": (
        lambda: Drawing(from_the_global_generator),
        r"PyTorch's global generator.*: \['0\.second'\]",
    ),
    "no shape": (lambda: nn.LazyLinear(3), r"shape is not known yet: \['0\.weight', '0\.bias'\]"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_the_seed_does_not_fix_is_refused_by_name_and_nothing_changes(kind):
    make, sentence = REFUSED[kind]
    model = nn.Sequential(make(), nn.Linear(3, 2))
    known = {n: p.clone() for n, p in model.named_parameters() if kind != "no shape"}
    with pytest.raises(ValueError, match=sentence):
        initialise(model, seed=0)
    for name, p in model.named_parameters():
        assert kind == "no shape" or torch.equal(p, known[name]), name


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
def test_the_older_weight_norm_draws_a_product_and_no_parameter():
    with pytest.raises(ValueError, match=r"no seed draws: \['0\.weight_g', '0\.weight_v'\]"):
        initialise(nn.Sequential(weight_norm()), seed=0)


@pytest.mark.parametrize("rule", [both, by_data, anew])
def test_however_a_rule_draws_all_of_it_it_is_drawn(rule):
    models = [Drawing(rule), Drawing(rule)]
    for salt, model in enumerate(models):
        torch.manual_seed(salt)
        initialise(model, seed=3)
    for p, q in zip(*(m.parameters() for m in models), strict=True):
        assert torch.equal(p, q) and not torch.equal(p, torch.ones(3, 2))


def test_what_is_drawn_once_more_from_the_seed_may_have_been_drawn_globally():
    models = [Drawing(through_reset, layer=nn.Linear(4, 4)) for _ in range(2)]
    for salt, model in enumerate(models):
        torch.manual_seed(salt)
        initialise(model, seed=3)
    for (name, p), q in zip(models[0].named_parameters(), models[1].parameters(), strict=True):
        assert torch.equal(p, q), name


def test_a_rule_that_fails_leaves_no_mark():
    def failing(module, generator):
        uniform(module.first, generator)
        raise RuntimeError("cannot")

    model = nn.Sequential(nn.Linear(2, 3), Drawing(failing))
    before = [p.clone() for p in model.parameters()]
    with pytest.raises(RuntimeError, match="cannot"):
        initialise(model, seed=0)
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))


@pytest.mark.parametrize("options", [
    {}, {"bias": False}, {"kdim": 6, "vdim": 5}, {"add_bias_kv": True},
])  # fmt: skip
def test_attention_is_drawn_whole_however_it_was_made(options):
    models = [nn.MultiheadAttention(4, 2, **options) for _ in range(2)]
    for model in models:
        initialise(model, seed=1)
    for (name, p), q in zip(models[0].named_parameters(), models[1].parameters(), strict=True):
        assert torch.equal(p, q) and torch.isfinite(p).all(), name
