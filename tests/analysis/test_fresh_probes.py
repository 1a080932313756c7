"""New readers of frozen features, and what answers give away."""

import pytest
import torch

from coursekit.analysis.fresh_probes import answer_leakage, flipped, fresh_probes

GENERATOR = torch.Generator().manual_seed(0)
CORNERS = torch.randn(400, 2, generator=GENERATOR)
ATTRIBUTE = ((CORNERS[:, 0] > 0) ^ (CORNERS[:, 1] > 0)).long()


def test_a_hidden_layer_reads_what_a_line_cannot():
    read = fresh_probes(CORNERS[:300], ATTRIBUTE[:300], CORNERS[300:], ATTRIBUTE[300:], (0, 16))
    assert read[0] < 0.65 and read[16] > 0.85
    again = fresh_probes(CORNERS[:300], ATTRIBUTE[:300], CORNERS[300:], ATTRIBUTE[300:], (16,))
    assert again[16] == read[16]


def test_flipped_labels_are_as_often_right_as_asked():
    labels = torch.arange(200) % 5
    for accuracy in (0.0, 0.37, 1.0):
        changed = flipped(labels, accuracy, 5, seed=1)
        assert (changed == labels).double().mean() == accuracy
        assert changed.min() >= 0 and changed.max() < 5


def test_answers_that_follow_the_attribute_leak_and_right_ones_do_not():
    labels = torch.arange(400) // 2 % 4
    attribute = torch.randint(0, 2, (400,), generator=GENERATOR)
    leaking = answer_leakage(2 * (labels // 2) + attribute, attribute, labels, 4)
    assert leaking["model"] > 0.95 and leaking["leakage"] > 0.3
    assert answer_leakage(labels, attribute, labels, 4)["leakage"] == 0


def test_features_that_want_a_gradient_are_read_all_the_same():
    parts = CORNERS[:300], ATTRIBUTE[:300], CORNERS[300:], ATTRIBUTE[300:]
    leaves = [x.clone().requires_grad_() if x.is_floating_point() else x for x in parts]
    assert fresh_probes(*leaves, (0, 4)) == fresh_probes(*parts, (0, 4))


def test_a_seed_that_scikit_learn_does_not_take_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="seed is 4294967296; a whole number, 0 to 4294967295"):
        fresh_probes(CORNERS, ATTRIBUTE, CORNERS, ATTRIBUTE, (4,), seed=2**32)
