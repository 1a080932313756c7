"""Two towers that are aligned, and an encoder that fuses what they give (as ALBEF does)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.layers.cross_attention import CrossAttentionBlock
from coursekit.models.pair_network import PICTURE, TEXT, PairNetwork
from coursekit.models.token_encoders import HEADS, no_token
from coursekit.utils.checks import require_count, require_positive

START_TEMPERATURE = 0.1
TEMPERATURES = 0.001, 0.5  # the paper's bounds


class TwoTower(PairNetwork):
    """Projections of both towers' features for the contrast; words look at patches in ``layers``.

    common: width of the space where cosines are compared.  The towers are the classifier's
    encoders. The picture's place there is that of its mean patch, the text's that of its first
    word, [cls].
    Source: Li and colleagues, Align before Fuse (2021), https://arxiv.org/abs/2107.07651, figure 1;
    there the picture has a [cls] too.
    """

    def __init__(
        self,
        widths: Mapping[str, int],
        num_classes: int,
        words: int,
        layers: int = 2,
        common: int = 32,
        temperature: float = START_TEMPERATURE,
    ) -> None:
        super().__init__(widths, num_classes, words)
        require_count("layers", layers, 1)
        require_count("common", common, 1)
        require_positive("temperature", temperature)
        self.maps = nn.ModuleDict({m: nn.Linear(self.width, common) for m in (PICTURE, TEXT)})
        self.contrast = Temperature(temperature)
        self.layers = nn.ModuleList(
            CrossAttentionBlock(self.width, HEADS, 2 * self.width) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(self.width)

    def places(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Places in the common space, of length one: (B, T_m, W) by modality → (B, common) each."""
        summaries = {m: x.mean(1) if m == PICTURE else x[:, 0] for m, x in features.items()}
        return {m: F.normalize(self.maps[m](z), dim=1) for m, z in summaries.items()}

    def fuse(
        self, patches: Tensor, words: Tensor, weights: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        """See `PairNetwork.fuse`."""
        padding, attention = no_token(words), []
        for layer in self.layers:
            words, seen = layer(words, patches, padding, weights)
            attention += [] if seen is None else [seen]
        return self.norm(words), attention


class Temperature(nn.Module):
    """τ, by which cosines are divided before the softmax; learned itself, not its logarithm."""

    def __init__(self, start: float) -> None:
        super().__init__()
        self.start = start
        self.value = nn.Parameter(torch.tensor(start))

    def initialise(self, _: torch.Generator) -> None:
        """It begins where it is told to, whatever the seed."""
        nn.init.constant_(self.value, self.start)

    @torch.no_grad()
    def clamp(self) -> None:
        """Keep it within the paper's bounds, in place."""
        self.value.clamp_(*TEMPERATURES)
