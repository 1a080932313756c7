"""All seeds at once give what one after the other gives."""

from dataclasses import replace

import pandas as pd
import pytest

from coursekit.compare.seeds import over_seeds
from coursekit.compare.seeds_at_once import seeds_at_once
from coursekit.data import load, load_preset
from coursekit.training import Settings

FEW = Settings(epochs=3, batch_size=100)
WIDTHS = (16, 8)
TEST = 300


def make(seed):
    return load_preset("starve", seed, train=250, valid=100, test=TEST)


def of_two_sizes(seed):
    """Odd seeds have fewer samples to train on."""
    data = make(seed)
    rows = data.splits["train"]
    return replace(data, splits={**data.splits, "train": rows[: len(rows) - seed % 2 * 50]})


@pytest.mark.parametrize("make_data", [make, of_two_sizes])
def test_the_tables_are_those_of_the_plain_runs(make_data):
    seeds = [7, 4, 5]
    at_once = seeds_at_once(make_data, FEW, seeds, widths=WIDTHS)
    expected = over_seeds(make_data, FEW, seeds, widths=WIDTHS, jobs=1)
    for name in ("accuracy", "probes", "history"):
        one, other = getattr(at_once, name), getattr(expected, name)
        numbers = [c for c in ("accuracy", "loss") if c in one]
        pd.testing.assert_frame_equal(one.drop(columns=numbers), other.drop(columns=numbers))
        assert (one["accuracy"] - other["accuracy"]).abs().max() <= 2 / TEST  # rounding
    loss = at_once.history["loss"] - expected.history["loss"]
    assert loss.abs().max() < 1e-5
    assert at_once.history["loss"].nunique() > len(seeds) * 3 * FEW.epochs


def test_refusals():
    with pytest.raises(ValueError, match="seeds is empty"):
        seeds_at_once(make, FEW, [])
    with pytest.raises(ValueError, match="book_reviews has no classes"):
        seeds_at_once(lambda seed: load("book_reviews"), FEW, [0])
    with pytest.raises(FloatingPointError, match="Seed 3: The "):
        seeds_at_once(make, replace(FEW, lr=1e30), [3, 4], widths=WIDTHS)
