"""Cross-modal gates: what all modalities show together opens and closes each one's features."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.fusion.base import Fusion, Slices, owned, require_modalities
from coursekit.fusion.non_local import ZeroLinear
from coursekit.utils.checks import require, require_count, require_list
from coursekit.utils.tensor_checks import require_batch, require_tensors, require_weights


def cross_modal_gates(
    features: Sequence[Tensor],
    squeeze_weight: Tensor,
    squeeze_bias: Tensor,
    gate_weights: Sequence[Tensor],
    gate_biases: Sequence[Tensor],
) -> list[Tensor]:
    """E_m = 2 σ(W_m s + b_m) by modality, s = ReLU(W [squeeze(z_1); …; squeeze(z_M)] + b).

    features z_m: (B, D_m) or (B, D_m, ...) each; squeeze = mean over everything after D_m.
    squeeze_weight W: (H, Σ D_m), squeeze_bias b: (H,).  gate_weights W_m: (D_m, H), gate_biases
    b_m: (D_m,), one per modality.  Returns (B, D_m) each, between 0 and 2; 1 leaves a feature as it
    is.
    Errors: ValueError for shapes or numbers of tensors that do not fit, NaN; TypeError for what is
    no list of tensors, or one of another dtype than the first features.
    Source: [Joze, Shaban, Iuzzolino, Koishida 2020](https://arxiv.org/abs/1911.08670), section 3;
    the released code leaves out the factor 2.
    """
    parts = squeeze_weight, squeeze_bias, gate_weights, gate_biases
    _require_gating(features, *parts)
    squeezed = [x.flatten(2).mean(2) if x.ndim > 2 else x for x in features]
    gating = list(zip(gate_weights, gate_biases, strict=True))
    return _gates(torch.cat(squeezed, 1), squeeze_weight, squeeze_bias, gating)


def _require_gating(
    features: Sequence[Tensor],
    squeeze_weight: Tensor,
    squeeze_bias: Tensor,
    gate_weights: Sequence[Tensor],
    gate_biases: Sequence[Tensor],
) -> None:
    require_tensors("features", features)
    rows = len(features[0]) if features[0].ndim else None
    for m, x in enumerate(features):
        require_batch(f"features[{m}]", x, (rows if m else None, *(None,) * max(x.ndim - 1, 1)))
    widths = [x.shape[1] for x in features]
    require_weights("squeeze_weight", squeeze_weight)
    shape, total = tuple(squeeze_weight.shape), sum(widths)
    fits = len(shape) == 2 and shape[0] > 0 and shape[1] == total
    require(fits, f"squeeze_weight has shape {shape}; (hidden, {total}) was expected.")
    _require_shape("squeeze_bias", squeeze_bias, shape[:1])
    for name, parts in (("gate_weights", gate_weights), ("gate_biases", gate_biases)):
        require_list(name, parts, "tensors")
        counts = f"{name} holds {len(parts)}; {len(widths)}, one per modality, were expected."
        require(len(parts) == len(widths), counts)
    for m, width in enumerate(widths):
        _require_shape(f"gate_weights[{m}]", gate_weights[m], (width, len(squeeze_bias)))
        _require_shape(f"gate_biases[{m}]", gate_biases[m], (width,))
    named = {"squeeze_weight": squeeze_weight, "squeeze_bias": squeeze_bias}
    for name, several in (
        ("features", features),
        ("gate_weights", gate_weights),
        ("gate_biases", gate_biases),
    ):
        named |= {f"{name}[{m}]": x for m, x in enumerate(several)}
    known = features[0].dtype
    for name, x in named.items():
        if x.dtype != known:
            raise TypeError(f"{name} has dtype {x.dtype}; {known}, as features[0], was expected.")


def _gates(
    z: Tensor, squeeze_weight: Tensor, squeeze_bias: Tensor, gating: Sequence[tuple[Tensor, Tensor]]
) -> list[Tensor]:
    """`cross_modal_gates` of features side by side, (B, Σ D_m), without its checks."""
    s = torch.relu(F.linear(z, squeeze_weight, squeeze_bias))
    return [2 * torch.sigmoid(F.linear(s, w, b)) for w, b in gating]


def _require_shape(name: str, x: Tensor, shape: tuple[int, ...]) -> None:
    require_weights(name, x)
    require(x.shape == shape, f"{name} has shape {tuple(x.shape)}; {shape} was expected.")


def through_gate(x: Tensor, gate: Tensor) -> Tensor:
    """x ⊙ gate, channel by channel.

    x: (B, D) or (B, D, ...).  gate: (B, D), or (D,) where one gate stands for all samples.
    Returns the shape of x.
    Errors: ValueError for shapes that do not fit, no rows, NaN; TypeError for no tensors of floats.
    Source: as of `cross_modal_gates`.
    """
    require_batch("x", x, (None,) * max(getattr(x, "ndim", 2), 2))
    require_weights("gate", gate)
    fits = tuple(gate.shape) in {(x.shape[1],), tuple(x.shape[:2])}
    want = f"{tuple(x.shape[:2])} or {(x.shape[1],)}"
    require(fits, f"gate has shape {tuple(gate.shape)}; {want} was expected.")
    return x * gate.reshape(*gate.shape, *(1,) * (x.ndim - 2))


class CrossModalGate(Fusion):
    """logits = mean over modalities of V_m (z_m ⊙ E_m) + c_m, E_m = 2 σ(W_m s), s of all features.

    Each modality has a branch with a classifier of its own, which the others reach by its gate
    alone. W_m starts at zero: at first every gate is 1, and no branch knows of another.
    hidden: width of s, None = half that of all features.
    """

    name = "cross-modal-gate"

    def __init__(
        self, widths: Mapping[str, int], num_classes: int, hidden: int | None = None
    ) -> None:
        super().__init__(widths, num_classes)
        require_modalities(self.name, widths)
        if hidden is not None:
            require_count("hidden", hidden, 1)
        total = sum(widths.values())
        h = max(1, total // 2) if hidden is None else hidden
        self.squeeze = nn.Linear(total, h)
        self.gating = nn.ModuleList(ZeroLinear(h, d) for d in widths.values())
        self.votes = nn.ModuleList(nn.Linear(d, num_classes) for d in widths.values())

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """(B, D_m) by modality → (B, C)."""
        return self.answer(features, self.gates(features))

    def gates(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """E_m by modality, (B, D_m)."""
        z, squeeze = self.concatenated(features), self.squeeze
        gating = []
        for layer in self.gating:
            assert isinstance(layer, nn.Linear)
            gating.append((layer.weight, layer.bias))
        opened = _gates(z, squeeze.weight, squeeze.bias, gating)
        return dict(zip(self.widths, opened, strict=True))

    def gates_alone(
        self, features: Mapping[str, Tensor], averages: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """E_m by modality, each from its own features and the others' averages, (D_k,) each."""
        gates = {}
        for m in self.widths:
            others = {k: averages[k].expand_as(z) for k, z in features.items() if k != m}
            gates[m] = self.gates({**others, m: features[m]})[m]
        return gates

    def branches(
        self, features: Mapping[str, Tensor], gates: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """Logits (B, C) of each modality's own branch.  gates: by modality, (B, D_m) or (D_m,)."""
        parts = zip(self.widths, self.ordered(features), self.votes, strict=True)
        return {m: vote(z * gates[m]) for m, z, vote in parts}

    def answer(self, features: Mapping[str, Tensor], gates: Mapping[str, Tensor]) -> Tensor:
        """The mean of the branches' logits, (B, C)."""
        return torch.stack(list(self.branches(features, gates).values())).mean(0)

    def slices(self) -> Slices:
        """V_m and c_m by modality."""
        return owned(self.votes, self.widths)
