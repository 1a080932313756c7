"""A training, a sweep or a benchmark goes on with the data it was begun with, and no others."""

import json
import pickle
import shutil
import warnings
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
import torch
from research_folders import make_cremad, multibench_parts
from typer.testing import CliRunner

from coursekit.__main__ import app
from coursekit.compare import protocol
from coursekit.compare.plan import Plan
from coursekit.compare.run import run
from coursekit.compare.sweep import compare
from coursekit.data import load_preset
from coursekit.data.lazy_split import LazySplit
from coursekit.data.multimodal import Split
from coursekit.data.research import Sound
from coursekit.models import build_classifier
from coursekit.training import Settings, epochs
from coursekit.training.checkpoint import CheckpointError, packed, read_whole, unpacked
from coursekit.training.data_identity import LOOKED_AT, differences, facts_of

TWO, THREE = (Settings(epochs=n, batch_size=32) for n in (2, 3))
TINY = Sound(rate=8000, seconds=0.4, mels=8, window=256, step=512)
CREMAD = {"size": 8, "frames": 2, "sound": TINY}


def of_preset(**changes):
    options = {"train": 64, "valid": 32, "test": 32}
    return replace(Plan("starve", options=options, widths=(8,)), **changes)


def of_digits(**options):
    return Plan("av_digits", options={"n": 50, **options}, widths=(8,))


def of_cremad(root, **options):
    encoder = {"video": "mlp", "audio": "mlp"}
    return Plan("cremad", root, {**CREMAD, **options}, encoder=encoder, widths=(8,))


def of_pickle(root, seed=0, labels=None):
    root.mkdir(exist_ok=True)
    parts = multibench_parts(seed=seed)
    if labels is not None:
        parts["train"]["labels"] = parts["train"]["labels"] * labels
    (root / "mosi.pkl").write_bytes(pickle.dumps(parts))
    return Plan("multibench", root, {"unpickle": "restricted"}, widths=(8,))


def goes_on(before, after, out):
    """Two epochs of one plan, then a third of the other."""
    run(replace(before, settings=TWO), out)
    return run(replace(after, settings=THREE), out)


@pytest.mark.parametrize(("before", "after", "words"), [
    (of_digits(), of_digits(image_noise=3), "image_noise 1 and not 3"),
    (of_digits(), of_digits(stretch=True), "stretch False and not True"),
    (of_digits(), of_digits(fold=1), "fold 0 and not 1"),
    (of_preset(), of_preset(data="imbalance"), "data starve and not imbalance"),
    (of_preset(), of_preset(options={"train": 64, "valid": 32, "test": 64}), "test 32 and not 64"),
])  # fmt: skip
def test_other_data_are_refused_and_told(tmp_path, before, after, words):
    with pytest.raises(CheckpointError, match=f"another training: {words}. Name another folder"):
        goes_on(before, after, tmp_path)


@pytest.mark.parametrize("change", [{"fold": 1}, "standardise"])
def test_so_are_other_folds_and_scales_of_research_data(tmp_path, change):
    make_cremad(tmp_path / "root")
    before = of_cremad(tmp_path / "root")
    if change == "standardise":
        after, words = replace(before, standardise=False), "standardise True and not False"
    else:
        after, words = of_cremad(tmp_path / "root", **change), "fold 0 and not 1"
    assert before.open_data().train.labels.tolist() == after.open_data().train.labels.tolist()
    with pytest.raises(CheckpointError, match=f"another training: {words}. Name"):
        goes_on(before, after, tmp_path / "out")


def test_another_file_in_the_same_place_is_refused(tmp_path):
    root = tmp_path / "root"
    run(replace(of_pickle(root), settings=TWO), tmp_path / "out")
    other = replace(of_pickle(root, seed=1), settings=THREE)
    with pytest.raises(CheckpointError, match=r"the audio of train \(float32.*mean.* and not \("):
        run(other, tmp_path / "out")


