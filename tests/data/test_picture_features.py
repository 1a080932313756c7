"""Features of pictures made by hand, and their principal components."""

import numpy as np
import pytest
import torch

from coursekit.data.emoji import open_emoji
from coursekit.data.picture_features import picture_features, principal_components

EDGES, COLOURS, HISTOGRAM, MASK = (
    slice(0, 128),
    slice(128, 176),
    slice(176, 240),
    slice(240, 304),
)


def white(count=1):
    return torch.full((count, 3, 32, 32), 255, dtype=torch.uint8)


def test_a_white_picture_has_no_edge_nothing_drawn_and_one_colour():
    features = picture_features(white())[0]
    assert features.shape == (304,) and features.dtype == torch.float32
    assert features[EDGES].abs().sum() == 0 and features[MASK].abs().sum() == 0
    assert torch.equal(features[COLOURS], torch.ones(48))
    assert features[HISTOGRAM].tolist() == [0.0] * 63 + [1.0]


def test_upright_and_level_edges_stand_in_other_directions():
    upright, level = white(), white()
    upright[..., 16:] = 0
    level[..., 16:, :] = 0
    by_direction = [
        picture_features(picture)[0, EDGES].view(8, 16).sum(1) for picture in (upright, level)
    ]
    assert by_direction[0].nonzero().flatten().tolist() == [0]
    assert by_direction[1].nonzero().flatten().tolist() == [4]


def test_dark_on_light_has_the_edges_of_light_on_dark():
    one = white()
    one[..., 8:24, 8:24] = 0
    torch.testing.assert_close(
        picture_features(one)[:, EDGES], picture_features(255 - one)[:, EDGES]
    )


def test_colours_and_mask_tell_where_and_what():
    picture = white()
    picture[0, 1:, :8, 24:] = 0  # red, upper right
    features = picture_features(picture)[0]
    colours = features[COLOURS].view(3, 4, 4)
    assert colours[0].min() == 1 and colours[1, 0, 3] == 0 and colours[1:].sum() == 30
    assert features[HISTOGRAM][48] == 1 / 16 and features[HISTOGRAM][63] == 15 / 16
    mask = features[MASK].view(8, 8)
    assert torch.equal(mask[:2, 6:], torch.ones(2, 2)) and mask.sum() == 4


def test_each_picture_is_for_itself_and_sizes_may_differ():
    pictures = open_emoji().pictures[:6]
    rows = torch.cat([picture_features(one[None]) for one in pictures])
    torch.testing.assert_close(picture_features(pictures), rows)
    large = pictures.repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(picture_features(large)[:, 128:], rows[:, 128:])


def test_components_are_uncorrelated_on_training_rows_and_by_size():
    every = picture_features(open_emoji().pictures[:300])
    train, test = principal_components(every[:200], every[200:], 20)
    assert train.shape == (200, 20) and test.shape == (100, 20)
    covariance = np.cov(train.double().numpy().T)
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-4)
    assert (np.diff(np.diag(covariance)) <= 0).all()
    assert train.mean(0).abs().max() < 1e-5


def test_nothing_of_the_others_is_learnt():
    every = picture_features(open_emoji().pictures[:80])
    train, test = principal_components(every[:50], every[50:], 10)
    again, scaled = principal_components(every[:50], 3 * every[50:60] + 7, 10)
    assert torch.equal(train, again) and not torch.equal(test[:10], scaled)


def test_what_never_changes_in_training_counts_nothing():
    train, others = torch.randn(12, 3), torch.randn(4, 3)
    train[:, 1] = 5.0
    moved = others.clone()
    moved[:, 1] += 100
    one, other = (principal_components(train, rows, 2)[1] for rows in (others, moved))
    assert torch.equal(one, other)


def test_two_rows_have_one_direction():
    train, others = principal_components(torch.randn(2, 5), torch.randn(3, 5), 1)
    assert train.shape == (2, 1) and others.shape == (3, 1) and bool(others.isfinite().all())
    with pytest.raises(ValueError, match="train has one row"):
        principal_components(torch.randn(1, 5), torch.randn(3, 5), 1)


def test_components_of_rows_that_want_a_gradient_and_of_rows_all_alike():
    train = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    first, _ = principal_components(train.clone().requires_grad_(), train, 2)
    assert torch.equal(first, principal_components(train, train, 2)[0])
    with pytest.raises(ValueError, match="train has rows that are all alike"):
        principal_components(torch.ones(3, 4), train, 2)
