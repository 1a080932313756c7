"""Searches over choices: random, regularised evolution, progressive unfolding."""

import math
from collections import Counter
from itertools import product

import pytest
import torch
from exact_numbers import tensor
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.compare.progressive_search import (
    progressive_search,
    sampled,
    sampling_probabilities,
    search_temperature,
    unfolded,
)
from coursekit.compare.regularised_evolution import regularised_evolution
from coursekit.compare.search_space import Trial, best_of, drawn, mutated, random_search

SPACE = [["early", "mid", "late"], ["sum", "product"], [8, 16, 32, 64]]
SPACES = st.lists(st.integers(1, 4).map(lambda n: list(range(n))), min_size=1, max_size=4)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def score(choice):
    return SPACE[0].index(choice[0]) + SPACE[1].index(choice[1]) + SPACE[2].index(choice[2]) / 4


# ---- the space ---------------------------------------------------------------------------------


def test_every_choice_is_drawn_equally_often():
    generator = rng()
    times = Counter(drawn(SPACE, generator) for _ in range(2400))
    assert set(times) == set(product(*SPACE))
    assert max(times.values()) < 150 and min(times.values()) > 60  # 100 each, 5 deviations


@settings(max_examples=40)
@given(SPACES, st.integers(0, 1000))
def test_a_mutant_differs_in_one_slot(space, seed):
    generator = rng(seed)
    choice = drawn(space, generator)
    if all(len(options) == 1 for options in space):
        with pytest.raises(ValueError, match="space has one option per slot"):
            mutated(choice, space, generator)
        return
    child = mutated(choice, space, generator)
    assert sum(a != b for a, b in zip(choice, child, strict=True)) == 1
    assert all(c in options for c, options in zip(child, space, strict=True))


def test_every_neighbour_is_reached():
    generator, choice = rng(), ("mid", "sum", 8)
    reached = {mutated(choice, SPACE, generator) for _ in range(300)}
    assert len(reached) == 2 + 1 + 3


def test_random_search_tries_nothing_twice():
    for budget in (1, 7, 24):
        trials = random_search(SPACE, score, budget, rng(budget))
        assert len({t.choice for t in trials}) == budget
        assert [t.score for t in trials] == [score(t.choice) for t in trials]
    assert best_of(trials).choice == ("late", "product", 64)  # the whole space
    with pytest.raises(ValueError, match="budget is 25; a whole number, 1 to 24"):
        random_search(SPACE, score, 25, rng())


def test_random_search_does_not_list_a_large_space():
    space = [list(range(100))] * 10
    trials = random_search(space, lambda choice: float(sum(choice)), 20, rng())
    assert len({t.choice for t in trials}) == 20


def test_the_best_is_the_first_of_equals():
    trials = [Trial(("a",), 0.5), Trial(("b",), 0.7), Trial(("c",), 0.7)]
    assert best_of(trials).choice == ("b",)


@pytest.mark.parametrize(
    ("space", "sentence"),
    [
        ([], "space is empty"),
        ([["a"], []], r"space\[1\] is empty"),
        ([["a", "a"]], r"space\[0\] has an option twice"),
    ],
)
def test_no_space_is_refused(space, sentence):
    with pytest.raises(ValueError, match=sentence):
        random_search(space, score, 1, rng())
    with pytest.raises(TypeError, match=r"space\[0\] is 'late'"):
        random_search(["late"], score, 1, rng())


# ---- evolution ---------------------------------------------------------------------------------


def test_evolution_by_its_rules():
    """Each child has one slot changed of somebody who was alive, and of the best of a tournament.

    With a tournament of the whole population the parent is known: the best of the last few.
    """
    population, budget = 6, 40
    history = regularised_evolution(SPACE, score, budget, rng(1), population, population)
    assert len(history) == budget
    for i in range(population, budget):
        alive = history[i - population : i]  # the older ones are dead, however good
        best = [t.choice for t in alive if t.score == best_of(alive).score]
        child = history[i].choice
        assert 1 in [sum(a != b for a, b in zip(p, child, strict=True)) for p in best]


def test_it_is_repeatable_and_finds_the_best():
    first = regularised_evolution(SPACE, score, 60, rng(2))
    again = regularised_evolution(SPACE, score, 60, rng(2))
    assert first == again
    assert best_of(first).choice == ("late", "product", 64)
    late = [t.score for t in first[-20:]]
    assert sum(late) / 20 > sum(t.score for t in first[:10]) / 10


def test_a_choice_that_comes_again_is_trained_again():
    calls = []
    regularised_evolution([["a", "b"]], lambda c: calls.append(c) or 0.0, 12, rng(), 3, 2)
    assert len(calls) == 12


def test_age_decides_who_dies():
    """One lucky score at first: with ageing it is gone after as many cycles as there are places."""
    lucky = iter([100.0, *range(50)])
    history = regularised_evolution(SPACE, lambda c: float(next(lucky)), 30, rng(3), 4, 4)
    first = history[0].choice
    for i in range(4, 30):
        child = history[i].choice
        parent = first if i < 5 else best_of(history[i - 4 : i]).choice
        assert sum(a != b for a, b in zip(parent, child, strict=True)) == 1


