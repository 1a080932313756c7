"""Lesson 15's own pieces: TODO(author): what is tested here, once there is more than a die."""

import random
from collections import Counter

import pytest

from coursekit.course.widgets import EXPLORERS
from coursekit.lessons.l15_evaluation.explorer import throw
from coursekit.lessons.l15_evaluation.explorer_view import FACES


@pytest.mark.parametrize("n", [1, 7, 200])
def test_shares_are_those_of_some_throws(n):
    shares = throw(n, seed=3)
    counts = [share * n for share in shares]
    assert shares.shape == (FACES,) and sum(counts) == pytest.approx(n)
    assert all(count == pytest.approx(round(count)) for count in counts)


def test_many_throws_are_as_even_as_those_of_another_die():
    n, rng = 60_000, random.Random(0)
    other = Counter(rng.randrange(FACES) for _ in range(n))
    expected = [other[face] / n for face in range(FACES)]
    assert throw(n, seed=0).tolist() == pytest.approx(expected, abs=0.01)


def test_the_text_and_the_table_say_what_was_thrown():
    explorer = EXPLORERS["dice15"]()
    explorer.set(n=12, seed=5)
    shares = throw(12, seed=5)
    assert explorer.table()["share"].tolist() == shares.tolist()
    assert f"face 6 {shares[5]:.4f}" in explorer.alt
