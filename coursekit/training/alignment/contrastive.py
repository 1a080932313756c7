"""Contrastive alignment: features of a pair together, those of all other combinations apart."""

import math
from collections.abc import Mapping
from itertools import combinations

import torch
from torch import Tensor, nn

from coursekit.data.pair_augmentation import brightened, shifted, without_words
from coursekit.layers.initialise import initialise
from coursekit.models import Prediction
from coursekit.training.alignment.common_space import CommonSpace
from coursekit.training.batch_sizes import join_a_single_row
from coursekit.training.contrastive_losses import (
    START_LOG_SCALE,
    clamp_log_scale,
    info_nce,
    siglip,
)
from coursekit.training.method import Method, Run, Step
from coursekit.utils.checks import (
    choose,
    require,
    require_count,
    require_instance,
    require_not_negative,
    require_positive,
)

LOSSES = ("infonce", "siglip")


class Contrastive(Method):
    """loss = mean of InfoNCE (or SigLIP) over pairs of modalities; no label is learnt from.

    width: of the common space.  temperature: a fixed one, 1/e^s; None: learnt, from .07, e^s
    between 1 and 100 after every step.  negatives: how many other rows each is compared with; None:
    all of the batch. Fewer cut the batch into blocks, so that steps and pictures stay the same.
    shift, brightness, word_dropout: of pictures (pixels, ± share) and of bags of words (share).
    Whatever fusion the model had is dropped; its joint logits are those of a linear probe, see
    `CommonSpace`.
    Source: Radford and colleagues 2021, https://arxiv.org/abs/2103.00020, figure 3; SigLIP: Zhai
    and colleagues 2023, https://arxiv.org/abs/2303.15343, section 3.2.
    """

    name = "contrastive"
    fusions = ()

    def __init__(
        self,
        loss: str = "infonce",
        width: int = 64,
        temperature: float | None = None,
        negatives: int | None = None,
        shift: int = 0,
        brightness: float = 0.0,
        word_dropout: float = 0.0,
        anchor: str | None = None,
    ) -> None:
        choose("loss", loss, LOSSES)
        require_instance("anchor", anchor, str | None)
        require_count("width", width, 1)
        if temperature is not None:
            require_positive("temperature", temperature)
        if negatives is not None:
            require_count("negatives", negatives, 1)
        require_count("shift", shift, 0)
        for name, share in (("brightness", brightness), ("word_dropout", word_dropout)):
            require_not_negative(name, share)
            require(0 <= share < 1, f"{name} is {share}; a share in [0, 1) was expected.")
        self.of_pair, self.width, self.temperature = loss, width, temperature
        self.negatives, self.shift = negatives, shift
        self.brightness, self.word_dropout = brightness, word_dropout
        self.anchor = anchor

    def begin(self, run: Run) -> None:
        """A common space takes the place of the fusion.

        A last batch of one row is joined to the one before: it has nothing to be told from.
        Errors: ValueError for one modality, batches of one row, more negatives than they have.
        """
        model = run.model
        sentence = f"model reads {list(model.modalities)}; pairs need two modalities or more."
        require(len(model.modalities) > 1, sentence)
        join_a_single_row(run)
        if self.negatives is not None:
            require_count("negatives", self.negatives, 1, run.settings.batch_size - 1)
        if self.anchor is not None:
            choose("anchor", self.anchor, model.modalities)
        widths = {m: int(e.out_features) for m, e in model.encoders.items()}  # type: ignore[arg-type]
        start = START_LOG_SCALE if self.temperature is None else -math.log(self.temperature)
        bias = 0.0
        if self.of_pair == "siglip":
            start = math.log(10) if self.temperature is None else start
            bias = -math.log(max(self._block(run) - 1, 1))  # the share of pairs, to begin with
        space = CommonSpace(widths, model.num_classes, self.width, start, bias)
        initialise(space, run.seed)
        space.scale.log_scale.requires_grad_(self.temperature is None)
        space.scale.bias.requires_grad_(self.of_pair == "siglip")
        model.fusion = space.to(next(model.parameters()))  # its device and precision

    def _block(self, run: Run) -> int:
        return run.settings.batch_size if self.negatives is None else self.negatives + 1

    def predict(self, run: Run, inputs: Mapping[str, Tensor]) -> Prediction:
        """The forward pass of pictures and texts that are changed a little."""
        if self.temperature is None:
            clamp_log_scale(self.space(run).scale.log_scale)
        if not (self.shift or self.brightness or self.word_dropout):
            return run.model(inputs)
        first, whole = run.engine.place(len(next(iter(inputs.values()))))
        changed = {m: self._changed(x, run.generator, first, whole) for m, x in inputs.items()}
        return run.model(changed)

    def _changed(self, x: Tensor, generator: torch.Generator, first: int, whole: int) -> Tensor:
        """Rows of the whole batch, from the first on; every process draws for all of it."""
        rows = x if len(x) else x.new_zeros(1, *x.shape[1:])  # who has none draws as the others do
        where = {"whole": whole, "first": min(first, whole - 1)}
        if x.ndim == 4 and (self.shift or self.brightness):
            rows = shifted(rows, self.shift, generator)
            rows = brightened(rows, self.brightness, generator, **where)
        elif x.ndim == 2 and self.word_dropout:
            rows = without_words(rows, self.word_dropout, generator, **where)
        return rows[: len(x)]

    def space(self, run: Run) -> CommonSpace:
        """Where the model's features meet."""
        assert isinstance(run.model.fusion, CommonSpace)
        return run.model.fusion

    def loss(self, step: Step, weights: Mapping[str, float]) -> Tensor:
        """The contrastive loss, and the probe's, which reaches nothing but the probe."""
        space = self.space(step.run)
        places = space.aligned(step.prediction.features)
        pairs = [two for two in combinations(places, 2) if self.anchor in (None, *two)]
        losses = [self._of(space, places[one], places[other]) for one, other in pairs]
        return torch.stack(losses).mean() + super().loss(step, weights)

    def _of(self, space: CommonSpace, first: Tensor, second: Tensor) -> Tensor:
        """Loss of one pair of modalities, mean over blocks of the batch."""
        size = len(first) if self.negatives is None else self.negatives + 1
        losses = []
        for one, other in zip(first.split(size), second.split(size), strict=True):
            if self.of_pair == "siglip":
                loss = siglip(one, other, space.scale.log_scale, space.scale.bias)
            else:
                loss = info_nce(one, other, space.scale.log_scale)
            losses.append(loss * len(one) / len(first))
        return torch.stack(losses).sum()

    def clip(self, step: Step, largest: float) -> None:
        """The probe's gradient by itself, so that it does not shorten the encoders'."""
        for parameters in self.space(step.run).apart(step.run.model):
            nn.utils.clip_grad_norm_(parameters, largest)

    def end_epoch(self, run: Run) -> None:
        """The scale stays in its bounds behind the last step, too."""
        if self.temperature is None:
            clamp_log_scale(self.space(run).scale.log_scale)
