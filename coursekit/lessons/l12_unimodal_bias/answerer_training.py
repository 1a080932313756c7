"""Train the answerers of several seeds at once, and count what they answer rightly."""

from collections.abc import Mapping, Sequence

import pandas as pd
import torch
from torch import Tensor

from coursekit.compare.networks_at_once import NetworksAtOnce, at_once
from coursekit.data.shifted_priors import TESTS
from coursekit.lessons.l12_unimodal_bias.answerer import Answerer
from coursekit.lessons.l12_unimodal_bias.cures import Cure, training_batch
from coursekit.lessons.l12_unimodal_bias.question_data import Draw, Seen, stacked

EPOCHS, BATCH, RATE = 12, 64, 3e-3


def new_answerers(draws: Sequence[Draw], cure: Cure) -> NetworksAtOnce:
    """Untrained networks, one per draw; the same start for every cure."""
    networks = []
    for one in draws:
        torch.manual_seed(one.seed)
        seen = one.train
        sizes = seen.pictures.shape[1], seen.bags.shape[1], len(seen.questions.answers)
        networks.append(Answerer(*sizes, detach=cure.detach))
    return at_once(networks)


def train_answerers(draws: Sequence[Draw], cure: Cure, epochs: int = EPOCHS) -> NetworksAtOnce:
    """The networks of all draws, trained with one cure: one step for all of them."""
    networks = new_answerers(draws, cure)
    inputs = stacked([one.train for one in draws])
    pool = draws[0].train.questions
    sizes = len(pool.keys), len(pool.answers)
    every = [
        training_batch(keys, answers, sizes, cure.neutral)
        for keys, answers in zip(inputs["keys"], inputs["answers"], strict=True)
    ]
    batch = {name: torch.stack([one[name] for one in every]) for name in every[0]}
    order = [_order(one, b["weight"], cure, epochs) for one, b in zip(draws, every, strict=True)]
    rows = torch.stack(order)  # (K, steps, BATCH)
    optimizer = torch.optim.AdamW(networks.parameters(), lr=RATE)
    steps = rows.shape[1]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    network = torch.arange(len(draws))[:, None]
    for step in range(steps):
        own = rows[:, step]
        answers = networks(inputs["pictures"][network, own], inputs["bags"][network, own])
        loss = cure.loss(answers, {name: values[network, own] for name, values in batch.items()})
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        schedule.step()
    return networks.eval()


def _order(one: Draw, weight: Tensor, cure: Cure, epochs: int) -> Tensor:
    """Which questions each step reads, (steps, BATCH): shuffled epochs, or drawn by 1/n."""
    generator = torch.Generator().manual_seed(one.seed)
    count = len(one.train) // BATCH * BATCH
    if cure.balanced:
        drawn = torch.multinomial(weight, epochs * count, replacement=True, generator=generator)
    else:
        shuffled = [torch.randperm(len(one.train), generator=generator)[:count]] * 0
        for _ in range(epochs):
            shuffled.append(torch.randperm(len(one.train), generator=generator)[:count])
        drawn = torch.cat(shuffled)
    return drawn.reshape(-1, BATCH)


@torch.no_grad()
def logits_of(networks: NetworksAtOnce, splits: Sequence[Seen], head: str) -> Tensor:
    """Logits of every network on its own split, (K, N, A)."""
    inputs = stacked(splits)
    answers: Mapping[str, Tensor] = networks(inputs["pictures"], inputs["bags"])
    return answers[head]


def accuracies(logits: Tensor, splits: Sequence[Seen]) -> list[dict[str, float]]:
    """Share of right answers per network, overall and by type of question."""
    rows = []
    for own, seen in zip(logits, splits, strict=True):
        right = (own.argmax(-1) == seen.questions.answer).double()
        by_type = {
            kind: float(right[seen.questions.type == place].mean())
            for place, kind in enumerate(seen.questions.types)
        }
        rows.append({"overall": float(right.mean()), **by_type})
    return rows


def test_table(networks: NetworksAtOnce, draws: Sequence[Draw], head: str) -> pd.DataFrame:
    """Accuracy by seed, test and type of question, one row each."""
    rows = []
    for test in TESTS:
        splits = [one.splits[test] for one in draws]
        shares = accuracies(logits_of(networks, splits, head), splits)
        for one, by_type in zip(draws, shares, strict=True):
            rows += [(one.seed, test, kind, share) for kind, share in by_type.items()]
    return pd.DataFrame(rows, columns=["seed", "test", "type", "accuracy"])
