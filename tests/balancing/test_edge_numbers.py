"""Every rule over tiny, huge, zero and equal numbers in each precision: a limit, or a sentence."""

import itertools
import math
from dataclasses import replace

import pandas as pd
import pytest
import torch
from test_every_input import FUNCTIONS, TABLE
from torch import Tensor
from wrong_arguments import call, good_of

from coursekit import balancing
from coursekit.balancing import agm, gblend, gradnorm, mlb, mmcosine, mslr, ogm, pmr
from coursekit.balancing.unimodal_scores import true_class_scores
from coursekit.compare import replicas
from coursekit.compare.plan import Plan
from coursekit.compare.sweep import row
from coursekit.data import load_preset
from coursekit.models import build_classifier
from coursekit.training import Settings, epochs
from coursekit.training.method import Method
from coursekit.utils.tensor_checks import NoValue

TYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)
NUMBERS = {
    "tiny": lambda dtype: torch.finfo(dtype).tiny,
    "huge": lambda dtype: torch.finfo(dtype).max / 8,
    "zero": lambda dtype: 0.0,
    "one": lambda dtype: 1.0,
}
PURE = [
    key for key in FUNCTIONS
    if key.startswith("balancing.") and key in TABLE
    and any(isinstance(v, Tensor | list) for v in good_of(TABLE[key]).values())
    and key not in ("balancing.pcgrad.project", "balancing.unimodal_scores.require_scores")
]  # fmt: skip


def of(number, x):
    return torch.full_like(x, NUMBERS[number](x.dtype))


def edged(value, dtype, numbers):
    """Floating tensors with every second number replaced by one of ``numbers`` in turn."""
    if isinstance(value, list):
        return [edged(v, dtype, numbers) for v in value]
    if not isinstance(value, Tensor) or not value.is_floating_point():
        return value
    x = value.to(dtype).clone()
    flat, turn = x.view(-1), itertools.cycle(numbers)
    for i in range(len(flat)):
        flat[i] = NUMBERS[next(turn)](dtype)
    return x


def tensors(result):
    if isinstance(result, Tensor):
        return [result]
    return [t for part in result for t in tensors(part)] if isinstance(result, list | tuple) else []


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("key", PURE)
def test_every_rule_gives_a_number_or_a_sentence(key, dtype):
    """Whatever mixture of tiny, huge, zero and equal numbers it is handed."""
    mixtures = [*((n,) for n in NUMBERS), *itertools.permutations(NUMBERS, 2)]
    for numbers in mixtures:
        good = {k: edged(v, dtype, numbers) for k, v in good_of(TABLE[key]).items()}
        try:
            result = call(FUNCTIONS[key], good)
        except ValueError as refused:
            assert str(refused).endswith("."), numbers
            assert not str(refused).startswith("math domain"), numbers
            continue
        for x in tensors(result):
            if x.is_floating_point() and key != "balancing.ensemble.mean_of_heads":
                assert bool(x.isfinite().all()), (numbers, x)


