"""EMAP: the projection against plain loops and its own properties."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from coursekit import fusion
from coursekit.analysis.emap import emap, interaction_share, logit_grid, project
from coursekit.analysis.emap_blocks import broadcast_sums, relu_sums
from coursekit.models import MultimodalClassifier, build_classifier

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


# The model, not the grid


def classifier(
    name: str, modalities: int = 2, n: int = 7, encoder: str = "mlp"
) -> tuple[MultimodalClassifier, dict[str, Tensor]]:
    rng = torch.Generator().manual_seed(n)
    inputs = {m: torch.randn(n, 1, 6, 6, generator=rng) for m in "ABC"[:modalities]}
    model = build_classifier(inputs, 3, fusion=name, encoder=encoder, widths=(8, 5), seed=1)
    return model, inputs


@torch.no_grad()
def pair_loop(model: MultimodalClassifier, inputs: dict[str, Tensor]) -> Tensor:
    """The definition: the whole model on every combination, one at a time."""
    n, names = len(next(iter(inputs.values()))), list(inputs)
    grid = None
    for cell in itertools.product(range(n), repeat=len(names)):
        logits = model({m: inputs[m][i : i + 1] for m, i in zip(names, cell, strict=True)}).joint
        if grid is None:
            grid = logits.new_zeros((n,) * len(names) + logits.shape[1:])
        grid[cell] = logits[0]
    assert grid is not None
    return project(grid)


def relative_gap(actual: Tensor, expected: Tensor) -> float:
    return float((actual - expected).abs().max() / expected.abs().max())


@pytest.mark.parametrize(("modalities", "n"), [(2, 5), (3, 3)])
@pytest.mark.parametrize("name", fusion.names())
def test_every_operator_gives_what_the_loop_gives(name: str, modalities: int, n: int) -> None:
    model, inputs = classifier(name, modalities, n)
    model.eval()
    assert relative_gap(emap(model, inputs, block=5), pair_loop(model, inputs)) < 1e-5
    wide = {m: x.double() for m, x in inputs.items()}
    assert relative_gap(emap(model.double(), inputs, block=5), pair_loop(model, wide)) < 1e-10


@pytest.mark.parametrize("encoder", ["mlp", "cnn"])
@pytest.mark.parametrize("block", [1, 3, 49, 10_000])
def test_the_size_of_the_blocks_does_not_matter(block: int, encoder: str) -> None:
    for name in ("mid-mlp", "non-local"):
        model, inputs = classifier(name, encoder=encoder)
        assert relative_gap(emap(model, inputs, block=block), emap(model, inputs)) < 1e-6


def test_the_features_are_read_in_chunks_without_a_seam() -> None:
    model, inputs = classifier("mid-mlp", n=300)
    whole = project(logit_grid(lambda x: model(x).joint.detach(), inputs))
    assert relative_gap(emap(model, inputs), whole) < 1e-5


class Counting(nn.Module):
    """An encoder that counts the rows it has read."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.out_features, self.rows = inner, inner.out_features, 0

    def forward(self, x: Tensor) -> Tensor:
        self.rows += len(x)
        return self.inner(x)


@pytest.mark.parametrize("name", ["late-linear", "mid-mlp", "non-local"])
def test_every_input_is_encoded_once(name: str) -> None:
    model, inputs = classifier(name)
    for m in inputs:
        model.encoders[m] = Counting(model.encoders[m])
    emap(model, inputs)
    assert [e.rows for e in model.encoders.values()] == [7, 7]


