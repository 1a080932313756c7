"""An ensemble whose modalities weigh, sample by sample, as much as they are certain."""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.balancing.ensemble import Ensemble, OfHeads, answer_by
from coursekit.training.method import Run
from coursekit.utils.precision import finite_logs, not_half
from coursekit.utils.tensor_checks import require_same_batches


def certainties(logits: Sequence[Tensor]) -> Tensor:
    """w_m = softmax over the modalities of −H_m, H_m the entropy of softmax(logits_m) in nats.

    logits: (B, C) each, one per modality.  Returns (B, M), each sample's weights, rows sum to one;
    half precision gives float64.
    Errors: TypeError, ValueError for no modality, shapes that differ, NaN or infinite logits.
    Source: [Zhang, Yoon, Bansal, Yao 2024](https://arxiv.org/abs/2311.10707), test-time fusion. The
    released code has one weight per modality for the whole test batch, since its softmax runs over
    the samples: what it answers to a sample hangs on the others.
    """
    require_same_batches("logits", logits)
    return _certainties(logits)


def fuse_by_certainty(logits: Sequence[Tensor]) -> Tensor:
    """Σ_m w_m logits_m with the weights of `certainties`, (B, C) each → (B, C); errors as there."""
    require_same_batches("logits", logits)
    return _fused(logits)


def _certainties(logits: Sequence[Tensor]) -> Tensor:
    """`certainties` without its checks, (…, C) each → (…, M)."""
    entropies = []
    for x in logits:
        logs = finite_logs(not_half(x).log_softmax(-1))
        entropies.append(-(logs.exp() * logs).sum(-1))
    return torch.stack(entropies, -1).neg().softmax(-1)


def _fused(logits: Sequence[Tensor]) -> Tensor:
    weights = _certainties(logits)
    parts = [weights[..., m, None] * not_half(x) for m, x in enumerate(logits)]
    return torch.stack(parts).sum(0)


class CertaintyOfHeads(OfHeads):
    """Σ_m w_m head_m(z_m), each sample's weights w by the certainty of the heads."""

    def combined(self, logits: Sequence[Tensor]) -> Tensor:
        """`fuse_by_certainty`; a row with NaN stays one."""
        return _fused(logits)


class CertaintyEnsemble(Ensemble):
    """The ensemble's training, to the bit; its answer is that of `fuse_by_certainty`.

    The control of MLA, which answers so, too: what this has over the ensemble is the fusion's, what
    MLA has over this is the alternation's. Whatever fusion the model had is dropped.
    """

    name = "certainty-ensemble"
    neutral = None
    never_neutral = "No joint loss trains it: every modality learns by itself."
    identity_test = (
        "tests/balancing/test_mla.py::test_the_certainty_ensemble_trains_as_the_ensemble"
    )

    def begin(self, run: Run) -> None:
        """The joint answer is from now on that of the heads that are certain."""
        answer_by(CertaintyOfHeads, run.model)
