"""How often a training waits for an accelerator: its checks once a step, and the same sentences.

No accelerator is needed: the one rule that says which device answers at once is replaced by one by
which none does. What would wait is counted where PyTorch gives a tensor's values away.
"""

import math
from contextlib import contextmanager
from dataclasses import replace

import pandas as pd
import pytest
import torch
from method_fusions import fusion_of
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from coursekit import balancing, fusion
from coursekit.compare import replicas
from coursekit.data import Modality, Recipe, generate
from coursekit.layers.batch_norm import BatchNorm2d
from coursekit.models import build_classifier
from coursekit.training import Settings, fit
from coursekit.training.method import Method
from coursekit.utils.accelerator_checks import check, gathered, settle, together
from coursekit.utils.tensor_checks import NotFinite, require_batch

FEW = Settings(epochs=1, batch_size=30, measure_train=False)
GIVING = {"_local_scalar_dense", "is_nonzero", "nonzero", "equal", "masked_select", "unique"}
# What a method reads for itself in a step, on top of the checks: its scales or weights as numbers.
# On the CPU that costs nothing, but counts here.
ON_CPU = {"gradnorm": 1, "pcgrad": 3, "modality-dropout": 2, "random-scale": 1, "opm": 1}
AT_ONCE = {  # settings with which it acts in the first epoch
    "gblend-offline": {"epochs": 1},
    "gblend-online": {"epochs": 1},
    "opm": {"warm_up": 0, "p_exe": 1.0},
    "remix": {"warm_up": 0},
    "sample-valuation": {"warm_up": 0},
}
TURNS = {"mla": 2}  # steps with each batch
OWN = {"mlb": 1, "ogm": 1, "ogm-ge": 1, "agm": 1, "gradnorm": 1, "pmr": 1, "greedy": 1, "g2d": 1}


class Fetched(Tensor):
    """What came to the CPU by `cpu`, and what is computed from it: nobody waits for it again."""


class Waits(TorchDispatchMode):
    """Counts what would wait for a device: values that PyTorch hands to Python, and copies."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        chosen = args[1] if name in ("index", "index_put", "index_put_") else ()
        masked = any(x is not None and x.dtype == torch.bool for x in chosen)  # asks for its places
        waits = name in GIVING or masked
        self.count += waits and not any(isinstance(x, Fetched) for x in args)
        return func(*args, **(kwargs or {}))


@contextmanager
def counted(monkeypatch):
    """The waits inside the block; `tolist`, `cpu` and `numpy` do not show among PyTorch's calls."""
    waits = Waits()
    with monkeypatch.context() as patch, waits:
        for name in ("tolist", "cpu", "numpy"):
            plain = getattr(Tensor, name)

            def counting(x, *args, plain=plain, name=name, **kwargs):
                waits.count += not isinstance(x, Fetched)
                fetched = plain(x, *args, **kwargs)
                return fetched.clone().as_subclass(Fetched) if name == "cpu" else fetched

            patch.setattr(Tensor, name, counting)
        yield waits


@pytest.fixture
def slow(monkeypatch):
    """No device answers at once."""
    monkeypatch.setattr("coursekit.utils.accelerator_checks.answers_at_once", lambda device: False)


@pytest.fixture(scope="module")
def data():
    recipe = Recipe(
        {"A": Modality(), "B": Modality(distractors=4)}, redundant=0.8, train=240, valid=60, test=60
    )
    return generate(recipe, seed=1)


@pytest.fixture(scope="module")
def short(data):
    """Half the rows to train on: an epoch is of two steps of 60 rows, or of four of 30."""
    return replace(data, splits={**data.splits, "train": data.splits["train"][:120]})


def model_for(data, **options):
    return build_classifier(data.train.inputs, data.num_classes, widths=(16, 8), **options)


def per_step(train, monkeypatch):
    """Waits a step more costs: two trainings of one epoch, of 2 and of 4 steps."""
    counts = []
    for size in (60, 30):
        with counted(monkeypatch) as waits:
            train(replace(FEW, batch_size=size))
        counts.append(waits.count)
    return (counts[1] - counts[0]) / 2


