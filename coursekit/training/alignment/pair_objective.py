"""What both objectives on pairs of picture and text have in common: matching and masked words."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from coursekit.data.scene_captions import CLS, MASK, PLACE_OF_WORD
from coursekit.layers.initialise import initialise
from coursekit.models.pair_network import PICTURE, TEXT, PairNetwork
from coursekit.models.token_encoders import PatchEncoder, WordEncoder
from coursekit.training.alignment.pair_batch import PairBatch, network_of, pair_batch
from coursekit.training.batch_sizes import join_a_single_row
from coursekit.training.image_text_matching import (
    matching_loss,
    random_negative_weights,
)
from coursekit.training.masked_words import mask_words, masked_word_loss
from coursekit.training.method import Method, Run, Step
from coursekit.utils.checks import (
    require,
    require_callable,
    require_not_negative,
    require_share,
)

NEGATIVES = ("hard", "random")
Foil = Callable[[Tensor, torch.Generator], tuple[Tensor, Tensor]]


class PairObjective(Method):
    """loss = matching · L_itm + masked · L_mlm, and what a subclass adds.

    matching, masked: weights.  mask_share: of the words that are hidden.  foil: makes of words
    (B, L, V) and a generator wrong ones, and says which rows have one, (B,) bool; these are further
    negatives of the matching.
    Texts begin with [cls], and it and [mask] are the first two words of their vocabulary, as in
    `coursekit.data.scene_captions`.
    Whatever fusion the model had is dropped; its joint logits are a linear probe's, see
    `PairNetwork`.
    """

    fusions = ()

    def __init__(
        self,
        matching: float = 1.0,
        masked: float = 1.0,
        mask_share: float = 0.25,
        foil: Foil | None = None,
    ) -> None:
        for name, weight in (("matching", matching), ("masked", masked)):
            require_not_negative(name, weight)
        require_share("mask_share", mask_share)
        if foil is not None:
            require_callable("foil", foil)
        self.matching, self.masked, self.mask_share, self.foil = matching, masked, mask_share, foil

    def network(self, widths: Mapping[str, int], num_classes: int, words: int) -> PairNetwork:
        """The network that takes the place of the fusion."""
        raise NotImplementedError

    def begin(self, run: Run) -> None:
        """The network takes the place of the fusion.

        A last batch of one pair is joined to the one before: it has no wrong partner.
        Errors: ValueError for other modalities than "picture" and "text", and for batches of one
        pair; TypeError for other encoders than `PatchEncoder` and `WordEncoder`.
        """
        model = run.model
        known = f"model reads {list(model.modalities)}; {PICTURE!r} and {TEXT!r} were expected."
        require(set(model.modalities) == {PICTURE, TEXT}, known)
        join_a_single_row(run)
        widths = {m: int(e.out_features) for m, e in model.encoders.items()}  # type: ignore[arg-type]
        for m, kind in ((PICTURE, PatchEncoder), (TEXT, WordEncoder)):
            if not isinstance(model.encoders[m], kind):
                came = type(model.encoders[m]).__name__
                want = "encoders 'patches' for picture and 'words' for text were expected"
                raise TypeError(f"the encoder of {m} is a {came}; {want}.")
        encoder = model.encoders[TEXT]
        assert isinstance(encoder, WordEncoder)
        _, words = encoder.reads
        network = self.network(widths, model.num_classes, words)
        initialise(network, run.seed)
        model.fusion = network.to(next(model.parameters()))

    def loss(self, step: Step, weights: Mapping[str, float]) -> Tensor:
        """The weighted sum, and the probe's loss, which reaches nothing but the probe."""
        batch = pair_batch(step)
        return torch.stack(self.parts(step, batch)).sum() + super().loss(step, weights)

    def parts(self, step: Step, batch: PairBatch) -> list[Tensor]:
        """The weighted losses whose sum is learnt from."""
        parts = []
        if self.matching:
            parts.append(self.matching * self.matched(batch))
        if self.masked:
            parts.append(self.masked * self.guessed(step, batch))
        return parts

    def partners(self, batch: PairBatch) -> tuple[Tensor, Tensor]:
        """With which weights a wrong text is drawn for each picture, and a wrong picture for each
        text, (B, B) each.
        """
        return random_negative_weights(len(batch.ids), batch.ids)

    def matched(self, batch: PairBatch) -> Tensor:
        """Matching loss of B pairs, as many with a wrong picture, as many with a wrong text."""
        of_texts, of_pictures = self.partners(batch)
        text, picture = batch.drawn(of_texts), batch.drawn(of_pictures)
        patches = [batch.patches, batch.patches[picture], batch.patches]
        words = [batch.encoded, batch.encoded, batch.encoded[text]]
        if self.foil is not None:
            wrong, there = self.foil(batch.words, batch.run.generator)
            patches.append(batch.patches[there])
            words.append(batch.encode(wrong)[there])
        fused, _ = batch.network.fuse(torch.cat(patches), torch.cat(words))
        logits = batch.network.match_logits(fused)
        return matching_loss(logits, torch.arange(len(logits), device=logits.device) < len(text))

    def guessed(self, step: Step, batch: PairBatch) -> Tensor:
        """Masked-word loss, with the right picture."""
        changed, which = self.hidden(batch)
        fused, _ = batch.network.fuse(batch.patches, batch.encode(changed))
        return masked_word_loss(batch.network.word_logits(fused), batch.words.argmax(2), which)

    def hidden(self, batch: PairBatch) -> tuple[Tensor, Tensor]:
        """Words of which some are masked, (B, L, V), and which, (B, L)."""
        special = (PLACE_OF_WORD[CLS],)
        return mask_words(
            batch.words, self.mask_share, PLACE_OF_WORD[MASK], special, batch.run.generator
        )

    def clip(self, step: Step, largest: float) -> None:
        """The probe's gradient by itself, so that it does not shorten the others'."""
        for parameters in network_of(step.run).apart(step.run.model):
            nn.utils.clip_grad_norm_(parameters, largest)
