"""A single stream: matching, masked words, and if wanted words moved to patches at least cost."""

from collections.abc import Mapping

import torch
from torch import Tensor

from coursekit.models.pair_network import PairNetwork
from coursekit.models.single_stream import SingleStream
from coursekit.models.token_encoders import no_token
from coursekit.training.alignment.pair_batch import PairBatch, network_of
from coursekit.training.alignment.pair_objective import Foil, PairObjective
from coursekit.training.method import Step
from coursekit.training.word_patch_alignment import transport_distance, word_patch_loss
from coursekit.utils.checks import require, require_count, require_not_negative


class SingleStreamObjective(PairObjective):
    """loss = matching · L_itm + masked · L_mlm + transport · L_wpa; no label is learnt from.

    transport: weight of the word-patch alignment, .1 in the paper; 0 leaves it out.  layers: of the
    transformer.  Others: see `PairObjective`.  Wrong partners are random, of pictures and of texts,
    two per pair, as in align before fuse, where the paper replaces the picture of every other pair.
    Source: Kim, Son, Kim, ViLT (2021), https://arxiv.org/abs/2102.03334, section 3.2.
    """

    name = "single-stream"

    def __init__(
        self,
        matching: float = 1.0,
        masked: float = 1.0,
        transport: float = 0.0,
        mask_share: float = 0.25,
        foil: Foil | None = None,
        layers: int = 3,
    ) -> None:
        super().__init__(matching, masked, mask_share, foil)
        require_not_negative("transport", transport)
        require_count("layers", layers, 1)
        nothing = "matching, masked and transport are all 0; one above 0 was expected."
        require(matching + masked + transport > 0, nothing)
        self.transport, self.layers = transport, layers

    def network(self, widths: Mapping[str, int], num_classes: int, words: int) -> PairNetwork:
        """One stream."""
        return SingleStream(widths, num_classes, words, self.layers)

    def parts(self, step: Step, batch: PairBatch) -> list[Tensor]:
        """Matching, masked words, transport."""
        parts = super().parts(step, batch)
        return [*parts, self.transport * self.moved(batch)] if self.transport else parts

    def moved(self, batch: PairBatch) -> Tensor:
        """What it costs to move words to patches, of pairs and of as many with a wrong picture."""
        network = network_of(batch.run)
        assert isinstance(network, SingleStream)
        wrong = batch.drawn(self.partners(batch)[1])
        patches = torch.cat([batch.patches, batch.patches[wrong]])
        words = batch.encoded.repeat(2, 1, 1)
        both, _ = network.sequence(patches, words)
        there = ~no_token(words)
        there[:, 0] = False  # [cls] is no word
        length = words.shape[1]
        distances = transport_distance(both[:, :length], both[:, length:], there)
        matched = torch.arange(len(distances), device=distances.device) < len(batch.ids)
        return word_patch_loss(distances, matched)
