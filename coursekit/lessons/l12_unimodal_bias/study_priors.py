"""Every cure on fresh seeds, each on three tests: questions of easy-VQA and about scenes.

    python -m coursekit priors

Nothing is chosen: all cures have the same steps and rate, and no cure sees a test in training.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd
import torch
import typer
from torch import Tensor

from coursekit.analysis.emap import project
from coursekit.compare.networks_at_once import NetworksAtOnce
from coursekit.compare.stored_tables import store
from coursekit.compare.tuning import fresh_seeds
from coursekit.data.shifted_priors import TESTS
from coursekit.lessons.l12_unimodal_bias.answer_roles import ALL
from coursekit.lessons.l12_unimodal_bias.answer_shares import rows_on_tests
from coursekit.lessons.l12_unimodal_bias.answerer_training import answers_of, train_answerers
from coursekit.lessons.l12_unimodal_bias.blend import blended
from coursekit.lessons.l12_unimodal_bias.cures import CURES, Cure
from coursekit.lessons.l12_unimodal_bias.question_data import Draw, Seen, draw_shapes, stacked
from coursekit.lessons.l12_unimodal_bias.scene_data import draw_scene_questions
from coursekit.utils.threads import threads

Rows = list[dict[str, object]]
ON_SCENES = (
    "joint",
    "question only",
    "picture only",
    "loss per modality",
    "reweight",
    "balanced sampling",
    "product",
    "learned-mixin",
    "learned-mixin +H .36",
)
EMAP_ROWS = 300  # questions of each test; every one is combined with every picture


def majority_logits(draws: Sequence[Draw], test: str) -> Tensor:
    """The most frequent answer of each type of question in training, as logits (K, N, A)."""
    parts = []
    for one in draws:
        train, asked = one.train.questions, one.splits[test].questions
        counts = torch.zeros(len(train.types), len(train.answers))
        counts.index_put_((train.type, train.answer), torch.ones(len(train)), accumulate=True)
        parts.append(counts[asked.type])
    return torch.stack(parts)


def ensemble_logits(networks: NetworksAtOnce, splits: Sequence[Seen]) -> Tensor:
    """Mean of the probabilities of question only and picture only, (K, N, A)."""
    answers = answers_of(networks, splits)
    return (answers["picture"].softmax(-1) + answers["question"].softmax(-1)) / 2


@torch.no_grad()
def shuffled_logits(networks: NetworksAtOnce, splits: Sequence[Seen], what: str) -> Tensor:
    """What the joint head answers when ``what``, "pictures" or "bags", are another question's."""
    inputs = stacked(splits)
    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(inputs[what].shape[1], generator=generator)
    inputs[what] = inputs[what][:, order]
    joint: Tensor = networks(inputs["pictures"], inputs["bags"])["joint"]
    return joint


@torch.no_grad()
def additive_logits(networks: NetworksAtOnce, splits: Sequence[Seen]) -> Tensor:
    """The joint head's nearest sum of a function of the picture and one of the question (EMAP)."""
    inputs = stacked(splits)
    pictures, bags = inputs["pictures"], inputs["bags"]
    k, n = bags.shape[:2]
    first = torch.arange(n).repeat_interleave(n)
    second = torch.arange(n).repeat(n)
    grid = networks(pictures[:, first], bags[:, second])["joint"].reshape(k, n, n, -1)
    return torch.stack([project(own) for own in grid])


def rows_of_cure(method: str, cure: Cure, draws: Sequence[Draw], networks: NetworksAtOnce) -> Rows:
    """A trained cure on the three tests."""
    logits = {t: answers_of(networks, [d.splits[t] for d in draws])[cure.head] for t in TESTS}
    return rows_on_tests(method, draws, logits)


def rows_beside_joint(draws: Sequence[Draw], networks: NetworksAtOnce) -> Rows:
    """The joint network's answers when one modality is another question's, and EMAP's."""
    rows: Rows = []
    for method, what in (("pictures shuffled", "pictures"), ("questions shuffled", "bags")):
        logits = {t: shuffled_logits(networks, [d.splits[t] for d in draws], what) for t in TESTS}
        rows += rows_on_tests(method, draws, logits)
    few = [first_rows(d, EMAP_ROWS) for d in draws]
    cut = {t: answers_of(networks, [d.splits[t] for d in few])["joint"] for t in TESTS}
    rows += rows_on_tests("joint, first questions", few, cut)
    additive = {t: additive_logits(networks, [d.splits[t] for d in few]) for t in TESTS}
    return rows + rows_on_tests("joint, EMAP", few, additive)


def first_rows(one: Draw, count: int) -> Draw:
    """A draw with the first ``count`` questions of every split."""
    splits = {
        name: Seen(s.questions.part(torch.arange(count)), s.pictures[:count], s.bags[:count])
        for name, s in one.splits.items()
    }
    return Draw(splits, one.every_test_question, one.preferences, one.seed, one.noise)


def rows_of_draws(draws: Sequence[Draw], methods: Sequence[str]) -> Rows:
    """All rows of some draws: what needs no network, every cure, and what is asked of the joint."""
    rows = rows_on_tests("majority", draws, {t: majority_logits(draws, t) for t in TESTS})
    for method in methods:
        cure = CURES[method]
        networks = train_answerers(draws, cure)
        rows += rows_of_cure(method, cure, draws, networks)
        if method == "joint":
            rows += rows_beside_joint(draws, networks)
        typer.echo(method)
    both = train_answerers(draws, CURES["both alone"])
    alone = {t: ensemble_logits(both, [d.splits[t] for d in draws]) for t in TESTS}
    rows += rows_on_tests("ensemble", draws, alone)
    cure, weights = blended(draws)
    networks = train_answerers(draws, cure)
    rows += rows_of_cure("G-Blend", cure, draws, networks)
    typer.echo(f"G-Blend, weights of picture, question, joint: {weights.mean(0).tolist()}")
    return rows


def study(draws: Sequence[Draw], data: str, methods: Sequence[str]) -> pd.DataFrame:
    """The table of one data set."""
    with threads(1):
        table = pd.DataFrame(rows_of_draws(draws, methods))
    table.insert(0, "data", data)
    return table.round(4)


def priors(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 8,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/priors.csv"),
) -> None:
    """Train every cure of lesson 12 on questions with a prior; test on three priors."""
    chosen = fresh_seeds(seeds)
    methods = [name for name in CURES if name != "both alone"]
    shapes = study([draw_shapes(seed) for seed in chosen], "shapes", methods)
    scenes = study([draw_scene_questions(seed) for seed in chosen], "scenes", ON_SCENES)
    table = pd.concat([shapes, scenes], ignore_index=True)
    store(table, summary(table), out)


def summary(table: pd.DataFrame) -> str:
    """Means over seeds of all questions, by method and test."""
    overall = table[table["type"] == ALL]
    means = overall.pivot_table("accuracy", ["data", "method"], "test", sort=False)
    return means[[*TESTS]].round(3).to_string()
