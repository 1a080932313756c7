"""How strong the prior of training is, and what each cure then answers: the explorer's table.

    python -m coursekit priors-by-strength

Right answers are counted per role of the right answer (is it the one that its key preferred in
training, the one that the shifted test prefers, or another?). From them the accuracy under any
prior of a test follows, see `accuracy_under`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from coursekit.compare.stored_tables import store
from coursekit.compare.tuning import fresh_seeds
from coursekit.data.easy_vqa import TYPES
from coursekit.lessons.l12_unimodal_bias.answer_shares import ROLES, by_role
from coursekit.lessons.l12_unimodal_bias.answerer_training import answers_of, train_answerers
from coursekit.lessons.l12_unimodal_bias.cures import CURES
from coursekit.lessons.l12_unimodal_bias.question_data import draw_shapes
from coursekit.utils.checks import choose, require, require_columns, require_share
from coursekit.utils.threads import threads

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


def rows_of(strength: float, method: str, seeds: Sequence[int]) -> list[dict[str, object]]:
    """A row per seed, type and role."""
    draws = [draw_shapes(seed, strength) for seed in seeds]
    networks = train_answerers(draws, CURES[method])
    logits = answers_of(networks, [one.every_test_question for one in draws])[CURES[method].head]
    rows: list[dict[str, object]] = []
    for one, own in zip(draws, logits, strict=True):
        head = {"strength": strength, "method": method, "seed": one.seed}
        roles = by_role(own.argmax(-1), one).round(4)
        rows += [{**head, **row} for row in roles.to_dict("records")]
    return rows


def accuracy_under(rows: pd.DataFrame, kind: str, test: str, share: float) -> pd.Series:
    """Accuracy by seed that a test of this prior would give, from right answers per role.

    rows: of one method and strength, columns seed, type, role, accuracy.  kind: type of question.
    test: "same prior", "shifted prior" or "flat prior".  share: of the preferred answer, where the
    test has one.
    """
    require_columns("rows", rows, ("seed", "type", "role", "accuracy"))
    choose("kind", kind, TYPES)
    choose("test", test, ("same prior", "shifted prior", "flat prior"))
    require_share("share", share)
    own = rows[rows["type"] == kind]
    require(len(own) > 0, f"rows has no question of type {kind!r}.")
    table = own.pivot_table("accuracy", "seed", "role")
    answers = ANSWERS[kind]
    count = {ROLES[0]: 1, ROLES[1]: 1, ROLES[2]: answers - 2}
    favourite = {"same prior": ROLES[0], "shifted prior": ROLES[1]}.get(test)
    rest = (1 - share) / (answers - 1)
    total = pd.Series(0.0, index=table.index)
    for role in table.columns:
        per_answer = 1 / answers if favourite is None else share if role == favourite else rest
        total = total + per_answer * count[role] * table[role]
    return total


def priors_by_strength(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 8,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path(
        "data/priors_by_strength.csv"
    ),
) -> None:
    """Train cures of lesson 12 under priors of several strengths; store who answers rightly."""
    rows: list[dict[str, object]] = []
    with threads(1):
        for strength in STRENGTHS:
            for method in METHODS:
                rows += rows_of(strength, method, fresh_seeds(seeds))
            typer.echo(f"{strength:.0%}")
    table = pd.DataFrame(rows)
    means = table.pivot_table("accuracy", ["method", "type", "role"], "strength", sort=False)
    store(table, means.round(2).to_string(), out)
