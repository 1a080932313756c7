"""The ensemble: every modality trains alone, and the probabilities are averaged."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from coursekit.fusion.base import Fusion
from coursekit.models import MultimodalClassifier, width_of
from coursekit.training.method import Method, Run, Step, slots_of
from coursekit.utils.checks import require, require_count
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import require_tensors


class OfHeads(Fusion):
    """Joint logits from those of the modalities' own heads, by a rule."""

    def __init__(self, heads: nn.ModuleDict, widths: Mapping[str, int], num_classes: int) -> None:
        super().__init__(widths, num_classes)
        self._heads = dict(heads)  # the model's own, not to be counted twice

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) by modality → (B, C)."""
        parts = dict(zip(self.widths, self.ordered(features), strict=True))
        return self.combined([self._heads[m](z) for m, z in parts.items()])

    def combined(self, logits: Sequence[Tensor]) -> Tensor:
        """The rule: (…, C) from each modality → (…, C). NaN stays in its own row."""
        raise NotImplementedError


class MeanOfHeads(OfHeads):
    """log of the mean of softmax(head_m(z_m)): the ensemble's log-probabilities as logits."""

    def combined(self, logits: Sequence[Tensor]) -> Tensor:
        """`mean_of_heads`."""
        return mean_of_heads(logits)


def answer_by(rule: type[OfHeads], model: MultimodalClassifier) -> None:
    """Drop the fusion that ``model`` has: from now on its heads answer, combined by ``rule``."""
    widths = {m: width_of(encoder) for m, encoder in model.encoders.items()}
    model.fusion = rule(model.heads, widths, model.num_classes)


def mean_of_heads(logits: Sequence[Tensor], classes: int = -1) -> Tensor:
    """log of the mean of softmax(logits) over the modalities, (…, C) each → (…, C).

    classes: the dimension of the classes.  NaN stays NaN: it may be one replica's among many.
    Half precision gives float64.
    Errors: TypeError for what is no list of floating-point tensors, ValueError for no tensor, an
    empty one, shapes that differ, or a dimension that they lack.
    """
    require_tensors("logits", logits)
    for m, x in enumerate(logits):
        fits = x.shape == logits[0].shape and x.numel() > 0
        require(fits, f"logits[{m}] has shape {tuple(x.shape)}; one for all was expected.")
    require_count("classes", classes, -logits[0].ndim, logits[0].ndim - 1)
    log_shares = torch.stack([not_half(x).log_softmax(classes) for x in logits])
    return log_shares.logsumexp(0) - math.log(len(logits))


class Ensemble(Method):
    """loss = Σ_m CE(head_m), no joint head: M unimodal trainings side by side.

    Whatever fusion the model had is dropped. Gradients are clipped for each modality by itself, as
    they would be alone.
    """

    name = "ensemble"
    fusions = ()
    neutral = None
    never_neutral = "It has no joint head, whatever its settings."
    identity_test = "tests/balancing/test_identities.py::test_it_is_unimodal_trainings_side_by_side"

    def begin(self, run: Run) -> None:
        """The joint answer is from now on the mean of the heads' probabilities."""
        answer_by(MeanOfHeads, run.model)

    def weights(self, step: Step) -> Mapping[str, float]:
        """1 for every modality's head, nothing for the joint one."""
        return dict.fromkeys(step.run.model.modalities, 1.0)

    def clip(self, step: Step, largest: float) -> None:
        """Each modality's gradient by itself."""
        for m in step.run.model.modalities:
            nn.utils.clip_grad_norm_([p for p, _ in slots_of(step.run.model, m)], largest)
