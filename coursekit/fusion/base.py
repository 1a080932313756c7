"""What every fusion operator is: features by modality in, joint logits out."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from coursekit.checks import require


class Fusion(nn.Module):
    """Joint logits (B, C) from features by modality, each (B, D_m)."""

    name: ClassVar[str]

    def __init__(self, widths: Mapping[str, int], num_classes: int) -> None:
        super().__init__()
        require(len(widths) > 0, "widths is empty; at least one modality was expected.")
        self.widths = dict(widths)
        self.num_classes = num_classes

    def ordered(self, features: Mapping[str, Tensor]) -> list[Tensor]:
        """The features in the operator's own order, checked for presence, width and batch size."""
        missing = [m for m in self.widths if m not in features]
        require(not missing, f"features lacks {missing}; the fusion reads {list(self.widths)}.")
        parts = [features[m] for m in self.widths]
        for (m, width), x in zip(self.widths.items(), parts, strict=True):
            fits = x.shape == (len(parts[0]), width)
            want = f"({len(parts[0])}, {width})"
            require(fits, f"features[{m!r}] has shape {tuple(x.shape)}; {want} was expected.")
        return parts

    def concatenated(self, features: Mapping[str, Tensor]) -> Tensor:
        """All features side by side, (B, Σ D_m)."""
        return torch.cat(self.ordered(features), dim=1)
