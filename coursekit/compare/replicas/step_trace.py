"""The weights and scales of every step, written down as the plain loop does."""

from collections.abc import Container, Sequence

import torch
from torch import Tensor

from coursekit.training.method import Run
from coursekit.utils.accelerator_checks import cheap_to_ask

Rows = list[dict[str, object]]


def write_trace(
    runs: Sequence[Run],
    steps: Sequence[tuple[Tensor, Tensor]],
    heads: Sequence[str],
    stopped: Container[int],
) -> None:
    """Add one epoch to the runs' traces.

    steps: weights (K, 1 + M) and scales (K, M) of every step.  heads: their names, the joint one
    first.  stopped: numbers of the runs that are left out.
    """
    used: tuple[Tensor, Tensor] | None = None
    rows: list[Rows] = []
    for batch, now in enumerate(_at_hand(steps), 1):
        if used is None or now[0] is not used[0] or now[1] is not used[1]:
            used, rows = now, _named(*now, heads)
        for k, (run, own) in enumerate(zip(runs, rows, strict=True)):
            if k not in stopped:
                run.trace += [{"epoch": run.epoch, "batch": batch, **row} for row in own]


def _at_hand(steps: Sequence[tuple[Tensor, Tensor]]) -> Sequence[tuple[Tensor, Tensor]]:
    """The same on the CPU, for which an accelerator is waited for once; one tensor stays one."""
    if all(cheap_to_ask(x) for pair in steps for x in pair):
        return steps
    apart = {id(x): x for pair in steps for x in pair}
    numbers = torch.cat([x.flatten() for x in apart.values()]).cpu()
    parts = numbers.split([x.numel() for x in apart.values()])
    here = {key: part.view(x.shape) for (key, x), part in zip(apart.items(), parts, strict=True)}
    return [(here[id(weights)], here[id(scales)]) for weights, scales in steps]


def _named(weights: Tensor, scales: Tensor, heads: Sequence[str]) -> list[Rows]:
    """By replica the weights and scales of a step that its method has named."""
    named: list[Rows] = []
    for w, s in zip(weights.tolist(), scales.tolist(), strict=True):
        of_heads, of_modalities = zip(heads, w, strict=True), zip(heads[1:], s, strict=True)
        own: Rows = [{"head": h, "weight": x} for h, x in of_heads if x == x]
        named.append(own + [{"modality": m, "scale": x} for m, x in of_modalities if x == x])
    return named
