"""The table's columns, measured on a network as it is and as its encoders are run."""

import copy
import statistics
import time
from collections.abc import Callable, Mapping

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from coursekit.analysis.activation_bytes import activation_bytes
from coursekit.analysis.costs import multiply_adds
from coursekit.analysis.stored_bytes import stored_bytes
from coursekit.lessons.l14_efficiency.techniques import encoders_run
from coursekit.models import MultimodalClassifier
from coursekit.utils.checks import require_count, require_mapping

Inputs = Mapping[str, Tensor]


def numbers(model: MultimodalClassifier) -> int:
    """How many numbers a model is made of, trained or not; what two parts share counts once."""
    return sum({x.data_ptr(): x.numel() for x in model.state_dict().values()}.values())


def loss_of(model: MultimodalClassifier, inputs: Inputs, labels: Tensor) -> Tensor:
    """Cross-entropy of the joint logits, mean over rows."""
    return F.cross_entropy(model(inputs).joint, labels)


def columns(
    model: MultimodalClassifier,
    inputs: Inputs,
    labels: Tensor,
    how: str = "plain",
    trains: bool = True,
    parts: int = 1,
) -> dict[str, float]:
    """What can be counted: numbers, kB of the file, kB zipped, kB of activations, products.

    inputs, labels: a batch (B, …), (B,).  how: see `encoders_run`.  trains: False leaves out what
    a training step costs.  parts: a batch is run in so many parts, one after the other.
    Products are multiply-adds in thousands: per pair of a forward pass, and of a training step.
    """
    one = {m: x[:1] for m, x in inputs.items()}
    # copies: a view would keep alive, and count as, all rows of the data it was taken from
    part = {m: x[: len(labels) // parts].clone() for m, x in inputs.items()}
    row = {
        "numbers": float(numbers(model)),
        "file, kB": stored_bytes(model) / 1e3,
        "zipped, kB": stored_bytes(model, compressed=True) / 1e3,
        "products": multiply_adds(model, one) / 1e3,
    }
    if trains:
        with encoders_run(model, how):
            first = labels[: len(labels) // parts]
            kept = activation_bytes(model, lambda: loss_of(model, part, first))
            row["activations, kB"] = kept / 1e3
            row["of a step"] = step_products(model, inputs, labels) / len(labels) / 1e3
    return row


def encoder_products(encoder: nn.Module, x: Tensor) -> int:
    """Multiply-adds of matrix products and convolutions in ``encoder(x)``; one row: of a sample."""
    counter = FlopCounterMode(display=False)
    with counter:
        encoder(x)
    return counter.get_total_flops() // 2


def step_products(model: MultimodalClassifier, inputs: Inputs, labels: Tensor) -> int:
    """Multiply-adds of matrix products and convolutions, forward and backward, whole batch."""
    counter = FlopCounterMode(display=False)
    with counter:
        loss_of(model, inputs, labels).backward()
    model.zero_grad(set_to_none=True)
    return counter.get_total_flops() // 2


def a_step(
    model: MultimodalClassifier, inputs: Inputs, labels: Tensor, how: str = "plain", parts: int = 1
) -> Callable[[], None]:
    """One training step as something to call; the batch in ``parts`` that add up their gradients.

    The learning rate is 0, so that a model that is measured stays what it is.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=0.0)

    def step() -> None:
        optimizer.zero_grad()
        with encoders_run(model, how):
            for rows in torch.arange(len(labels)).split(len(labels) // parts):
                part = {m: x[rows] for m, x in inputs.items()}
                (loss_of(model, part, labels[rows]) * len(rows) / len(labels)).backward()
        optimizer.step()

    return step


def times(steps: Mapping[str, Callable[[], None]], rounds: int = 15, warm: int = 3) -> pd.DataFrame:
    """Milliseconds of processor time, (rounds, steps): one of each in turn, so that all see the
    same load; the first ``warm`` rounds are not kept.
    """
    require_mapping("steps", steps, "functions")
    require_count("rounds", rounds, 1)
    rows = []
    for _ in range(warm + rounds):
        row = {}
        for name, step in steps.items():
            begun = time.process_time()
            step()
            row[name] = 1e3 * (time.process_time() - begun)
        rows.append(row)
    return pd.DataFrame(rows[warm:])


def ratio(table: pd.DataFrame, name: str, to: str = "plain") -> float:
    """Median over rounds of how many times as long a step took as another one of its round."""
    return float(statistics.median(table[name] / table[to]))


def on_gpu(
    model: MultimodalClassifier,
    inputs: Inputs,
    labels: Tensor,
    how: str = "plain",
    parts: int = 1,
    rounds: int = 15,
) -> dict[str, float | str]:
    """A step on a GPU, where there is one: milliseconds by the clock, median, and MiB at most.

    Else both say “not run”.
    """
    if not torch.cuda.is_available():
        return {"GPU, ms": "not run", "GPU, MiB": "not run"}
    own = copy.deepcopy(model).to("cuda")
    there = {m: x.to("cuda") for m, x in inputs.items()}
    step = a_step(own, there, labels.to("cuda"), how, parts)
    for _ in range(3):
        step()
    torch.cuda.reset_peak_memory_stats()
    taken = []
    for _ in range(rounds):
        torch.cuda.synchronize()
        begun = time.perf_counter()
        step()
        torch.cuda.synchronize()
        taken.append(1e3 * (time.perf_counter() - begun))
    return {
        "GPU, ms": statistics.median(taken),
        "GPU, MiB": torch.cuda.max_memory_allocated() / 2**20,
    }
