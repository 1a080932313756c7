"""Views, sets of them, ways of picking, the explorer: small trainings whose effects are known."""

import numpy as np
import pandas as pd
import pytest
import torch

from coursekit.course.plots.style import new_figure
from coursekit.data.uci_views import VIEWS
from coursekit.lessons.l17_many_modalities import coalitions
from coursekit.lessons.l17_many_modalities.coalitions import (
    COPY,
    SYNERGY,
    best_of_size,
    every_set,
    generated_rows,
    greedy_order,
    of_seed,
    picked,
    same_labels,
    shapley_of,
    shapley_order,
)
from coursekit.lessons.l17_many_modalities.explorer import noisy
from coursekit.lessons.l17_many_modalities.explorer_view import Seen, ViewsView, best_rival
from coursekit.lessons.l17_many_modalities.missing import by_number, hidden_views
from coursekit.lessons.l17_many_modalities.plots import (
    frame_with_vectors,
    lines_by_number,
    matrix_picture,
    worth_bars,
)
from coursekit.lessons.l17_many_modalities.rows_at_once import batches, share_right
from coursekit.lessons.l17_many_modalities.token_transformer import TokenTransformer
from coursekit.lessons.l17_many_modalities.views import (
    as_tokens,
    nothing_hidden,
    some_hidden,
    view_rows,
    without,
)

SEEDS = (100, 101)
A, B, C = (frozenset(m) for m in "ABC")


def test_rows_are_those_of_the_views_and_batches_take_each_once():
    data = view_rows(SEEDS)
    assert data.widths == {"fou": 76, "fac": 216, "kar": 64, "pix": 240, "zer": 47, "mor": 6}
    assert data.train.labels.shape == (2, 300) and data.test.labels.shape == (2, 600)
    places = torch.cat([*batches(data.train, 1, SEEDS)], dim=1)
    assert sorted(places[0].tolist()) == list(range(300))
    assert not torch.equal(places[0], places[1])


def test_hiding_never_hides_all_and_zeros_stand_in_its_place():
    hidden = some_hidden((2, 500, 6), torch.Generator().manual_seed(0))
    assert not hidden.all(-1).any() and 0.2 < hidden.float().mean() < 0.32
    inputs = {m: torch.ones(2, 500, 3) for m in VIEWS}
    shown = without(inputs, hidden)
    assert torch.equal(shown["kar"][..., 0] == 0, hidden[..., 2])
    assert hidden_views(VIEWS, frozenset({"fou"}), (2, 3)).sum() == 2 * 3 * 5


def test_a_hidden_view_is_as_good_as_none_and_votes_are_weights():
    widths = {"a": 3, "b": 4}
    model = TokenTransformer(widths, 5)
    inputs = {"a": torch.randn(2, 1, 3), "b": torch.randn(2, 2, 4)}
    hidden = torch.tensor([[False, True, True]]).expand(2, -1)
    alone = model({"a": inputs["a"]}, torch.zeros(2, 1, dtype=torch.bool))
    assert torch.allclose(model(inputs, hidden), alone, atol=1e-6)
    voting = TokenTransformer(widths, 5, votes=True)
    weights = voting.weights(inputs, torch.tensor([[False, False, True], [False, False, False]]))
    assert weights.tolist() == [[1, 1, 0], [1, 0.5, 0.5]]
    twice = {"a": inputs["a"], "b": inputs["b"][:, :1].expand(-1, 2, -1)}
    once = {"a": inputs["a"], "b": inputs["b"][:, :1]}
    seen = [torch.zeros(2, n, dtype=torch.bool) for n in (3, 2)]
    assert torch.allclose(voting(twice, seen[0]), voting(once, seen[1]), atol=1e-5)
    assert not torch.allclose(model(twice, seen[0]), model(once, seen[1]), atol=1e-5)


def test_one_projection_for_all_reads_tokens_filled_up():
    model = TokenTransformer({"a": 3, "b": 4}, 5, shared=True, vectors=False)
    assert list(model.projections) == ["all"] and len(model.vectors) == 0
    made = model.token("a", torch.ones(1, 1, 3))
    filled = model.projections["all"](torch.tensor([[[1.0, 1.0, 1.0, 0.0]]]))
    assert torch.equal(made, filled)


def test_ridge_in_its_dual_form_is_ridge():
    data = view_rows(SEEDS)
    reached = every_set(data.only(["mor", "zer"]), ridge=3.0)["test"]
    x = torch.cat([data.train.inputs[m][0] for m in ("mor", "zer")], 1).double()
    y = torch.nn.functional.one_hot(data.train.labels[0]).double()
    weights = torch.linalg.solve(x.T @ x + 3 * torch.eye(53), x.T @ (y - y.mean(0)))
    asked = torch.cat([data.test.inputs[m][0] for m in ("mor", "zer")], 1).double()
    own = share_right((asked @ weights)[None], data.test.labels[:1])
    assert float(reached[frozenset({"mor", "zer"})][0]) == pytest.approx(own[0], abs=0.002)
    assert float(reached[frozenset()][0]) == pytest.approx(0.1)
    with pytest.raises(ValueError, match="kernel is 'cubes'"):
        every_set(data, kernel="cubes")


