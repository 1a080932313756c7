"""Batches and turns of a method: refused where nothing would be trained, counted where it is."""

import math

import pytest
import torch

from coursekit.data import Modality, Recipe, generate
from coursekit.models import build_classifier
from coursekit.training import Settings, fit
from coursekit.training.loop import epochs
from coursekit.training.method import Method

SETTINGS = Settings(epochs=2, batch_size=24, lr=0.1)  # three batches an epoch


@pytest.fixture(scope="module")
def data():
    recipe = Recipe({"A": Modality(), "B": Modality()}, redundant=0.6, train=64, valid=20, test=20)
    return generate(recipe, seed=2)


def begun(data, method, **more):
    model = build_classifier(data.train.inputs, data.num_classes, widths=(8, 6), seed=1)
    return epochs(model, data.train, data.valid, SETTINGS, seed=5, method=method, **more)


class Answers(Method):
    name = "mine"

    def __init__(self, batches=None, turns=(None,)):
        self.own, self.whose = batches, turns

    def batches(self, run, order):
        return super().batches(run, order) if self.own is None else self.own

    def turns(self, run):
        return self.whose


@pytest.mark.parametrize(
    ("method", "error", "sentence"),
    [
        (Answers(batches=[]), ValueError, "batches of method 'mine' is empty in epoch 1; one or"),
        (Answers(batches=torch.arange(4)), TypeError, "batches of method 'mine' is a Tensor"),
        (Answers(batches=[[0, 1, 2]]), TypeError, r"batches of method 'mine' has \[0, 1, 2\]; the"),
        (Answers(batches=[torch.ones(2)]), TypeError, "batches of method 'mine' has tensor"),
        (Answers(batches=[torch.arange(0)]), ValueError, "'mine' has no rows in batch 1"),
        (Answers(turns=()), ValueError, "turns of method 'mine' is empty in epoch 1, batch 1; one"),
        (Answers(turns="AB"), TypeError, "turns of method 'mine' is 'AB'; names, or None, in a"),
        (Answers(turns=None), TypeError, "turns of method 'mine' is None; names"),
    ],
)
def test_an_answer_that_trains_nothing_is_refused_by_the_method_s_name(
    data, method, error, sentence
):
    with pytest.raises(error, match=sentence):
        list(begun(data, method))


class Turns(Method):
    """Two turns a batch, and every batch twice; it diverges where it is told to."""

    name = "turns"

    def __init__(self, at=None):
        self.at, self.count, self.seen = at, 0, {}

    def begin_epoch(self, run):
        self.seen[run.epoch] = (run.batch, len(run.rows), run.turn)

    def batches(self, run, order):
        return 2 * super().batches(run, order)

    def turns(self, run):
        return ("A", "B")

    def loss(self, step, weights):
        self.count += 1
        here = (step.run.epoch, step.batch, step.run.turn) == self.at
        return super().loss(step, weights) * (math.nan if here else 1)


def test_the_step_is_that_which_was_taken_and_the_turn_stands_beside_it(data):
    method = Turns(at=(2, 1, "B"))
    with pytest.raises(FloatingPointError) as caught:
        list(begun(data, method))
    assert method.count == 14
    assert "in epoch 2, batch 1, turn 'B' (step 14), method 'turns'" in str(caught.value)


def test_a_training_that_goes_on_counts_on(data, tmp_path):
    first = begun(data, Turns(at=(2, 2, "A")), checkpoints=tmp_path)
    next(first)
    first.close()
    method = Turns(at=(2, 2, "A"))
    with pytest.raises(FloatingPointError, match=r"epoch 2, batch 2, turn 'A' \(step 15\)"):
        list(begun(data, method, checkpoints=tmp_path))
    assert method.seen[2] == (0, 0, None)  # as in a training that was never stopped


def test_before_every_epoch_there_is_no_batch(data):
    method, runs = Turns(), []
    list(begun(data, method, watch=runs.append))
    assert method.seen == {1: (0, 0, None), 2: (0, 0, None)}
    assert runs[0].steps == 24


def test_the_trace_says_whose_turn_it_was(data):
    runs = []
    list(begun(data, Turns(), watch=runs.append))
    rows = [(row["epoch"], row["batch"], row["turn"]) for row in runs[0].trace]
    assert rows[:3] == [(1, 1, "A"), (1, 1, "B"), (1, 2, "A")] and len(rows) == 24
    list(begun(data, Method(), watch=runs.append))
    assert "turn" not in runs[-1].trace[0]


def test_fit_refuses_the_same(data):
    model = build_classifier(data.train.inputs, data.num_classes, widths=(8, 6), seed=1)
    with pytest.raises(ValueError, match="turns of method 'mine'"):
        fit(model, data.train, data.valid, SETTINGS, method=Answers(turns=[]))