def test_the_count_sees_what_waits(monkeypatch):
    x = torch.ones(3)
    with counted(monkeypatch) as waits:
        bool(x.sum() > 0), float(x[0]), x.tolist(), x.cpu(), x.nonzero(), x[x > 0]
    assert waits.count == 6


@pytest.mark.parametrize("method", balancing.names())
def test_checks_wait_once_a_step_whatever_the_method(short, slow, monkeypatch, method):
    def train(settings):
        built = balancing.build(method, **AT_ONCE.get(method, {}))
        built.start = lambda run: None  # trains copies
        built.blend = {"joint": 1.0}
        model = model_for(short, fusion=fusion_of(method))
        fit(model, short.train, short.valid, settings, method=built)

    own = OWN.get(method, 0) + ON_CPU.get(method, 0)
    assert per_step(train, monkeypatch) <= TURNS.get(method, 1) + own


@pytest.mark.parametrize("name", fusion.names())
def test_checks_wait_once_a_step_whatever_the_fusion(short, slow, monkeypatch, name):
    def train(settings):
        fit(model_for(short, fusion=name), short.train, short.valid, settings)

    assert per_step(train, monkeypatch) == 1


@pytest.mark.parametrize("name", ["mid-mlp", "transformer"])
@pytest.mark.parametrize("method", ["joint", "mlb"])
def test_replicas_wait_no_more(short, slow, monkeypatch, name, method):
    monkeypatch.setattr("coursekit.compare.replicas.loop_state.can_be_by_hand", lambda stack: False)

    def train(settings):
        models = [model_for(short, fusion=name, seed=k) for k in range(3)]
        methods = [balancing.build(method) for _ in models]
        splits = short.train, short.valid
        replicas.fit(models, *splits, settings, seeds=range(3), methods=methods)

    assert per_step(train, monkeypatch) <= 1


def test_a_forward_pass_by_itself_waits_once(data, slow, monkeypatch):
    model = model_for(data, fusion="kiela-gate")
    with counted(monkeypatch) as waits:
        model(data.valid.inputs)
    assert waits.count == 1
    bad = {**data.valid.inputs, "B": data.valid.inputs["B"] * math.nan}
    with pytest.raises(NotFinite, match=r"features\['B'\] contains NaN"):
        model(bad)


@pytest.mark.parametrize("method", ["joint", "mlb", "pcgrad", "pmr", "gradnorm", "ogm-ge"])
def test_the_history_is_the_same_to_the_last_bit(data, monkeypatch, method):
    def trained():
        model = model_for(data, fusion="mid-mlp")
        settings = replace(FEW, epochs=3, measure_train=True)
        history = fit(model, data.train, data.valid, settings, method=balancing.build(method))
        return history, model.state_dict()

    at_once = trained()
    monkeypatch.setattr("coursekit.utils.accelerator_checks.answers_at_once", lambda device: False)
    later = trained()
    pd.testing.assert_frame_equal(at_once[0], later[0], check_exact=True)
    assert all(torch.equal(x, later[1][name]) for name, x in at_once[1].items())


# ---- what is not finite --------------------------------------------------------------------


class Bad(Method):
    """Puts what is not finite somewhere in the second epoch."""

    name = "bad"

    def __init__(self, where):
        self.where, self.seen = where, []

    def predict(self, run, inputs):
        self.now = run.epoch == 2
        if self.now and self.where == "inputs":
            inputs["B"][3] = math.nan
        return run.model(inputs)

    def loss(self, step, weights):
        self.seen.append([p.detach().clone() for p in step.run.model.parameters()])
        loss = super().loss(step, weights)
        if self.now and self.where == "error":  # that follows from what no one has looked at yet
            step.prediction.features["A"].detach().fill_(math.nan)
            require_batch("what follows", step.prediction.features["A"], (None, None))
            raise RuntimeError("what follows")
        return loss * (math.inf if self.now and self.where == "loss" else 1)

    def backward(self, step, loss):
        super().backward(step, loss)
        if self.now and self.where == "gradient":
            step.run.model.encoders["B"].layers[1].weight.grad[0, 0] = math.inf


