"""The map of a model, of its additive part and of what is left."""

import numpy as np
import pytest

from coursekit.course.plots import new_figure
from coursekit.course.plots.additive_parts import additive_parts


def test_the_map_of_a_sum_leaves_nothing_and_the_words_say_so():
    figure, axes = new_figure(9, 3, columns=3)
    row = np.array([3.0, -1.0, 0.5, -2.5])
    alt = additive_parts(figure, axes, row[:, None] + row[None], ("A", "B"))
    assert "what is left: +0.0, +0.0, +0.0, +0.0" in alt.replace("-0.0", "+0.0")
    drawn = np.asarray(axes[2].images[0].get_array())
    assert np.abs(drawn).max() < 1e-12
    with pytest.raises(ValueError, match=r"grid has shape \(2, 3\)"):
        additive_parts(figure, axes, np.ones((2, 3)), ("A", "B"))


def test_the_rest_of_a_grid_has_its_own_colours():
    figure, axes = new_figure(9, 3, columns=3)
    row = np.array([3.0, -1.0, 0.5, -2.5])
    small = 0.1 * np.outer([1, -1, 1, -1], [1, -1, 1, -1])
    alt = additive_parts(figure, axes, row[:, None] + row[None] + small, ("A", "B"))
    whole, additive, rest = (ax.images[0].get_clim()[1] for ax in axes)
    assert whole == additive > 5 and rest == pytest.approx(0.1, abs=1e-6)
    assert "on the right 0.1" in alt


def test_rising_inputs_stay_in_their_order_and_need_not_be_as_many():
    figure, axes = new_figure(9, 3, columns=3)
    saddle = np.outer([-1.0, 0, 1], [-2.0, -1, 1, 2])
    alt = additive_parts(figure, axes, saddle, ("x", "y"), "score", along="from low to high")
    assert (np.asarray(axes[0].images[0].get_array()) == saddle).all()
    assert np.allclose(axes[2].images[0].get_array(), saddle)  # nothing of a saddle is additive
    assert alt.startswith("Score at 3 × 4 points") and "x, from low to high" in axes[0].get_ylabel()
    with pytest.raises(ValueError, match=r"grid has shape \(3,\)"):
        additive_parts(figure, axes, saddle[:, 0], ("x", "y"))
