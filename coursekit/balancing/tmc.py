"""TMC: every modality, and all together, are taught how much evidence there is."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from coursekit.fusion.evidential import Evidential, combined_evidence
from coursekit.training.method import JOINT, Method, Run, Step
from coursekit.utils.checks import require, require_count
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import (
    require_batch,
    require_labels,
    require_no_negative,
    within_range,
)


def expected_cross_entropies(evidence: Tensor, labels: Tensor) -> Tensor:
    """ψ(S) − ψ(α_y), by sample: the cross-entropy's mean over the Dirichlet distribution.

    evidence e: (B, C), 0 or more; α = e + 1, S = Σ α.  labels y: (B,) in 0 … C − 1.  Returns (B,);
    half precision gives float64.
    Source: [Han, Zhang, Fu, Zhou 2021](https://arxiv.org/abs/2102.02051), section 3, after Sensoy,
    Kaplan, Kandemir 2018.
    """
    _require_evidence(evidence, labels)
    losses = _expected_cross_entropies(not_half(evidence), labels)
    return within_range("expected_cross_entropies", losses)


def _expected_cross_entropies(evidence: Tensor, labels: Tensor) -> Tensor:
    alpha = evidence + 1
    own = alpha.gather(1, labels[:, None])[:, 0]
    return torch.digamma(alpha.sum(1)) - torch.digamma(own)


def wrong_evidence(evidence: Tensor, labels: Tensor) -> Tensor:
    """KL(Dir(α̃) ‖ Dir(1)) by sample, α̃ = α but 1 for the label: what speaks for wrong classes.

    evidence, labels: as in `expected_cross_entropies`.  Returns (B,), 0 where there is none; half
    precision gives float64.
    Source: [Han, Zhang, Fu, Zhou 2021](https://arxiv.org/abs/2102.02051), section 3.
    """
    _require_evidence(evidence, labels)
    return within_range("wrong_evidence", _wrong_evidence(not_half(evidence), labels))


def _wrong_evidence(evidence: Tensor, labels: Tensor) -> Tensor:
    classes = evidence.shape[1]
    wrong = evidence.scatter(1, labels[:, None], 0.0)  # α̃ − 1
    total = wrong.sum(1) + classes
    apart = torch.digamma(wrong + 1) - torch.digamma(total)[:, None]
    volume = torch.lgamma(total) - math.lgamma(classes) - torch.lgamma(wrong + 1).sum(1)
    return volume + (wrong * apart).sum(1)


def _require_evidence(evidence: Tensor, labels: Tensor) -> None:
    require_batch("evidence", evidence, (None, None))
    require_no_negative("evidence", evidence)
    require_labels("labels", labels, *evidence.shape)


def annealing_at(epoch: int, annealing: int) -> float:
    """min(1, epoch / annealing): how much wrong evidence counts; 1 at once where annealing is 0.

    epoch: from 1.  annealing: the first epoch in which it counts in full.
    """
    require_count("epoch", epoch, 1)
    require_count("annealing", annealing)
    return 1.0 if epoch >= annealing else epoch / annealing


class TMC(Method):
    """Σ of the evidential losses of every modality and of all together; evidential fusion only.

    Each is `expected_cross_entropies` + λ_t `wrong_evidence`, mean over the batch. Early on wrong
    evidence counts little, so that nobody stops at having none.
    annealing: λ_t, see `annealing_at`.
    """

    name = "tmc"
    fusions = ("evidential",)
    neutral = None
    never_neutral = "Its loss is of evidence, whatever the settings, and not the cross-entropy."
    identity_test = "tests/balancing/test_tmc.py::test_a_training_written_by_hand"

    def __init__(self, annealing: int = 10) -> None:
        require_count("annealing", annealing)
        self.annealing = annealing

    def begin(self, run: Run) -> None:
        """Refuse another fusion."""
        fusion = run.model.fusion
        what = getattr(fusion, "name", type(fusion).__name__)
        require(isinstance(fusion, Evidential), f"fusion is {what!r}; TMC needs 'evidential'.")

    def weights(self, step: Step) -> Mapping[str, float]:
        """1 for every opinion, the joint one and each modality's."""
        return dict.fromkeys((JOINT, *step.run.model.modalities), 1.0)

    def loss(self, step: Step, weights: Mapping[str, float]) -> Tensor:
        """The weighted losses."""
        fusion = step.run.model.fusion
        assert isinstance(fusion, Evidential)
        alone = fusion.evidences(step.prediction.features)
        evidence = {JOINT: combined_evidence(list(alone.values())), **alone}
        annealed = annealing_at(step.run.epoch, self.annealing)
        losses = []
        for head, weight in weights.items():
            fit = _expected_cross_entropies(evidence[head], step.labels)
            wrong = _wrong_evidence(evidence[head], step.labels)
            losses.append(weight * (fit + annealed * wrong).mean())
        return torch.stack(losses).sum()