@pytest.mark.parametrize("where", ["inputs", "loss", "gradient", "error"])
@pytest.mark.parametrize("clip", [1.0, None])
def test_the_sentence_is_the_same_and_no_bad_step_is_taken(data, monkeypatch, where, clip):
    sentences = []
    for slow in (False, True):
        if slow:
            monkeypatch.setattr(
                "coursekit.utils.accelerator_checks.answers_at_once", lambda device: False
            )
        model, method = model_for(data, fusion="mid-mlp"), Bad(where)
        settings = replace(FEW, epochs=3, clip=clip)
        with pytest.raises(FloatingPointError, match=r"in epoch 2, batch 1 \(step 9\)") as caught:
            fit(model, data.train, data.valid, settings, method=method)
        sentences.append(str(caught.value))
        if where != "inputs":  # the forward pass tells of them before there is a loss
            assert len(method.seen) == 9
            pairs = zip(method.seen[-1], model.parameters(), strict=True)
            assert all(torch.equal(before, after) for before, after in pairs)
        assert all(torch.isfinite(p).all() for p in model.parameters())
    assert sentences[0] == sentences[1] and "method 'bad'" in sentences[0]


@pytest.mark.parametrize("name", ["mid-mlp", "transformer"])
def test_a_replica_that_diverges_leaves_as_of_the_same_step(data, monkeypatch, name):
    monkeypatch.setattr("coursekit.compare.replicas.loop_state.can_be_by_hand", lambda stack: False)

    def trained():
        models = [model_for(data, fusion=name) for _ in range(2)]
        wild = replace(FEW, epochs=2, lr=1e30, clip=None)
        work = replicas.epochs(
            models, data.train, data.valid, [wild, replace(wild, lr=0.1)], seeds=[0, 0]
        )
        rows = []
        while True:
            try:
                rows.append(next(work))
            except StopIteration as end:
                return end.value, rows, [p.clone() for p in models[1].parameters()]

    at_once = trained()
    monkeypatch.setattr("coursekit.utils.accelerator_checks.answers_at_once", lambda device: False)
    later = trained()
    assert at_once[:2] == later[:2] and "in epoch 1, batch" in at_once[0][0]
    assert all(torch.equal(p, q) for p, q in zip(at_once[2], later[2], strict=True))


def test_a_normalisation_of_a_shared_batch_does_not_wait(slow, monkeypatch):
    norm = BatchNorm2d(3)
    norm.total = lambda x: x
    x = torch.randn(4, 3, 2, 2)
    with gathered(), counted(monkeypatch) as waits:
        y = norm(x)
        assert norm(x[:0]).shape == (0, 3, 2, 2)
    assert waits.count == 0 and torch.allclose(y, BatchNorm2d(3)(x), atol=1e-6)
    assert int(norm.num_batches_tracked) == 1 and torch.isfinite(norm.running_mean).all()
    with pytest.raises(ValueError, match="one value per channel"), together():
        norm(x[:1, :, :1, :1])


# ---- the means -----------------------------------------------------------------------------


def refusing(name):
    return lambda: ValueError(name)


def test_the_first_that_failed_is_raised_at_the_end_or_when_asked(slow):
    yes, no = torch.tensor(True), torch.tensor(False)
    reached = []
    with pytest.raises(ValueError, match="first"), together():
        check(yes, refusing("none"))
        with together():  # part of the larger block
            check(no, refusing("first"))
        check(no, refusing("second"))
        reached.append("end")
    with pytest.raises(ValueError, match="asked"), together():
        check(no, refusing("asked"))
        settle()
        reached.append("behind")
    with pytest.raises(ValueError, match="cause"), together():
        check(no, refusing("cause"))
        raise RuntimeError("what came of it")
    with together():
        check(no, lambda: None)
    settle()
    assert reached == ["end"]


def test_what_answers_at_once_is_asked_at_once():
    with pytest.raises(ValueError, match="at once"), together():
        check(torch.tensor(False), refusing("at once"))
        pytest.fail("went on")


def test_what_has_no_values_fails_nothing():
    x = torch.ones(2, 3, device="meta")
    assert require_batch("x", x, (None, 3)) is x
