"""Batches that batch norm cannot take are joined or refused before the first step."""

from dataclasses import replace

import pandas as pd
import pytest
import torch
from method_fusions import fusion_of
from torch import nn

from coursekit import balancing
from coursekit.data import load_preset
from coursekit.data.lazy_split import LazySplit
from coursekit.fusion import build
from coursekit.layers.batch_norm import BatchNorm2d
from coursekit.layers.initialise import initialise
from coursekit.models import MultimodalClassifier, build_classifier
from coursekit.training import Settings, epochs, fit
from coursekit.training.batch_sizes import settle_batches
from coursekit.training.loop import begin


class Normed(nn.Sequential):
    """A layer with batch norm; pictures of ``side`` give side² values per channel and row."""

    def __init__(self, width, side=1, kept=True):
        self.side = side
        norm = nn.BatchNorm1d(4, track_running_stats=kept)
        super().__init__(nn.Linear(width, 4 * side), nn.Unflatten(1, (4, side)), norm,
                         nn.Flatten(), nn.Linear(4 * side, 4), nn.ReLU())  # fmt: skip
        self.out_features = 4


def data_of(rows):
    return load_preset("starve", 1, train=rows, valid=20, test=20)


def normed(data, side=1, kept=True, fusion="late-linear"):
    encoders = {m: Normed(x.shape[1], side, kept) for m, x in data.train.inputs.items()}
    model = MultimodalClassifier(encoders, build(fusion, dict.fromkeys(encoders, 4), 6), 6)
    initialise(model, 0)
    return model


def sizes(data, settings, model=None, method=None, train=None):
    """How many rows each batch of an epoch has, and the history."""
    seen = []

    class Watching(balancing.registry()[method or "joint"]):
        name = "watching"

        def weights(self, step):
            seen.append(len(step.labels))
            return super().weights(step)

    model = normed(data) if model is None else model
    runs = []
    steps = epochs(model, train or data.train, data.valid, settings, method=Watching(),
                   watch=runs.append)  # fmt: skip
    rows = [r for new in steps for r in new]
    assert runs[-1].batches == len(seen) / settings.epochs
    return seen[: runs[-1].batches], rows


@pytest.mark.parametrize(("rows", "settings", "want"), [
    (99, Settings(epochs=2, batch_size=98), [99]),
    (99, Settings(epochs=2, batch_size=49), [49, 50]),
    (98, Settings(epochs=2, batch_size=49), [49, 49]),
    (100, Settings(epochs=2, batch_size=98), [98, 2]),
    (103, Settings(epochs=2, batch_size=98, accumulate=4), [103]),
    (106, Settings(epochs=2, batch_size=98, accumulate=4), [98, 8]),
    (99, Settings(epochs=2, batch_size=98, checkpointing=True), [99]),
])  # fmt: skip
def test_a_last_batch_that_is_too_small_joins_the_one_before(rows, settings, want):
    assert sizes(data_of(rows), settings)[0] == want


@pytest.mark.parametrize("method", balancing.names())
def test_whatever_the_method(method):
    data = data_of(25)  # in batches of 12 and 13
    own = {"epochs": 1} if method.startswith("gblend") else {}
    model = normed(data, fusion=fusion_of(method))
    history = fit(model, data.train, data.valid, Settings(epochs=2, batch_size=12),
                  method=balancing.build(method, **own))  # fmt: skip
    assert len(history) == 4


@pytest.mark.parametrize(("rows", "settings", "words"), [
    (99, Settings(batch_size=1), "a batch_size of 2 or more would do"),
    (99, Settings(batch_size=6, accumulate=4), "a batch_size of 8 or more or fewer parts"),
    (3, Settings(batch_size=98, accumulate=4), "8 rows or more or fewer parts"),
])  # fmt: skip
def test_where_that_is_no_help_it_is_refused_at_once(rows, settings, words):
    data = data_of(rows)
    train = replace(data.train, labels=torch.arange(rows) % 6)
    with pytest.raises(ValueError, match=rf"encoders\.A\.2 would get one value.*{words}"):
        sizes(data, settings, train=train)


def test_one_row_is_enough_where_it_has_several_values_per_channel():
    data = data_of(99)
    assert sizes(data, Settings(epochs=1, batch_size=98), normed(data, side=3))[0] == [98, 1]
    with pytest.raises(ValueError, match="one value per channel"):
        sizes(data, Settings(batch_size=1), normed(data, kept=False))


def test_histories_without_batch_norm_stay_as_they_are():
    data = data_of(99)
    model = build_classifier(data.train.inputs, 6, widths=(4,))
    assert sizes(data, Settings(epochs=1, batch_size=98), model)[0] == [98, 1]


def test_looking_ahead_disturbs_nothing():
    """Rows that are read one by one, dropout of its own and of everybody: all as without it."""
    data = data_of(99)
    read = lambda row: {m: x[row] for m, x in data.train.inputs.items()}  # noqa: E731
    split = data.train
    lazy = LazySplit(read, torch.arange(99), split.labels, split.group, split.modalities)
    settings = Settings(epochs=2, batch_size=98)
    histories = []
    for train in (split, lazy):
        model = normed(data)
        before = {k: x.clone() for k, x in model.state_dict().items()}
        torch.manual_seed(5)
        steps = epochs(model, train, data.valid, replace(settings, epochs=1))
        histories.append(next(steps))
        assert model.encoders["A"][2].num_batches_tracked == 1
        assert any(not torch.equal(x, before[k]) for k, x in model.state_dict().items())
    assert histories[0] == histories[1]


def test_a_training_with_a_joined_batch_goes_on(tmp_path):
    data, settings = data_of(99), Settings(epochs=3, batch_size=49)
    whole = fit(normed(data), data.train, data.valid, settings)
    two = replace(settings, epochs=2)
    fit(normed(data), data.train, data.valid, two, checkpoints=tmp_path)
    gone_on = fit(normed(data), data.train, data.valid, settings, checkpoints=tmp_path)
    pd.testing.assert_frame_equal(gone_on, whole, check_exact=True)


@pytest.mark.parametrize(("rows", "size", "joined"), [(35, 16, True), (36, 16, False)])
def test_several_processes_know_it_too(rows, size, joined):
    """Of 3 rows one of two processes would have one; of 4 both have two."""
    data = data_of(rows)
    run = begin(normed(data), data.train, data.valid, Settings(batch_size=size), 0)
    run.engine.world = 2
    settle_batches(run)
    assert run.joined == joined
    small = begin(normed(data), data.train, data.valid, Settings(batch_size=3), 0)
    small.engine.world = 2
    with pytest.raises(ValueError, match=r"of 2 processes.*a batch_size of 4 or more"):
        settle_batches(small)


def test_batch_norms_that_share_their_statistics_need_the_rows_of_all_together():
    data = data_of(33)
    model = normed(data)
    for encoder in model.encoders.values():
        encoder[1], encoder[2] = nn.Unflatten(1, (4, 1, 1)), BatchNorm2d(4)
    for batch_size, joined in ((16, True), (31, False)):
        settings = Settings(batch_size=batch_size)
        run = begin(model, data.train, data.valid, settings, 0)
        run.engine.world = 2
        settle_batches(run)
        assert run.joined == joined
