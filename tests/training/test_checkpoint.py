"""A training that was stopped, however roughly, goes on as if it had not been."""

import errno
import os
import random
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
from method_fusions import fusion_of
from torch import nn

from benchmarks.patience import patient
from coursekit import balancing
from coursekit.data import Modality, Recipe, generate
from coursekit.data.scenes import as_data, scene_splits
from coursekit.models import build_classifier
from coursekit.training import Settings, alignment, epochs, fit
from coursekit.training.checkpoint import VERSION, CheckpointError, read_whole, unpacked
from coursekit.training.method import Method

FEW = Settings(epochs=5, batch_size=32)
OWN = {
    "gblend-offline": {"epochs": 2},
    "gblend-online": {"epochs": 2},
    "mslr": {"memory": 2},
    "opm": {"warm_up": 1},
    "reconboost": {"boosting": 2, "rectifying": 1},
    "relearning": {"every": 1},
    "remix": {"warm_up": 1},
    "sample-valuation": {"warm_up": 1},
}
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def data():
    recipe = Recipe(
        {"A": Modality(), "B": Modality(distractors=4)}, redundant=0.8, train=110, valid=60, test=60
    )
    return generate(recipe, seed=1)


def model_for(data, **options):
    return build_classifier(data.train.inputs, data.num_classes, widths=(16, 8), **options)


def trained(data, folder=None, settings=FEW, method="mlb", stop=None, seed=3, **options):
    """History, weights and trace; ``stop`` ends it after so many epochs, as a kill would."""
    model, runs, rows = model_for(data, **options), [], []
    built = balancing.build(method, **OWN.get(method, {})) if isinstance(method, str) else method
    steps = epochs(
        model, data.train, data.valid, settings,
        seed=seed, method=built, checkpoints=folder, watch=runs.append,
    )  # fmt: skip
    for epoch, new in enumerate(steps, 1):
        rows += new
        if epoch == stop:
            steps.close()
            break
    return pd.DataFrame(rows), model.state_dict(), runs[-1].trace if runs else []


def same(one, other):
    pd.testing.assert_frame_equal(one[0], other[0], check_exact=True)
    assert list(one[1]) == list(other[1])
    assert all(torch.equal(x, y) for x, y in zip(one[1].values(), other[1].values(), strict=True))
    assert one[2] == other[2]


# ---- goes on -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fewer():
    """Two batches of 32 and one of eight, for what every method does."""
    recipe = Recipe({"A": Modality(), "B": Modality(distractors=4)}, redundant=0.8, train=72,
                    valid=30, test=30)  # fmt: skip
    return generate(recipe, seed=1)


@pytest.mark.parametrize("method", balancing.names())
def test_every_method_goes_on_bit_for_bit(fewer, tmp_path, method):
    """Stopped behind the first, the second and the fourth epoch of one training."""
    how = {"method": method, "dropout": 0.3, "fusion": fusion_of(method)}
    whole = trained(fewer, **how)
    for stop in (1, 2, 4):
        trained(fewer, tmp_path, stop=stop, **how)
        assert newest(tmp_path) == stop
    same(trained(fewer, tmp_path, **how), whole)


@pytest.mark.parametrize("settings", [
    replace(FEW, optimizer="adam", lr=0.01), replace(FEW, optimizer="adagrad"),
    replace(FEW, keep_best=True, epochs=9, batch_size=16), replace(FEW, scale="gradient"),
])  # fmt: skip
def test_so_does_every_optimiser_and_the_best_epoch(data, tmp_path, settings):
    whole = trained(data, settings=settings)
    trained(data, tmp_path, settings, stop=4)
    same(trained(data, tmp_path, settings), whole)


def test_torch_s_own_dropout_goes_on_too(data, tmp_path):
    class Noisy(Method):
        """Draws from the global generator."""

        def predict(self, run, inputs):
            kept = {m: nn.functional.dropout(x, 0.2) for m, x in inputs.items()}
            return run.model(kept)

    torch.manual_seed(5)
    whole = trained(data, method=Noisy())
    torch.manual_seed(5)
    trained(data, tmp_path, method=Noisy(), stop=2)
    torch.manual_seed(99)
    same(trained(data, tmp_path, method=Noisy()), whole)


