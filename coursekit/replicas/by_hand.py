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

    What the last forward pass left behind, the next backward pass uses. Every result has a place
    of its own that is used again in the next step: fresh memory for a large tensor costs more time
    than computing what goes into it.
    """

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        depth = {m: len(e.layers) for m, e in stack.models[0].encoders.items()}  # type: ignore[arg-type]
        self.layers = {m: [f"encoders.{m}.layers.{i}" for i in range(n)] for m, n in depth.items()}
        self.weights = {n: w.detach() for n, w in stack.weights.items()}
        self.fusions = [{n: w.detach() for n, w in g.weights.items()} for g in stack.groups]
        self.seen: dict[str, list[Tensor]] = {}  # by modality: input, outputs of all layers
        self.joined = stack.flat  # all features, (K, B, Σ D_m)
        self.shares = stack.flat  # softmax of all logits, (1 + M, K, C, B)
        self.minus = stack.flat.new_full((1, 1, 1, 1), -1.0)
        self._places: dict[tuple[object, ...], Tensor] = {}

    def predict(self, inputs: Mapping[str, Tensor]) -> StackedPrediction:
        """All models on inputs (K, B, …); zeros for the joint logits of a mean of heads."""
        for m, x in inputs.items():
            seen = [x.flatten(2)]
            for layer in self.layers[m]:
                seen.append(self._linear(layer, seen[-1]).relu_())
            self.seen[m] = seen
        features = {m: seen[-1] for m, seen in self.seen.items()}
        k, b, _ = features[self.stack.modalities[0]].shape
        width = sum(z.shape[2] for z in features.values())
        self.joined = torch.cat(list(features.values()), 2, out=self._place("joined", k, b, width))
        joint = self._place("joint", k, b, self.stack.models[0].num_classes)
        for group, own in zip(self.stack.groups, self.fusions, strict=True):
            if own:
                w, bias = own["linear.weight"], own["linear.bias"]
                joint[group.rows] = batched_linear(self.joined[group.rows], w, bias)
            else:
                joint[group.rows] = 0
        unimodal = {m: self._linear(f"heads.{m}", z) for m, z in features.items()}
        return StackedPrediction(joint, features, unimodal)

    def log_probabilities(self, prediction: StackedPrediction) -> Tensor:
        """`classes_first` of all heads, (1 + M, K, C, B), joint first."""
        logits = [prediction.joint, *prediction.unimodal.values()]
        k, b, c = prediction.joint.shape
        log = self._place("log", len(logits), k, c, b)
        for head, x in zip(log, logits, strict=True):
            head.copy_(x.transpose(1, 2))
        log -= log.amax(2, keepdim=True)
        shares = torch.exp(log, out=self._place("shares", *log.shape))
        total = shares.sum(2, keepdim=True)
        self.shares = shares.div_(total)
        return log.sub_(total.log_())

    def differentiate(self, labels: Tensor, weights: Tensor) -> Tensor:
        """The gradient (K, P) of Σ_h w_h CE_h, labels (K, B), weights w (K, 1 + M).

        At the logits it is w_h (softmax − one-hot) / B.
        """
        places = labels[None, :, None, :].expand(len(self.shares), -1, 1, -1)
        self.shares.scatter_add_(2, places, self.minus.expand(places.shape))
        at_joint, *at_heads = self.shares.mul_(weights.T[:, :, None, None] / labels.shape[-1])
        widths = [seen[-1].shape[2] for seen in self.seen.values()]
        shares = self._through_fusions(at_joint).split(widths, dim=2)
        for (m, seen), delta, share in zip(self.seen.items(), at_heads, shares, strict=True):
            z, head = seen[-1], f"heads.{m}"
            self._note(head, delta, z)
            back = self._place(f"at {m}", *z.shape)
            torch.baddbmm(share, delta.transpose(1, 2), self.weights[f"{head}.weight"], out=back)
            self._through_encoder(m, back)
        return self.stack.gradient

    def _through_fusions(self, at_joint: Tensor) -> Tensor:
        """Gradient at the joined features, (K, B, Σ D_m)."""
        found = self._place("at joined", *self.joined.shape)
        for g, (group, own) in enumerate(zip(self.stack.groups, self.fusions, strict=True)):
            rows = group.rows
            if not own:
                found[rows] = 0
                continue
            delta, part = at_joint[rows], self.stack.fusion_parts[g]
            part["linear.weight"].copy_(torch.bmm(delta, self.joined[rows]))
            part["linear.bias"].copy_(delta.sum(2))
            torch.bmm(delta.transpose(1, 2), own["linear.weight"], out=found[rows])
        return found

    def _through_encoder(self, m: str, delta: Tensor) -> None:
        cut = torch.ops.aten.threshold_backward.grad_input  # 0 where the ReLU cut
        for i in reversed(range(len(self.layers[m]))):
            layer, x, out = self.layers[m][i], self.seen[m][i], self.seen[m][i + 1]
            cut(delta, out, 0, grad_input=delta)
            self._note(layer, delta.transpose(1, 2), x)
            if i > 0:
                back = self._place(f"at {layer}", *x.shape)
                delta = torch.bmm(delta, self.weights[f"{layer}.weight"], out=back)

    def _linear(self, layer: str, x: Tensor) -> Tensor:
        w, bias = self.weights[f"{layer}.weight"], self.weights[f"{layer}.bias"]
        place = self._place(layer, *x.shape[:2], w.shape[1])
        return torch.baddbmm(bias.unsqueeze(1), x, w.transpose(1, 2), out=place)

    def _note(self, layer: str, delta: Tensor, x: Tensor) -> None:
        """A layer's gradient: δᵀ x and Σ_batch δ, for δᵀ (K, out, B) and x (K, B, in)."""
        weight, bias = self.stack.part[f"{layer}.weight"], self.stack.part[f"{layer}.bias"]
        weight.copy_(torch.bmm(delta, x, out=self._place(f"of {layer}", *weight.shape)))
        bias.copy_(delta.sum(2))

    def _place(self, name: str, *shape: int) -> Tensor:
        if (name, shape) not in self._places:
            self._places[name, shape] = self.stack.flat.new_empty(shape)
        return self._places[name, shape]
