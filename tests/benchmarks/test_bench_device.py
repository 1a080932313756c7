"""The benchmark of a device: what it counts, what it runs, and how it tells of failures."""

import json
import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from benchmarks import device as bench
from benchmarks import device_script as script
from benchmarks import device_table as table
from benchmarks.commands import app
from benchmarks.device_flops import best_product, flop_counter
from coursekit.balancing import registry
from coursekit.training.method import Method

TINY = bench.make_task("cpu", "conformer", size=8, layers=1, batch_size=4, steps=3, repeats=2)
TINY = replace(TINY, sides=(128,))


def counted(module, *inputs):
    with flop_counter() as counter:
        module(*inputs).sum().backward()
    return counter.get_total_flops()


def test_a_linear_layer_is_two_or_three_products():
    x, layer = torch.randn(5, 7), nn.Linear(7, 3)
    one = 2 * 5 * 7 * 3
    assert counted(layer, x) == 2 * one  # nothing goes back through the inputs
    assert counted(layer, x.requires_grad_()) == 3 * one


@pytest.mark.parametrize("groups", [1, 2, 6])
def test_a_convolution_is_counted_group_by_group(groups):
    layer = nn.Conv1d(6, 12, 3, padding=1, groups=groups)
    x = torch.randn(4, 6, 10, requires_grad=True)
    one = 2 * 4 * 10 * 12 * (6 // groups) * 3
    assert counted(layer, x) == 3 * one


def test_a_step_of_two_resnets():
    task = bench.make_task("cpu", size=32, batch_size=6, fusion="late-linear", method="joint")
    # Multiplications layer by layer: the first at 16×16, then four stages from 8×8 down.
    first = 16 * 16 * 3 * 64 * 49
    stages = 8 * 8 * 4 * 9 * 64**2
    for side, c in ((4, 128), (2, 256), (1, 512)):
        stages += side**2 * (9 * c * c // 2 + 3 * 9 * c * c + c * c // 2)
    joint = 2 * 512 * script.CLASSES
    expected = 2 * (2 * (2 * first + 3 * stages) + 3 * joint) * 6  # no gradient of the pictures
    assert script.count_flops(task) == expected


def test_attention_is_counted():
    one, two, three = (
        script.count_flops(replace(TINY, size=n, method="joint")) for n in (16, 32, 48)
    )
    # All but attention grows with the length, or not at all: its second difference is zero.
    # Attention: 2 modalities, 2 products of width 144 forward and 4 backward, (9 − 2·4 + 1) · 16².
    assert three - 2 * two + one == 2 * (2 + 4) * 2 * 144 * 2 * 16**2 * TINY.batch_size


def test_the_best_product_is_one_that_was_timed(monkeypatch):
    ticks = iter([0.0, 2.0] * 6 + [0.0, 0.5] + [0.0, 2.0] * 7)
    monkeypatch.setattr("benchmarks.device_flops.now", lambda device: next(ticks))
    assert best_product("cpu", torch.float32, (8, 16)) == max(2 * 8**3 / 0.5, 2 * 16**3 / 2)


def test_the_script_trains_as_the_loop_does(monkeypatch):
    task = replace(TINY, method="joint", repeats=1, steps=4)
    seen, loss_of = [], Method.loss

    def loss(self, step, weights):
        value = loss_of(self, step, weights)
        seen.append(value.item())
        return value

    monkeypatch.setattr(Method, "loss", loss)
    data = script.make_split(task, task.steps * task.batch_size)
    monkeypatch.setattr(script, "RATE", 0.05)  # a step has to show
    engine = script.TimedEngine(script.settings_of(task, "32-true"), script.Clock("cpu"))
    script.by_loop(task, engine, script.make_model(task), data)
    losses = script.by_script(task, script.make_model(task), data, script.Clock("cpu"))
    assert len(losses) == len(seen) == 2 * task.steps
    first = torch.tensor(losses[: task.steps])
    assert torch.allclose(first, torch.tensor(seen[: task.steps]), rtol=0, atol=1e-5)
    assert first.std() > 1e-3
    assert engine.clock.first > 0 and len(engine.clock.epochs) == 2


def test_the_clock_leaves_the_first_step_out(monkeypatch):
    time = [0.0]
    monkeypatch.setattr(script, "now", lambda device: time[0])
    clock = script.Clock("cpu")
    for lasts in ((50.0, 1.0, 2.0), (9.0, 3.0, 4.0)):
        for step in clock.timed(lasts):
            time[0] += step
    assert clock.first == 50 and clock.epochs == [3, 7]


def test_the_command_its_figures_and_its_files(tmp_path, monkeypatch):
    monkeypatch.setitem(bench.SIDES, "cpu", (256,))
    file, card = tmp_path / "figures.json", tmp_path / "card.md"
    names = ["32-true", "32-true+checkpointing"]
    asked = (
        f"device --device cpu --encoder conformer --layers 4 --size 96 --batch-size 8 "
        f"--steps 2 --repeats 1 --only {','.join(names)} --json {file} --markdown {card}"
    )
    done = CliRunner().invoke(app, asked.split())
    assert done.exit_code == 0, done.output
    figures = json.loads(file.read_text())
    yard, rows = figures["yard"], figures["rows"]
    assert [row["variant"] for row in rows] == names
    for row in rows:
        assert row["failed"] == ""
        assert min(row["samples_per_s"], row["memory_mb"], row["first_s"]) > 0
        assert math.isclose(row["samples_per_s"], 8 * row["steps_per_s"])
        share = yard["flops"] * row["steps_per_s"] / yard["rates"]["32-true"]
        assert math.isclose(row["share"], share) and share > 0
        for text in (done.output, card.read_text()):
            assert row["variant"] in text and f"{row['samples_per_s']:.1f}" in text
    assert "torch" in card.read_text() and "bf16-mixed+compile" in figures["left_out"]
    plain, again = (row["memory_mb"] for row in rows)
    assert again < 0.8 * plain


def test_the_script_as_a_variant():
    figures = script.train(replace(TINY, repeats=3), "script")
    assert len(figures["seconds"]) == 3 and min(figures["seconds"]) > 0 < figures["first"]


def test_a_variant_that_fails_is_told(monkeypatch):
    def broken(task, name, patience=0):
        job = {"first": 1.0, "seconds": [1.0, 4.0, 2.0], "bytes": 2**20}
        good = {"flops": 5.0, "rates": {"32-true": 10.0, "bf16-mixed": 20.0}, "tf32": True}
        known = {bench.YARDSTICKS: good, "script": job}
        return known.get(name, {"failed": "RuntimeError: out of | memory"})

    monkeypatch.setattr(bench, "run", broken)
    report = bench.measure(TINY, ["script", "bf16-mixed"])
    assert report.rows[0] == table.Row("script", 4.0, 1.0, 1.0, 0.5, 1.0)
    assert report.rows[1] == table.Row("bf16-mixed", failed="RuntimeError: out of | memory")
    assert "by TF32" in table.text_of(report)
    assert "bf16-mixed  failed: RuntimeError: out of | memory" in table.text_of(report)
    assert "| bf16-mixed | failed: RuntimeError: out of \\| memory |" in table.card_of(report)


def test_processes_that_fail_say_why(tmp_path, monkeypatch):
    class Broken(Method):
        def begin(self, run):
            raise ValueError("\nno such thing\nat all")

    monkeypatch.setitem(registry(), "joint", Broken)
    monkeypatch.setattr(script.balancing, "build", lambda name: Broken())
    job = json.dumps({"task": TINY.__dict__, "name": "32-true"})
    script.main(job, str(tmp_path / "answer"))
    answer = json.loads((tmp_path / "answer").read_text())
    assert answer == {"failed": "ValueError: no such thing"}
    assert bench.ended(-9, "") == "ended by SIGKILL, as when memory runs out"
    assert bench.ended(1, "Traceback\nMemoryError: no\n\n") == "MemoryError: no"
    assert bench.run(TINY, "32-true", patience=0.2) == {"failed": "not done after 0.2 s"}
    monkeypatch.setattr(bench.sys, "executable", "/bin/false")
    assert bench.run(TINY, "32-true") == {"failed": "ended with code 1 and no word"}


@pytest.mark.parametrize(
    ("option", "given", "sentence"),
    [
        ("--only", "script,32-tru", "Did you mean '32-true'?"),
        ("--encoder", "resnet", "Did you mean 'resnet18'?"),
        ("--device", "cud", "Did you mean 'cuda'?"),
        ("--fusion", "mid-mpl", "Did you mean 'mid-mlp'?"),
        ("--method", "mlbb", "Did you mean 'mlb'?"),
        ("--steps", "1", "steps is 1"),
        ("--batch-size", "3", "batch_size is 3"),
    ],
)
def test_what_is_unknown_is_refused(option, given, sentence):
    done = CliRunner().invoke(app, ["device", option, given])
    assert done.exit_code == 2 and sentence in done.output


def test_which_variants_run():
    cpu, every = TINY, list(bench.variants())
    assert len(every) == 10
    assert bench.chosen(cpu, ["all"]) == every
    assert bench.chosen(cpu, ["bf16-mixed+compile"]) == ["bf16-mixed+compile"]
    assert bench.chosen(cpu) == [name for name in every if not name.endswith("compile")]
    for name in every[1:]:
        s = script.settings_of(cpu, name)
        parts = [s.precision]
        parts += ["checkpointing"] * s.checkpointing + ["compile"] * s.compile
        assert "+".join(parts + ["accumulate"] * (s.accumulate > 1)) == name