def test_the_same_files_in_another_folder_go_on_bit_for_bit(tmp_path):
    make_cremad(tmp_path / "root")
    shutil.copytree(tmp_path / "root", tmp_path / "moved")
    before, after = of_cremad(tmp_path / "root"), of_cremad(tmp_path / "moved", workers=1)
    goes_on(before, after, tmp_path / "out")
    run(replace(before, settings=THREE), tmp_path / "whole")
    one, other = (pd.read_csv(tmp_path / out / "history.csv") for out in ("out", "whole"))
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    weights = [torch.load(tmp_path / out / "model.pt") for out in ("out", "whole")]
    assert all(torch.equal(x, weights[1][k]) for k, x in weights[0].items())


def test_an_option_that_is_what_it_would_be_anyway_makes_no_other_data(tmp_path):
    goes_on(of_digits(), of_digits(image_noise=1, seed=0, fold=0), tmp_path)


# ---- without a plan ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data():
    return load_preset("starve", 1, train=60, valid=40, test=40)


def trained(train, valid, folder, count=2):
    inputs = train.inputs if isinstance(train, Split) else valid.inputs
    model = build_classifier(inputs, 6, widths=(8,))
    settings = Settings(epochs=count, batch_size=32)
    return [r for rows in epochs(model, train, valid, settings, checkpoints=folder) for r in rows]


def with_inputs(split, change):
    return replace(split, inputs={m: change(x) for m, x in split.inputs.items()})


@pytest.mark.parametrize(("change", "part"), [
    (lambda x: x * 1.0001, "train"), (lambda x: x + 0.001, "valid"), (lambda x: x.flip(0), "train"),
    (lambda x: torch.cat([x[:-1], x[-1:] * 1.01]), "valid"),
])  # fmt: skip
def test_other_inputs_of_the_same_shape_are_refused(data, tmp_path, change, part):
    trained(data.train, data.valid, tmp_path)
    splits = {"train": data.train, "valid": data.valid}
    splits[part] = with_inputs(splits[part], change)
    with pytest.raises(CheckpointError, match=f"another training: the A of {part} .*, the B of"):
        trained(**splits, folder=tmp_path, count=3)


def test_rounding_makes_no_other_data(data, tmp_path):
    trained(data.train, data.valid, tmp_path)
    nearly = with_inputs(data.train, lambda x: torch.nextafter(x, x + 1))
    trained(nearly, data.valid, tmp_path, 3)


def test_checkpoints_that_do_not_tell_of_their_inputs_say_so_and_go_on(data, tmp_path):
    whole = trained(data.train, data.valid, tmp_path / "whole", 3)
    trained(data.train, data.valid, tmp_path / "old")
    for path in (tmp_path / "old").iterdir():
        content = unpacked(read_whole(path))
        del content["data"], content["origin"]
        path.write_bytes(packed(content))
    with pytest.warns(UserWarning, match="older and do not tell of what inputs they are"):
        assert trained(data.train, data.valid, tmp_path / "old", 3) == whole


@dataclass
class Rows:
    """Reads from memory; noise: drawn of everybody's generator.  read: which rows were."""

    inputs: dict
    noise: float = 0.0
    drawn: float = 0.0

    def __call__(self, row):
        self.drawn += 1
        noise = self.drawn if self.noise else 0.0
        return {m: x[row] + noise * torch.rand(1) for m, x in self.inputs.items()}


def lazy(split, change=lambda x: x, noise=0.0):
    read = Rows({m: change(x) for m, x in split.inputs.items()}, noise)
    rows = torch.arange(len(split))
    return LazySplit(read, rows, split.labels, split.group, split.modalities)


