"""Means of a function over all combinations of samples, in blocks, so that memory stays bounded.

With M modalities and N samples there are N^M combinations. Two ways through them: run a function on
gathered combinations (`grid_means`), or, where the function is an activation of a sum of one part a
modality, add the parts by broadcasting (`split_means`). Both sum in float64.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from tqdm.auto import tqdm

from coursekit.utils.checks import require
from coursekit.utils.precision import not_half, wide
from coursekit.utils.tensor_checks import require_weights

Activation = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Means:
    """alone[m] (N, K): mean over all other modalities' samples.  overall (K,): mean of it all."""

    alone: list[Tensor]
    overall: Tensor

    def project(self) -> Tensor:
        """Σ_m alone[m] − (M − 1) overall, (N, K)."""
        return torch.stack(self.alone).sum(dim=0) - (len(self.alone) - 1) * self.overall


def combinations(n: int, modalities: int, block: int) -> Iterator[list[Tensor]]:
    """Row numbers by modality, ``block`` combinations at a time, the last modality fastest."""
    count = n**modalities
    for start in range(0, count, block):
        flat = torch.arange(start, min(start + block, count))
        yield [flat // n ** (modalities - 1 - m) % n for m in range(modalities)]


def blocks_of(count: int, block: int) -> int:
    """How many blocks hold ``count`` combinations."""
    return -(-count // block)


def logits_in_blocks(
    run: Callable[[list[Tensor]], Tensor], x: Sequence[Tensor], block: int, label: str
) -> Iterator[tuple[list[Tensor], Tensor]]:
    """``run`` on every combination of the rows of ``x``: row numbers and logits (block, C)."""
    n, modalities = len(x[0]), len(x)
    bar = tqdm(
        combinations(n, modalities, block),
        total=blocks_of(n**modalities, block),
        desc=label,
        disable=not label,
        unit="block",
        leave=False,
    )
    for rows in bar:
        at = [index.to(part.device) for index, part in zip(rows, x, strict=True)]
        logits = run([part[index] for index, part in zip(at, x, strict=True)])
        require_weights("what model returns", logits)
        fits = logits.ndim == 2 and len(logits) == len(rows[0])
        want = f"({len(rows[0])}, C), a row for each combination,"
        require(fits, f"model returns the shape {tuple(logits.shape)}; {want} was expected.")
        yield at, logits


def grid_means(
    run: Callable[[list[Tensor]], Tensor], x: Sequence[Tensor], block: int, label: str = ""
) -> Means:
    """Means of ``run`` over all combinations. x: (N, …) by modality; run: B rows of each → (B, C).

    Memory: what ``run`` needs for ``block`` rows, and N × C numbers a modality.
    """
    n, sums = len(x[0]), list[Tensor]()
    for rows, logits in logits_in_blocks(run, x, block, label):
        sums = sums or [wide(logits).new_zeros(n, logits.shape[1]) for _ in x]
        for index, total in zip(rows, sums, strict=True):
            total.index_add_(0, index.to(total.device), wide(logits))
    return _means(sums)


def split_means(
    parts: Sequence[Tensor], activation: Activation, block: int, label: str = ""
) -> Means:
    """Means of activation(Σ_m parts[m]) over all combinations. parts: (N, H) each.

    The sums of all modalities but the last are taken as rows, ``block`` pairs at a time, and
    the last modality stands against them. For ReLU sorting replaces the pairs, see `relu_sums`.
    """
    *first, last = parts
    n, m = len(last), len(first)
    sorted_relu = activation is torch.relu
    pair_sums = relu_sums if sorted_relu else broadcast_sums
    step = block if sorted_relu else max(1, block // n)
    sums = [torch.zeros_like(wide(last)) for _ in parts]
    bar = tqdm(
        combinations(n, m, step),
        total=blocks_of(n**m, step),
        desc=label,
        disable=not label,
        unit="block",
        leave=False,
    )
    for rows in bar:
        at = [index.to(last.device) for index in rows]
        together = torch.stack([part[i] for part, i in zip(first, at, strict=True)]).sum(dim=0)
        by_row, by_column = pair_sums(together, last, activation)
        for index, total in zip(at, sums, strict=False):
            total.index_add_(0, index.to(total.device), by_row)
        sums[-1] += by_column
    return _means(sums)


def broadcast_sums(p: Tensor, q: Tensor, activation: Activation) -> tuple[Tensor, Tensor]:
    """Σ_j a(p_i + q_j), (B, H), and Σ_i a(p_i + q_j), (N, H), in float64. p: (B, H), q: (N, H)."""
    hidden = not_half(activation(p[:, None] + q[None]))  # (B, N, H)
    return wide(hidden.sum(dim=1)), wide(hidden.sum(dim=0))


def relu_sums(p: Tensor, q: Tensor, activation: Activation = torch.relu) -> tuple[Tensor, Tensor]:
    """What `broadcast_sums` gives for ReLU, without the pairs: O((B + N) log) for each unit."""
    return _relu_sum(p, q), _relu_sum(q, p)


def _relu_sum(p: Tensor, q: Tensor) -> Tensor:
    """Σ_j max(0, p_i + q_j), (B, H), in float64.

    Only the q_j above −p_i count. With q sorted they are a tail, whose sum is a difference of
    running sums: Σ = tail(−p_i) + p_i · (length of the tail).
    """
    rising = wide(q).T.contiguous().sort(dim=1).values  # (H, N)
    shift = wide(p).T.contiguous()  # (H, B)
    running = torch.nn.functional.pad(rising.cumsum(dim=1), (1, 0))  # [k]: sum of the k smallest
    below = torch.searchsorted(rising, -shift)
    tail = running[:, -1:] - running.gather(1, below)
    return (tail + shift * (rising.shape[1] - below)).T


def _means(sums: list[Tensor]) -> Means:
    n = len(sums[0])
    others = n ** (len(sums) - 1)
    return Means([s / others for s in sums], sums[0].sum(dim=0) / (n * others))
