"""The searched edge, the space of fusions, and rows of the stored study made again."""

import pytest
import torch

from coursekit.course.plots.style import new_figure
from coursekit.lessons.l16_dynamic_fusion import study_fusion_space
from coursekit.lessons.l16_dynamic_fusion.fusion_space import (
    ALONE,
    NOTHING,
    ROWS,
    SPACE,
    FusionNetwork,
    new_network,
    stored_space,
)
from coursekit.lessons.l16_dynamic_fusion.generated_rows import generated, recipe_of
from coursekit.lessons.l16_dynamic_fusion.places import FUSIONS, PLACES, picks, search
from coursekit.lessons.l16_dynamic_fusion.plots import alpha_picture

SEEDS = (100, 101)


@pytest.fixture(scope="module")
def data():
    return generated(recipe_of("synergy"), SEEDS)


def test_a_search_moves_alpha_and_removal_asks_every_operator(data):
    found = search(data, epochs=1)
    assert found.path.shape == (33, 2, 4) and found.names == FUSIONS
    assert torch.allclose(found.path.sum(2), torch.ones(33, 2))
    table = picks(found)
    assert set(table["by α"]) | set(table["by removal"]) <= set(PLACES)
    assert {f"lost {name}" for name in FUSIONS} <= set(table)
    _, (ax,) = new_figure()
    assert alpha_picture(ax, found.path, found.names).startswith("late sum: 0.25 at 0")


def test_sums_of_features_are_additive_and_products_are_not(data):
    a, b, zero = torch.randn(3, 1, 12)
    for row, additive in (("features, sum", True), ("features, product", False)):
        network = new_network((row, NOTHING), data, 0)

        def of(a, b, network=network):
            return network({"A": a, "B": b})

        mixed = of(a, b) - of(a, zero) - of(zero, b) + of(zero, zero)
        assert (mixed.abs().max() < 1e-5) == additive


def test_encoders_are_there_only_where_they_are_used(data):
    network = FusionNetwork(("inputs, relu", NOTHING), data.widths, 6)
    assert not network.encoders and len(network.layers) == 1
    with pytest.raises(ValueError, match="where in rows"):
        FusionNetwork(("nowhere, sum",), data.widths, 6)
    with pytest.raises(ValueError, match="a name in names"):
        search(data, ["late"])


def test_every_fusion_was_trained_on_every_case_with_every_seed():
    table = stored_space()
    assert (table.groupby(["case", "first", "second"]).size() == 6).all()
    assert set(table["case"]) == set(study_fusion_space.CASES)
    own = table[~table["first"].isin(ALONE)]
    assert len(own) == 3 * len(ROWS) * len(SPACE[1]) * 6


def test_rows_of_the_study_come_again():
    """Within rounding of machines."""
    table = stored_space().set_index(["case", "first", "second", "seed"])
    for case, first in (("synergy", "features, product"), ("starve", "only A")):
        made = study_fusion_space.rows_of(case, first, (NOTHING,), 2)
        for row in made.to_dict("records"):
            there = table.loc[(case, first, NOTHING, row["seed"])]
            for column in ("valid", "test"):
                assert row[column] == pytest.approx(there[column], abs=0.03)
