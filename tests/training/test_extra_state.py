"""Whatever a model or a method owns is where it was when a training goes on, or is refused."""

import functools
import itertools
import random
from collections import deque
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from coursekit.data import Modality, Recipe, generate
from coursekit.fusion.late_linear import LateLinear
from coursekit.models import MLP, MultimodalClassifier, build_classifier, initialise
from coursekit.models.fusion_stage import PLACES, build_depth
from coursekit.training import Settings, epochs
from coursekit.training.activation_checkpointing import recomputed
from coursekit.training.checkpoint import CheckpointError
from coursekit.training.method import Method

FEW = Settings(epochs=4, batch_size=32)


@pytest.fixture(scope="module")
def data():
    recipe = Recipe(
        {"A": Modality(), "B": Modality(distractors=4)}, redundant=0.8, train=110, valid=60, test=60
    )
    return generate(recipe, seed=1)


def trained(make, data, folder=None, stop=None, method=None, settings=FEW):
    """History and weights of a new model; ``stop`` ends it after so many epochs."""
    model, rows = make(data), []
    own = Method() if method is None else method()
    steps = epochs(model, data.train, data.valid, settings, seed=3, method=own, checkpoints=folder)
    for epoch, new in enumerate(steps, 1):
        rows += new
        if epoch == stop:
            steps.close()
            break
    return rows, model.state_dict()


def same(one, other):
    assert one[0] == other[0]
    for name, x in one[1].items():
        assert torch.equal(x, other[1][name]), name


def goes_on(make, data, folder, method=None, settings=FEW):
    whole = trained(make, data, method=method, settings=settings)
    for stop in (1, 3):  # what the second one stores must do for a third
        trained(make, data, folder, stop, method, settings)
    same(trained(make, data, folder, method=method, settings=settings), whole)
    return whole


@pytest.mark.parametrize("stage", PLACES)
def test_a_network_that_drops_modalities_goes_on_bit_for_bit(data, tmp_path, stage):
    def make(data, rate=0.4):
        return build_depth(stage, data.train.inputs, data.num_classes, rate=rate, seed=2)

    whole = goes_on(make, data, tmp_path)
    assert whole[0] != trained(lambda d: make(d, 0.0), data)[0]  # it did drop some


# ---- an encoder that owns something --------------------------------------------------------


class Own(nn.Module):
    """Half of the features, by ``setup(self)`` and ``shake(self, z)``."""

    def __init__(self, width, setup, shake):
        super().__init__()
        self.mlp = MLP(width, (8,))
        self.out_features = 8
        self.shake = shake
        setup(self)

    def forward(self, x):
        z = self.mlp(x)
        return self.shake(self, z) if self.training else z


def owning(setup, shake):
    def make(data):
        encoders = {
            "A": Own(data.train.inputs["A"].shape[1], setup, shake),
            "B": MLP(data.train.inputs["B"].shape[1], (8,)),
        }
        fusion = LateLinear({"A": 8, "B": 8}, data.num_classes)
        model = MultimodalClassifier(encoders, fusion, data.num_classes)
        initialise(model, 0)
        return model

    return make


def drawn(z, generator):
    return z + 0.3 * torch.randn(z.shape, generator=generator)


def shifted(z, number):
    return z * (1 + 0.1 * float(number))


def seeded(seed=5):
    return torch.Generator().manual_seed(seed)


@dataclass
class Schedule:
    rate: float
    rng: object = None
    step: int = 0

    def next(self):
        self.step += 1
        return self.rate * self.step


class Slotted:
    __slots__ = ("count", "rng")

    def __init__(self):
        self.rng, self.count = random.Random(3), 0


def hooked(module):
    generator = seeded()
    module.mlp.register_forward_hook(
        lambda m, args, z: drawn(z, generator) if module.training else z
    )


def counting(module):
    module.count = 0


def count_up(module, z):
    module.count += 1
    return shifted(z, module.count / 40)


def lazily(module, z):
    if not hasattr(module, "late"):
        module.late = {"draws": seeded(11), "mean": torch.zeros(8)}
    module.late["mean"] += z.detach().mean(0)
    return drawn(z, module.late["draws"]) + 0.01 * module.late["mean"]


