"""Align before fuse: a contrast between the towers, then matching and masked words behind them."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.models import Prediction
from coursekit.models.pair_network import PICTURE, TEXT, PairNetwork
from coursekit.models.two_tower import TwoTower
from coursekit.training.alignment.momentum_teacher import MomentumTeacher
from coursekit.training.alignment.pair_batch import PairBatch, network_of
from coursekit.training.alignment.pair_objective import NEGATIVES, Foil, PairObjective
from coursekit.training.contrastive_losses import cosines
from coursekit.training.image_text_matching import hard_negative_weights, random_negative_weights
from coursekit.training.masked_words import masked_word_loss
from coursekit.training.method import Run, Step
from coursekit.training.momentum_distillation import (
    distilled_contrast,
    require_temperature,
    share_at,
)
from coursekit.utils.checks import (
    choose,
    require,
    require_count,
    require_not_negative,
    require_share,
)
from coursekit.utils.tensor_checks import (
    require_batch,
    require_labels,
    require_pairs,
)

RAMP = 0.3  # of the steps, over which the teacher's share rises


def pair_contrast(first: Tensor, second: Tensor, temperature: Tensor, ids: Tensor) -> Tensor:
    """InfoNCE both ways of B pairs whose right partners are all of one id, a scalar.

    first, second: (B, D).  temperature: τ, a scalar above zero.  ids: (B,) int64; pairs of one id
    share the target evenly.
    Errors: ValueError for shapes that do not fit, rows of zeros, NaN, a temperature of 0 or less.
    """
    require_pairs(first, second)
    require_temperature(temperature)
    require_labels("ids", ids, len(first))
    logits = cosines(first, second) / temperature
    own = (ids[:, None] == ids).to(logits.dtype)
    target = own / own.sum(1, keepdim=True)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


class AlignBeforeFuse(PairObjective):
    """loss = contrast · L_itc + matching · L_itm + masked · L_mlm; no label is learnt from.

    contrast, matching, masked: weights; 0 leaves a part out.  negatives: of the matching, "hard",
    drawn by how alike the towers find them, or "random".  momentum: of a teacher that softens the
    targets, None for none.  distilled: the teacher's share of the targets, reached after `RAMP` of
    the steps.  queue: how many earlier pairs are further negatives of the contrast, a batch or
    more; needs a teacher.  layers: of the fusion encoder.  Others: see `PairObjective`.
    Source: Li and colleagues, Align before Fuse (2021), https://arxiv.org/abs/2107.07651, equations
    1, 2, 4, 6 and 7, all weights 1.
    """

    name = "align-before-fuse"

    def __init__(
        self,
        contrast: float = 1.0,
        matching: float = 1.0,
        masked: float = 1.0,
        negatives: str = "hard",
        momentum: float | None = None,
        distilled: float = 0.4,
        queue: int = 0,
        mask_share: float = 0.25,
        foil: Foil | None = None,
        layers: int = 2,
    ) -> None:
        super().__init__(matching, masked, mask_share, foil)
        require_not_negative("contrast", contrast)
        choose("negatives", negatives, NEGATIVES)
        if momentum is not None:
            require_share("momentum", momentum)
        require_share("distilled", distilled)
        require_count("queue", queue, 0)
        sentence = f"queue is {queue} and momentum None; a queue needs the momentum of a teacher."
        require(queue == 0 or momentum is not None, sentence)
        require_count("layers", layers, 1)
        nothing = "contrast, matching and masked are all 0; one above 0 was expected."
        require(contrast + matching + masked > 0, nothing)
        self.contrast, self.negatives, self.layers = contrast, negatives, layers
        self.momentum, self.distilled, self.queue = momentum, distilled, queue
        self.teacher: MomentumTeacher | None = None

    @property
    def bound_to_epochs(self) -> str:
        """Where there is a teacher whose share rises."""
        rises = self.momentum is not None and self.distilled > 0
        return "raises its teacher's share over a part of the epochs" if rises else ""

    def network(self, widths: Mapping[str, int], num_classes: int, words: int) -> PairNetwork:
        """Two towers."""
        return TwoTower(widths, num_classes, words, self.layers)

    def begin(self, run: Run) -> None:
        """As `PairObjective.begin`; the teacher begins as a copy.

        Errors: ValueError for a queue that does not hold the largest batch.
        """
        super().begin(run)
        most = max(len(part) for part in run.parts(torch.arange(len(run.train))))
        sentence = f"queue is {self.queue}; 0, or {most} and more, the rows of a batch,"
        require(self.queue == 0 or self.queue >= most, f"{sentence} was expected.")
        if self.momentum is not None:
            self.teacher = MomentumTeacher(run, self.momentum, self.queue)

    def predict(self, run: Run, inputs: Mapping[str, Tensor]) -> Prediction:
        """The forward pass, after the teacher has followed and the temperature is in its bounds."""
        self.towers(run).contrast.clamp()
        if self.teacher is not None:
            self.teacher.follow(run)
        return super().predict(run, inputs)

    def end_epoch(self, run: Run) -> None:
        """The temperature stays in its bounds behind the last step, too."""
        self.towers(run).contrast.clamp()

    def towers(self, run: Run) -> TwoTower:
        """The network of a training."""
        network = network_of(run)
        assert isinstance(network, TwoTower)
        return network

    def share(self, step: Step) -> float:
        """The teacher's share of the targets in this step."""
        run = step.run
        done = (run.epoch - 1) * run.batches + step.batch - 1
        ramp = max(1, round(RAMP * run.settings.epochs * run.batches))
        return share_at(done, ramp, self.distilled)

    def parts(self, step: Step, batch: PairBatch) -> list[Tensor]:
        """Contrast, matching and masked words."""
        parts = super().parts(step, batch)
        return [self.contrast * self.aligned(step, batch), *parts] if self.contrast else parts

    def aligned(self, step: Step, batch: PairBatch) -> Tensor:
        """The contrast between the towers."""
        first, second = self.places(batch)
        temperature = self.towers(batch.run).contrast.value
        teacher = self.teacher
        if teacher is None:
            return pair_contrast(first, second, temperature, batch.ids)
        seen = teacher.places(teacher.features(batch.run, step.inputs))
        queue, ids = teacher.queue, same_everywhere(batch.words)
        loss = distilled_contrast(
            *(first, second, *seen, queue.first, queue.second, temperature, self.share(step)),
            ids,
            queue.ids,
        )
        queue.enqueue(*seen, ids)
        return loss

    def places(self, batch: PairBatch) -> tuple[Tensor, Tensor]:
        """Where pictures and texts of the batch lie in the common space, (B, common) each."""
        places = self.towers(batch.run).places({PICTURE: batch.patches, TEXT: batch.encoded})
        return places[PICTURE], places[TEXT]

    def partners(self, batch: PairBatch) -> tuple[Tensor, Tensor]:
        """By the towers' similarity, or at random."""
        if self.negatives == "random":
            return random_negative_weights(len(batch.ids), batch.ids)
        with torch.no_grad():
            first, second = self.places(batch)
            similarity = first @ second.T / self.towers(batch.run).contrast.value
        return hard_negative_weights(similarity, batch.ids)

    def guessed(self, step: Step, batch: PairBatch) -> Tensor:
        """Masked words, with the teacher's guesses among the targets if there is one."""
        teacher = self.teacher
        if teacher is None:
            return super().guessed(step, batch)
        changed, which = self.hidden(batch)
        fused, _ = batch.network.fuse(batch.patches, batch.encode(changed))
        engine = batch.run.engine
        own = changed.tensor_split(engine.world)[engine.rank]
        encoded = teacher.features(batch.run, {PICTURE: step.inputs[PICTURE], TEXT: own})
        guesses = teacher.word_logits(encoded[PICTURE], encoded[TEXT])
        return masked_word_loss(
            *(batch.network.word_logits(fused), batch.words.argmax(2), which),
            guesses,
            self.share(step),
        )


def same_everywhere(words: Tensor) -> Tensor:
    """(B, L, V) → (B,) int64, a number of the text that is the same in every batch.

    Places as digits of a number, which overflows for long texts; then two texts share a number by
    chance once in 2⁶³.
    """
    require_batch("words", words, (None, None, None))
    places = words.argmax(2) + (words.sum(2) > 0)  # 0 where there is no word
    number = torch.zeros(len(words), dtype=torch.int64, device=words.device)
    for column in places.T:
        number = number * (words.shape[2] + 1) + column
    return number.abs()
