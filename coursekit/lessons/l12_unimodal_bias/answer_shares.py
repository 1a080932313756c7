"""How many answers are right: per test and type of question, and per role of the right answer."""

from collections.abc import Sequence

import pandas as pd
import torch
from torch import Tensor

from coursekit.data.shifted_priors import TESTS
from coursekit.lessons.l12_unimodal_bias.answer_roles import ALL, ROLES
from coursekit.lessons.l12_unimodal_bias.question_data import Draw, Seen


def by_type(answered: Tensor, seen: Seen) -> dict[str, float]:
    """Share of right answers of all questions and of each type.  answered: (N,) answers."""
    right = (answered == seen.questions.answer).double()
    kinds = seen.questions.type
    shares = {
        kind: float(right[kinds == place].mean()) for place, kind in enumerate(seen.questions.types)
    }
    return {ALL: float(right.mean()), **shares}


def rows_on_tests(
    method: str, draws: Sequence[Draw], logits: dict[str, Tensor]
) -> list[dict[str, object]]:
    """A row per seed, test and type.  logits: (K, N, A) by test."""
    return [
        {"method": method, "seed": one.seed, "test": test, "type": kind, "accuracy": share}
        for test in TESTS
        for one, own in zip(draws, logits[test], strict=True)
        for kind, share in by_type(own.argmax(-1), one.splits[test]).items()
    ]


def by_role(answered: Tensor, one: Draw) -> pd.DataFrame:
    """Share of right answers by type and role of the right answer, all test questions.

    Questions of one key and answer count as one, and these cells alike within a key, keys within a
    type: so the accuracy under any prior is a weighted mean of these rows.
    answered: (N,) answers to ``one.every_test_question``.
    """
    questions = one.every_test_question.questions
    role = torch.full_like(questions.answer, 2)
    role[questions.answer == one.preferences.shifted[questions.key]] = 1
    role[questions.answer == one.preferences.train[questions.key]] = 0
    table = pd.DataFrame(
        {
            "type": [questions.types[place] for place in questions.type.tolist()],
            "key": questions.key.numpy(),
            "answer": questions.answer.numpy(),
            "role": [ROLES[place] for place in role.tolist()],
            "accuracy": (answered == questions.answer).double().numpy(),
        }
    )
    cells = table.groupby(["type", "role", "key", "answer"], sort=False)["accuracy"].mean()
    keys = cells.groupby(["type", "role", "key"], sort=False).mean()
    return keys.groupby(["type", "role"], sort=False).mean().reset_index()
