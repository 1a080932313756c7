"""EMAP: the projection against published numbers, plain loops and its own properties."""

import itertools
import json
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from coursekit.emap import project

VECTORS = json.loads((Path(__file__).parent / "vectors/emap.json").read_text())
SIZES = st.tuples(
    st.integers(2, 4),  # M
    st.integers(1, 5),  # N
    st.integers(1, 3),  # C
    st.integers(0, 10_000),  # seed
)


def random_grid(modalities: int, n: int, classes: int, seed: int) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn((n,) * modalities + (classes,), generator=rng, dtype=torch.float64)


def looped(grid: Tensor) -> Tensor:
    """The projection as plain loops over every combination, one number at a time."""
    n, modalities, classes = grid.shape[0], grid.ndim - 1, grid.shape[-1]
    out = torch.zeros(n, classes, dtype=torch.float64)
    cells = list(itertools.product(range(n), repeat=modalities))
    for c in range(classes):
        overall = sum(float(grid[(*cell, c)]) for cell in cells) / len(cells)
        for i in range(n):
            for m in range(modalities):
                row = [float(grid[(*cell, c)]) for cell in cells if cell[m] == i]
                out[i, c] += sum(row) / len(row)
            out[i, c] -= (modalities - 1) * overall
    return out


def additive_grid(terms: list[Tensor]) -> Tensor:
    """f(i, j, …) = Σ_m terms[m][index of m], from (N, C) terms."""
    modalities, (n, classes) = len(terms), terms[0].shape
    grid = torch.zeros((n,) * modalities + (classes,), dtype=torch.float64)
    for m, term in enumerate(terms):
        grid = grid + term.reshape((1,) * m + (n,) + (1,) * (modalities - 1 - m) + (classes,))
    return grid


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_the_authors_own_code_gives_the_same(case: dict) -> None:
    grid = torch.tensor(case["logits_grid"], dtype=torch.float64)
    expected = torch.tensor(case["projected"], dtype=torch.float64)
    torch.testing.assert_close(project(grid), expected, rtol=0, atol=1e-12)


@given(SIZES)
def test_plain_loops_give_the_same(size: tuple[int, int, int, int]) -> None:
    grid = random_grid(*size)
    torch.testing.assert_close(project(grid), looped(grid), rtol=0, atol=1e-12)


@given(SIZES)
def test_an_additive_grid_is_its_own_projection(size: tuple[int, int, int, int]) -> None:
    modalities, n, classes, seed = size
    terms = [random_grid(1, n, classes, seed + m) for m in range(modalities)]
    torch.testing.assert_close(
        project(additive_grid(terms)), torch.stack(terms).sum(dim=0), rtol=0, atol=1e-12
    )


@given(SIZES)
def test_projecting_the_projection_changes_nothing(size: tuple[int, int, int, int]) -> None:
    """The additive function is rebuilt on the whole grid, projected again, and must stay."""
    grid = random_grid(*size)
    axes = range(grid.ndim - 1)
    alone = [grid.mean(dim=[a for a in axes if a != m]) for m in axes]
    alone[0] = alone[0] - (len(alone) - 1) * grid.mean(dim=list(axes))
    torch.testing.assert_close(project(additive_grid(alone)), project(grid), rtol=0, atol=1e-12)


@given(SIZES, st.floats(-3, 3))
def test_the_projection_is_linear(size: tuple[int, int, int, int], scale: float) -> None:
    modalities, n, classes, seed = size
    f, g = random_grid(*size), random_grid(modalities, n, classes, seed + 1)
    torch.testing.assert_close(
        project(f + scale * g), project(f) + scale * project(g), rtol=0, atol=1e-11
    )


@given(SIZES)
def test_the_order_of_samples_and_modalities_does_not_matter(
    size: tuple[int, int, int, int],
) -> None:
    grid = random_grid(*size)
    modalities, n, _, seed = size
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    shuffled = grid
    for axis in range(modalities):
        shuffled = shuffled.index_select(axis, order)
    torch.testing.assert_close(project(shuffled), project(grid)[order], rtol=0, atol=1e-12)
    swapped = grid.transpose(0, modalities - 1)
    torch.testing.assert_close(project(swapped), project(grid), rtol=0, atol=1e-12)


@pytest.mark.parametrize("modalities", [2, 3, 4])
def test_a_pure_interaction_projects_to_zero(modalities: int) -> None:
    sign = torch.tensor([[1.0], [-1.0]], dtype=torch.float64)
    grid = sign
    for _ in range(modalities - 1):
        grid = grid.unsqueeze(-2) * sign
    assert grid.shape == (2,) * modalities + (1,)
    torch.testing.assert_close(project(grid), torch.zeros(2, 1, dtype=torch.float64))


def test_float32_stays_float32() -> None:
    assert project(torch.ones(2, 2, 1)).dtype == torch.float32
