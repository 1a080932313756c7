"""Which of K replicas have diverged, and since when."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.training.method import Run
from coursekit.utils.accelerator_checks import cheap_to_ask


class Divergence:
    """stopped: by number, the sentence that says why a replica has left.

    The CPU is asked about every loss at once; an accelerator, which would have to be waited for,
    once an epoch. Replicas share no number, so one that goes on with NaN until then disturbs
    nobody, and it leaves as of the step in which it diverged.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = runs
        self.stopped: dict[int, str] = {}
        self._unasked: list[tuple[int, Tensor]] = []  # of this epoch: batch and losses

    def of_losses(self, losses: Tensor, batch: int) -> None:
        """The losses (K,) of a batch, its number from 1."""
        losses = losses.detach()
        if not cheap_to_ask(losses):
            self._unasked.append((batch, losses))
        elif not bool(losses.isfinite().all()):
            self._note(losses.tolist(), batch)

    def of_weights(self, flat: Tensor, epoch: int) -> None:
        """After an epoch: the losses that nobody has asked for, and the weights (K, P).

        A last step may have led to weights that no loss has seen yet.
        """
        if self._unasked:
            table = torch.stack([losses for _, losses in self._unasked]).tolist()
            for (batch, _), losses in zip(self._unasked, table, strict=True):
                self._note(losses, batch)
            self._unasked = []
        for k, finite in enumerate(flat.isfinite().all(1).tolist()):
            if not finite:
                self.stopped.setdefault(k, f"The weights are not finite after epoch {epoch}.")

    def _note(self, losses: list[float], batch: int) -> None:
        for k, loss in enumerate(losses):
            if not math.isfinite(loss):
                where = f"in epoch {self.runs[k].epoch}, batch {batch}"
                self.stopped.setdefault(k, f"The loss is {loss} {where}.")
