"""How strong the prior of training is, and what each cure then answers: the explorer's table.

    python -m coursekit priors-by-strength

Right answers are counted per role of the right answer (is it the one that its key preferred in
training, the one that the shifted test prefers, or another?). From them the accuracy under any
prior of a test follows, see `accuracy_under` in `prior_strengths`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from coursekit.compare.stored_tables import store
from coursekit.compare.tuning import fresh_seeds
from coursekit.lessons.l12_unimodal_bias.answer_shares import by_role
from coursekit.lessons.l12_unimodal_bias.answerer_training import answers_of, train_answerers
from coursekit.lessons.l12_unimodal_bias.cures import CURES
from coursekit.lessons.l12_unimodal_bias.prior_strengths import METHODS, STRENGTHS
from coursekit.lessons.l12_unimodal_bias.question_data import draw_shapes
from coursekit.utils.threads import threads


def rows_of(strength: float, method: str, seeds: Sequence[int]) -> list[dict[str, object]]:
    """A row per seed, type and role."""
    draws = [draw_shapes(seed, strength) for seed in seeds]
    networks = train_answerers(draws, CURES[method])
    logits = answers_of(networks, [one.every_test_question for one in draws])[CURES[method].head]
    rows: list[dict[str, object]] = []
    for one, own in zip(draws, logits, strict=True):
        head = {"strength": strength, "method": method, "seed": one.seed}
        roles = by_role(own.argmax(-1), one).round(4)
        rows += [
            {**head, "type": kind, "role": role, "accuracy": accuracy}
            for kind, role, accuracy in roles.itertuples(index=False)
        ]
    return rows


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
