"""The benchmark of EMAP: its figures, its refusals, and bounds that a busy machine keeps."""

import json
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from unittest.mock import patch

import psutil
import pytest
import torch
from typer.testing import CliRunner

from benchmarks import emap as bench
from benchmarks.commands import app
from benchmarks.patience import patient

KEYS = {"n", "speedup", "max_gap", "extra_mb", "seconds", "threads"}


def run(*options: str):
    return CliRunner().invoke(app, ["emap", *options])


@pytest.mark.parametrize(("dtype", "gap"), [("float32", 1e-5), ("float64", 1e-10)])
def test_emap_beats_the_loop_by_far_and_agrees_with_it(dtype, gap):
    result = bench.measure(300, dtype=dtype, budget=0.3)
    assert result.speedup > 200  # several times more on a quiet machine; n² against n
    assert 0 <= result.max_gap < gap
    assert result.timed[0].pairs < 300**2  # the loop was measured in part …
    assert "extrapolated from" in result.table()["how"].iloc[0]  # … and the table says so
    assert result.table()["how"].iloc[-1] == "measured"


def test_four_thousand_samples_take_seconds_and_little_memory():
    """The grid of hidden units would have 4000 × 4000 × 64 numbers, nearly 4 GiB."""
    result = bench.measure(4000, budget=0.2)
    assert result.seconds < 3
    assert result.extra_mb < 200
    assert result.speedup > 2500


def test_one_run_writes_one_object(tmp_path):
    file = tmp_path / "one.json"
    result = run("--n", "40", "--budget", "0.1", "--json", str(file))
    assert result.exit_code == 0, result.output
    figures = json.loads(file.read_text(encoding="utf-8"))
    assert set(figures) == KEYS and figures["n"] == 40 and figures["threads"] == 1
    for part in (
        "double loop",
        "coursekit.analysis.emap",
        "Memory above the model",
        "CPU threads 1",
    ):
        assert part in result.output


def test_several_runs_write_a_list(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "extra_mb", lambda *_: 1.0)  # no fresh process
    file = tmp_path / "several.json"
    result = run("--n", "20,30", "--fusion", "film", "--budget", "0.05", "--json", str(file))
    assert result.exit_code == 0, result.output
    rows = json.loads(file.read_text(encoding="utf-8"))
    assert [row["n"] for row in rows] == [20, 30]
    assert all(set(row) == KEYS | {"fusion"} for row in rows)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--n", "10,x"), "n is '10,x'"),
        (("--n", "1"), "n is 1;"),
        (("--fusion", "mid-mpl"), "Did you mean 'mid-mlp'?"),
        (("--dtype", "float16"), "dtype is 'float16'"),
    ],
)
def test_a_mistake_ends_in_a_sentence(options, words):
    result = run("--budget", "0.01", *options)
    assert result.exit_code == 2 and words in result.output
    assert "Traceback" not in result.output


def test_a_loop_that_fits_the_budget_is_measured_whole():
    done = bench.until(60, iter([1] * 9), 3, "loop")
    assert done.pairs == 9
    slow = bench.until(0, (time.sleep(0.01) or 1 for _ in range(9)), 3, "loop")
    assert slow.pairs == 1 and slow.seconds > 0.08


def metered():
    """What the meter says of 50 MiB; psutil tells when it has looked."""
    looks = Counter()

    class Process(psutil.Process):
        def memory_info(self):
            looks["at"] += 1
            return super().memory_info()

    def work():
        held = torch.ones(50 * 2**18)  # 50 MiB
        before, end = looks["at"], time.monotonic() + patient(30)
        while looks["at"] < before + 2 and time.monotonic() < end:
            time.sleep(0.01)  # until the meter has looked, on a machine however busy
        return held.sum()

    with patch.object(psutil, "Process", Process):
        return bench.peak_mb(work)


def test_the_memory_meter_sees_what_is_taken_and_given_back():
    # In a fresh process: one that has run tests for minutes may give memory back meanwhile.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
        assert 40 < fresh.submit(metered).result() < 120


def test_the_number_of_threads_is_put_back(monkeypatch):
    monkeypatch.setattr(bench, "extra_mb", lambda *_: 1.0)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        bench.measure(20, threads=1, budget=0.01)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
