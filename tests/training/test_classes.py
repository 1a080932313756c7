"""Labels on one side are told of before the first epoch."""

import pickle
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from research_folders import multibench_parts

from coursekit import balancing
from coursekit.compare import replicas
from coursekit.compare.plan import Plan
from coursekit.compare.run import run
from coursekit.data import load_preset
from coursekit.data.files import DataFileError
from coursekit.data.research import open_data
from coursekit.models import build_classifier
from coursekit.training import Settings, epochs, fit
from coursekit.training.classes import OneSided, require_classes

ONE = Settings(epochs=1, batch_size=16)
BOTH = torch.tensor([0, 1, 0, 1])


@pytest.fixture(scope="module")
def data():
    return load_preset("starve", 1, train=60, valid=40, test=40)


def with_labels(split, labels):
    return replace(split, labels=labels)


def begun(train, valid, method=None):
    """A training that has not had an epoch yet: what `epochs` says at once."""
    model = build_classifier(train.inputs, 6, widths=(4,))
    seen = []
    steps = epochs(model, train, valid, ONE, method=method, watch=seen.append)
    return next(steps), seen


@pytest.mark.parametrize("method", balancing.names())
def test_constant_labels_of_train_are_refused_before_anything_is_done(data, method):
    train = with_labels(data.train, torch.full((60,), 2))
    with pytest.raises(ValueError, match="the labels of train are all 2; two classes or more"):
        begun(train, data.valid, balancing.build(method))


def test_replicas_refuse_them_too(data):
    train = with_labels(data.train, torch.full((60,), 2))
    model = build_classifier(data.train.inputs, 6, widths=(4,))
    with pytest.raises(ValueError, match="the labels of train are all 2"):
        next(replicas.epochs([model], train, data.valid, ONE, seeds=[0]))


@pytest.mark.parametrize("train", [2, 3])
def test_a_class_that_train_lacks_is_told_with_its_rows(data, train):
    known = data.train.labels.clamp_max(train)
    valid = data.valid.labels
    beyond = sorted({int(y) for y in valid if y > train})
    count = int((valid > train).sum())
    words = rf"the classes {', '.join(map(str, beyond))}, which {count} of 40 rows of valid have"
    with pytest.warns(OneSided, match=words):
        rows, _ = begun(with_labels(data.train, known), data.valid)
    assert len(rows) == 2


def test_a_valid_split_of_one_class_is_told(data):
    with pytest.warns(OneSided, match="labels of valid are all 1: its accuracy says nothing"):
        begun(data.train, with_labels(data.valid, torch.ones(40, dtype=torch.int64)))


def test_whole_labels_are_not_spoken_of(data):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("joint", "gblend-offline"):
            begun(data.train, data.valid, balancing.build(name))
        require_classes(BOTH, {"valid": BOTH, "test": BOTH[:1]})


def test_blending_does_not_fit_heads_on_one_class(data):
    labels = torch.zeros(60, dtype=torch.int64)
    labels[:1] = 1
    method = balancing.build("gblend-offline", held=0.95)
    with pytest.raises(ValueError, match=r"held is 0\.95, which leaves 3 rows of 1 class to fit"):
        begun(with_labels(data.train, labels), data.valid, method)


def pickled(folder, labels):
    """A MultiBench pickle of six, three and three rows with such labels."""
    folder.mkdir(exist_ok=True)
    parts, at = multibench_parts(), 0
    for part in parts.values():
        n = len(part["labels"])
        part["labels"] = np.array(labels[at : at + n]).reshape(n, 1)
        at += n
    (folder / "humor.pkl").write_bytes(pickle.dumps(parts))
    return folder


def test_labels_of_humour_stay_as_they_are(tmp_path):
    labels = [0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 0, 1]
    for kind in (int, float):
        root = pickled(tmp_path, [kind(y) for y in labels])
        data = open_data("multibench", root, unpickle="restricted")
        assert data.labels.tolist() == labels and data.classes == ("0", "1")
    signed = open_data("multibench", pickled(tmp_path, [2 * y - 1 for y in labels]),
                       unpickle="restricted")  # fmt: skip
    assert signed.labels.tolist() == labels and signed.classes == ("negative", "not negative")


@pytest.mark.parametrize(("labels", "task"), [
    ([2.0] * 12, "sign"), (list(range(12)), "sign"), ([-1.0] * 12, "seven"), ([4] * 12, "classes"),
])  # fmt: skip
def test_a_file_of_one_class_is_refused(tmp_path, labels, task):
    with pytest.raises(DataFileError, match=f"task='{task}' makes one class; two or more"):
        open_data("multibench", pickled(tmp_path, labels), unpickle="restricted", task=task)


def plan(root):
    return Plan("multibench", root, {"unpickle": "restricted"}, widths=(4,), settings=ONE)


def test_the_command_s_training_tells_of_the_test_split(tmp_path):
    root = pickled(tmp_path / "root", [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1])
    with pytest.warns(OneSided, match="labels of test are all 1"):
        run(plan(root), tmp_path / "out")
    root = pickled(tmp_path / "root", [0] * 6 + [0, 1, 0, 0, 1, 1])
    with pytest.raises(ValueError, match="the labels of train are all 0"):
        run(plan(root), tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_new_class_in_test_is_named(tmp_path):
    root = pickled(tmp_path / "root", [0, 1, 0, 1, 0, 1, 0, 1, 0, 2, 1, 2])
    chosen = replace(plan(root), options={"unpickle": "restricted", "task": "classes"})
    with pytest.warns(OneSided, match="the classes 2, which 2 of 3 rows of test have"):
        run(chosen, tmp_path / "out")


def test_fit_says_the_same(data):
    model = build_classifier(data.train.inputs, 6, widths=(4,))
    train = with_labels(data.train, torch.zeros(60, dtype=torch.int64))
    with pytest.raises(ValueError, match="the labels of train are all 0"):
        fit(model, train, data.valid, ONE)