def test_arguments_that_do_not_fit():
    with pytest.raises(ValueError, match="population is 7; a whole number, 1 to 6"):
        regularised_evolution(SPACE, score, 6, rng(), 7)
    with pytest.raises(ValueError, match="tournament is 4; a whole number, 1 to 3"):
        regularised_evolution(SPACE, score, 6, rng(), 3, 4)
    with pytest.raises(ValueError, match=r"what score returns for .* is nan"):
        regularised_evolution(SPACE, lambda c: math.nan, 6, rng(), 3, 2)


# ---- progressive search ------------------------------------------------------------------------


def test_the_temperature_falls_from_hot_to_cold():
    steps = [search_temperature(i) for i in range(20)]
    assert steps == sorted(steps, reverse=True)
    assert steps[0] == pytest.approx(9.8 * math.exp(-1 / 16) + 0.2)
    assert steps[-1] == pytest.approx(0.2, abs=1e-9)


@settings(max_examples=30)
@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=5), st.floats(0.3, 20))
def test_probabilities_by_loop(accuracies, temperature):
    powers = [(a / sum(accuracies)) ** (1 / temperature) for a in accuracies]
    got = sampling_probabilities(tensor(accuracies), temperature).tolist()
    assert got == pytest.approx([p / sum(powers) for p in powers], abs=1e-9)


def test_a_cold_search_takes_the_best_and_no_accuracy_is_no_chance():
    p = sampling_probabilities(tensor([0.5, 0.0, 0.6]), 1e-3)
    assert p.tolist() == pytest.approx([0, 0, 1], abs=1e-9)
    assert sampling_probabilities(tensor([0.5, 0.0]), 10.0).tolist() == [1, 0]
    with pytest.raises(ValueError, match="accuracies holds zeros only"):
        sampling_probabilities(tensor([0.0, 0.0]), 1.0)


def test_samples_are_different_and_follow_the_probabilities():
    every = [("a",), ("b",), ("c",)]
    p = tensor([0.6, 0.3, 0.1])
    generator, firsts = rng(), Counter()
    for _ in range(2000):
        pair = sampled(every, p, 2, generator)
        assert len(set(pair)) == 2
        firsts[pair[0][0]] += 1
    for name, share in zip("abc", p.tolist(), strict=True):
        assert firsts[name] / 2000 == pytest.approx(share, abs=0.05)
    with pytest.raises(ValueError, match="k is 2; a whole number, 1 to 1"):
        sampled(every, tensor([1.0, 0.0, 0.0]), 2, generator)


def test_unfolding_by_loop():
    kept, choices = [("x",), ("y",)], ["a", "b"]
    assert unfolded([], choices, 0) == [("a",), ("b",)]
    assert unfolded(kept, choices, 1) == [(k[0], c) for k in kept for c in choices]
    assert unfolded([("x", "y", "z")], choices, 1) == [("x", "a", "z"), ("x", "b", "z")]
    with pytest.raises(ValueError, match="layer is 1 and kept is empty"):
        unfolded([], choices, 1)
    with pytest.raises(ValueError, match="layer is 2, and kept has a configuration of 1 rows"):
        unfolded(kept, choices, 2)


LAYERS = [[(a, b) for a in range(3) for b in range(3)]] * 2


def worth(configuration):
    """The deeper both modalities are fused, the better, at both layers."""
    return (1 + sum(a + b for a, b in configuration)) / 10


def remembers(known, candidates):
    """What was measured, else the mean of all."""
    mean = sum(known.values()) / len(known)
    return [known.get(c, mean) for c in candidates]


def test_progressive_search_tries_few_and_gets_better():
    calls = []

    def counted(configuration):
        calls.append(configuration)
        return worth(configuration)

    known = progressive_search(LAYERS, counted, remembers, 4, 5, rng(1))
    assert calls == list(known) and len(set(calls)) == len(calls) <= 4 * 2 * 5
    assert {len(c) for c in known} == {1, 2}
    again = progressive_search(LAYERS, worth, remembers, 4, 5, rng(1))
    assert known == again
    perfect = progressive_search(LAYERS, worth, lambda k, cs: [worth(c) for c in cs], 8, 5, rng(1))
    assert max(perfect, key=perfect.get) == ((2, 2), (2, 2))


def test_a_surrogate_that_does_not_fit_is_told():
    with pytest.raises(ValueError, match="predict returned 1 numbers for"):
        progressive_search(LAYERS, worth, lambda known, cs: [1.0], 1, 2, rng())
    with pytest.raises(ValueError, match="what predict returns is nan"):
        progressive_search(LAYERS, worth, lambda known, cs: [math.nan] * len(cs), 1, 2, rng())


@pytest.mark.parametrize("temperature", [5e-324, 1e-300, 1e300])
def test_every_temperature_has_probabilities(temperature):
    p = sampling_probabilities(tensor([0.5, 0.4, 0.0]), temperature).tolist()
    assert p == pytest.approx([0.5, 0.5, 0] if temperature > 1 else [1, 0, 0])
    assert search_temperature(3, decay=1e-300) == 0.2
