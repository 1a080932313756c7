"""Priors of several strengths, and the accuracy that follows from them."""

import pandas as pd

from coursekit.data.easy_vqa import TYPES
from coursekit.data.shifted_priors import TESTS
from coursekit.lessons.l12_unimodal_bias.answer_roles import ROLES
from coursekit.utils.checks import choose, require, require_columns, require_share

STRENGTHS = (0.5, 0.6, 0.7, 0.8, 0.9)  # share of the preferred answer in training
METHODS = (
    "joint",
    "question only",
    "picture only",
    "reweight",
    "balanced sampling",
    "product",
    "learned-mixin",
    "learned-mixin +H .03",
    "learned-mixin +H .1",
    "learned-mixin +H .36",
    "learned-mixin +H 1",
)
ANSWERS = {"shape": 3, "colour": 8, "yes/no": 2}  # how many are possible per key


def accuracy_under(rows: pd.DataFrame, kind: str, test: str, share: float) -> pd.Series:
    """Accuracy by seed that a test of this prior would give, from right answers per role.

    rows: of one method and strength, columns seed, type, role, accuracy.  kind: type of question.
    test: "same prior", "shifted prior" or "flat prior".  share: of the preferred answer, where the
    test has one.
    """
    require_columns("rows", rows, ("seed", "type", "role", "accuracy"))
    choose("kind", kind, TYPES)
    choose("test", test, TESTS)
    require_share("share", share)
    own = rows[rows["type"] == kind]
    require(len(own) > 0, f"rows has no question of type {kind!r}.")
    table = own.pivot_table("accuracy", "seed", "role")
    answers = ANSWERS[kind]
    count = {ROLES[0]: 1, ROLES[1]: 1, ROLES[2]: answers - 2}
    favourite = dict(zip(TESTS, ROLES[:2], strict=False)).get(test)
    rest = (1 - share) / (answers - 1)
    total = pd.Series(0.0, index=table.index)
    for role in table.columns:
        per_answer = 1 / answers if favourite is None else share if role == favourite else rest
        total = total + per_answer * count[role] * table[role]
    return total
