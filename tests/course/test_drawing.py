"""Cases that are drawn anew until what they are there to refuse is refused."""

import numpy as np
import pytest

from coursekit.course.exercises import Misconception, drawing
from coursekit.course.exercises.drawing import until_refused, until_told_apart


def coins(rng):
    return [(bool(rng.random() < 0.5), bool(rng.random() < 0.5)) for _ in range(3)]


@pytest.mark.parametrize("seed", range(20))
def test_every_rival_is_refused_in_every_draw(seed):
    rivals = (lambda a, b: a, lambda a, b: b, lambda a, b: True, lambda a, b: 1 / 0)
    cases = until_refused(coins, np.random.default_rng(seed), lambda a, b: a and b, rivals)
    for rival in rivals[:3]:
        assert any(rival(a, b) != (a and b) for a, b in cases)


def test_a_rival_changes_no_case_and_comes_within_the_tolerance():
    def rude(x):
        x[:] = 0
        return 1.0

    cases = until_refused(lambda rng: [([1.0, 2.0],)], np.random.default_rng(0), sum, [rude])
    assert cases == [([1.0, 2.0],)]
    draw = [lambda rng: [(rng.uniform(1, 2),)]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "DRAWS", 30)
        with pytest.raises(ValueError, match="no draw refuses in 30 tries"):
            until_refused(draw[0], np.random.default_rng(0), float, [lambda x: x * 1.0001])


@pytest.mark.parametrize("seed", range(20))
def test_misconceptions_with_other_hints_never_answer_alike(seed):
    both = (
        Misconception("first", lambda a, b: a, "The second one too."),
        Misconception("either", lambda a, b: a or b, "Both of them."),
        Misconception("same", lambda a, b: a, "The second one too."),
    )
    cases = until_told_apart(coins, np.random.default_rng(seed), lambda: both)
    assert any(a != (a or b) for a, b in cases)


def test_misconceptions_that_are_the_same_cannot_be_told_apart(monkeypatch):
    monkeypatch.setattr(drawing, "DRAWS", 30)
    twins = [Misconception(n, lambda a, b: a, n) for n in ("one", "two")]
    with pytest.raises(ValueError, match="no draw tells apart in 30 tries"):
        until_told_apart(coins, np.random.default_rng(0), lambda: twins)
