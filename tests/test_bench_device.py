"""bench device: figures that follow from one another, and a script that trains the same."""

import json
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from typer.testing import CliRunner

from coursekit.__main__ import app
from coursekit.bench import device, device_script, device_table
from coursekit.bench.device_flops import best_product, flop_counter
from coursekit.training import fit
from coursekit.training.method import Method

TINY = device.make_task(
    "cpu", "conformer", method="joint", batch_size=4, size=8, layers=1, steps=3, repeats=1
)


def call(*options):
    return CliRunner().invoke(app, ["bench", "device", *map(str, options)])


def test_operations_of_a_layer_are_counted_right():
    layer, x = nn.Linear(5, 7, bias=False), torch.randn(3, 5, requires_grad=True)
    with flop_counter() as counted:
        layer(x).sum().backward()
    assert counted.get_total_flops() == 3 * (2 * 3 * 5 * 7)  # forward, and two products back
    grouped = nn.Conv1d(4, 4, 3, groups=4, bias=False)
    with flop_counter() as counted:
        grouped(torch.randn(2, 4, 10, requires_grad=True)).sum().backward()
    assert counted.get_total_flops() == 3 * (2 * 2 * 4 * 8 * 3)


def test_the_best_product_is_no_slower_than_one_that_is_timed_here():
    import time

    a = torch.randn(256, 256)
    torch.mm(a, a)
    started = time.perf_counter()
    torch.mm(a, a)
    once = 2 * 256**3 / (time.perf_counter() - started)
    assert best_product("cpu", torch.float32, (256,)) > once / 20


def test_the_script_trains_as_the_loop_does():
    """The same batches of the first epoch, so the same weights after it."""
    task = device.make_task(
        "cpu", "conformer", method="joint", batch_size=4, size=8, layers=1, steps=3, repeats=1
    )
    data = device_script.make_split(task, 12)
    mine, losses = device_script.make_model(task), []

    class Noting(Method):
        def loss(self, step, weights):
            loss = super().loss(step, weights)
            losses.append(float(loss.detach()))
            return loss

    how = device_script.settings_of(task, "32-true")
    fit(mine, data, data, how, seed=device_script.SEED, method=Noting())
    theirs = device_script.make_model(task)
    found = device_script.by_script(task, theirs, data, device_script.Clock("cpu"))
    assert found[:3] == pytest.approx(losses[:3], abs=1e-5)
    assert len({round(x, 4) for x in found[:3]}) == 3


def test_the_command_and_its_figures(tmp_path):
    out, card = tmp_path / "figures.json", tmp_path / "card.md"
    done = call(
        "--device", "cpu", "--encoder", "conformer", "--batch-size", 4, "--size", 8, "--layers", 1,
        "--steps", 3, "--repeats", 1, "--only", "script,32-true", "--json", out, "--markdown", card,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    found = json.loads(out.read_text())
    assert [row["variant"] for row in found["rows"]] == ["script", "32-true"]
    for row in found["rows"]:
        assert not row["failed"] and row["memory_mb"] >= 0 and row["first_s"] > 0
        assert row["samples_per_s"] == pytest.approx(4 * row["steps_per_s"])
        expected = found["yard"]["flops"] * row["steps_per_s"] / found["yard"]["rates"]["32-true"]
        assert row["share"] == pytest.approx(expected) and 0 < row["share"] < 1.5
    assert "bf16-mixed" in found["left_out"]
    assert re.search(r"^\| script \|", card.read_text(), re.MULTILINE)


def test_a_variant_that_fails_is_a_row_with_the_reason():
    row = device_table.row_of("x", {"failed": "no compiler"}, 4, 2, {"failed": "?"}, "32-true")
    assert device_table.cells(row) == ["x", "failed: no compiler"]
    assert "SIGKILL, as when memory runs out" in device.ended(-9, "")
    assert device.ended(1, "a\nlast words\n\n") == "last words"
    assert "not done after" in device.run(TINY, "32-true", patience=0.01)["failed"]


@pytest.mark.parametrize(("options", "sentence"), [
    (["--device", "cuda:9"], "device is 'cuda:9'"), (["--device", "cpuu"], "Did you mean 'cpu'"),
    (["--encoder", "resnet"], "Did you mean 'resnet18'"), (["--steps", 1], "steps is 1"),
    (["--method", "mbl"], "Did you mean 'mlb'"), (["--batch-size", 2], "batch_size is 2"),
    (["--only", "bf16"], "only is 'bf16'"), (["--repeats", 0], "repeats is 0"),
])  # fmt: skip
def test_what_it_refuses(options, sentence):
    done = call("--device", "cpu", *options) if options[0] != "--device" else call(*options)
    assert done.exit_code == 2 and sentence in done.output, done.output


def test_checkpointing_keeps_less_of_a_deep_network():
    """Bytes that autograd saves, counted by hand."""
    task = device.make_task("cpu", "conformer", batch_size=4, size=64, layers=6, steps=2)
    data = device_script.make_split(task, 4)

    def kept(name):
        from coursekit.training.engine import Engine

        model, seen = device_script.make_model(task), {}

        def keep(x):
            seen[x.data_ptr()] = x.numel() * x.element_size()
            return x

        engine = Engine(device_script.settings_of(task, name))
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x), engine.running(model):
            F.cross_entropy(model(data.inputs).joint, data.labels)
        return sum(seen.values())

    assert kept("32-true+checkpointing") < kept("32-true") / 3