def test_of_rows_that_are_read_one_by_one_a_few_are_looked_at(data, tmp_path):
    first = lazy(data.train)
    facts_of(first)
    assert first.read.drawn == LOOKED_AT + 1
    trained(lazy(data.train), data.valid, tmp_path)
    trained(lazy(data.train), data.valid, tmp_path, 3)
    with pytest.raises(CheckpointError, match="the A of train"):
        trained(lazy(data.train, lambda x: x + 1), data.valid, tmp_path, 4)
    turned = lazy(data.train)
    turned = replace(turned, rows=turned.rows.flip(0))
    with pytest.raises(CheckpointError, match="the rows of train"):
        trained(turned, data.valid, tmp_path, 4)


def test_looking_at_data_disturbs_no_generator(data):
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    facts = facts_of(lazy(data.train, noise=1.0))
    assert facts["inputs"] == {}  # what is drawn anew at each reading tells nothing
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002
    assert differences("train", facts, facts) == []


# ---- stored rows ---------------------------------------------------------------------------


def test_a_sweep_goes_on_with_the_same_data_only(tmp_path):
    root, out = tmp_path / "root", tmp_path / "out"
    plan = replace(of_pickle(root), settings=Settings(epochs=1))
    rows = compare(plan, [], ["late-linear"], out, seeds=2)
    shutil.copytree(root, tmp_path / "moved")
    moved = replace(plan, root=tmp_path / "moved")
    pd.testing.assert_frame_equal(compare(moved, [], ["late-linear"], out, seeds=2), rows)
    before = (out / "results.csv").read_bytes()
    for other in ({"seed": 1}, {"labels": -1}):
        of_pickle(root, **other)
        with pytest.raises(ValueError, match="The rows of multibench are of other data: the"):
            compare(plan, [], ["late-linear"], out, seeds=2)
    with pytest.raises(ValueError, match="another plan stands: standardise True and not False;"):
        compare(replace(plan, standardise=False), [], ["late-linear"], out, seeds=2)
    assert (out / "results.csv").read_bytes() == before


def test_a_sweep_of_an_older_version_says_that_its_data_are_not_known(tmp_path):
    plan = of_preset(settings=Settings(epochs=1))
    compare(plan, [], ["late-linear"], tmp_path, seeds=2)
    (tmp_path / "data.json").unlink()
    with pytest.warns(UserWarning, match="does not tell of what data the rows of starve are"):
        compare(plan, [], ["late-linear"], tmp_path, seeds=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # now it is noted
        compare(plan, [], ["late-linear"], tmp_path, seeds=2)
    (tmp_path / "data.json").write_text("{")
    with pytest.raises(ValueError, match=r"data\.json cannot be read"):
        compare(plan, [], ["late-linear"], tmp_path, seeds=2)


@pytest.fixture
def nothing_kept():
    """What the benchmark keeps of its data is of others than it is in other tests."""
    kept = (protocol.data_of, protocol.unimodal_answers)
    for function in kept:
        function.cache_clear()
    yield
    for function in kept:
        function.cache_clear()


@pytest.mark.usefixtures("nothing_kept")
def test_so_does_the_benchmark(tmp_path, monkeypatch):
    def small(name):
        drawn = {n: lambda seed: load_preset(name, seed, train=60, valid=40, test=40)
                 for n in ("starve",)}  # fmt: skip
        entries = {n: protocol.DataSet(("A", "B"), d) for n, d in drawn.items()}
        monkeypatch.setattr(protocol, "data_sets", lambda: entries)
        protocol.data_of.cache_clear()

    def bench():
        options = ["--method", "joint", "--rates", "0.1", "--seeds", "2", "--jobs", "1"]
        return CliRunner().invoke(app, ["bench", "methods", *options, "--out", str(out)])

    out = tmp_path / "methods.csv"
    small("starve")
    assert bench().exit_code == 0
    before = out.read_bytes()
    assert list(json.loads((tmp_path / "methods_data.json").read_text())) == ["starve"]
    assert bench().exit_code == 0
    small("imbalance")
    done = bench()
    assert done.exit_code == 2 and "The rows of starve are of other data: the A of" in done.output
    assert out.read_bytes() == before
