"""Tensor fusion: the outer product of all features, a one prepended to each modality."""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from coursekit.fusion.base import Fusion, require_vectors, with_one


def tensor_product(features: Sequence[Tensor]) -> Tensor:
    """[1; z_1] ⊗ … ⊗ [1; z_M], flattened with the last modality running fastest.

    features: (B, D_m) each.  Returns (B, Π(D_m + 1)); entry 0 is 1, and the ones keep every single
    feature and every product of fewer modalities in it.
    Source: Zadeh, Chen, Poria, Cambria, Morency 2017, section 4.2.
    """
    require_vectors("features", features)
    product = with_one(features[0])  # (B, D_1 + 1)
    for z in features[1:]:
        product = (product[:, :, None] * with_one(z)[:, None, :]).flatten(1)
    return product


class TensorFusion(Fusion):
    """logits = W vec([1; z_1] ⊗ … ⊗ [1; z_M]) + b: all products of any features, and each alone."""

    name = "tensor"

    def __init__(self, widths: Mapping[str, int], num_classes: int) -> None:
        super().__init__(widths, num_classes)
        size = 1
        for d in widths.values():
            size *= d + 1
        self.linear = nn.Linear(size, num_classes)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) by modality → (B, C)."""
        return self.linear(tensor_product(self.ordered(features)))
