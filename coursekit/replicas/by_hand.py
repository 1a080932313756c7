"""The gradient without autograd, for MLP encoders under a late-linear fusion.

The course's commonest network; written out, its backward pass takes a third of the time off a
step of few replicas. With δ the gradient at a layer's output, x its input, W its weight:

    ∂W = δᵀ x     ∂b = Σ_batch δ     gradient at x = δ W, where x was not cut to zero
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from coursekit.balancing.ensemble import MeanOfHeads
from coursekit.fusion.base import batched_linear
from coursekit.fusion.late_linear import LateLinear
from coursekit.models import MLP
from coursekit.replicas.stack import Stack, StackedPrediction


def can_be_by_hand(stack: Stack) -> bool:
    """Whether these networks are the ones that are written out here."""
    encoders = all(type(e) is MLP for e in stack.models[0].encoders.values())
    return encoders and all(type(g.fusion) in (LateLinear, MeanOfHeads) for g in stack.groups)


class ByHand:
    """Forward and backward pass of a `Stack`, with `Stack.predict`'s and `differentiate`'s results.

    What the last forward pass left behind, the next backward pass uses.
    """

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        depth = {m: len(e.layers) for m, e in stack.models[0].encoders.items()}  # type: ignore[arg-type]
        self.layers = {m: [f"encoders.{m}.layers.{i}" for i in range(n)] for m, n in depth.items()}
        self.weights = {n: w.detach() for n, w in stack.weights.items()}
        self.fusions = [{n: w.detach() for n, w in g.weights.items()} for g in stack.groups]
        self.seen: dict[str, list[Tensor]] = {}  # by modality: input, outputs of all layers

    def predict(self, inputs: Mapping[str, Tensor]) -> StackedPrediction:
        """All models on inputs (K, B, …); zeros for the joint logits of a mean of heads."""
        w = self.weights
        for m, x in inputs.items():
            seen = [x.flatten(2)]
            for layer in self.layers[m]:
                out = batched_linear(seen[-1], w[f"{layer}.weight"], w[f"{layer}.bias"])
                seen.append(out.relu_())
            self.seen[m] = seen
        features = {m: seen[-1] for m, seen in self.seen.items()}
        unimodal = {
            m: batched_linear(z, w[f"heads.{m}.weight"], w[f"heads.{m}.bias"])
            for m, z in features.items()
        }
        return StackedPrediction(self.stack.joint(features, learning=True), features, unimodal)

    def differentiate(self, at_logits: Tensor) -> Tensor:
        """The gradient (K, P) from that at all logits, (1 + M, K, C, B), joint first."""
        part = self.stack.part
        at_joint, *at_heads = at_logits
        joint = torch.cat([self._through_fusion(g, at_joint) for g in range(len(self.fusions))])
        widths = [seen[-1].shape[2] for seen in self.seen.values()]
        shares = joint.split(widths, dim=2)
        for (m, seen), delta, share in zip(self.seen.items(), at_heads, shares, strict=True):
            head = f"heads.{m}"
            part[f"{head}.weight"].copy_(torch.bmm(delta, seen[-1]))
            part[f"{head}.bias"].copy_(delta.sum(2))
            back = torch.baddbmm(share, delta.transpose(1, 2), self.weights[f"{head}.weight"])
            self._through_encoder(m, back)
        return self.stack.gradient

    def _through_fusion(self, number: int, at_joint: Tensor) -> Tensor:
        """Gradient at the concatenated features, (rows, B, Σ D_m)."""
        group, weights = self.stack.groups[number], self.fusions[number]
        z = torch.cat([seen[-1][group.rows] for seen in self.seen.values()], dim=2)
        if not weights:
            return torch.zeros_like(z)
        delta, part = at_joint[group.rows], self.stack.fusion_parts[number]
        part["linear.weight"].copy_(torch.bmm(delta, z))
        part["linear.bias"].copy_(delta.sum(2))
        return torch.bmm(delta.transpose(1, 2), weights["linear.weight"])

    def _through_encoder(self, m: str, delta: Tensor) -> None:
        for i in reversed(range(len(self.layers[m]))):
            layer, x, out = self.layers[m][i], self.seen[m][i], self.seen[m][i + 1]
            delta = torch.ops.aten.threshold_backward(delta, out, 0)  # 0 where the ReLU cut
            self.stack.part[f"{layer}.weight"].copy_(torch.bmm(delta.transpose(1, 2), x))
            self.stack.part[f"{layer}.bias"].copy_(delta.sum(1))
            if i > 0:
                delta = torch.bmm(delta, self.weights[f"{layer}.weight"])
