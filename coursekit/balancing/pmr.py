"""PMR: class prototypes give the slow modality a loss of its own."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.balancing.unimodal_scores import in_range, require_scores, true_class_scores
from coursekit.training.method import Method, Neutral, Run, Step
from coursekit.utils.accelerator_checks import cheap_to_ask
from coursekit.utils.checks import require, require_count, require_not_negative, require_share
from coursekit.utils.precision import not_half, wide
from coursekit.utils.tensor_checks import require_batch, require_labels

LEAST_SQUARE = 1e-24  # keeps the gradient of a distance finite where feature and prototype agree


def prototypes(features: Tensor, labels: Tensor, num_classes: int) -> Tensor:
    """Class means of the features, (C, D).

    features: (B, D).  labels: (B,) in 0 … C − 1.  A class that does not occur has NaN in the
    released code (0/0); here its row is zero, and `present` tells which rows mean something.
    Half precision gives float64.
    Source: [Fan and colleagues 2023](https://arxiv.org/abs/2211.07089), section 3.
    """
    require_batch("features", features, (None, None))
    require_count("num_classes", num_classes, 1)
    require_labels("labels", labels, len(features), num_classes)
    z = not_half(features)
    counts = torch.bincount(labels, minlength=num_classes).clamp_min(1)[:, None]
    means = z.new_zeros(num_classes, z.shape[1]).index_add_(0, labels, z) / counts
    if cheap_to_ask(means) and not bool(means.isfinite().all()):  # a sum is too large, not a mean
        parts = wide(z) / counts[labels]
        zeros = parts.new_zeros(num_classes, z.shape[1])
        means = zeros.index_add_(0, labels, parts).to(z.dtype)
    return means


def present(labels: Tensor, num_classes: int) -> Tensor:
    """Which classes occur in ``labels`` (B,): (C,) of True and False."""
    require_count("num_classes", num_classes, 1)
    require_labels("labels", labels, None, num_classes)
    return torch.bincount(labels, minlength=num_classes) > 0


def similarities(features: Tensor, centres: Tensor) -> Tensor:
    """Minus the Euclidean distance of every feature to every prototype, (B, D), (C, D) → (B, C).

    Half precision gives float64.
    Source: [Fan and colleagues 2023](https://arxiv.org/abs/2211.07089), section 3.
    """
    require_batch("features", features, (None, None))
    require_batch("centres", centres, (None, features.shape[1]))
    apart = not_half(features)[:, None] - not_half(centres)[None]
    distances = apart.square().sum(2).clamp_min(LEAST_SQUARE).sqrt()
    if cheap_to_ask(distances) and not bool(distances.isfinite().all()):  # of squares too large
        most = apart.detach().abs().amax(2, keepdim=True).clamp_min(1.0)
        distances = (apart / most).square().sum(2).sqrt() * most[..., 0]
    return -distances


def coefficients(prototype_scores: Tensor) -> tuple[Tensor, Tensor]:
    """β = clip(1/ρ − 1, 0, 1) and γ = clip(ρ − 1, 0, 1), with ρ = S_0 / S_1.

    prototype_scores S: (2,), the batch's sum of softmax(−distances)[y].  Returns the weights of
    modality 0's and modality 1's prototype loss: the one that is behind gets one above zero. Half
    precision gives float64.
    Source: [Fan and colleagues 2023](https://arxiv.org/abs/2211.07089), eqs 8 to 13; the released
    code has 0 or 1 only.
    """
    require_scores("prototype_scores", prototype_scores)
    shape = tuple(prototype_scores.shape)
    require(len(prototype_scores) == 2, f"prototype_scores has shape {shape}; (2,) was expected.")
    prototype_scores = in_range(prototype_scores)
    rho = prototype_scores[0] / prototype_scores[1]
    return (1 / rho - 1).clamp(0, 1), (rho - 1).clamp(0, 1)


class PMR(Method):
    """CE(joint) + α (β PCE_0 + γ PCE_1), PCE_m the prototype loss of modality m. Two modalities.

    In the first epochs an entropy bonus, − μ (γ H_0 + β H_1), keeps the leading one from being too
    sure (eq. 13).  momentum: share of the old prototypes.  share: of an epoch's rows that make new
    ones.  entropy μ, early: weight of the bonus and the last epoch that has it.  Any fusion.
    """

    name = "pmr"
    neutral = Neutral({"alpha": 0.0, "entropy": 0.0})
    keeps = ("centres", "known")

    def __init__(
        self,
        alpha: float = 1.0,
        momentum: float = 0.2,
        share: float = 0.1,
        entropy: float = 0.01,
        early: int = 3,
    ) -> None:
        require_not_negative("alpha", alpha)
        require_share("momentum", momentum)
        require_share("share", share)
        require_not_negative("entropy", entropy)
        require_count("early", early)
        self.alpha, self.momentum, self.share = alpha, momentum, share
        self.entropy, self.early = entropy, early

    def begin(self, run: Run) -> None:
        """Two modalities, no prototypes yet."""
        modalities = list(run.model.modalities)
        require(
            len(modalities) == 2,
            f"the model reads {modalities}; PMR is defined for two modalities.",
        )
        self.centres: dict[str, Tensor] = {}
        self.known = torch.zeros(run.model.num_classes, dtype=torch.bool)

    def begin_epoch(self, run: Run) -> None:
        """Prototypes from a part of the training rows; classes it lacks keep their old ones."""
        n = max(1, round(self.share * len(run.train)))
        rows = torch.randperm(len(run.train), generator=run.generator)[:n]
        part = run.train.part(rows)
        labels, features = part.labels, run.predict(part).features
        here = present(labels, run.model.num_classes).to(labels.device)
        for m, z in features.items():
            new = prototypes(z, labels, run.model.num_classes)
            old = self.centres.get(m, new)
            first = here & ~self.known.to(here.device)
            mixed = (1 - self.momentum) * new + self.momentum * old
            blend = torch.where(first[:, None], new, mixed)
            self.centres[m] = torch.where(here[:, None], blend, old)
        self.known = self.known | here.cpu()

    def loss(self, step: Step, weights: Mapping[str, float]) -> Tensor:
        """The joint loss and, for samples of known classes, the prototype losses."""
        loss = super().loss(step, weights)
        if int(self.known.sum()) < 2:
            return loss
        known = self.known.to(step.labels.device)
        rows = known[step.labels].nonzero().flatten()  # an accelerator is waited for here alone
        if len(rows) == 0:
            return loss
        labels = (known.cumsum(0) - 1)[step.labels[rows]]  # numbered among the known ones
        classes = self.known.nonzero().flatten().to(known.device)
        s = [
            similarities(z[rows], self.centres[m][classes])
            for m, z in step.prediction.features.items()
        ]
        beta, gamma = coefficients(true_class_scores(s, labels).clamp_min(1e-8))
        pull = beta * F.cross_entropy(s[0], labels) + gamma * F.cross_entropy(s[1], labels)
        loss = loss + self.alpha * pull
        if step.run.epoch <= self.early:
            unsure = [-(x.softmax(1) * x.log_softmax(1)).sum(1).mean() for x in s]
            loss = loss - self.entropy * (gamma * unsure[0] + beta * unsure[1])
        return loss