def renewed(module, z):
    """A new generator now and then, whose place is the same."""
    module.count += 1
    if module.count % 3 == 0:
        module.rng = seeded(module.count)
    return drawn(z, module.rng)


def remembered(module, z):
    module.past.append(z.detach().mean(0))
    return z + 0.1 * torch.stack(list(module.past)).mean(0)


def averaged(module, z):
    module.mean.mul_(0.9).add_(z.detach().mean(0), alpha=0.1)
    return z - 0.5 * module.mean


def replaced(module, z):
    module.mean = 0.9 * module.mean + 0.1 * z.detach().mean(0)
    return z - 0.5 * module.mean + 0.1 * module.start


def two_names(module):
    module.start = module.mean = torch.zeros(8)


def by_schedule(module, z):
    return drawn(z, module.schedule.rng) * (1 + module.schedule.next())


def slotted(module, z):
    module.own.count += 1
    return shifted(z, module.own.rng.random() + module.own.count / 50)


def optimised(module, z):
    loss = (module.extra - z.detach().mean(0)).square().sum()
    module.solver.zero_grad()
    loss.backward()
    module.solver.step()
    return z + module.extra.detach()


def with_solver(module):
    module.extra = torch.zeros(8, requires_grad=True)
    module.solver = torch.optim.SGD([module.extra], lr=0.01, momentum=0.9, foreach=False)


class Draws(nn.Module):
    def __init__(self):
        super().__init__()
        self.generator = seeded()
        self.register_buffer("mean", torch.zeros(8))

    def forward(self, z):
        self.mean += 0.01 * z.detach().mean(0)
        return drawn(z, self.generator) + self.mean


def globally(module, z):
    return shifted(z, np.random.normal())  # noqa: NPY002


def with_partial(module):
    module.draw = functools.partial(torch.randn, generator=seeded())


def put(name, make):
    """A setup: one attribute."""
    return lambda module: setattr(module, name, make())


OWNERS = {
    "torch": (put("rng", seeded), lambda m, z: drawn(z, m.rng)),
    "in a list": (put("rngs", lambda: [1, [seeded()]]), lambda m, z: drawn(z, m.rngs[1][0])),
    "in a tuple": (put("rngs", lambda: (seeded(),)), lambda m, z: drawn(z, m.rngs[0])),
    "in a dictionary": (put("rngs", lambda: {"a": seeded()}), lambda m, z: drawn(z, m.rngs["a"])),
    "beside a function": (
        put("rngs", lambda: {"a": seeded(), "f": print}), lambda m, z: drawn(z, m.rngs["a"])),
    "numpy": (
        put("rng", lambda: np.random.default_rng(3)), lambda m, z: shifted(z, m.rng.normal())),
    "numpy, older": (
        put("rng", lambda: np.random.RandomState(3)), lambda m, z: shifted(z, m.rng.normal())),
    "numpy, Philox": (
        put("rng", lambda: np.random.Generator(np.random.Philox(3))),
        lambda m, z: shifted(z, m.rng.normal())),
    "numpy, its method": (
        put("draw", lambda: np.random.default_rng(3).normal), lambda m, z: shifted(z, m.draw())),
    "python": (put("rng", lambda: random.Random(3)), lambda m, z: shifted(z, m.rng.gauss(0, 1))),
    "python, its method": (
        put("draw", lambda: random.Random(3).random), lambda m, z: shifted(z, m.draw())),
    "in an object": (put("schedule", lambda: Schedule(0.01, seeded())), by_schedule),
    "in a namespace": (
        put("own", lambda: SimpleNamespace(rng=seeded())), lambda m, z: drawn(z, m.own.rng)),
    "in slots": (put("own", Slotted), slotted),
    "in a partial": (with_partial, lambda m, z: z + 0.3 * m.draw(z.shape)),
    "in a hook": (hooked, lambda m, z: z),
    "in a submodule": (put("noise", Draws), lambda m, z: m.noise(z)),
    "in a module in a list": (put("noises", lambda: [Draws()]), lambda m, z: m.noises[0](z)),
    "made on the way": (lambda m: None, lazily),
    "made anew": (lambda m: (put("rng", seeded)(m), counting(m)), renewed),
    "a buffer apart": (
        lambda m: m.register_buffer("mean", torch.zeros(8), persistent=False), averaged),
    "a tensor": (put("mean", lambda: torch.zeros(8)), averaged),
    "a tensor of two names": (two_names, replaced),
    "a counter": (counting, count_up),
    "a memory": (put("past", lambda: deque(maxlen=6)), remembered),
    "an array": (
        put("seen", lambda: np.zeros(1)),
        lambda m, z: (m.seen.__iadd__(1), shifted(z, m.seen[0] / 40))[1]),
    "an optimiser": (with_solver, optimised),
    "torch's own dropout": (put("drop", lambda: nn.Dropout(0.3)), lambda m, z: m.drop(z)),
    "numpy's global one": (lambda m: None, globally),
    "python's global one": (lambda m: None, lambda m, z: shifted(z, random.random())),
}  # fmt: skip


