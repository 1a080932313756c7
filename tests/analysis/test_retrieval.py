"""Retrieval: ties at their expected worth, held by drawing orders and by counting all of them."""

from itertools import permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.analysis.retrieval import (
    both_ways,
    chance_recall,
    rank,
    recall_sum,
    retrieval_table,
)


@st.composite
def ranked(draw):
    """Whole scores with many ties, and which of up to six candidates belong to the query."""
    n = draw(st.integers(1, 6))
    scores = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    own = draw(st.lists(st.booleans(), min_size=n, max_size=n).filter(any))
    return torch.tensor([scores], dtype=torch.float64), torch.tensor([own])


def by_all_orders(scores, own):
    """Rank from 1 of the first own candidate in every order of the candidates, best scores first.

    Sorting keeps the order of equal ones, so that each order of the tied comes equally often.
    """
    values, mine = scores[0].tolist(), own[0].tolist()
    for order in permutations(range(len(values))):
        ranked = sorted(order, key=lambda c: -values[c])
        yield next(place for place, c in enumerate(ranked, 1) if mine[c])


@settings(max_examples=60)
@given(ranked())
def test_recall_and_rank_are_the_mean_over_all_orders_of_the_tied(case):
    ranking, places = rank(*case), list(by_all_orders(*case))
    for k in range(1, 8):
        hits = [place <= k for place in places]
        assert ranking.recall(k) == pytest.approx(sum(hits) / len(hits))
        low, high = ranking.bounds(k)
        assert (low, high) == (float(all(hits)), float(any(hits)))
    assert float(ranking.ranks[0]) == pytest.approx(sum(places) / len(places))


@pytest.mark.parametrize("k", [1, 5, 400])
def test_a_collapsed_model_is_worth_what_chance_is(k):
    to_text, to_picture = both_ways(torch.zeros(400, 400))
    assert to_text.recall(k) == pytest.approx(k / 400)
    assert to_picture.recall(k) == pytest.approx(chance_recall(k, 400))
    assert to_text.bounds(1) == (0, 1)  # what counting one way only would give


def test_a_second_caption_of_the_same_picture_is_a_hit_too():
    similarity = torch.tensor([[0.1, 0.9, 0.5], [0.8, 0.2, 0.3]])
    owner = torch.tensor([0, 0, 1])
    to_text, to_picture = both_ways(similarity, owner)
    assert to_text.above.tolist() == [0, 1]
    assert to_picture.above.tolist() == [1, 0, 1]
    assert (to_text.recall(1), to_picture.recall(1)) == (0.5, pytest.approx(1 / 3))


def test_scaling_and_order_change_nothing():
    torch.manual_seed(3)
    similarity = torch.randn(7, 7).round(decimals=1)
    owner = torch.randperm(7)
    shuffle = torch.randperm(7)
    before = both_ways(similarity, owner)
    after = both_ways(3 * similarity[:, shuffle] + 2, owner[shuffle])
    for k in (1, 3):
        assert [r.recall(k) for r in before] == pytest.approx([r.recall(k) for r in after])


def test_half_precision_has_no_more_ties_than_its_numbers():
    similarity = torch.eye(4, dtype=torch.bfloat16)
    assert both_ways(similarity)[0].recall(1) == 1


def test_without_owners_there_is_a_caption_per_picture():
    for shape in ((3, 5), (5, 3)):
        with pytest.raises(ValueError, match="owner is None; a caption per picture"):
            both_ways(torch.randn(shape))


def test_what_is_made_inside_stands_where_the_scores_are():
    """A tensor made without a device would land on another one than the scores."""
    scores, owner = torch.eye(3), torch.tensor([2, 1, 0])
    with torch.device("meta"):
        assert both_ways(scores)[0].above.device.type == "cpu"
        assert both_ways(scores, owner)[0].above.device.type == "cpu"


@settings(max_examples=60)
@given(ranked())
def test_ranks_lie_between_all_ties_lost_and_all_won(case):
    ranking, places = rank(*case), list(by_all_orders(*case))
    assert float(ranking.optimistic_ranks[0]) == min(places)
    assert float(ranking.pessimistic_ranks[0]) == max(places)
    for k in (1, 2, 5):
        assert ranking.bounds(k)[0] == float((ranking.pessimistic_ranks <= k).double().mean())


def test_median_and_mean_rank_of_even_and_odd_numbers_of_queries():
    scores = torch.tensor([[3.0, 2, 1], [3, 2, 1], [3, 2, 1], [1, 1, 1]])
    own = torch.tensor([[0, 0, 1], [1, 0, 0], [1, 0, 0], [0, 1, 0]]).bool()
    whole, odd = rank(scores, own), rank(scores[:3], own[:3])
    assert whole.ranks.tolist() == [3, 1, 1, 2]
    assert (whole.median_rank, whole.mean_rank) == (1.5, 1.75)
    assert (odd.median_rank, odd.mean_rank) == (1, pytest.approx(5 / 3))


def test_the_table_has_both_ways_and_the_sum_is_of_their_six_recalls():
    torch.manual_seed(5)
    similarity, owner = torch.randn(20, 40), torch.arange(20).repeat(2)
    table, ways = retrieval_table(similarity, owner), both_ways(similarity, owner)
    assert table.index.tolist() == ["to captions", "to pictures"]
    assert table["queries"].tolist() == [20, 40] and table["candidates"].tolist() == [40, 20]
    for (_, row), ranking in zip(table.iterrows(), ways, strict=True):
        for k in (1, 5, 10):
            assert row[f"R@{k}"] == ranking.recall(k)
        assert (row["median_rank"], row["mean_rank"]) == (ranking.median_rank, ranking.mean_rank)
    recalls = table[["R@1", "R@5", "R@10"]].to_numpy()
    assert recall_sum(ways) == pytest.approx(recalls.sum())
    assert recall_sum(ways, (1,)) == pytest.approx(recalls[:, 0].sum())
    assert (recalls[:, :-1] <= recalls[:, 1:]).all()


def test_a_perfect_model_has_six_and_a_collapsed_one_what_chance_has():
    assert recall_sum(both_ways(torch.eye(30))) == 6
    collapsed = both_ways(torch.zeros(30, 30))
    assert recall_sum(collapsed) == pytest.approx(2 * (1 + 5 + 10) / 30)
    assert collapsed[0].median_rank == collapsed[0].mean_rank == 15.5
    assert collapsed[0].pessimistic_ranks.tolist() == [30] * 30
