"""Weights of several losses that are learnt as the uncertainty of each.

Kendall, Gal and Cipolla, Multi-Task Learning Using Uncertainty to Weigh Losses (2018),
https://arxiv.org/abs/1705.07115, eq. 7 and section 3.2: log variances, without the factor ½.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from coursekit.utils.checks import require, require_count
from coursekit.utils.precision import in_one_dtype, not_half
from coursekit.utils.tensor_checks import NoValue, require_batch, require_scalar, within_range


def uncertainty_loss(losses: Tensor, log_variances: Tensor) -> Tensor:
    """Σ_j e^{−s_j} L_j + s_j, a scalar.

    losses L: (J,), 0 or more.  log_variances s: (J,), log σ². By s_j it is least at log L_j, where
    the weight e^{−s_j} is 1 / L_j: all losses then pull by their relative changes. The sum is below
    zero where losses are smaller than 1/e; that is no mistake.  Half precision gives float64.
    Errors: ValueError for another shape, NaN, a negative loss, a sum too large for a number.
    """
    _require_losses(losses)
    require_batch("log_variances", log_variances, tuple(losses.shape))
    losses, s = in_one_dtype(not_half(losses), not_half(log_variances))
    return within_range("uncertainty_loss", ((-s).exp() * losses + s).sum())


def best_log_variances(losses: Tensor) -> Tensor:
    """log L_j, (J,): where `uncertainty_loss` is least.  losses: (J,), positive."""
    _require_losses(losses)
    lowest = float(losses.detach().min())
    require(lowest > 0, f"losses holds {lowest}; positive numbers were expected.")
    return not_half(losses.detach()).log()


class UncertaintyWeights(nn.Module):
    """`uncertainty_loss` with its own s_j, which begin at 0, weights of one.

    They belong into the optimiser with the model's parameters, and must not decay: decay would
    pull every weight towards one (`coursekit.training.parameter_groups` leaves vectors alone).
    """

    def __init__(self, losses: int) -> None:
        super().__init__()
        require_count("losses", losses, 1)
        self.log_variances = nn.Parameter(torch.zeros(losses))

    def initialise(self, _: torch.Generator) -> None:
        """All weights are one again."""
        nn.init.zeros_(self.log_variances)

    @property
    def weights(self) -> Tensor:
        """e^{−s_j}, (J,), by which the losses are multiplied now."""
        return (-self.log_variances.detach()).exp()

    def forward(self, losses: Sequence[Tensor]) -> Tensor:
        """The loss to train with, a scalar; losses: one scalar for each weight, in a list."""
        if isinstance(losses, str) or not isinstance(losses, Sequence):
            kind = type(losses).__name__
            raise TypeError(f"losses is a {kind}; scalars in a list were expected.")
        own = len(self.log_variances)
        require(len(losses) == own, f"losses holds {len(losses)}; {own} were expected.")
        for j, loss in enumerate(losses):
            require_scalar(f"losses[{j}]", loss)
        return uncertainty_loss(torch.stack(list(losses)), self.log_variances)


def _require_losses(losses: Tensor) -> None:
    require_batch("losses", losses, (None,))
    lowest = float(losses.detach().min())
    if lowest < 0:
        raise NoValue(f"losses holds {lowest}; zero or positive numbers were expected.")