def reset():
    """The generators that everybody shares, as a new process that seeds them would find them."""
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)


@pytest.mark.parametrize("owner", OWNERS)
def test_what_an_encoder_owns_goes_on_bit_for_bit(data, tmp_path, owner):
    make = owning(*OWNERS[owner])
    reset()
    whole = trained(make, data)
    for stop in (1, 3):
        reset()
        trained(make, data, tmp_path, stop)
    reset()
    same(trained(make, data, tmp_path), whole)
    reset()
    plain = trained(owning(lambda m: None, lambda m, z: z), data)
    assert whole[0] != plain[0]  # what it owns matters


def test_a_generator_of_the_class_and_one_of_a_function_in_it(data, tmp_path):
    def make(data):
        generator = seeded(4)

        class Noisy(Own):
            shared = seeded(3)

            def forward(self, x):
                z = super().forward(x)
                return drawn(drawn(z, self.shared), generator) if self.training else z

        model = owning(lambda m: None, lambda m, z: z)(data)
        width = data.train.inputs["A"].shape[1]
        model.encoders["A"] = Noisy(width, lambda m: None, lambda m, z: z)
        initialise(model, 0)
        return model

    goes_on(make, data, tmp_path)


def test_another_model_s_checkpoint_leaves_no_generator_where_it_was(data, tmp_path):
    trained(owning(put("rng", lambda: 7), lambda m, z: z), data, tmp_path, stop=2)
    with pytest.raises(CheckpointError, match=r"nothing of \['model\.encoders\.A\.rng'\]"):
        trained(owning(*OWNERS["torch"]), data, tmp_path)
    other = owning(put("rng", lambda: random.Random(3)), lambda m, z: z)
    trained(owning(*OWNERS["torch"]), data, tmp_path / "other", stop=2)
    with pytest.raises(CheckpointError, match=r"model\.encoders\.A\.rng cannot take up"):
        trained(other, data, tmp_path / "other")


# ---- a method that owns something ----------------------------------------------------------


class Drawing(Method):
    """Scales the loss, by generators made before the training and at its begin."""

    name = "drawing"
    keeps = ("kept",)

    def __init__(self):
        self.rng, self.numpy = seeded(1), {"rng": [np.random.default_rng(2)]}

    def begin(self, run):
        self.kept, self.later, self.count = seeded(4), random.Random(3), 0
        self.average = MLP(3, (2,))  # a network of its own

    def loss(self, step, weights):
        self.count += 1
        with torch.no_grad():
            for p in self.average.parameters():
                p.add_(torch.randn(p.shape, generator=self.kept))
        noise = torch.randn((), generator=self.rng) + self.numpy["rng"][0].normal()
        mean = sum(p.mean() for p in self.average.parameters()).detach()
        scale = 1 + 0.1 * (noise + self.later.random() + self.count / 20 + mean)
        return super().loss(step, weights) * scale


def plain_model(data):
    return build_classifier(data.train.inputs, data.num_classes, widths=(8,))


