"""Block matching against an oracle with plain loops, its ties, bytes, and what it refuses."""

import re

import numpy as np
import pytest
import torch

from coursekit.data.block_matching import compensated, full_search, three_step_search

SEARCHES = (full_search, three_step_search)


def frames(seed, *shape, most=256):
    return torch.randint(0, most, (2, *shape), generator=torch.Generator().manual_seed(seed))


def by_hand(previous, current, block, most, squares=False):
    """Vectors and costs of one frame, pixel by pixel, in Python's integers."""
    rows, columns = len(current) // block, len(current[0]) // block
    vectors, costs = [], []
    order = [(dy, dx) for dy in range(-most, most + 1) for dx in range(-most, most + 1)]
    for i in range(rows):
        for j in range(columns):
            best = None
            for dy, dx in [(0, 0), *order]:
                top, left = i * block + dy, j * block + dx
                if not (0 <= top <= len(current) - block and 0 <= left <= len(current[0]) - block):
                    continue
                cost = 0
                for y in range(block):
                    for x in range(block):
                        apart = current[i * block + y][j * block + x] - previous[top + y][left + x]
                        cost += apart**2 if squares else abs(apart)
                if best is None or cost < best[0]:
                    best = cost, [dy, dx]
            costs.append(best[0])
            vectors.append(best[1])
    return vectors, costs


@pytest.mark.parametrize("most", [256, 2])  # few values: many ties
@pytest.mark.parametrize("squares", [False, True])
@pytest.mark.parametrize(("block", "search_range"), [(2, 1), (3, 2), (4, 3), (2, 0)])
def test_the_full_search_is_that_of_plain_loops(block, search_range, squares, most):
    previous, current = frames(block, 10, 13, most=most)
    field = full_search(
        previous, current, block, search_range, "squares" if squares else "absolute"
    )
    vectors, costs = by_hand(previous.tolist(), current.tolist(), block, search_range, squares)
    assert field.vectors.flatten(0, 1).tolist() == vectors
    assert field.costs.flatten().tolist() == costs
    assert bool((field.confidence >= 0).all())


@pytest.mark.parametrize("search", SEARCHES)
def test_bytes_do_not_wrap_and_clips_are_searched_frame_by_frame(search):
    previous, current = frames(1, 3, 2, 8, 12)
    whole = search(previous, current, 4, 3)
    as_bytes = search(previous.to(torch.uint8), current.to(torch.uint8), 4, 3)
    assert torch.equal(whole.vectors, as_bytes.vectors) and torch.equal(whole.costs, as_bytes.costs)
    for i in range(3):
        alone = search(previous[i, 1], current[i, 1], 4, 3)
        for name in ("vectors", "costs", "zero_costs", "evaluated"):
            assert torch.equal(getattr(alone, name), getattr(whole, name)[i, 1]), name


def test_three_steps_need_25_costs_and_reach_what_leads_there_smoothly():
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    blob = [torch.exp(-((y - a) ** 2 + (x - b) ** 2) / 200) for a, b in ((32, 32), (37, 29))]
    full, three = (search(*blob, 16, 7) for search in SEARCHES)
    inner = (slice(1, 3), slice(1, 3))  # what may move everywhere
    assert full.evaluated[inner].unique().tolist() == [225]
    assert three.evaluated[inner].unique().tolist() == [25]
    assert full.vectors[inner].flatten(0, 1).tolist() == [[-5, 3]] * 4
    assert int((three.vectors - full.vectors)[inner].abs().max()) <= 1


def test_what_is_compensated_and_what_stays():
    previous, _ = frames(2, 9, 10)
    current = previous.roll((1, 2), (0, 1))
    field = full_search(previous, current, 4, 2)
    made = compensated(previous, field.vectors, 4)
    assert (
        int((made - current)[:8, :8].abs().reshape(2, 4, 2, 4).sum((1, 3)).sub(field.costs).sum())
        == 0
    )
    assert torch.equal(made[8:], previous[8:]) and torch.equal(made[:, 8:], previous[:, 8:])
    still = compensated(previous, torch.zeros(2, 2, 2, dtype=torch.int64), 4)
    assert torch.equal(still, previous)


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"current": torch.zeros(8, 9)}, "previous has shape (8, 8), current (8, 9)"),
        ({"current": torch.zeros(8, 8, dtype=torch.uint8)}, "they must agree"),
        ({"current": torch.full((8, 8), torch.nan)}, "current contains NaN"),
        ({"current": torch.zeros(8, 8) > 0}, "current is torch.bool"),
        ({"current": [[0.0]]}, "current"),
        ({"block": 9}, "none is whole"),
        ({"block": 0}, "block"),
        ({"search_range": -1}, "search_range"),
        ({"cost": "sum"}, "cost"),
    ],
)  # fmt: skip
def test_what_it_refuses(search, changes, sentence):
    given = {"previous": torch.zeros(8, 8), "current": torch.zeros(8, 8), "block": 4}
    with pytest.raises((ValueError, TypeError), match=re.escape(sentence)):
        search(**{**given, "search_range": 2, **changes})


def test_vectors_that_lead_out_are_refused():
    with pytest.raises(ValueError, match="leads out"):
        compensated(torch.zeros(8, 8), torch.full((2, 2, 2), -1), 4)
    with pytest.raises(ValueError, match="vectors has shape"):
        compensated(torch.zeros(8, 8), torch.zeros(1, 2, 2, dtype=torch.int64), 4)


def test_whole_numbers_of_numpy_are_whole_numbers():
    frames = torch.arange(64).reshape(8, 8) % 7, torch.arange(64).reshape(8, 8) % 5
    for search in (full_search, three_step_search):
        ours, theirs = search(*frames, 4, 3), search(*frames, np.int64(4), np.int64(3))
        assert torch.equal(ours.vectors, theirs.vectors)


def test_vectors_of_another_type_are_refused():
    frame = torch.zeros(8, 8)
    for dtype in (torch.float32, torch.bool):
        with pytest.raises(TypeError, match=r"vectors is torch\."):
            compensated(frame, torch.zeros(2, 2, 2, dtype=dtype), 4)
    with pytest.raises(ValueError, match=r"previous has shape \(8,\)"):
        compensated(frame[0], torch.zeros(2, 2, 2, dtype=torch.int64), 4)