def test_what_is_done_is_told_again_and_not_done_again(data, tmp_path):
    first = trained(data, tmp_path)
    before = {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    again, weights, _ = trained(data, tmp_path)
    pd.testing.assert_frame_equal(again, first[0], check_exact=True)
    assert all(torch.equal(weights[k], x) for k, x in first[1].items())
    assert before == {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    assert sorted(before) == ["epoch-00004.ckpt", "epoch-00005.ckpt"]


def test_more_epochs_may_be_asked_for_later(data, tmp_path):
    trained(data, tmp_path, replace(FEW, epochs=2))
    same(trained(data, tmp_path), trained(data))
    with pytest.raises(CheckpointError, match="5 epochs are done; 3 were asked for"):
        trained(data, tmp_path, replace(FEW, epochs=3))


BOUND = {"g2d": "teachers", "pdmp": "models", "umt": "teachers"}


@pytest.mark.parametrize("method", balancing.names())
def test_a_training_that_goes_on_to_more_epochs_is_that_of_so_many_or_is_refused(
    fewer, tmp_path, method
):
    how = {"method": method, "fusion": fusion_of(method)}
    trained(fewer, tmp_path, replace(FEW, epochs=3), **how)
    if balancing.build(method).bound_to_epochs:
        assert method in BOUND
        sentence = f"begun for 3 epochs and cannot become one of 5: method '{method}' trains"
        with pytest.raises(CheckpointError, match=sentence):
            trained(fewer, tmp_path, **how)
        trained(fewer, tmp_path, replace(FEW, epochs=3), **how)  # of as many it goes on
        return
    assert method not in BOUND
    same(trained(fewer, tmp_path, **how), trained(fewer, **how))


@pytest.mark.parametrize(("name", "own", "allowed"), [
    ("umt", {"epochs": 2}, True), ("umt", {"weight": 0.0}, True), ("pdmp", {"epochs": 2}, True),
    ("pdmp", {"gain": 1.0}, True), ("g2d", {"epochs": 2}, False),
    ("g2d", {"epochs": 2, "share": 0.0}, True), ("g2d", {"epochs": 2, "share": 1.0}, True),
])  # fmt: skip
def test_it_may_go_on_where_its_settings_do_not_hang_on_the_epochs(
    fewer, tmp_path, name, own, allowed
):
    def go(folder, epochs):
        built = balancing.build(name, **own)
        return trained(fewer, folder, replace(FEW, epochs=epochs), method=built)

    go(tmp_path, 2)
    if allowed:
        same(go(tmp_path, 4), go(None, 4))
        return
    with pytest.raises(CheckpointError, match="lets somebody wait for a share of the epochs"):
        go(tmp_path, 4)


def test_fit_stores_too(data, tmp_path):
    whole = fit(model_for(data), data.train, data.valid, FEW)
    fit(model_for(data), data.train, data.valid, replace(FEW, epochs=3), checkpoints=tmp_path)
    history = fit(model_for(data), data.train, data.valid, FEW, checkpoints=tmp_path)
    pd.testing.assert_frame_equal(history, whole, check_exact=True)


# ---- killed --------------------------------------------------------------------------------

NURSERY = """
import os, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/.."]
import test_checkpoint as t
from coursekit.data import Modality, Recipe, generate
from coursekit.data.scenes import as_data, scene_splits
recipe = Recipe({"A": Modality(), "B": Modality(distractors=4)}, redundant=0.8, train=110,
                valid=60, test=60)
data, settings = generate(recipe, seed=1), t.Settings(epochs=80, batch_size=8)
t.trained(data)  # what torch imports at the first training takes seconds
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        folder = Path(line.strip())
        history, weights, _ = t.trained(data, folder, settings, "gradnorm", dropout=0.3)
        history.to_csv(folder / "history.csv", index=False, float_format="%.17g")
        torch.save(weights, folder / "model.pt")
        os._exit(0)
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class Nursery:
    """Starts trainings in processes of their own, by fork, for a start takes seconds."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-c", NURSERY, str(HERE)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip

    def start(self, folder):
        self.process.stdin.write(f"{folder}\n")
        return int(self.process.stdout.readline())

    def end(self):
        return int(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60)


def newest(folder):
    """The last epoch of which there is a checkpoint."""
    return max([0, *(int(p.stem[-5:]) for p in folder.glob("epoch-*.ckpt"))])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_ten_times_at_any_moment_it_ends_as_if_undisturbed(tmp_path):
    quiet, disturbed = tmp_path / "quiet", tmp_path / "disturbed"
    nursery, draw, reached = Nursery(), random.Random(7), []
    for folder in (quiet, disturbed):
        folder.mkdir()
    nursery.start(quiet)
    began = time.monotonic()
    assert nursery.end() == 0
    an_epoch = (time.monotonic() - began) / 80
    for turn in range(10):  # the last one comes well before the end, however fast the machine is
        pid, goal = nursery.start(disturbed), 7 * turn + draw.randrange(7)
        limit = time.monotonic() + patient(60)
        while newest(disturbed) < goal and time.monotonic() < limit:
            time.sleep(0.001)
        time.sleep(draw.random() * an_epoch)
        os.kill(pid, signal.SIGKILL)
        assert nursery.end() == -signal.SIGKILL
        reached.append(newest(disturbed))
    nursery.start(disturbed)
    assert nursery.end() == 0
    nursery.stop()
    assert len(set(reached)) > 3, reached  # the kills came at different places
    assert (quiet / "history.csv").read_bytes() == (disturbed / "history.csv").read_bytes()
    one, other = (torch.load(f / "model.pt", weights_only=True) for f in (quiet, disturbed))
    assert all(torch.equal(x, other[k]) for k, x in one.items())


# ---- damaged -------------------------------------------------------------------------------


def damaged(path, how):
    data = path.read_bytes()
    if how == "cut short":
        path.write_bytes(data[: len(data) // 2])
    elif how == "is damaged":
        at = len(data) // 2
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    elif how == "of version 7":
        path.write_bytes(data.replace(f"checkpoint {VERSION} ".encode(), b"checkpoint 7 ", 1))
    else:
        path.write_bytes(b"" if how == "beginning is lost" else b"PK\x03\x04" + data)


DAMAGES = ["cut short", "is damaged", "of version 7", "beginning is lost", "is no checkpoint"]


@pytest.mark.parametrize("how", DAMAGES)
def test_a_checkpoint_that_cannot_be_used_is_set_aside(data, tmp_path, how):
    trained(data, tmp_path, stop=3)
    newest = tmp_path / "epoch-00003.ckpt"
    damaged(newest, how)
    content = newest.read_bytes()
    with pytest.warns(UserWarning, match=rf"epoch-00003.*{how}.*going on behind epoch 2"):
        resumed = trained(data, tmp_path)
    same(resumed, trained(data))
    assert newest.with_suffix(".unusable").read_bytes() == content  # nothing is lost


@pytest.mark.parametrize("how", DAMAGES)
def test_with_none_that_can_be_used_nothing_is_begun_or_changed(data, tmp_path, how):
    trained(data, tmp_path, stop=3)
    for path in tmp_path.iterdir():
        damaged(path, how)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(CheckpointError, match=f"00003.*{how}.*00002.*{how}.*name another folder"):
        trained(data, tmp_path)
    assert before == {p.name: p.read_bytes() for p in tmp_path.iterdir()}


def test_no_checkpoint_stays_behind_however_often_it_was_stopped(data, tmp_path):
    for stop in (1, 2, 3, 4, 5):
        trained(data, tmp_path, stop=stop)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["epoch-00004.ckpt", "epoch-00005.ckpt"]


def test_another_training_s_folder_is_refused(data, tmp_path):
    trained(data, tmp_path, stop=2)
    for change, words in (
        ({"seed": 4}, "seed 3 and not 4"),
        ({"settings": replace(FEW, lr=0.05)}, "lr 0.1 and not 0.05"),
        ({"method": "ogm"}, r"method mlb and not ogm\. Name"),
        ({"method": balancing.build("mlb", alpha=1.0)}, r"alpha 2\.0 and not 1\.0"),
        ({"method": "ogm", "seed": 4}, r"seed 3 and not 4, method mlb and not ogm\. Name"),
        ({"fusion": "film"}, "the model's shapes"),
    ):
        with pytest.raises(CheckpointError, match=f"another training.*{words}"):
            trained(data, tmp_path, **change)
    other = replace(data, labels=(data.labels + 1) % 6)
    with pytest.raises(CheckpointError, match="the labels of train"):
        trained(other, tmp_path)


def test_code_in_a_checkpoint_is_not_run(data, tmp_path):
    import hashlib
    import pickle

    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "pwned"),))

    trained(data, tmp_path, stop=1)
    path = tmp_path / "epoch-00001.ckpt"
    payload = pickle.dumps(Evil(), protocol=2)
    head = f"coursekit-checkpoint {VERSION} {hashlib.sha256(payload).hexdigest()} {len(payload)}\n"
    path.write_bytes(head.encode() + payload)
    with pytest.raises(CheckpointError, match=r"epoch-00001.*cannot be read"):
        trained(data, tmp_path)
    assert not (tmp_path / "pwned").exists()


# ---- no room -------------------------------------------------------------------------------


def test_a_full_disk_loses_nothing(data, tmp_path, monkeypatch):
    trained(data, tmp_path, stop=2)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    whole = trained(data)

    def full(number):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("coursekit.training.checkpoint.os.fsync", full)
        with pytest.raises(CheckpointError, match=r"epoch 3 was not written.*No space left.*free"):
            trained(data, tmp_path)
    assert before == {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    same(trained(data, tmp_path), whole)


LITTLE = """
import resource, signal, sys
from pathlib import Path
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/.."]
import test_checkpoint as t
from coursekit.data import Modality, Recipe, generate
from coursekit.data.scenes import as_data, scene_splits
recipe = Recipe({"A": Modality(), "B": Modality(distractors=4)}, redundant=0.8, train=110,
                valid=60, test=60)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), -1))
t.trained(generate(recipe, seed=1), Path(sys.argv[2]))
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="the system has no such limit")
def test_a_system_that_lets_no_more_be_written(data, tmp_path):
    """For real: files may not grow beyond what the first epochs need (the trace grows)."""
    trained(data, tmp_path, stop=2)
    sizes = [p.stat().st_size for p in sorted(tmp_path.iterdir())]
    limit = sizes[-1] + (sizes[-1] - sizes[-2]) // 2  # the third does not fit
    done = subprocess.run(
        [sys.executable, "-c", LITTLE, str(HERE), str(tmp_path), str(limit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "CheckpointError: [Errno" not in done.stderr
    assert "The checkpoint of epoch 3 was not written" in done.stderr, done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["epoch-00001.ckpt", "epoch-00002.ckpt"]
    same(trained(data, tmp_path), trained(data))


def test_a_folder_that_cannot_be(data, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="epoch 1 was not written"):
        trained(data, tmp_path / "file" / "deeper")
    with pytest.raises(TypeError, match="checkpoints is a int; a folder"):
        trained(data, 3)


def test_what_is_stored(data, tmp_path):
    trained(data, tmp_path, stop=1)
    content = unpacked(read_whole(tmp_path / "epoch-00001.ckpt"))
    assert {"epoch", "model", "optimizer", "method", "random", "history", "trace"} <= set(content)
    assert content["epoch"] == 1 and {"order", "method", "torch"} <= set(content["random"])


def test_a_setting_called_like_one_of_the_method_must_agree_too(tmp_path):
    """The momentum of SGD and that of a teacher: either may not change unseen."""
    few = as_data(scene_splits(0, (16, 4, 4)))
    kinds = {"picture": "patches", "text": "words"}

    def go(epochs, momentum, of_teacher):
        model = build_classifier(few.train.inputs, 4, encoder=kinds, widths=(8, 8))
        settings = Settings(epochs=epochs, batch_size=8, lr=0.01, momentum=momentum)
        method = alignment.build("align-before-fuse", momentum=of_teacher)
        fit(model, few.train, few.valid, settings, method=method, checkpoints=tmp_path)

    go(2, 0.9, 0.9)
    with pytest.raises(CheckpointError, match=r"training: momentum 0.9 and not 0.5"):
        go(2, 0.5, 0.9)
    with pytest.raises(CheckpointError, match=r"training: the method's momentum 0.9 and not 0.5"):
        go(2, 0.9, 0.5)
    go(2, 0.9, 0.9)
    with pytest.raises(CheckpointError, match="cannot become one of 3: method 'align-before-fuse'"):
        go(3, 0.9, 0.9)  # whose teacher has another share then
