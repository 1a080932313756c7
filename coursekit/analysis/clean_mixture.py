"""Which samples are clean, by two normal distributions of their losses: the lower one is clean's.

Huang and colleagues, Learning with Noisy Correspondence for Cross-modal Matching (2021),
https://proceedings.neurips.cc/paper/2021/hash/f5e62af885293cf4d511ceef31e61c80-Abstract.html,
section 3.2, as their released code does it.
"""

from dataclasses import dataclass

import torch
from sklearn.mixture import GaussianMixture
from torch import Tensor

from coursekit.utils.checks import require, require_share
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import require_batch

# As released: few rounds, a loose end, and no component narrower than this.
ROUNDS, TOLERANCE, LEAST_VARIANCE = 10, 1e-2, 5e-4
FORCED_OUT = 100  # where nothing looks wrong, one in so many is taken for wrong all the same


@dataclass(frozen=True)
class CleanMixture:
    """probability: of each sample to belong to the lower normal, (N,).  means: of both, lower
    first, (2,), of losses scaled to 0 to 1.  rounds: of the fit.
    """

    probability: Tensor
    means: Tensor
    rounds: int


def scaled_losses(losses: Tensor) -> Tensor:
    """Losses moved and stretched to 0 to 1, (N,) float64, on the CPU and without a gradient.

    Errors: ValueError for NaN, another shape, or losses that are all equal.
    """
    require_batch("losses", losses, (None,))
    wide = not_half(losses.detach()).double().cpu()
    low, high = wide.aminmax()
    require(
        bool(high > low),
        f"losses are all {float(low):.4g}; different ones were expected, for equal ones tell "
        "nobody who is wrong.",
    )
    return (wide - low) / (high - low)


def clean_mixture(losses: Tensor) -> CleanMixture:
    """Two normal distributions fitted to losses (N,), N ≥ 2, and who belongs to the lower.

    Losses are scaled to 0 to 1 first; expectation–maximisation is scikit-learn's, always from the
    same start.  Errors: as `scaled_losses`.
    """
    scaled = scaled_losses(losses)
    mixture = GaussianMixture(
        2, max_iter=ROUNDS, tol=TOLERANCE, reg_covar=LEAST_VARIANCE, random_state=0
    )
    column = scaled.numpy()[:, None]
    mixture.fit(column)
    lower = int(mixture.means_.argmin())
    means = torch.from_numpy(mixture.means_[:, 0]).sort().values
    clean = torch.from_numpy(mixture.predict_proba(column)[:, lower])
    return CleanMixture(clean, means, mixture.n_iter_)


def clean_part(probability: Tensor, threshold: float = 0.5) -> Tensor:
    """Who is taken for clean: a probability above the threshold, (N,) bool.

    Where all are above it the ⌊N/100⌋ + 1 smallest probabilities are taken for wrong all the same
    (with ties more), so that a training that needs wrong pairs has some: as released.
    Errors: ValueError for what is no probability (N,).
    """
    require_batch("probability", probability, (None,))
    low, high = (float(end) for end in probability.aminmax())
    require(
        low >= 0 and high <= 1,
        f"probability lies in {low:.3g} to {high:.3g}; 0 to 1 was expected.",
    )
    require_share("threshold", threshold)
    if low > threshold:
        return probability > probability.sort().values[len(probability) // FORCED_OUT]
    return probability > threshold