@pytest.mark.parametrize("activation", [torch.relu, torch.tanh])
def test_another_activation_is_added_up_in_blocks(activation) -> None:
    model, inputs = classifier("mid-mlp", 3, 4)
    split = model.fusion.split
    model.fusion.split = lambda features: type(split(features))(
        split(features).parts, activation, split(features).readout
    )

    def by_hand(features):
        head = split(features)
        return head.readout(activation(torch.stack(head.parts).sum(dim=0)))

    model.fusion.forward = by_hand
    model.double().eval()
    wide = {m: x.double() for m, x in inputs.items()}
    assert relative_gap(emap(model, wide, block=9), pair_loop(model, wide)) < 1e-10


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3), st.integers(0, 10_000))
def test_sorting_gives_what_the_pairs_give(b: int, n: int, units: int, seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    # Whole numbers: many ties, and sums that are exactly zero.
    p, q = (torch.randint(-3, 4, (rows, units), generator=rng).double() for rows in (b, n))
    for actual, expected in zip(relu_sums(p, q), broadcast_sums(p, q, torch.relu), strict=True):
        torch.testing.assert_close(actual, expected, rtol=0, atol=1e-12)


def test_any_function_of_the_inputs_will_do() -> None:
    inputs = {m: torch.randn(5, 2, dtype=torch.float64) for m in "AB"}
    product = lambda x: x["A"] * x["B"]  # noqa: E731
    grid = inputs["A"][:, None] * inputs["B"][None]
    torch.testing.assert_close(emap(product, inputs, block=4), project(grid))
    torch.testing.assert_close(logit_grid(product, inputs, block=4), grid)
    model, inputs = classifier("mid-mlp")
    assert relative_gap(emap(model.forward, inputs), emap(model, inputs)) < 1e-5


def test_an_additive_head_is_its_own_projection() -> None:
    for name in ("late-linear", "additive"):
        model, inputs = classifier(name)
        assert relative_gap(emap(model, inputs), model(inputs).joint.detach()) < 1e-6


def test_the_model_is_left_as_it_was() -> None:
    model, inputs = classifier("mid-mlp")
    model.train()
    model.encoders["A"].eval()  # somebody froze this one
    before = {m: m.training for m in model.modules()}
    projected = emap(model, inputs)
    assert {m: m.training for m in model.modules()} == before
    assert not projected.requires_grad and projected.dtype == torch.float32
    with pytest.raises(ValueError, match="NaN"):
        emap(model, {m: x * float("nan") for m, x in inputs.items()})
    assert {m: m.training for m in model.modules()} == before


def test_dropout_is_off_while_projecting() -> None:
    inputs = {m: torch.randn(6, 4) for m in "AB"}
    model = build_classifier(inputs, 3, fusion="mid-mlp", dropout=0.5)
    model.train()
    assert torch.equal(emap(model, inputs), emap(model, inputs))


def test_a_long_projection_shows_a_bar(capsys) -> None:
    model, inputs = classifier("non-local")
    emap(model, inputs, block=10, label="EMAP of a gate")
    shown = capsys.readouterr().err
    assert "EMAP of a gate" in shown and "block" in shown
    emap(model, inputs)
    assert capsys.readouterr().err == ""


# How much of the grid is interaction


@given(SIZES)
def test_the_share_is_the_variance_left_over(size: tuple[int, int, int, int]) -> None:
    grid = random_grid(*size)
    shift = grid.mean(dim=-1, keepdim=True) if grid.shape[-1] > 1 else 0.0
    centred = grid - shift
    axes = range(grid.ndim - 1)
    alone = [centred.mean(dim=[a for a in axes if a != m]) for m in axes]
    rest = centred - additive_grid(alone)
    rest = rest - rest.mean(dim=list(axes))
    spread = centred - centred.mean(dim=list(axes))
    expected = float(rest.square().sum() / spread.square().sum()) if spread.any() else 0.0
    assert interaction_share(grid) == pytest.approx(expected, abs=1e-9)


def test_the_share_is_zero_for_sums_and_one_for_products_of_signs() -> None:
    terms = [random_grid(1, 4, 2, seed) for seed in (0, 1)]
    assert interaction_share(additive_grid(terms)) == pytest.approx(0, abs=1e-12)
    sign = torch.tensor([1.0, -1.0])
    xor = torch.stack([sign[:, None] * sign, -sign[:, None] * sign], dim=-1)
    assert interaction_share(xor) == pytest.approx(1)
    assert interaction_share(xor[..., :1]) == pytest.approx(1)  # one number has no shift to lose
    assert interaction_share(torch.ones(3, 3, 2)) == 0.0
