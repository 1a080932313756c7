"""Costs over joint training: counted by hand for a layer, and the command that writes them."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from coursekit import balancing
from coursekit.__main__ import app
from coursekit.compare import training_costs as costs
from coursekit.compare.protocol import trials


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    out = tmp_path_factory.mktemp("costs") / "costs.csv"
    named = "multi-loss,unimodal,ensemble"
    arguments = ["bench", "costs", "--method", named, "--repeats", "1", "--out", str(out)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return pd.read_csv(out)


def test_joint_comes_first_and_is_one(table):
    first = table.iloc[0]
    assert first["method"] == "joint" and first["fusion"] == "late-linear"
    assert first["relative_multiply_adds"] == first["relative_seconds"] == 1
    assert list(table["method"][1:]) == ["multi-loss", "unimodal A", "unimodal B", "ensemble"]
    assert (table["multiply_adds"] > 0).all() and (table["seconds"] > 0).all()


def test_all_stand_beside_joint_training(table):
    of_joint = table.iloc[0]
    for figure, nearly in (("multiply_adds", 1e-4), ("seconds", 0.02)):
        ours = table[f"relative_{figure}"]
        assert ours.to_numpy() == pytest.approx(
            (table[figure] / of_joint[figure]).to_numpy(), rel=nearly, abs=nearly
        )
        assert (ours != 1).any()


def test_the_rate_is_the_usual_one_which_every_method_tries():
    assert costs.RATE == 0.1
    for name in balancing.names():
        assert costs.RATE in [trial["lr"] for trial in trials(name)]


def test_what_unimodal_heads_add_is_counted(table):
    """Two heads (32 → 6): one product forward, two backward, per row and step."""
    from coursekit.data import load_preset

    rows = len(load_preset("starve", 100).train)
    counts = table.set_index("method")["multiply_adds"]
    assert counts["multi-loss"] - counts["joint"] == 20 * rows * 2 * 32 * 6 * 3


def test_unknown_names_are_refused_in_a_sentence(tmp_path):
    done = CliRunner().invoke(app, ["bench", "costs", "--method", "mbl"])
    assert done.exit_code == 2 and "Did you mean 'mlb'" in done.output
    with pytest.raises(ValueError, match="repeats is 0"):
        costs.training_costs("starve", ["joint"], repeats=0)
