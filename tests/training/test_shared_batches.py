"""Several processes that share a batch do what one does, whatever the method."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import shared_batch_trainings

from benchmarks.patience import patient

HERE = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """What two processes found, by rank, and the checkpoints of one training."""
    out = tmp_path_factory.mktemp("shared")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*command, str(HERE / "shared_batch_trainings.py"), str(out)],
        capture_output=True, text=True, timeout=patient(240), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    results = [json.loads((out / f"{rank}.json").read_text(encoding="utf-8")) for rank in (0, 1)]
    return [*results, out / "checkpoints"]


@pytest.fixture(scope="module")
def alone():
    return shared_batch_trainings.cases()


@pytest.mark.parametrize("case", list(shared_batch_trainings.cases()))
def test_two_processes_do_what_one_does(case, shared, alone):
    expected = shared_batch_trainings.outcome(*alone[case]())
    for results in shared[:2]:
        for column in ("epoch", "split"):
            assert results[case]["history"][column] == expected["history"][column]
        for column in ("loss", "accuracy"):
            want = pytest.approx(expected["history"][column], rel=1e-8, abs=1e-8)
            assert results[case]["history"][column] == want, column
        assert results[case]["weights"] == pytest.approx(expected["weights"], rel=1e-6, abs=1e-8)


def test_what_two_began_one_goes_on_with(shared, tmp_path):
    folder = shared[2]
    done = sorted(p.name for p in folder.glob("*.ckpt"))
    assert done == ["epoch-00001.ckpt", "epoch-00002.ckpt"]
    history, model = shared_batch_trainings.begun(folder, 4)
    whole, other = shared_batch_trainings.begun(tmp_path, 4)
    assert history["loss"].tolist() == pytest.approx(whole["loss"].tolist(), rel=1e-8)
    weights = shared_batch_trainings.outcome(history, model)["weights"]
    assert weights == pytest.approx(
        shared_batch_trainings.outcome(whole, other)["weights"], rel=1e-6, abs=1e-8
    )


def test_every_method_is_among_the_cases():
    from coursekit import balancing

    named = {case.split(",")[0] for case in shared_batch_trainings.cases()}
    assert set(balancing.names()) <= named
