"""Train the answerers of several seeds at once."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from coursekit.compare.networks_at_once import NetworksAtOnce, at_once
from coursekit.lessons.l12_unimodal_bias.answerer import Answerer, Answers
from coursekit.lessons.l12_unimodal_bias.cures import Batch, Cure, training_batch
from coursekit.lessons.l12_unimodal_bias.paced_steps import PacedSteps
from coursekit.lessons.l12_unimodal_bias.question_data import Draw, Seen, stacked
from coursekit.training.optimizers import AdamW

EPOCHS, BATCH, RATE = 12, 64, 8e-3


def new_answerers(draws: Sequence[Draw], detach: bool = True) -> NetworksAtOnce:
    """Untrained networks, one per draw; the same start for every cure.  detach: RUBi's mask."""
    networks = []
    with torch.random.fork_rng():
        for one in draws:
            torch.manual_seed(one.seed)
            seen = one.train
            sizes = seen.pictures.shape[-1], seen.bags.shape[1], len(seen.questions.answers)
            networks.append(Answerer(*sizes, detach=detach))
    return at_once(networks)


def train_answerers(draws: Sequence[Draw], cure: Cure, epochs: int = EPOCHS) -> NetworksAtOnce:
    """The networks of all draws, trained with one cure: one step for all of them.

    Every cure has the same steps, rate and order; noise is drawn anew at each look.
    """
    networks = new_answerers(draws, cure.detach).train()
    inputs = stacked([one.train for one in draws])
    batches = training_batches(draws, inputs, cure)
    rows = torch.stack(
        [_order(d, w, cure, epochs) for d, w in zip(draws, batches["weight"], strict=True)]
    )
    optimizer = AdamW(networks.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=rows.shape[1])
    paced = PacedSteps(networks) if cure.paced else None
    noise = torch.Generator().manual_seed(draws[0].seed)
    network = torch.arange(len(draws))[:, None]
    for step in range(rows.shape[1]):
        own = network, rows[:, step]
        pictures = inputs["pictures"][own]
        pictures = pictures + draws[0].noise * torch.randn(pictures.shape, generator=noise)
        answers = networks(pictures, inputs["bags"][own])
        batch = {name: values[own] for name, values in batches.items()}
        optimizer.zero_grad()
        cure.loss(answers, batch).sum().backward()
        if paced is not None:
            paced.remember()
        optimizer.step()
        if paced is not None:
            paced.rescale(answers, batch["answers"])
        schedule.step()
    return networks.eval()


def training_batches(draws: Sequence[Draw], inputs: Mapping[str, Tensor], cure: Cure) -> Batch:
    """What cures read of the training questions, (K, N, …) each."""
    pool = draws[0].train.questions
    sizes = len(pool.keys), len(pool.answers)
    every = [
        training_batch(keys, answers, sizes, cure.neutral)
        for keys, answers in zip(inputs["keys"], inputs["answers"], strict=True)
    ]
    return {name: torch.stack([one[name] for one in every]) for name in every[0]}


def _order(one: Draw, weight: Tensor, cure: Cure, epochs: int) -> Tensor:
    """Which questions each step reads, (steps, BATCH): shuffled epochs, or drawn by ``weight``."""
    generator = torch.Generator().manual_seed(one.seed)
    count = len(one.train) // BATCH * BATCH
    if cure.balanced:
        rows = torch.multinomial(weight, epochs * count, replacement=True, generator=generator)
        return rows.reshape(-1, BATCH)
    shuffled = [torch.randperm(len(one.train), generator=generator)[:count] for _ in range(epochs)]
    return torch.cat(shuffled).reshape(-1, BATCH)


@torch.no_grad()
def answers_of(networks: NetworksAtOnce, splits: Sequence[Seen]) -> Answers:
    """What every network answers on its own split, (K, N, A) by head."""
    inputs = stacked(splits)
    answers: Answers = networks(inputs["pictures"], inputs["bags"])
    return answers
