"""Modality dropout: how often a sample loses a modality, and what is left of it."""

import pytest
import torch

from coursekit.layers.modality_dropout import masks, without_some


def test_a_sample_loses_one_at_most_and_as_often_as_p_says():
    keep = masks(4000, 3, 0.6, torch.Generator().manual_seed(0))
    lost = 3 - keep.sum(1)
    assert set(lost.tolist()) == {0.0, 1.0}
    assert float(lost.mean()) == pytest.approx(0.6, abs=0.03)
    assert torch.allclose(1 - keep.mean(0), torch.full((3,), 0.2), atol=0.03)


def test_vectors_sequences_and_pictures_of_a_sample_are_lost_whole():
    sizes = {"vector": (3,), "sequence": (5, 3), "picture": (1, 4, 4)}
    parts = {m: torch.rand(40, *size) + 1 for m, size in sizes.items()}
    thinned = without_some(parts, 0.7, torch.Generator().manual_seed(1))
    keep = masks(40, 3, 0.7, torch.Generator().manual_seed(1))
    assert (keep == 0).any(0).all()
    for i, (m, x) in enumerate(parts.items()):
        here = keep[:, i] == 1
        assert torch.equal(thinned[m][here], x[here]) and not thinned[m][~here].any()


def test_of_no_samples_nothing_is_lost_and_nothing_drawn():
    generator = torch.Generator().manual_seed(0)
    before, parts = generator.get_state(), {"A": torch.zeros(0, 3), "B": torch.zeros(0, 2)}
    assert without_some(parts, 0.5, generator) == parts
    assert torch.equal(generator.get_state(), before)


def test_rate_zero_takes_nothing():
    parts = {"A": torch.randn(6, 2), "B": torch.randn(6, 3)}
    assert all(torch.equal(x, parts[m]) for m, x in without_some(parts, 0.0).items())
