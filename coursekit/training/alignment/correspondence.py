"""Correspondence: does this sound belong to this picture? A yes or a no, without any label."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.layers.initialise import initialise
from coursekit.training.alignment.common_space import CommonSpace
from coursekit.training.batch_sizes import join_a_single_row
from coursekit.training.method import Method, Run, Step
from coursekit.utils.checks import require, require_count
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import require_pairs, require_scalar


def match_logits(first: Tensor, second: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Logit that each row of both is a pair: weight · distance + bias, (B, D) each → (B,).

    Rows have length one; the distance is Euclid's, so that a small one can be used to retrieve.
    weight, bias: scalars; a weight below zero says that pairs are near.  Half precision is
    computed in float64.
    Source: Arandjelović and Zisserman 2018, https://arxiv.org/abs/1712.06651, section 3.1.
    """
    require_pairs(first, second)
    require_scalar("weight", weight)
    require_scalar("bias", bias)
    return weight * (not_half(first) - not_half(second)).norm(dim=1) + bias


def match_loss(first: Tensor, second: Tensor, weight: Tensor, bias: Tensor, step: int) -> Tensor:
    """Mean logistic loss of the B pairs and of as many that do not belong together, a scalar.

    step: the wrong partner of row i is row i + step, round the batch; 1 to B − 1. Both sides of a
    wrong pair are rows of the same batch: nothing but the partner tells it from a right one.
    Errors: ValueError for a single row, which has no wrong partner, and for a step that leads back
    to the row itself.
    """
    require_pairs(first, second)
    sentence = f"first has {len(first)} row; a wrong partner needs two or more."
    require(len(first) > 1, sentence)
    require_count("step", step, 1, len(first) - 1)
    logits = torch.cat(
        [
            match_logits(first, second, weight, bias),
            match_logits(first, second.roll(-step, 0), weight, bias),
        ]
    )
    truth = torch.cat([torch.ones(len(first)), torch.zeros(len(first))]).to(logits)
    return F.binary_cross_entropy_with_logits(logits, truth)


class Correspondence(Method):
    """loss = match or not, one right and one wrong partner per row; no label is learnt from.

    width: of the common space. Whatever fusion the model had is dropped, see `CommonSpace`.
    The first network of this kind, L3-Net (Arandjelović and Zisserman 2017,
    https://arxiv.org/abs/1705.08168), read the concatenated features with two layers; this one's
    distance makes features of both modalities comparable.
    """

    name = "correspondence"
    fusions = ()

    def __init__(self, width: int = 64) -> None:
        require_count("width", width, 1)
        self.width = width

    def begin(self, run: Run) -> None:
        """A common space takes the place of the fusion.

        A last batch of one row is joined to the one before: it has no wrong partner.
        Errors: ValueError unless the model reads two modalities, and for batches of one row.
        """
        model = run.model
        sentence = f"model reads {list(model.modalities)}; two modalities were expected."
        require(len(model.modalities) == 2, sentence)
        join_a_single_row(run)
        widths = {m: int(e.out_features) for m, e in model.encoders.items()}  # type: ignore[arg-type]
        # Distances lie from 0 to 2: begin with "alike" below one, "not alike" above.
        space = CommonSpace(widths, model.num_classes, self.width, log_scale=1.0, bias=3.0)
        initialise(space, run.seed)
        model.fusion = space.to(next(model.parameters()))  # its device and precision

    def loss(self, step: Step, weights: Mapping[str, float]) -> Tensor:
        """The loss of the pairs, and the probe's, which reaches nothing but the probe."""
        space = step.run.model.fusion
        assert isinstance(space, CommonSpace)
        first, second = space.aligned(step.prediction.features).values()
        draw = torch.randint(1, len(first), (), generator=step.run.generator)
        steepness = -space.scale.log_scale.exp()
        pairs = match_loss(first, second, steepness, space.scale.bias, int(draw))
        return pairs + super().loss(step, weights)

    def clip(self, step: Step, largest: float) -> None:
        """The probe's gradient by itself, so that it does not shorten the encoders'."""
        space = step.run.model.fusion
        assert isinstance(space, CommonSpace)
        for parameters in space.apart(step.run.model):
            nn.utils.clip_grad_norm_(parameters, largest)
