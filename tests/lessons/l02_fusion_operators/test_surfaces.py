"""Surfaces: targets, the fit, its additive part, and what operators can and cannot express."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit import fusion
from coursekit.analysis.emap import project
from coursekit.course.plots.display import png
from coursekit.course.widgets import EXPLORERS
from coursekit.lessons.l02_fusion_operators.explorer_view import Fitted, SurfaceView, surface_table
from coursekit.lessons.l02_fusion_operators.surfaces import (
    SHAPES,
    SIDE,
    TARGETS,
    Surface,
    Target,
    additive_part,
    build_model,
    grid,
    learn,
    learn_stepwise,
    share,
)

QUICK = {"count": 3}
SURFACES = st.integers(2, 9).flatmap(
    lambda n: st.integers(0, 10_000).map(
        lambda seed: np.random.default_rng(seed).normal(size=(n, n))
    )
)


@settings(max_examples=40)
@given(SURFACES)
def test_the_additive_part_is_the_double_loop_and_the_packages_projection(surface):
    n = len(surface)
    by_hand = np.zeros_like(surface)
    for i in range(n):
        for j in range(n):
            row = sum(surface[i, k] for k in range(n)) / n
            column = sum(surface[k, j] for k in range(n)) / n
            by_hand[i, j] = row + column - surface.sum() / n**2
    part = additive_part(surface)
    assert np.abs(part - by_hand).max() < 1e-12
    package = project(torch.tensor(surface)[:, :, None])[:, 0].numpy()
    assert np.abs(part.diagonal() - package).max() < 1e-12
    assert np.abs(additive_part(part) - part).max() < 1e-12  # a projection
    rest = surface - part
    assert np.abs(rest.mean(0)).max() < 1e-12 and np.abs(rest.mean(1)).max() < 1e-12


@settings(max_examples=25)
@given(SURFACES)
def test_the_additive_part_is_nearer_than_any_other_sum(surface):
    n = len(surface)
    design = np.hstack([np.kron(np.eye(n), np.ones((n, 1))), np.kron(np.ones((n, 1)), np.eye(n))])
    fitted = design @ np.linalg.lstsq(design, surface.ravel(), rcond=None)[0]
    assert np.abs(fitted.reshape(n, n) - additive_part(surface)).max() < 1e-10


def test_the_two_shares_of_variance_sum_to_one():
    surface = np.random.default_rng(0).normal(size=(7, 7))
    perfect = Surface(surface, surface)
    assert perfect.interaction + share(perfect.additive, surface) == pytest.approx(1)
    assert perfect.r2 == 1


def test_targets_are_what_they_are_called():
    a, b = grid(21)
    values = {name: target(a, b).numpy() for name, target in TARGETS.items()}
    assert np.allclose(values["sum"], (a + b).numpy())
    assert np.allclose(values["product"], (a * b).numpy())
    inner = (a.abs() > 0.25).numpy() & (b.abs() > 0.25).numpy()
    assert np.abs(values["signs"] - np.sign((a * b).numpy()))[inner].max() < 0.1
    assert np.abs(values["switch"] - np.where(a > 0, b, 0))[(a.abs() > 0.25).numpy()].max() < 0.05
    interaction = {n: Surface(v, v).interaction for n, v in values.items()}
    assert interaction["sum"] < 1e-10 < 0.3 < interaction["switch"] < 0.6
    assert interaction["product"] > 1 - 1e-10 and interaction["signs"] > 1 - 1e-10


def test_rows_are_the_first_modality():
    a, b = grid(5)
    assert a[:, 0].tolist() == b[0].tolist() == [-1, -0.5, 0, 0.5, 1]
    assert (a[1] == -0.5).all()


@pytest.mark.parametrize("encoder", ["mlp", "none"])
@pytest.mark.parametrize("name", fusion.names())
def test_every_operator_trains_on_a_surface(name, encoder):
    surface = learn(name, TARGETS["switch"], encoder=encoder, **QUICK)
    assert surface.learnt.shape == surface.target.shape == (SIDE, SIDE)
    assert np.isfinite(surface.learnt).all()


def test_the_same_seed_gives_the_same_surface_and_another_one_another():
    first, again, other = (learn("mid-mlp", TARGETS["product"], seed=s, **QUICK) for s in (3, 3, 4))
    assert np.array_equal(first.learnt, again.learnt)
    assert not np.array_equal(first.learnt, other.learnt)


def test_threads_do_not_change_a_surface():
    before = torch.get_num_threads()
    try:
        surfaces = []
        for count in (1, 2):
            torch.set_num_threads(count)
            surfaces.append(learn("tensor", TARGETS["signs"], **QUICK).learnt)
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(before)
    assert np.array_equal(*surfaces)


def test_without_encoders_the_formulas_show():
    """The best fit of each formula, solved by least squares on the grid, is what training finds."""
    a, b = (x.double().numpy().ravel() for x in grid(SIDE))
    ones = np.ones_like(a)
    designs = {
        "late-linear": [ones, a, b],
        "multiplicative": [ones, a * b],
        "bilinear": [ones, a * b],
        "tensor": [ones, a, b, a * b],
        "film": [ones, a, b, a * b],
    }
    for name, columns in designs.items():
        design = np.stack(columns, 1)
        for target in TARGETS.values():
            surface = learn(name, target, encoder="none", rate=0.05)
            y = surface.target.ravel()
            fitted = (design @ np.linalg.lstsq(design, y, rcond=None)[0]).reshape(SIDE, SIDE)
            assert surface.r2 == pytest.approx(Surface(surface.target, fitted).r2, abs=0.02), name


@pytest.mark.parametrize("name", ["additive", "late-linear"])
def test_no_encoder_helps_an_additive_operator(name):
    for target, most in (("product", 0.01), ("signs", 0.01), ("switch", 0.56)):
        surface = learn(name, TARGETS[target])
        assert surface.r2 < most
        residual = surface.learnt - additive_part(surface.learnt)
        assert np.abs(residual).max() < 1e-5


def test_a_target_that_does_not_vary_has_no_r2():
    surface = learn("tensor", Target(0, 0, 0), **QUICK)
    assert np.isnan(surface.r2) and np.isfinite(surface.learnt).all()
    view = SurfaceView()
    data = Fitted("tensor", "0", surface, 3)
    view.update(data)
    assert "undefined" in view.describe(data)


def test_a_training_can_be_abandoned():
    work = learn_stepwise("mid-mlp", TARGETS["product"], count=30)
    assert next(work) is None
    work.close()


def test_the_seed_fixes_every_weight():
    for name in fusion.names():
        for encoder in ("mlp", "none"):
            first, again = (build_model(name, encoder, seed=5).state_dict() for _ in range(2))
            assert all(torch.equal(first[k], again[k]) for k in first), name


# Pictures and the explorer


def test_the_table_of_surfaces_names_everything():
    operators = ("film", "tensor")
    surfaces = {n: {t: learn(n, TARGETS[t], **QUICK) for t in TARGETS} for n in operators}
    figure, alt = surface_table(surfaces)
    titles = [ax.get_title("center") for ax in figure.axes]
    assert titles[0] == "target" and "film" in titles[1] and "tensor" in titles[2]
    assert sum("R²" in title for title in titles) == 2 * len(TARGETS)
    for name, rows in surfaces.items():
        assert f"{name}: " in alt
        assert all(f"{rows[t].r2:.2f}".replace("-0.00", "0.00") in alt for t in TARGETS)
    assert png(figure)


def test_every_knob_of_the_explorer_changes_the_picture():
    explorer = EXPLORERS["surface"]()
    first = explorer.picture
    for change in (
        {"operator": "tensor"},
        {"encoder": "none"},
        {"shape": "signs"},
        {"w_a": -1.0},
        {"w_b": -1.0},
        {"w_ab": -1.0},
        {"count": 20},
        {"rate": "0.002"},
        {"seed": 3},
    ):
        assert explorer.render(**change) != first, change
    assert set(explorer.controls["operator"].options) == set(fusion.names())
    assert set(explorer.controls["shape"].options) == set(SHAPES)


def test_the_explorer_says_what_it_shows():
    explorer = EXPLORERS["surface"]()
    explorer.preset("product, nothing to multiply with")
    assert "multiplicative" in explorer.alt and "1.0 [x_A·x_B]" in explorer.alt
    assert "R² 1.00" in explorer.alt
    table = explorer.table().set_index("panel")
    assert table.loc["its residual", "variance"] > 0.9 * table.loc["learnt", "variance"]
    explorer.set(w_a=1.0, w_b=1.0, w_ab=0.0)
    assert explorer.data.surface.r2 < 0.1


def test_variances_in_the_table_add_up():
    table = EXPLORERS["surface"]().table().set_index("panel")["variance"]
    parts = table["its additive projection"] + table["its residual"]
    assert parts == pytest.approx(table["learnt"])


@pytest.mark.parametrize("part", ["target", "learnt"])
def test_pictures_show_the_values_they_are_given(part):
    surface = np.fromfunction(lambda i, j: (i - 20) / 20 + 0 * j, (SIDE, SIDE))
    zero = np.zeros((SIDE, SIDE))
    data = Surface(surface, zero) if part == "target" else Surface(surface, surface)
    view = SurfaceView()
    view.update(Fitted("tensor", "x_A", data, 1))
    shown = view._pictures[1].get_array()
    assert np.array_equal(shown, (zero if part == "target" else surface).T)
    assert view._pictures[0].get_array()[0, -1] == 1  # x_A = 1 stands on the right
