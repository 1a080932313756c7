"""A space of choices to search: some slots, each with its options; and the search to beat.

A choice is a tuple with one option per slot: ("late", "relu", 32). What it is worth, a validation
score, says a function that trains it. Rows that have chosen cannot also say how good the choice is.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from coursekit.utils.checks import (
    require,
    require_callable,
    require_count,
    require_finite,
    require_instance,
    require_list,
)

Space = Sequence[Sequence[Any]]
Choice = tuple[Any, ...]
Score = Callable[[Choice], float]


@dataclass(frozen=True)
class Trial:
    """One choice and what it was worth."""

    choice: Choice
    score: float


def drawn(space: Space, generator: torch.Generator) -> Choice:
    """One choice, every option of a slot equally likely."""
    require_space(space)
    require_instance("generator", generator, torch.Generator)
    return tuple(options[_place(len(options), generator)] for options in space)


def mutated(choice: Choice, space: Space, generator: torch.Generator) -> Choice:
    """The choice with another option in one slot, slot and option drawn.

    Errors: ValueError for a choice that is not in the space, or where no slot has two options.
    """
    require_space(space)
    require_instance("generator", generator, torch.Generator)
    require_instance("choice", choice, tuple)
    fits = len(choice) == len(space) and all(c in s for c, s in zip(choice, space, strict=True))
    require(fits, f"choice is {choice!r}, which is not in the space; one of it was expected.")
    free = [i for i, options in enumerate(space) if len(options) > 1]
    require(len(free) > 0, "space has one option per slot; two in one of them were expected.")
    slot = free[_place(len(free), generator)]
    others = [option for option in space[slot] if option != choice[slot]]
    return (*choice[:slot], others[_place(len(others), generator)], *choice[slot + 1 :])


def random_search(
    space: Space, score: Score, budget: int, generator: torch.Generator
) -> list[Trial]:
    """``budget`` different choices, drawn and scored: what every search has to beat; in order.

    Errors: ValueError for more than the space has, a score that is no number.
    """
    require_space(space)
    require_callable("score", score)
    require_instance("generator", generator, torch.Generator)
    require_count("budget", budget, 1, math.prod(len(options) for options in space))
    choices: list[Choice] = []
    while len(choices) < budget:  # a space may be too large to list
        choice = drawn(space, generator)
        if choice not in choices:
            choices.append(choice)
    return [scored(choice, score) for choice in choices]


def best_of(trials: Sequence[Trial]) -> Trial:
    """The trial with the highest score, the first of equals."""
    require_list("trials", trials, "trials")
    for trial in trials:
        require_instance("an entry of trials", trial, Trial)
    return max(trials, key=lambda trial: trial.score)


def scored(choice: Choice, score: Score) -> Trial:
    """The choice, trained by ``score``, as a trial."""
    require_callable("score", score)
    value = score(choice)
    require_finite(f"what score returns for {choice!r}", value)
    return Trial(choice, float(value))


def require_space(space: Space) -> None:
    """Refuse what is no list of slots with options, none of them twice in a slot."""
    require_list("space", space, "slots")
    for i, options in enumerate(space):
        require_list(f"space[{i}]", options, "options")
        once = all(option not in options[:k] for k, option in enumerate(options))
        require(once, f"space[{i}] has an option twice, {list(options)}.")


def _place(number: int, generator: torch.Generator) -> int:
    return int(torch.randint(number, (), generator=generator))