def near(got, want):
    assert got.flatten().tolist() == pytest.approx(list(want), rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_scores_far_apart_or_equal_have_their_limits(dtype):
    tiny, huge, one = (NUMBERS[n](dtype) for n in ("tiny", "huge", "one"))

    def s(*numbers):
        return torch.tensor(numbers, dtype=dtype)

    for equal in (s(tiny, tiny), s(huge, huge), s(one, one), s(huge, huge, huge)):
        near(mlb.coefficients(equal, 2.0, 8.0), [1.0] * len(equal))
        near(ogm.coefficients(equal, 0.8), [1.0] * len(equal))
    apart = s(tiny, huge)
    near(mlb.coefficients(apart, 2.0, 8.0), [8.0, 1 - math.tanh(2.0)])
    near(ogm.coefficients(apart, 0.8), [1.0, 0.0])
    near(torch.stack(pmr.coefficients(apart)), [1.0, 0.0])
    near(torch.stack(pmr.coefficients(apart.flip(0))), [0.0, 1.0])
    near(mlb.coefficients(apart, 0.0, 8.0), [1.0, 1.0])  # α = 0 changes nothing, whatever r is
    near(ogm.coefficients(apart, 0.0), [1.0, 1.0])


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_a_score_of_zero_has_a_limit_in_a_training(dtype):
    two, eight = torch.tensor(2.0, dtype=dtype), torch.tensor(8.0, dtype=dtype)
    for scores, pace, brake in (
        ([0.0, 1.0], [8.0, 1 - math.tanh(2.0)], [1.0, 0.0]),
        ([0.0, 0.0], [1.0, 1.0], [1.0, 1.0]),
        ([0.0, 0.0, 3.0], [8.0, 8.0, 1 - math.tanh(2.0)], [1.0, 1.0, 0.0]),
    ):
        s = torch.tensor(scores, dtype=dtype)
        near(mlb.pace(s, two, eight), pace)
        near(ogm.brake(s, two), brake)
    nan = torch.tensor([[math.nan, 1.0], [1.0, 1.0]], dtype=dtype)  # of one among many runs
    assert mlb.pace(nan, two, eight).isnan().any(1).tolist() == [True, False]
    assert ogm.brake(nan, two).isnan().any(1).tolist() in ([True, False], [False, False])


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_agm_steers_to_its_limits(dtype):
    def k(scores, running, alpha=1.0):
        tensor = [torch.tensor(x, dtype=dtype) for x in (scores, running)]
        return agm.coefficients(*tensor, alpha)

    big = NUMBERS["huge"](dtype)
    near(k([big, big], [0.0, 0.0]), [1.0, 1.0])
    near(k([big] * 3, [big] * 3), [1.0] * 3)
    near(k([big, 0.0], [0.0, 0.0]), [math.exp(1), 0.0])
    near(k([big, 0.0], [big, 0.0]), [1.0, 1.0])  # as far as usual
    near(k([big, 0.0], [0.0, 0.0], 0.0), [1.0, 1.0])
    near(k([0.0, big], [0.0, 2 * big]), [math.exp(10), 1.0])


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_the_other_rules_keep_their_equations(dtype):
    tiny, huge = (NUMBERS[n](dtype) for n in ("tiny", "huge"))

    def t(*numbers):
        return torch.tensor(numbers, dtype=dtype)

    ones = t(1.0, 1.0)
    near(gradnorm.targets(ones, t(huge, huge), t(huge, huge), 1.5), [1.0, 1.0])
    near(gradnorm.targets(ones, t(tiny, huge), t(huge, tiny), 1.0), [0.0, 2.0])
    near(gradnorm.targets(t(huge, huge), ones, ones, 1.5) / huge, [1.0, 1.0])
    near(mslr.ratios(t(*[tiny] * 6)[:, None], 5), [1.0])
    weights = gblend.weights(t(0, 0), t(1, 2), t(0, 0), t(1 - 0.5, 2 - 0.25), "paper")
    near(weights, [1 / 3, 2 / 3])
    share = 1 / (1 + huge)  # G/O² is 1/huge and 1
    near(gblend.weights(t(0, 0), t(huge, 1), t(0, 0), t(0, 0), "safe"),
         [0.05 + 0.9 * share, 0.95 - 0.9 * share])  # fmt: skip
    z, w = t(3.0, 4.0)[None], t(4.0, 3.0)[None]
    for size in (tiny * 2**4, huge / 8):
        near(mmcosine.logits([z * size], [w * size], 1.0)[0], [24 / 25])
    near(mmcosine.logits([0 * z], [w], 1.0)[0], [0.0])
    near(ogm.noise_std(t(huge, -huge)) / huge, [math.sqrt(2)])
    assert float(ogm.noise_std(t(huge, huge))) == pytest.approx(ogm.LEAST_STD)
    rows = t(*[huge] * 8)[:, None]
    near(pmr.prototypes(rows, torch.zeros(8).long(), 1)[0] / huge, [1.0])
    near(pmr.similarities(t(huge)[None], t(0.0)[None])[0] / huge, [-1.0])
    far = t(huge, -huge)[None]
    near(true_class_scores([far, -far], torch.tensor([0])), [1.0, 0.0])


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_features_of_zeros_have_cosine_0_and_a_finite_gradient(dtype):
    """As a ReLU and dropout leave them now and then."""
    z = torch.zeros(2, 3, dtype=dtype, requires_grad=True)
    w = torch.ones(4, 3, dtype=dtype, requires_grad=True)
    answer = mmcosine.logits([z], [w])
    answer.sum().backward()
    assert answer.detach().tolist() == [[0.0] * 4] * 2
    assert dtype == torch.float16 or bool(z.grad.isfinite().all() and w.grad.isfinite().all())


# ---- in a training -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data():
    return load_preset("starve", 1, train=60, valid=40, test=40)


def with_lost_head(data, sure=1e4):
    """A modality A so sure of class 0 that the class of every other row has probability 0."""
    model = build_classifier(data.train.inputs, 6, widths=(4,), seed=0)
    with torch.no_grad():
        model.heads["A"].bias[0] = sure
        model.fusion.linear.weight[:, :4] = 0
        model.fusion.linear.weight[0, :4] = sure
    return model


@pytest.mark.parametrize("method", ["mlb", "ogm", "ogm-ge", "pmr"])
@pytest.mark.parametrize("together", [False, True])
def test_a_score_of_zero_ends_no_training(data, method, together):
    labels = data.train.labels.clamp_min(1)  # never 0, so that A's score is exactly 0
    train = replace(data.train, labels=labels)
    built, model, runs = balancing.build(method), with_lost_head(data), []
    if together and not replicas.method_rules.replicable(built):
        pytest.skip("it is not one that replicas have")
    settings = Settings(epochs=1, batch_size=20, lr=1e-9, clip=None)
    if together:
        steps = replicas.epochs([model], train, data.valid, settings, seeds=[0], methods=[built],
                                watch=lambda _, run: runs.append(run))  # fmt: skip
        (rows,) = next(steps)
    else:
        rows = next(epochs(model, train, data.valid, settings, method=built, watch=runs.append))
    assert len(rows) == 2
    scales = [r["scale"] for r in runs[0].trace if r.get("modality") == "A"]
    assert all(math.isfinite(k) for k in scales)
    if method == "mlb":
        assert scales == pytest.approx([8.0] * 3)


class Undefined(Method):
    """Its rule has no value in the second batch, for modality B."""

    name = "undefined"
    when = "scales"

    def scales(self, step):
        if self.when == "scales" and step.batch == 2:
            raise NoValue("scores holds 0.0; positive numbers were expected.", [1])
        return {}

    def end_epoch(self, run):
        if self.when == "end_epoch":
            raise NoValue("accuracies have the mean 0.0; a positive one was expected.", [1])

    def begin_epoch(self, run):
        if self.when == "begin_epoch" and run.epoch == 2:
            raise NoValue("O is 0 for the heads [2].", [2])


@pytest.mark.parametrize(("when", "words"), [
    ("scales", "scores holds 0.0; positive numbers were expected in epoch 1, batch 2 (step 2), "
     "method 'undefined'; it is that of 'B'."),
    ("end_epoch", "was expected after epoch 1, method 'undefined'; it is that of 'B'."),
    ("begin_epoch", "before epoch 2, method 'undefined'; it is that of the joint head."),
])  # fmt: skip
def test_a_rule_without_a_value_ends_a_training_with_epoch_batch_and_modality(data, when, words):
    method = Undefined()
    method.when = when
    model = build_classifier(data.train.inputs, 6, widths=(4,))
    steps = epochs(model, data.train, data.valid, Settings(epochs=2, batch_size=20), method=method)
    with pytest.raises(FloatingPointError) as ended:
        list(steps)
    assert words in str(ended.value)


def test_among_replicas_only_the_one_leaves(data):
    lost, fine = Undefined(), Method()
    lost.when = "end_epoch"
    models = [build_classifier(data.train.inputs, 6, widths=(4,)) for _ in range(2)]
    rows, ended = [], None
    steps = replicas.epochs(models, data.train, data.valid, Settings(epochs=2, batch_size=20),
                            seeds=[0, 0], methods=[lost, fine])  # fmt: skip
    while ended is None:
        try:
            rows.append(next(steps))
        except StopIteration as end:
            ended = end.value
    assert [len(r[1]) for r in rows] == [2, 2] and rows[1][0] == []
    assert list(ended) == [0] and "after epoch 1, method 'undefined'" in ended[0]


def test_a_sweep_writes_down_why_a_cell_diverged_and_goes_on(tmp_path, monkeypatch):
    options = {"train": 60, "valid": 40, "test": 40}
    plan = Plan("starve", options=options, widths=(4,), settings=Settings(epochs=1))
    here = ("starve", "late-linear", "mlb", {"lr": 0.1}, 100)

    def no_value(*_):
        raise NoValue("scores holds 0.0; positive numbers were expected.", [0])

    fine = row(plan, tmp_path, ("valid", "test"), *here)
    assert fine["diverged"] == "" and fine["test"] > 0
    monkeypatch.setattr(mlb, "pace", no_value)
    lost = row(plan, tmp_path / "other", ("valid", "test"), *here)
    assert lost["test"] == 0 and list(lost) == list(fine)
    assert lost["diverged"].endswith("(step 1), method 'mlb'; it is that of 'A'.")


def test_a_sweep_s_table_of_an_older_version_goes_on_with_its_columns(tmp_path):
    from coursekit.compare import cells

    out = tmp_path / "results.csv"
    todo = [("starve", "none", m, {"lr": 0.1}, 100) for m in ("joint", "mlb")]

    def row_of(data, fusion, method, trial, seed):
        head = {"data": data, "fusion": fusion, "method": method, "seed": seed}
        return {**head, "test": 0.5, "trial": "lr=0.1", "diverged": "why"}

    cells.work(row_of, todo[:1], out, 1, "first")
    pd.read_csv(out).drop(columns="diverged").to_csv(out, index=False)
    table = cells.work(row_of, todo, out, 1, "second")
    assert "diverged" not in table and table["test"].tolist() == [0.5, 0.5]
