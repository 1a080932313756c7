"""The exercises' softmax against SciPy's, along an axis and over everything."""

import numpy as np
import pytest
from scipy.special import softmax as published

from coursekit.course.exercises.softmax import softmax


@pytest.mark.parametrize("axis", [-1, 0, None])
def test_shares_are_those_of_scipy(axis):
    scores = np.random.default_rng(0).normal(0, 3, (4, 5))
    shares = softmax(scores, axis)
    assert shares == pytest.approx(published(scores, axis=axis), abs=1e-15)
    assert shares.sum(axis=axis) == pytest.approx(np.ones(np.shape(shares.sum(axis=axis))))


def test_large_scores_are_no_trouble():
    assert softmax(np.array([1e4, 1e4, -1e4])).tolist() == [0.5, 0.5, 0.0]
