"""Stored networks: what is written is read again, to half precision, and nothing else is taken."""

import re

import numpy as np
import pytest
import torch

from coursekit.data.files import DataFileError, open_checked
from coursekit.data.scenes import scene_splits
from coursekit.lessons.l10_align_before_fuse import stored_networks as module
from coursekit.lessons.l10_align_before_fuse.scene_training import (
    contrast_scores,
    matching_of,
    preference,
)
from coursekit.lessons.l10_align_before_fuse.stored_networks import (
    FILE,
    NETWORKS,
    SEED,
    arrays_of,
    load_weights,
    networks,
    stored_network,
    untrained,
)

HALF = 2.0**-11  # the largest relative error of rounding to half precision


@pytest.fixture(scope="module")
def scenes():
    return scene_splits(SEED, (1, 1, 300))["test"].part(torch.arange(100))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_files_weights_are_the_networks_own(name):
    model = stored_network(name)
    assert not model.training and all(p.dtype == torch.float32 for p in model.parameters())
    with np.load(open_checked(FILE)) as file:
        arrays = arrays_of({name: model})
        own = {key for key in file.files if key.startswith(f"{name}/")}
        assert set(arrays) == own
        assert all(np.array_equal(arrays[key], file[key]) for key in own)
        assert {file[key].dtype for key in own} == {np.dtype("float16")}


@pytest.mark.parametrize("name", NETWORKS)
def test_rounding_to_half_precision_moves_scores_by_little(name, scenes):
    model, rounded = untrained(name), untrained(name)
    drawn = torch.Generator().manual_seed(0)
    weights = {
        key: value * (1 + 0.01 * torch.randn(value.shape, generator=drawn))
        for key, value in stored_network(name).state_dict().items()
    }
    load_weights(model, weights)
    halves = {k.split("/")[1]: torch.from_numpy(a) for k, a in arrays_of({name: model}).items()}
    load_weights(rounded, {key: value.float() for key, value in halves.items()})
    for key, value in weights.items():
        large = value.abs() > 2.0**-14  # smaller ones are rounded to steps of 2⁻²⁴
        assert ((halves[key].float() - value).abs() <= HALF * value.abs())[large].all()
    before, after = (matching_of(m, scenes, scenes.text) for m in (model, rounded))
    assert not torch.equal(before, after)
    torch.testing.assert_close(after, before, atol=0.02, rtol=0)
    if name == "align before fuse":
        before, after = (contrast_scores(m, scenes) for m in (model, rounded))
        torch.testing.assert_close(after, before, atol=2e-3, rtol=0)


@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_read_has_learnt(name, scenes):
    shares = [
        float(preference(model, scenes, "object", "matching").mean())
        for model in (untrained(name), stored_network(name))
    ]
    beyond_chance = 0.5 + 3 * 0.5 / len(scenes) ** 0.5  # three standard errors of a coin
    assert shares[0] < beyond_chance < shares[1]


def test_weights_of_another_network_are_refused_in_a_sentence():
    model = untrained("align before fuse")
    before = {key: value.clone() for key, value in model.state_dict().items()}
    own, other = model.state_dict(), untrained("one stream").state_dict()
    first = next(key for key in own if key not in other or own[key].shape != other[key].shape)
    with pytest.raises(ValueError, match=re.escape(repr(first))):
        load_weights(model, other)
    key = next(iter(own))
    shape = tuple(own[key].shape)
    cases = (
        ({k: v for k, v in own.items() if k != key}, f"nothing for {key!r}; {shape} was expected"),
        ({**own, key: own[key][..., :1]}, f"for {key!r}; {shape} was expected."),
        ({**own, "more": torch.zeros(2)}, "weights has (2,) for 'more'; nothing was expected."),
    )
    for weights, sentence in cases:
        with pytest.raises(ValueError, match=re.escape(sentence)):
            load_weights(model, weights)
    assert all(torch.equal(value, before[k]) for k, value in model.state_dict().items())


def test_another_name_is_refused():
    for function in (untrained, stored_network):
        with pytest.raises(ValueError, match="Did you mean 'align before fuse'"):
            function("align before fuses")


def test_a_missing_file_is_an_error_that_says_what_to_do(tmp_path, monkeypatch):
    checksums = open_checked(FILE).parent / "checksums.json"
    (tmp_path / "checksums.json").write_bytes(checksums.read_bytes())
    monkeypatch.setattr(module, "open_checked", lambda name: open_checked(name, tmp_path))
    with pytest.raises(DataFileError, match=r"scene_networks\.npz is missing.*To restore it"):
        stored_network.__wrapped__("one stream")


def test_the_command_writes_what_is_read(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(module, "trained", untrained)
    out = tmp_path / FILE
    networks(out, jobs=1)
    assert f"2 networks in {out}" in capsys.readouterr().out
    monkeypatch.setattr(module, "open_checked", lambda name: out)
    for name in NETWORKS:
        begun = untrained(name).state_dict()
        for key, value in stored_network.__wrapped__(name).state_dict().items():
            assert torch.equal(value, begun[key].half().float())