def test_orders_and_best_sets_of_a_known_game():
    pair = {frozenset(): 0.25, A: 0.25, B: 0.26, C: 0.5, A | B: 0.9, A | C: 0.51, B | C: 0.52,
            A | B | C: 0.95}  # fmt: skip
    assert greedy_order(pair) == ["C", "B", "A"]
    game = {s: torch.tensor([a, a], dtype=torch.float64) for s, a in pair.items()}
    assert set(shapley_order(game, 0)[:2]) == {"A", "B"}
    assert sum(float(v[0]) for v in shapley_of(game).values()) == pytest.approx(0.7)
    assert best_of_size(pair, 2) == A | B and of_seed(game, 1)[A | B] == pytest.approx(0.9)
    assert picked(game, game, "greedy")[0].tolist() == pytest.approx([0.5, 0.52, 0.95])
    assert picked(game, game, "all sets tried")[0].tolist() == pytest.approx([0.5, 0.9, 0.95])
    luck = picked(game, game, "at random")[0]
    assert luck.tolist() == pytest.approx([(0.25 + 0.26 + 0.5) / 3, (0.9 + 0.51 + 0.52) / 3, 0.95])
    with pytest.raises(ValueError, match="way is 'by luck'"):
        picked(game, game, "by luck")


def test_greedy_never_picks_a_pair_and_a_ranking_takes_copies():
    data = generated_rows(SYNERGY, SEEDS)
    sets = every_set(data, "product", 10.0)
    valid, held_out = sets["valid"], sets["test"]
    for k in range(2):
        assert greedy_order(of_seed(valid, k))[:2] == ["C", "D"]
    tried = picked(valid, held_out, "all sets tried") - picked(valid, held_out, "greedy")
    assert tried[:, 1].min() > 0.1
    copied = generated_rows(COPY, SEEDS)
    same = copied.train.inputs["A"] - copied.train.inputs["B"]
    assert float(same.std()) < 0.4
    worth = shapley_of(every_set(copied, "sum", 10.0)["valid"])
    assert (worth["A"] - worth["B"]).abs().max() < 0.05


def test_rows_of_the_same_label_are_found_once_each():
    labels, others = torch.tensor([1, 0, 1]), torch.tensor([0, 1, 1, 0])
    places = same_labels(labels, others)
    assert others[places].tolist() == labels.tolist() and len(set(places.tolist())) == 3
    with pytest.raises(ValueError, match="1 rows of class 1"):
        same_labels(torch.tensor([1, 1]), torch.tensor([0, 1]))


def test_numbers_of_views_are_means_over_sets():
    table = pd.DataFrame({"model": "m", "number": [1, 1, 2], "seed": 0, "accuracy": [0.2, 0.4, 1]})
    assert by_number(table)["accuracy"].tolist() == pytest.approx([0.3, 1.0])


def seen(present):
    return Seen(
        accuracy=[0.8, 0.9],
        rivals={"ensemble": [0.9, 0.95], "mor alone": [0.5, 0.6]} if present else {},
        worth={m: [0.3, 0.4] for m in present},
        noise=dict.fromkeys(present, 0.5),
        learnt="views hidden at random",
    )


@pytest.mark.parametrize("present", [("fac", "mor"), ("mor",), ()])
def test_the_view_says_who_is_ahead_and_bears_nothing(present):
    view, data = ViewsView(), seen(present)
    view.update(data)
    text = view.describe(data)
    assert ("chance" in text) == (not present)
    assert len(view.table(data)) == 1 + len(data.rivals)
    if present:
        name, ahead = best_rival(data)
        assert name == "ensemble" and ahead.mean == pytest.approx(-0.075)
        assert f"{ahead}" in text
        assert set(view.more_tables(data)) == {"Shapley values", "The transformer minus", "Noise"}


def test_noise_is_the_same_pattern_at_every_strength():
    inputs = {m: torch.zeros(2, 100, 3) for m in VIEWS}
    one, two = (noisy(inputs, dict.fromkeys(VIEWS, s))["kar"] for s in (1.0, 2.0))
    assert torch.allclose(2 * one, two) and one.std() > 0.8


def test_pictures_say_their_numbers():
    _, (ax,) = new_figure()
    table = pd.DataFrame(
        {"model": ["a", "a", "b", "b"], "n": [1, 1, 1, 1], "seed": [0, 1] * 2,
         "accuracy": [0.1, 0.2, 0.3, 0.4]}
    )  # fmt: skip
    assert "a: 0.150 at 1" in lines_by_number(ax, table, "n")
    assert "x 0.300" in worth_bars(ax, {"x": [0.2, 0.4], "y": [0.0, 0.1]})
    costs = pd.DataFrame([[np.nan, 0.1], [-0.2, np.nan]], index=["i", "j"], columns=["i", "j"])
    assert "i: j +0.10; j: i -0.20." in matrix_picture(ax, costs)
    vectors = torch.zeros(2, 2, 2)
    vectors[0, 0, 1] = 1
    sure = torch.tensor([[5.0, 5.0], [5.0, 0.0]])
    alt = frame_with_vectors(ax, torch.zeros(4, 4), vectors, 2, sure)
    assert alt == "1 blocks with an arrow, 2 that stay (dot), 1 without confidence (cross)."


def test_what_the_room_names_is_there():
    assert coalitions.WAYS[0] == "greedy"
    rows = view_rows(SEEDS).test.inputs
    assert as_tokens(rows)["mor"].shape == (2, 600, 1, 6)
    assert nothing_hidden(rows).shape == (2, 600, 6)
