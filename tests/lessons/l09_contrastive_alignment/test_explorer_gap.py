"""The gap explorer: the heights at which its loss is least, and a picture that shows its state."""

import io

import pytest
from matplotlib import pyplot as plt

from coursekit.course.widgets import EXPLORERS
from coursekit.lessons.l09_contrastive_alignment.explorer_gap_view import TOPS, Gap, GapView, top_of
from coursekit.lessons.l09_contrastive_alignment.nine_points import (
    EXCHANGED,
    best_height,
    nine_points,
)


@pytest.mark.parametrize("inverse_temperature", [1, 14, 50, 100])
def test_with_right_pairs_a_gap_never_pays(inverse_temperature):
    assert best_height(inverse_temperature) == 0
    data = Gap(0.5, inverse_temperature, exchanged=False)
    assert data.best == 0 and "the loss is least with no gap" in GapView().describe(data)


@pytest.mark.parametrize(("inverse_temperature", "height"), [(20, 0), (30, 0.43), (50, 0.72)])
def test_with_a_wrong_pair_it_pays_in_the_cold(inverse_temperature, height):
    assert Gap(0.1, inverse_temperature, exchanged=True).best == pytest.approx(height, abs=0.011)


def test_two_partners_are_exchanged_and_no_one_else():
    (pictures, right), (_, wrong) = nine_points(0.3), nine_points(0.3, exchanged=True)
    moved = (right != wrong).any(1).nonzero()[:, 0].tolist()
    assert moved == list(EXCHANGED)
    assert wrong[EXCHANGED[0]].tolist() == right[EXCHANGED[1]].tolist()
    for points in (pictures, right, wrong):
        assert points.norm(dim=1).tolist() == pytest.approx([1] * 9)


@pytest.mark.parametrize("exchanged", [False, True])
def test_what_is_shown_is_within_the_axes_at_every_setting(exchanged):
    view = GapView()
    for inverse_temperature in (1, 7, 14, 35, 100):
        for height in (0.0, 0.5, 0.9, 0.95, 0.98):
            data = Gap(height, inverse_temperature, exchanged)
            view.update(data)
            low, high = view._axes.get_ylim()
            assert low <= data.loss < high and low <= data.losses.min() < high
            assert view._here.get_ydata()[0] == data.loss


def test_the_axis_of_the_loss_takes_few_ends():
    tops = [top_of(Gap(0.5, t, exchanged=False)) for t in range(1, 101, 3)]
    assert len(set(tops)) < len(tops) / 3 and set(tops) <= set(TOPS.tolist())


def test_the_sphere_has_no_ticks():
    e = EXPLORERS["gap"]()
    for height in (0.5, 0.2):  # drawn anew, and on top of what was kept
        e.set(height=height)
        pixels = plt.imread(io.BytesIO(e.picture))[..., :3]
        rows, columns = pixels.shape[:2]
        beside = pixels[rows // 4 :, : columns // 18]  # where numbers would stand
        assert (beside == 1).all() and (pixels[rows // 4 :, : columns // 2] < 1).any()
