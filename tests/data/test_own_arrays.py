"""Your own arrays: what is taken, how it is split, and a sentence for every fault."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch

from coursekit.data import from_arrays

RNG = np.random.default_rng(0)
N = 90
SOUND, IMAGE = RNG.normal(size=(N, 5)), RNG.normal(3, 2, size=(N, 1, 4, 4))
LABELS = RNG.choice(["cat", "dog", "owl"], N)
GROUP = np.arange(N) // 3


def hole(value):
    x = SOUND.copy()
    x[4, 2] = value
    return x


def masked(array):
    return np.ma.masked_array(array, np.arange(N) < 5)


def same_in_train():
    """Two values, the other one only in rows that seed 0 draws for the test."""
    ids = from_arrays({"x": np.arange(N)}, LABELS, scale=False)
    x = np.ones(N)
    x[ids.splits["test"][0]] = 2
    return x


def test_arrays_become_the_courses_data():
    data = from_arrays({"sound": SOUND, "image": IMAGE}, LABELS, group=GROUP, seed=3)
    assert data.classes == ("cat", "dog", "owl")
    assert [data.classes[k] for k in data.labels] == list(LABELS)
    assert data.inputs["image"].shape == (N, 1, 4, 4)
    assert {x.dtype for x in data.inputs.values()} == {torch.float32}
    sizes = {name: len(rows) for name, rows in data.splits.items()}
    assert sizes == {"train": 54, "valid": 18, "test": 18}
    for m in data.modalities:
        assert abs(float(data.train.inputs[m].mean())) < 1e-5
        assert abs(float(data.train.inputs[m].std(correction=0)) - 1) < 1e-5
    straddles = [set(data.split(s).group.tolist()) for s in ("train", "valid", "test")]
    assert not straddles[0] & straddles[1] and not straddles[1] & straddles[2]


def test_it_takes_tensors_numbers_and_one_number_a_row_and_leaves_scale_alone():
    labels = torch.arange(N) % 2
    data = from_arrays({"x": torch.arange(N)}, labels, scale=False, shares=(0.5, 0.25, 0.25))
    assert data.inputs["x"].shape == (N, 1)
    assert data.inputs["x"].flatten().tolist() == list(range(N))
    assert data.classes == ("0", "1")
    assert torch.equal(data.labels, labels)
    assert not data.group.any()
    again = from_arrays({"x": torch.arange(N)}, labels, scale=False, shares=(0.5, 0.25, 0.25))
    assert torch.equal(again.splits["test"], data.splits["test"])
    assert from_arrays({"x": SOUND}, [3.0, 7.0, 3.0] * 30).classes == ("3", "7")


FAULTS = [
    ({}, LABELS, {}, "inputs is empty"),
    (SOUND, LABELS, {}, "inputs is a ndarray"),
    ({"joint": SOUND}, LABELS, {}, "another name was expected"),
    ({"a.b": SOUND}, LABELS, {}, "a name without dots"),
    ({"s": [["a", "b"]] * N}, LABELS, {}, r"inputs\['s'\] holds str"),
    ({"s": SOUND + 1j}, LABELS, {}, "complex128; real numbers"),
    ({"s": np.zeros((0, 3))}, LABELS, {}, "one or more rows"),
    ({"s": SOUND[:-1]}, LABELS, {}, "has 89 rows, labels has 90"),
    ({"s": hole(np.nan)}, LABELS, {}, r"1 in all, the first at \(4, 2\)"),
    ({"s": hole(np.inf)}, LABELS, {}, "NaN or infinite"),
    ({"s": np.ones((N, 2))}, LABELS, {}, "is 1.0 everywhere"),
    ({"s": SOUND}, LABELS[:, None], {}, r"labels has shape \(90, 1\)"),
    ({"s": SOUND}, SOUND[:, 0], {}, "scores are not classified"),
    ({"s": SOUND}, [*LABELS[:-1], None], {}, "beside text"),
    ({"s": SOUND}, np.full(N, np.nan), {}, "labels holds nan"),
    ({"s": SOUND}, np.zeros(N, "datetime64[s]"), {}, "whole numbers or text"),
    ({"s": SOUND}, ["cat"] * N, {}, "labels is cat everywhere"),
    ({"s": SOUND}, ["cat"] * 88 + ["dog"] * 2, {}, r"fewer than 3 rows: 'dog' \(2\)"),
    ({"s": np.vstack([SOUND[:-1], SOUND[:1]])}, LABELS, {}, "rows 0 and 89 that are the same"),
    ({"s": SOUND}, LABELS, {"group": GROUP[:-1]}, r"group has shape \(89,\)"),
    ({"s": SOUND}, LABELS, {"group": SOUND[:, 0]}, "group holds float64"),
    ({"s": SOUND}, LABELS, {"group": [0, 1] * 45}, "group has 2 values; three or more"),
    ({"s": SOUND}, LABELS, {"shares": (0.8, 0.2)}, "three numbers, of train"),
    ({"s": SOUND}, LABELS, {"shares": (0.8, 0.3, 0.1)}, "shares sum to 1.2"),
    ({"s": SOUND}, LABELS, {"shares": (1, 0, 0)}, "leaves valid without rows"),
    ({"s": SOUND}, LABELS, {"shares": "abc"}, "three numbers"),
    ({"s": SOUND}, LABELS, {"scale": "yes"}, "True or False"),
    ({"s": SOUND}, LABELS, {"seed": -1}, "seed is -1"),
    ({"s": [[1, 2], [3]] * 45}, LABELS, {}, r"inputs\['s'\] is a list that cannot be read"),
    ({"s": torch.eye(N).to_sparse()}, LABELS, {}, r"inputs\['s'\] is a Tensor that cannot"),
    ({"s": torch.zeros(N, 2, device="meta")}, LABELS, {}, r"inputs\['s'\] is a Tensor that cannot"),
    ({"s": masked(SOUND[:, 0])}, LABELS, {}, r"inputs\['s'\] has 5 masked values"),
    ({"s": SOUND * 1e300}, LABELS, {}, "32 bits cannot hold"),
    ({"s": hole(1e39)}, LABELS, {"scale": False}, "32 bits cannot hold"),
    ({"s": 1e9 + SOUND}, LABELS, {"scale": False}, "32 bits cannot hold or tell apart"),
    ({"s": same_in_train(), "t": SOUND}, LABELS, {}, "is 1 in all rows of train"),
    ({"s": np.vstack([SOUND[1:] * 0, SOUND[:1]])}, LABELS, {}, "rows 0 and 1 that are the same"),
    ({"s": SOUND}, ["cat", "dog", float("nan")] * 30, {}, r"labels holds \[nan, nan, nan\] beside"),
    ({"s": SOUND}, ["1", 1] * 45, {}, r"labels holds \[1, 1, 1\] beside text"),
    ({"s": SOUND}, [True, 1, 2] * 30, {}, r"labels holds \[True"),
    ({"s": SOUND}, np.array([1, 1e20] * 45), {}, r"labels holds 1e\+20"),
    ({"s": SOUND}, masked(LABELS), {}, "labels has 5 masked values"),
    ({"s": pd.DataFrame(SOUND)[::-1]}, pd.Series(LABELS), {}, "index of labels in another order"),
    ({"s": SOUND}, LABELS, {"group": masked(GROUP)}, "group has 5 masked values"),
    ({"s": SOUND}, LABELS, {"group": ["a", "b", float("nan")] * 30}, r"group holds \[nan"),
    ({"s": SOUND}, LABELS, {"group": [pd.NA, *"abcde" * 17, *"abcd"]}, r"group holds \[<NA>\]"),
    ({"s": SOUND}, LABELS, {"shares": (0.6, 0.2, 0.1999)}, "shares sum to 0.9999; 1 was"),
    ({"s": SOUND}, LABELS, {"seed": 2**63}, "seed is 9223372036854775808"),
    ({"s": SOUND}, LABELS, {"name": None}, "name is a NoneType"),
    ({"s": SOUND}, np.arange(N) // 18, {"group": np.arange(N) // 18}, "train has no row of"),
]


@pytest.mark.parametrize(
    ("inputs", "labels", "options", "sentence"), FAULTS, ids=range(len(FAULTS))
)
def test_every_fault_has_a_sentence(inputs, labels, options, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        from_arrays(inputs, labels, **options)


def test_copies_of_one_group_stay_together():
    twice = np.vstack([SOUND[:45], SOUND[:45]])
    labels, group = np.tile(LABELS[:45], 2), np.tile(np.arange(45), 2)
    data = from_arrays({"s": twice}, labels, group=group)
    for rows in data.splits.values():
        assert 2 * len(set((rows % 45).tolist())) == len(rows)


@pytest.mark.parametrize(
    "labels", [pd.Series(np.arange(N) % 2).astype(object), torch.arange(N).bfloat16() % 2,
               [torch.tensor(i % 2) for i in range(N)], pd.Series([0, 1] * 45).astype("Int64")]
)  # fmt: skip
def test_whole_numbers_are_classes_however_they_are_held(labels):
    assert from_arrays({"s": SOUND}, labels, seed=np.int64(3)).classes == ("0", "1")


def test_other_forms_of_numbers_are_taken_as_they_are():
    data = from_arrays({"far": 1e9 + SOUND, "short": torch.tensor(SOUND).bfloat16(),
                        "back": (torch.tensor(SOUND) - 1j).conj().imag + torch.tensor(SOUND)},
                       LABELS)  # fmt: skip
    near = from_arrays({"far": SOUND}, LABELS)
    assert torch.allclose(data.inputs["far"], near.inputs["far"], atol=1e-5)
    assert torch.allclose(data.inputs["short"], near.inputs["far"], atol=0.02)
    assert torch.allclose(data.inputs["back"], near.inputs["far"], atol=1e-5)


def test_the_callers_arrays_and_random_state_stay_their_own():
    sound = SOUND.astype(np.float32)
    sound.setflags(write=False)
    image = torch.tensor(IMAGE, dtype=torch.float32, requires_grad=True)
    state, before = torch.get_rng_state(), image.detach().clone()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = from_arrays({"s": sound, "i": image}, LABELS, scale=False)
    for x in data.inputs.values():
        assert not x.requires_grad
        x.zero_()
    assert np.array_equal(sound, SOUND.astype(np.float32))
    assert torch.equal(image, before)
    assert torch.equal(torch.get_rng_state(), state)
