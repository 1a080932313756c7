"""Diagnosing and re-learning: an encoder goes part of the way back to where it started.

How far is told by clusters of its features, which are purer on rows that it learnt by heart. Where
it has not learnt much they are about as impure on train as on valid, if the splits are of one size.
Of fewer rows any clusters are purer: pure noise, 6 classes in 4 dimensions, has purity .23 of 400
rows and .38 of 40. So a smaller valid split hides some of what was learnt by heart, and sends an
encoder that has learnt nothing back all the same: tanh(3 · .15) is .42. The paper's rule has no
correction for it, nor is there one here.
"""

from statistics import fmean

import numpy as np
import torch
from torch import Tensor, nn

from coursekit.training.engine import AnySplit
from coursekit.training.method import Method, Neutral, Run
from coursekit.utils.checks import require, require_count, require_not_negative, require_share
from coursekit.utils.precision import not_half, wide
from coursekit.utils.tensor_checks import require_batch, require_labels, require_weights


def purity(labels: Tensor, clusters: Tensor) -> Tensor:
    """Share of the rows that have their cluster's commonest label, a scalar in float64.

    labels, clusters: (N,) whole numbers from 0, int64, one row or more; how they are numbered is
    of no matter.
    Errors: ValueError for shapes that differ, no rows, numbers below 0; TypeError for other numbers
    than int64.
    Source: as of `reset_shares`; the usual measure of clusters.
    """
    require_labels("labels", labels)
    require_labels("clusters", clusters, len(labels))
    classes, label = labels.cpu().unique(return_inverse=True)
    groups, group = clusters.cpu().unique(return_inverse=True)
    counts = torch.bincount(group * len(classes) + label, minlength=len(groups) * len(classes))
    return counts.view(len(groups), len(classes)).amax(1).sum().double() / len(labels)


def clusters_of(features: Tensor, num_clusters: int) -> Tensor:
    """The k-means cluster of every row, (N,), int64, on the CPU; always the same for the same rows.

    features: (N, D), each column scaled to −1 … 1 first, in float64.  num_clusters: as many as
    there are classes; fewer where fewer rows differ.
    Errors: ValueError for another shape, no rows, NaN, less than one cluster.
    Source: as of `reset_shares`; that columns are scaled is their released code's.
    """
    require_batch("features", features, (None, None))
    require_count("num_clusters", num_clusters, 1)
    z = wide(features).cpu()
    low, high = z.amin(0), z.amax(0)
    half = high / 2 - low / 2  # high − low may be too large for a number
    scaled = torch.where(half > 0, (z / 2 - low / 2) / torch.where(half > 0, half, 1) * 2 - 1, 0)
    differ = len(scaled.unique(dim=0))
    from sklearn.cluster import KMeans  # takes a second, which only this method has to wait

    means = KMeans(min(num_clusters, differ), random_state=0)
    return torch.from_numpy(means.fit_predict(scaled.numpy()).astype(np.int64))


def reset_shares(train: Tensor, valid: Tensor, strength: float) -> Tensor:
    """α_m = tanh(λ |purity on train − purity on valid|): how far encoder m goes back, (M,).

    train, valid: purities (M,) in 0 to 1.  strength λ ≥ 0.  Half precision gives float64.
    Errors: ValueError for shapes that differ, NaN, purities outside 0 to 1, a strength below 0.
    Source: [Wei and colleagues 2024](https://arxiv.org/abs/2407.09705), section 3.
    """
    require_batch("train", train, (None,))
    require_batch("valid", valid, (len(train),))
    for name, purities in (("train", train), ("valid", valid)):
        low, high = float(purities.min()), float(purities.max())
        fits = low >= 0 and high <= 1
        require(fits, f"{name} lies in {low:g} to {high:g}; purities from 0 to 1 were expected.")
    require_not_negative("strength", strength)
    return torch.tanh(strength * (not_half(train) - not_half(valid)).abs())


def partly_reset(initial: Tensor, now: Tensor, share: float) -> Tensor:
    """α · initial + (1 − α) · now, weights of any one shape.

    share α: in [0, 1].  Half precision gives float64.
    Errors: ValueError for shapes that differ, NaN, a share outside 0 to 1.
    Source: as of `reset_shares`.
    """
    require_weights("initial", initial)
    require_weights("now", now)
    want = f"now has shape {tuple(now.shape)}, initial {tuple(initial.shape)}; one was expected."
    require(initial.shape == now.shape, want)
    require_share("share", share)
    return share * not_half(initial) + (1 - share) * not_half(now)


class Relearning(Method):
    """Joint training; now and then each encoder is partly reset, by its own share. Any fusion.

    Weights are reset, running statistics of batch norm, heads, fusion and the optimiser's momentum
    are not. What is diagnosed are the features of all rows of train and of valid; that
    these differ in size counts, too, see above.
    every, times: after so many epochs it happens, so many times. The paper: 20 and 3; trainings
    here are shorter.  strength λ: see `reset_shares`.
    """

    name = "relearning"
    keeps = ("initial",)
    neutral = Neutral({"strength": 0.0, "every": 1})

    def __init__(self, strength: float = 3.0, every: int = 5, times: int = 3) -> None:
        require_not_negative("strength", strength)
        require_count("every", every, 1)
        require_count("times", times)
        self.strength, self.every, self.times = strength, every, times

    def begin(self, run: Run) -> None:
        """Remember where the encoders start; one that goes on has it from its checkpoint."""
        self.initial = {
            m: [p.detach().clone() for p in encoder.parameters()]
            for m, encoder in run.model.encoders.items()
        }

    def change_weights(self, run: Run) -> None:
        """Before an epoch, not after one: a training must not end with what it has yet to learn."""
        turn, since = divmod(run.epoch - 1, self.every)
        if since == 0 and 1 <= turn <= self.times:
            self.reset(run)

    def reset(self, run: Run) -> dict[str, float]:
        """Diagnose, and reset every encoder by its share, which is returned by modality.

        Each parameter once: one that several encoders have by the mean of their shares (ours).
        """
        train, valid = _purities(run, run.train), _purities(run, run.valid)
        shares = reset_shares(train, valid, self.strength).tolist()
        by_modality = dict(zip(run.model.modalities, shares, strict=True))
        starts: dict[nn.Parameter, Tensor] = {}
        of: dict[nn.Parameter, list[float]] = {}
        for m, share in by_modality.items():
            now = run.model.encoders[m].parameters()
            for start, p in zip(self.initial[m], now, strict=True):
                starts[p] = start
                of.setdefault(p, []).append(share)
        with torch.no_grad():
            for p, start in starts.items():
                p.copy_(partly_reset(start.to(p.device), p, fmean(of[p])))
        return by_modality


def _purities(run: Run, split: AnySplit) -> Tensor:
    """Of each modality's features of all rows of a split, (M,)."""
    features = run.predict(split).features.values()
    clusters = [clusters_of(z, run.model.num_classes) for z in features]
    return torch.stack([purity(split.labels, own) for own in clusters])
