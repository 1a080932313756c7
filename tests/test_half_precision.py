"""What is computed over rows is computed in float64, whatever the precision of model and data.

bfloat16 counts to 256: statistics in it are wrong without a word. Every public function of the
rooms below is called with half precision and with the same numbers in float64.
"""

import copy
from collections.abc import Mapping
from dataclasses import is_dataclass, replace

import numpy as np
import pandas as pd
import pytest
import torch
from test_every_input import FUNCTIONS, TABLE
from torch import Tensor, nn
from wrong_arguments import call, good_of

from coursekit.analysis.calibration import ece, reliability
from coursekit.analysis.emap import emap, interaction_share, logit_grid, project
from coursekit.balancing.unimodal_scores import true_class_scores
from coursekit.data.standardise import standardise_features, standardise_whole
from coursekit.fusion import names
from coursekit.models import MultimodalClassifier, Raw, build_classifier
from coursekit.training import Settings, accuracy
from coursekit.training.loop import begin, measure

HALVES = (torch.float16, torch.bfloat16)
ROOMS = ("analysis.", "balancing.", "data.standardise.")
EXEMPT = {  # function → why it may keep half precision
    "analysis.emap.logit_grid": "the model's own logits, a row per combination; sums are `emap`'s",
    "analysis.missing_modality.dropped": "the model's own logits, row by row",
    "analysis.missing_modality.filled": "inputs for a model in its own precision, of a mean in 64",
    "balancing.pcgrad.merge": "gradients, which a step takes in the parameters' own precision",
    "balancing.pcgrad.project": "gradients, which a step takes in the parameters' own precision",
    "analysis.probes.probe_encoders": "features of a model; what is fitted on them is `probe`'s",
    "balancing.gblend.head_loss": "the logits are a model's own; the loss is that of `loss_of`",
    "balancing.gblend.divide": "a part of the rows as they are",
    "analysis.grounding.attention_map": "a model's own attention, in its own precision",
    "analysis.grounding.gradient_weighted_attention": "a model's own attention and its gradient",
    "analysis.grounding.transport_map": "of a model's own features; the plan itself is in float64",
    "analysis.grounding.occlusion_map": "of a model's own logits; their logarithms are in float64",
    "analysis.grounding.blanked": "pictures as they are but for a cell",
}
# Shares that add up to one in either half precision.
SHARES = torch.tensor([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75], [0.25, 0.625, 0.125]]).repeat(2, 1)
MOST_ROWS = 4096


def cast(value, half, to):
    """The numbers of ``value`` as ``half`` has them, in the type ``to``."""
    if isinstance(value, Tensor):
        return value.to(half).to(to) if value.is_floating_point() else value
    if isinstance(value, nn.Module):
        return copy.deepcopy(value).to(half).to(to)
    if isinstance(value, Mapping):
        return {k: cast(v, half, to) for k, v in value.items()}
    if isinstance(value, list | tuple) and any(isinstance(v, Tensor) for v in value):
        return type(value)(cast(v, half, to) for v in value)
    if isinstance(value, pd.DataFrame):
        columns = value.select_dtypes("floating").columns
        rounded = value.astype(dict.fromkeys(columns, np.float16))
        return rounded if to == half else rounded.astype(dict.fromkeys(columns, np.float64))
    if is_dataclass(value) and hasattr(value, "joint"):  # a prediction
        parts = {n: cast(getattr(value, n), half, to) for n in ("joint", "features", "heads")}
        return replace(value, **parts)
    return value


def numbers(result):
    """All numbers of a result, flat, in float64, and the types of its tensors."""
    if isinstance(result, Tensor):
        kinds = {result.dtype} if result.is_floating_point() else set()
        return result.double().flatten().tolist(), kinds
    if isinstance(result, pd.DataFrame):
        return result.select_dtypes("number").to_numpy(float).ravel().tolist(), set()
    if isinstance(result, pd.Series):
        return result.astype(float).tolist(), set()
    if isinstance(result, Mapping):
        result = list(result.values())
    if is_dataclass(result) and not isinstance(result, type):
        result = list(vars(result).values())
    if isinstance(result, list | tuple):
        parts = [numbers(r) for r in result]
        return [x for flat, _ in parts for x in flat], set().union(*(kinds for _, kinds in parts))
    return ([float(result)] if isinstance(result, int | float | np.number) else []), set()


def has_floats(value):
    if isinstance(value, Tensor):
        return value.is_floating_point()
    if isinstance(value, Mapping):
        return any(map(has_floats, value.values()))
    if isinstance(value, list | tuple):
        return any(map(has_floats, value))
    return isinstance(value, pd.DataFrame) or hasattr(value, "joint")