def test_what_a_method_owns_goes_on_bit_for_bit(data, tmp_path):
    def make(data):
        torch.manual_seed(8)  # the method's own network is drawn from it
        return plain_model(data)

    whole = goes_on(make, data, tmp_path, Drawing)
    assert whole[0] != trained(make, data)[0]


def test_a_recomputed_pass_draws_what_the_first_one_drew(data):
    module = Own(4, put("rngs", lambda: [seeded(), np.random.default_rng(1), random.Random(2)]),
                 lambda m, z: shifted(drawn(z, m.rngs[0]), m.rngs[1].normal() + m.rngs[2].random())
                 ).double()  # fmt: skip
    x, grads = torch.randn(6, 4, dtype=torch.float64), []
    for run in (recomputed, lambda module, x: module(x)):
        module.rngs[:] = [seeded(), np.random.default_rng(1), random.Random(2)]
        loss = run(module, x).square().sum()
        grads.append(torch.autograd.grad(loss, list(module.parameters())))
        after = module.rngs[1].normal()
    assert all(torch.equal(a, b) for a, b in zip(*grads, strict=True))
    assert after == np.random.default_rng(1).normal(size=2)[1]


# ---- what cannot be stored -----------------------------------------------------------------

UNKNOWN = {
    "the system's": (random.SystemRandom, "own is a SystemRandom"),
    "in a list": (lambda: [random.SystemRandom()], r"own\[0\] is a SystemRandom"),
    "an order": (lambda: itertools.cycle("ab"), "own is a cycle"),
    "a generator function's": (lambda: (i for i in range(9)), "own is a generator"),
    "a set": (lambda: {seeded(1), seeded(2)}, "own is a set: generators in it have no order"),
}


@pytest.mark.parametrize("kind", UNKNOWN)
def test_what_has_a_state_that_nobody_can_store_is_refused_before_the_first_epoch(
    data, tmp_path, kind
):
    make, sentence = UNKNOWN[kind]
    calls = []

    class Owner(Method):
        def begin(self, run):
            self.own = make()

        def begin_epoch(self, run):
            calls.append(run.epoch)

    model = owning(put("own", make), lambda m, z: z)
    with pytest.raises(
        CheckpointError, match=rf"MultimodalClassifier.*model\.encoders\.A\.{sentence}"
    ):
        trained(model, data, tmp_path)
    with pytest.raises(CheckpointError, match=rf"'joint'.*method\.{sentence}"):
        trained(plain_model, data, tmp_path, method=Owner)
    assert calls == [] and list(tmp_path.iterdir()) == []
    trained(model, data)  # without checkpoints nothing is asked of it


def test_what_a_method_wants_to_store_and_cannot_is_refused_before_the_first_epoch(data, tmp_path):
    class Odd(Method):
        keeps = ("odd",)

        def begin(self, run):
            self.odd = {"a": [lambda: 1]}

    with pytest.raises(CheckpointError, match="the method's odd is or holds a dict"):
        trained(plain_model, data, tmp_path, method=Odd)
    assert list(tmp_path.iterdir()) == []


def test_data_and_runs_that_a_method_holds_are_not_stored(data, tmp_path):
    class Holding(Method):
        def begin(self, run):
            self.run, self.data = run, data
            self.shared = list(run.model.parameters())

    goes_on(plain_model, data, tmp_path / "holding", Holding)
    goes_on(plain_model, data, tmp_path / "plain")
    sizes = [next((tmp_path / n).glob("*4.ckpt")).stat().st_size for n in ("holding", "plain")]
    assert abs(sizes[0] - sizes[1]) < 1000


def test_trainings_of_more_epochs_go_on_with_the_same_objects(data, tmp_path):
    make = owning(put("rng", seeded), lambda m, z: count_up(m, drawn(z, m.rng)))

    def counted(data):
        model = make(data)
        model.encoders["A"].count = 0
        return model

    whole = trained(counted, data)
    model = counted(data)
    for n in (1, 2, 4):
        rows, weights = trained(lambda d: model, data, tmp_path, settings=replace(FEW, epochs=n))
    same((rows, weights), whole)
