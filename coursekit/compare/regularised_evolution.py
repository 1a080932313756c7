"""Regularised evolution: the best of a few parents has a child, and the oldest dies.

Real, Aggarwal, Huang and Le, Regularized Evolution for Image Classifier Architecture Search (2019),
https://arxiv.org/abs/1802.01548, algorithm 1. That age decides, and not the score, lets nobody live
for ever on one lucky training. MUFASA (Xu, So and Dai 2021, https://arxiv.org/abs/2102.02340)
searches so over the networks of the modalities and over where they meet.
"""

from collections import deque

import torch

from coursekit.compare.search_space import (
    Score,
    Space,
    Trial,
    best_of,
    drawn,
    mutated,
    require_space,
    scored,
)
from coursekit.utils.checks import require_callable, require_count, require_instance


def regularised_evolution(
    space: Space,
    score: Score,
    budget: int,
    generator: torch.Generator,
    population: int = 10,
    tournament: int = 3,
) -> list[Trial]:
    """``budget`` trials, in order: first ``population`` drawn ones, then a child per cycle.

    space: slots with their options.  score: of a choice, the higher the better; one training each,
    also of a choice that has been tried before.  tournament: how many of the population are drawn,
    without putting back, for the best of them to be the parent; its child differs in one slot. At 1
    it is a random walk.  population: from 1 to ``budget``.
    """
    require_space(space)
    require_callable("score", score)
    require_instance("generator", generator, torch.Generator)
    require_count("budget", budget, 1)
    require_count("population", population, 1, budget)
    require_count("tournament", tournament, 1, population)
    history = [scored(drawn(space, generator), score) for _ in range(population)]
    alive = deque(history)
    while len(history) < budget:
        places = torch.randperm(len(alive), generator=generator)[:tournament]
        parent = best_of([alive[i] for i in places.tolist()])
        child = scored(mutated(parent.choice, space, generator), score)
        history.append(child)
        alive.append(child)
        alive.popleft()  # the oldest, however good
    return history