def concerned():
    """Public functions of the rooms that take floating-point numbers of rows."""
    wanted = [k for k in FUNCTIONS if k.startswith(ROOMS) and k in TABLE and k not in EXEMPT]
    return [k for k in wanted if any(map(has_floats, good_of(TABLE[k]).values()))]


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("key", concerned())
def test_every_statistic_of_half_precision_is_that_of_float64(key, half):
    good = {k: SHARES if k == "probs" else v for k, v in good_of(TABLE[key]).items()}
    if key == "analysis.emap.emap":
        good["model"] = raw_model("additive")
        good["inputs"] = {m: torch.randn(5, 4) for m in "AB"}
    want, _ = numbers(call(FUNCTIONS[key], cast(good, half, torch.float64)))
    try:
        got, kinds = numbers(call(FUNCTIONS[key], cast(good, half, half)))
    except (TypeError, ValueError) as refused:
        assert str(refused).endswith("expected.")
        return
    assert kinds <= {torch.float64, torch.float32}
    assert got == pytest.approx(want, rel=1e-6, abs=1e-9, nan_ok=True)


def test_the_reasons_are_of_functions_that_there_are():
    assert set(EXEMPT) <= set(FUNCTIONS) and all(len(why) > 20 for why in EXEMPT.values())
    assert len(concerned()) > 20


@pytest.mark.parametrize("half", HALVES)
def test_calibration_counts_every_row(half):
    probs = torch.tensor([[1.0, 0.0]], dtype=half).expand(MOST_ROWS, 2)
    labels = torch.arange(MOST_ROWS) % 2
    assert float(ece(probs, labels)) == 0.5
    assert reliability(probs, labels).total.tolist()[-1] == MOST_ROWS
    assert reliability(probs.float(), labels).total.dtype == torch.float32
    shares = torch.randn(500, 7).mul(3).softmax(1).to(half)  # each rounded: no sum is 1
    want = ece((shares.double() / shares.double().sum(1, keepdim=True)), torch.zeros(500).long())
    assert float(ece(shares, torch.zeros(500).long())) == pytest.approx(float(want), abs=0.02)


@pytest.mark.parametrize("half", HALVES)
def test_scores_of_a_batch_are_added_up_in_full(half):
    logits = torch.tensor([[8.0, -8.0]], dtype=half).expand(MOST_ROWS, 2)
    score = true_class_scores([logits], torch.zeros(MOST_ROWS).long())
    assert float(score) == pytest.approx(MOST_ROWS / (1 + np.exp(-16)), rel=1e-9)


def raw_model(fusion, classes=3):
    """No encoders, so that features are the inputs in whatever precision."""
    whole = build_classifier({m: torch.randn(5, 4) for m in "AB"}, classes, fusion=fusion,
                             widths=(4,), seed=1)  # fmt: skip
    return MultimodalClassifier({m: Raw(4) for m in "AB"}, whole.fusion, classes)


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("fusion", names())
def test_emap_projects_in_float64(fusion, half):
    torch.manual_seed(3)
    model, x = raw_model(fusion).to(half), {m: torch.randn(12, 4).to(half) for m in "AB"}
    exact = copy.deepcopy(model).double()
    want = emap(exact, {m: z.double() for m, z in x.items()})
    torch.testing.assert_close(emap(model, x), want, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("half", HALVES)
def test_emap_of_any_function_sums_in_float64(half):
    x = {m: torch.rand(60, 1).to(half) for m in "AB"}

    def model(z):
        return z["A"] * z["B"] + 8

    grid = logit_grid(model, x).double()
    torch.testing.assert_close(emap(model, x), project(grid), rtol=1e-9, atol=1e-9)
    assert interaction_share(grid.to(half)) == interaction_share(grid)


@pytest.mark.parametrize("half", HALVES)
def test_accuracies_and_losses_that_are_reported(half):
    from coursekit.data import load_preset

    data = load_preset("starve", 0, train=60, valid=MOST_ROWS, test=10)
    model = build_classifier(data.train.inputs, 6, widths=(4,), seed=0).to(half)
    train, valid = (
        replace(s, inputs={m: x.to(half) for m, x in s.inputs.items()})
        for s in (data.train, data.valid)
    )
    run = begin(model, train, valid, Settings(), 0)
    logits, labels = run.predict(valid).joint, valid.labels
    assert logits.dtype == half
    figures = measure(run, valid)
    want = torch.nn.functional.cross_entropy(logits.double(), labels)
    assert figures["loss"] == pytest.approx(float(want), rel=1e-12)
    assert figures["accuracy"] == float((logits.argmax(1) == labels).double().mean())
    assert figures["accuracy"] == accuracy(logits, labels)


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("scale", [standardise_features, standardise_whole])
def test_data_are_standardised_in_float64(half, scale):
    x = (torch.rand(MOST_ROWS, 3) * 100).to(half)
    rows = torch.arange(MOST_ROWS)
    assert torch.equal(scale(x, rows), scale(x.double(), rows))
