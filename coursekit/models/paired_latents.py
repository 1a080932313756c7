"""Latents per modality, then every ordered pair of modalities: M (M − 1) of them."""

from collections.abc import Mapping
from itertools import permutations

import torch
from torch import Tensor, nn

from coursekit.layers.latent_attention import LatentBlock
from coursekit.models.perceiver import Perceiver
from coursekit.utils.checks import (
    require,
    require_by_modality,
    require_count,
    require_instance,
    require_list,
    require_modality,
    require_present,
)


class PairedLatents(nn.Module):
    """One Perceiver reads each modality by itself; then each one's latents look at each other's.

    modalities: their names, M ≥ 2.  reader: shared by all; ``pairing``: shared by all pairs. Of a
    pair the last latent vector is kept; all M (M − 1) side by side go through a linear head. So
    the head's weights grow with the square of M, and all else not at all.
    Source: Liang and colleagues, HighMMT (2022), https://arxiv.org/abs/2203.01311, section 3.2.
    """

    def __init__(
        self, modalities: list[str], reader: Perceiver, num_classes: int, *, heads: int = 2,
        head_width: int = 16,
    ) -> None:  # fmt: skip
        super().__init__()
        require_list("modalities", modalities, "names")
        for m in modalities:
            require_modality("modalities", m)
        once = f"modalities holds one twice, {list(modalities)}; each once was expected."
        require(len(set(modalities)) == len(modalities), once)
        few = f"modalities holds {len(modalities)}; two or more were expected."
        require(len(modalities) >= 2, few)
        require_instance("reader", reader, Perceiver)
        require_count("num_classes", num_classes, 1)
        self.modalities = sorted(modalities)
        self.reader = reader
        width = reader.latents.shape[1]
        self.pairing = LatentBlock(width, heads, head_width, width)
        self.head = nn.Linear(
            len(self.modalities) * (len(self.modalities) - 1) * width, num_classes
        )

    def pairs(
        self, tokens: Mapping[str, Tensor], padding: Mapping[str, Tensor] | None = None
    ) -> Tensor:
        """Tokens (B, N_m, F) by modality → (B, M (M − 1) W), pairs in sorted order of names.

        padding: (B, N_m) bool by modality, tokens that are none; who has none need not be named.
        """
        require_by_modality("tokens", tokens)
        require_present("tokens", tokens, self.modalities, "the network reads")
        hidden = {} if padding is None else padding
        require_by_modality("padding", hidden)
        strange = [m for m in hidden if m not in self.modalities]
        require(not strange, f"padding has {strange}; some of {self.modalities} were expected.")
        each = {m: self.reader.read(tokens[m], hidden.get(m)) for m in self.modalities}
        looks = [self.pairing(each[i], each[j])[:, -1] for i, j in permutations(self.modalities, 2)]
        return torch.cat(looks, dim=-1)

    def forward(
        self, tokens: Mapping[str, Tensor], padding: Mapping[str, Tensor] | None = None
    ) -> Tensor:
        """Tokens by modality → logits (B, C).  Arguments as in `pairs`."""
        return self.head(self.pairs(tokens, padding))
