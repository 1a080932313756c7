"""Batch normalisation whose batch may be shared by several processes."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from coursekit.utils.accelerator_checks import cheap_to_ask, check

ONE_VALUE = "The batch has one value per channel; a variance needs two or more."


class BatchNorm2d(nn.BatchNorm2d):
    """PyTorch's own, unless ``total`` is set: then the statistics are those of all processes' rows.

    total: Σ over the processes, differentiable; the training sets it. (PyTorch's SyncBatchNorm does
    this on CUDA only.)
    Source: Ioffe and Szegedy 2015, algorithm 1.
    """

    total: Callable[[Tensor], Tensor] | None = None

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → (B, C, H, W); in training this process may have no row at all."""
        if self.total is None or not self.training:
            return super().forward(x)
        wide = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
        n = self.total(wide.new_full((1,), wide[:, 0].numel()))
        if cheap_to_ask(n) and n == 0:
            return x
        check(n[0] != 1, lambda: ValueError(ONE_VALUE))
        any_rows, n = n[0] > 0, n.clamp_min(1)  # with no row anywhere there is nothing to remember
        mean = self.total(wide.sum((0, 2, 3))) / n
        centred = wide - mean[:, None, None]
        variance = self.total(centred.square().sum((0, 2, 3))) / n
        self._remember(mean.detach(), variance.detach() * n / (n - 1), any_rows)
        scaled = centred * (self.weight / (variance + self.eps).sqrt())[:, None, None]
        return (scaled + self.bias[:, None, None]).to(x.dtype)

    def _remember(self, mean: Tensor, variance: Tensor, any_rows: Tensor) -> None:
        """Running statistics, as PyTorch keeps them: of the unbiased variance.

        any_rows: whether there was a row in any process; if not, all stays as it was.
        """
        assert self.running_mean is not None and self.running_var is not None
        assert self.num_batches_tracked is not None and self.momentum is not None
        self.num_batches_tracked += any_rows
        self.running_mean.lerp_(torch.where(any_rows, mean, self.running_mean), self.momentum)
        self.running_var.lerp_(torch.where(any_rows, variance, self.running_var), self.momentum)
