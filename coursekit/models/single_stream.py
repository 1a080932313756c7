"""One transformer over words and patches in one sequence (as ViLT is)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from coursekit.layers.self_attention import SelfAttentionBlock
from coursekit.models.pair_network import PairNetwork
from coursekit.models.token_encoders import HEADS, no_token
from coursekit.utils.checks import require, require_count


class SingleStream(PairNetwork):
    """Self-attention over [words; patches] in ``layers``; no space where cosines are compared.

    The classifier's encoders embed only. Type embeddings are left out: each modality has positions
    of its own, which tell it apart.
    Source: Kim, Son, Kim, ViLT (2021), https://arxiv.org/abs/2102.03334, section 3.1.
    """

    def __init__(
        self, widths: Mapping[str, int], num_classes: int, words: int, layers: int = 3
    ) -> None:
        super().__init__(widths, num_classes, words)
        require_count("layers", layers, 1)
        self.layers = nn.ModuleList(
            SelfAttentionBlock(self.width, HEADS, 2 * self.width) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(self.width)

    def fuse(
        self, patches: Tensor, words: Tensor, weights: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        """See `PairNetwork.fuse`; attention is that of the whole sequence."""
        both, attention = self.sequence(patches, words, weights)
        return both[:, : words.shape[1]], attention

    def sequence(
        self, patches: Tensor, words: Tensor, weights: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        """The whole sequence at the end, (N, L + P, W), words first; attention as in `fuse`."""
        rows = f"words has {len(words)} rows, patches {len(patches)}"
        require(len(words) == len(patches), f"{rows}; they must agree.")
        x = torch.cat([words, patches], dim=1)
        padding = torch.cat([no_token(words), no_token(patches)], dim=1)
        attention = []
        for layer in self.layers:
            x, seen = layer(x, padding, weights)
            attention += [] if seen is None else [seen]
        return self.norm(x), attention

    def words_to_patches(self, attention: Tensor, length: int) -> Tensor:
        """The words' rows, the patches' columns; the rest of a word's attention goes to words."""
        return attention[:, :, :length, length:]
