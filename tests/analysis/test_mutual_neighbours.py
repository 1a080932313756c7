"""Mutual nearest neighbours against sets counted by hand, and what may not change them."""

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from coursekit.analysis.mutual_neighbours import mutual_neighbours, nearest


def features(seed, n=40, width=6):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed)).double()


def neighbours(x, k):
    """The sets by scikit-learn, which counts the row itself as its first neighbour."""
    rows = NearestNeighbors(n_neighbors=k + 1, metric="cosine").fit(x).kneighbors(x)[1]
    return [set(row[1:]) for row in rows]


@pytest.mark.parametrize("k", [1, 5, 39])
def test_equals_the_overlap_of_sets(k):
    one, other = features(1), features(2, width=3)
    pairs = zip(neighbours(one.numpy(), k), neighbours(other.numpy(), k), strict=True)
    share = np.mean([len(a & b) / k for a, b in pairs])
    assert float(mutual_neighbours(one, other, k)) == pytest.approx(share, abs=1e-12)


def test_the_same_encoder_agrees_with_itself_turned_and_stretched():
    x = features(3)
    turn = torch.linalg.qr(features(4, 6)).Q
    stretched = x @ turn * torch.arange(1, 41)[:, None]
    assert float(mutual_neighbours(x, stretched)) == 1


def test_encoders_that_know_nothing_of_each_other_agree_by_chance():
    shares = [float(mutual_neighbours(features(s, 200), features(s + 50, 200))) for s in range(8)]
    assert np.mean(shares) == pytest.approx(10 / 199, abs=0.01)


def test_a_row_is_no_neighbour_of_itself():
    x = features(5)
    assert torch.equal(nearest(x, 39), 1 - torch.eye(40).double())


def test_ties_count_as_their_expected_value():
    """Encoders that give everything the same features agree by chance, and not in all."""
    one, other = torch.ones(20, 3), torch.ones(20, 5)
    assert float(mutual_neighbours(one, other, 5)) == pytest.approx(5 / 19)
    assert float(mutual_neighbours(one, features(8, 20), 5)) == pytest.approx(5 / 19)
    thrice = torch.tensor([[1.0, 0], [1, 0.1], [1, 0.1], [1, 0.1], [0, 1]])  # three are alike
    share = torch.tensor([0, 1 / 3, 1 / 3, 1 / 3, 0], dtype=torch.float64)
    torch.testing.assert_close(nearest(thrice, 1)[0], share)


def test_refusals_name_what_came():
    x = features(6)
    with pytest.raises(ValueError, match="features has 1 row"):
        nearest(x[:1], 1)
    with pytest.raises(ValueError, match="k is 40"):
        nearest(x, 40)
    with pytest.raises(ValueError, match="second has shape"):
        mutual_neighbours(x, x[1:])
    for name, pair in (("first", (x * 0, x)), ("second", (x, x * 0))):
        with pytest.raises(ValueError, match=f"{name} has a row of zeros"):
            mutual_neighbours(*pair)
