"""Questions drawn so that answers have a known prior per key, another one in training than in test.

The idea is that of VQA-CP: Agrawal and colleagues, Don't Just Assume; Look and Answer (2018),
https://arxiv.org/abs/1712.00377, section 3; here the priors are chosen, and a third test has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

from coursekit.data.question_pool import QuestionPool
from coursekit.utils.checks import (
    require,
    require_count,
    require_instance,
    require_list,
    require_share,
)
from coursekit.utils.tensor_checks import require_batch, require_bools, require_labels

TESTS = ("same prior", "shifted prior", "flat prior")


@dataclass(frozen=True)
class Preferences:
    """The answer that each key prefers, (K,) int64 each: in training, and in the shifted test."""

    train: Tensor
    shifted: Tensor


def draw_preferences(possible: Tensor, generator: torch.Generator) -> Preferences:
    """Two different possible answers per key, all equally likely.

    possible: (K, A) bool.  Errors: ValueError for a key with fewer than two possible answers.
    """
    _require_possible(possible)
    require_instance("generator", generator, torch.Generator)
    order = torch.rand(possible.shape, generator=generator).masked_fill(~possible, -1)
    first_two = order.topk(2, dim=1).indices
    return Preferences(first_two[:, 0], first_two[:, 1])


def prior_with_share(possible: Tensor, preferred: Tensor, share: float) -> Tensor:
    """A prior per key, (K, A): ``share`` for its preferred answer, the rest evenly for the others.

    possible: (K, A) bool.  preferred: (K,) int64, each possible.  Impossible answers have 0.
    """
    _require_possible(possible)
    require_labels("preferred", preferred, len(possible), possible.shape[1])
    require_share("share", share)
    favourite = torch.zeros_like(possible).scatter(1, preferred[:, None], True)
    sentence = "preferred has impossible answers; possible ones were expected."
    require(bool((favourite & ~possible).any().logical_not()), sentence)
    others = (possible & ~favourite).double()
    return share * favourite.double() + (1 - share) * others / others.sum(1, keepdim=True)


def flat_prior(possible: Tensor) -> Tensor:
    """All possible answers of a key equally likely, (K, A)."""
    _require_possible(possible)
    return possible.double() / possible.sum(1, keepdim=True)


def draw_questions(
    pool: QuestionPool, prior: Tensor, count: int, generator: torch.Generator
) -> QuestionPool:
    """Questions of a pool, drawn with replacement: type, key, answer, then one that has both.

    Types are equally likely, keys within a type too, answers as in ``prior`` (K, A).
    Errors: ValueError where an answer with a positive prior does not occur in the pool, or a key
    has a prior below 0 or of zeros.
    """
    require_instance("pool", pool, QuestionPool)
    require_count("count", count, 1)
    require_instance("generator", generator, torch.Generator)
    require_batch("prior", prior, (len(pool.keys), len(pool.answers)))
    weighs = bool((prior >= 0).all()) and bool((prior.sum(1) > 0).all())
    require(weighs, "prior has a negative number or a row of zeros; shares were expected.")
    missing = (prior > 0) & ~pool.possible
    sentence = "prior has answers that do not occur in pool; 0 was expected for those."
    require(not bool(missing.any()), sentence)
    keys_of_type = torch.bincount(pool.type_of_key)
    weight = 1 / keys_of_type[pool.type_of_key].double()
    key = torch.multinomial(weight, count, replacement=True, generator=generator)
    answer = torch.multinomial(prior[key], 1, generator=generator).flatten()
    return pool.part(_one_of_each(pool, key * len(pool.answers) + answer, generator))


def _one_of_each(pool: QuestionPool, cells: Tensor, generator: torch.Generator) -> Tensor:
    """A row of the pool per wanted cell, key · A + answer; all rows of a cell equally likely."""
    own = pool.key * len(pool.answers) + pool.answer
    order = own.argsort(stable=True)
    size = torch.bincount(own, minlength=len(pool.keys) * len(pool.answers))
    begin = size.cumsum(0) - size
    step = (torch.rand(len(cells), generator=generator, dtype=torch.float64) * size[cells]).long()
    return order[begin[cells] + step]


def draw_splits(
    train: QuestionPool,
    valid: QuestionPool,
    test: QuestionPool,
    seed: int,
    share: float = 0.8,
    counts: tuple[int, int] = (4000, 1500),
) -> tuple[Mapping[str, QuestionPool], Preferences]:
    """Questions of "train", of "valid" with the same prior, and of the three `TESTS`.

    train, valid, test: pools of different pictures with the same texts, answers and keys.  seed: of
    the preferred answers too.  share: of the preferred answer in training, in "valid" and in the
    test of the same prior; in the shifted test another answer has it.  counts: of training, and of
    each other split.
    Errors: ValueError for pools that share a picture or differ in texts, answers or keys, and as
    the functions above.
    """
    require_count("seed", seed)
    require_list("counts", counts, "how many questions")
    require(len(counts) == 2, f"counts has {len(counts)} numbers; two were expected.")
    for count in counts:
        require_count("a number in counts", count, 1)
    _require_apart(("train", train), ("valid", valid), ("test", test))
    generator = torch.Generator().manual_seed(seed)
    possible = train.possible & valid.possible & test.possible
    preferences = draw_preferences(possible, generator)
    same = prior_with_share(possible, preferences.train, share)
    shifted = prior_with_share(possible, preferences.shifted, share)
    splits = {
        "train": draw_questions(train, same, counts[0], generator),
        "valid": draw_questions(valid, same, counts[1], generator),
    }
    for name, prior in zip(TESTS, (same, shifted, flat_prior(possible)), strict=True):
        splits[name] = draw_questions(test, prior, counts[1], generator)
    return splits, preferences


def _require_apart(*pools: tuple[str, QuestionPool]) -> None:
    """Refuse what are no pools, pools that share a picture, and pools of different wording."""
    for name, pool in pools:
        require_instance(name, pool, QuestionPool)
    for (one_name, one), (name, other) in combinations(pools, 2):
        alike = (one.texts, one.answers, one.keys) == (other.texts, other.answers, other.keys)
        require(alike, f"{name} has not {one_name}'s texts, answers and keys, as was expected.")
        shared = set(one.picture.tolist()) & set(other.picture.tolist())
        require(
            not shared,
            f"{name} has pictures of {one_name}, such as {sorted(shared)[:3]}; other ones were "
            "expected.",
        )


def _require_possible(possible: Tensor) -> None:
    require_instance("possible", possible, Tensor)
    require_bools("possible", possible, tuple(possible.shape))
    require(possible.ndim == 2, f"possible has shape {tuple(possible.shape)}; (K, A) was expected.")
    enough = bool((possible.sum(1) >= 2).all()) and len(possible) > 0
    require(enough, "possible has a key with fewer than two answers; two or more were expected.")
