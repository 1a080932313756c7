"""The gradient without autograd, for MLP encoders under a late-linear fusion.

The course's commonest network; written out, an epoch takes less than half of the time. With δ the
gradient at a layer's output, the layer notes what follows for its weights and hands δ W back
(`linear_layer.py`), cut to zero where the ReLU did so.
"""

from collections.abc import Collection, Mapping
from math import isfinite

import torch
from torch import Tensor

from coursekit.balancing.ensemble import MeanOfHeads, mean_of_heads
from coursekit.compare.replicas.linear_layer import Answer, Hidden, Layer
from coursekit.compare.replicas.stack import Stack, StackedPrediction
from coursekit.fusion.late_linear import LateLinear
from coursekit.models import MLP

Terms = dict[str, Layer]  # W_m of Σ_m W_m z_m + b; the first has b


def can_be_by_hand(stack: Stack) -> bool:
    """Whether these networks are the ones that are written out here, and on the CPU."""
    encoders = all(type(e) is MLP for e in stack.models[0].encoders.values())
    fusions = all(type(g.fusion) in (LateLinear, MeanOfHeads) for g in stack.groups)
    return encoders and fusions and stack.flat.device.type == "cpu"


class ByHand:
    """Forward and backward pass of a `Stack`, with `Stack.predict`'s and `differentiate`'s results.

    In this order: `predict`, `softmax`, `log_softmax` where it is wanted, `differentiate`; each
    uses what the one before has left. Inputs that are handed over again, the same mapping with new
    numbers in it, cost no preparation.
    """

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        depth = {m: len(e.layers) for m, e in stack.models[0].encoders.items()}  # type: ignore[arg-type]
        self.encoders = {
            m: [self._layer(f"encoders.{m}.layers.{i}") for i in range(n)] for m, n in depth.items()
        }
        self.heads = {m: self._layer(f"heads.{m}") for m in stack.modalities}
        self.fusions = [self._terms(g) for g in range(len(stack.groups))]
        self._passes: dict[tuple[int, tuple[str, ...]], Pass] = {}
        self._now: Pass

    def _layer(self, name: str) -> Layer:
        weights, part = self.stack.weights, self.stack.part
        weight, bias = f"{name}.weight", f"{name}.bias"
        return Layer(weights[weight], weights[bias], part[weight], part[bias])

    def _terms(self, group: int) -> Terms:
        """A late-linear fusion as one layer per modality; none for a mean of heads."""
        weights, part = self.stack.groups[group].weights, self.stack.fusion_parts[group]
        terms: Terms = {}
        start = 0
        for m, layers in self.encoders.items():
            columns = slice(start, start := start + layers[-1].outputs)
            if weights:
                weight, to = (w["linear.weight"][:, :, columns] for w in (weights, part))
                bias, to_bias = (None if terms else w["linear.bias"] for w in (weights, part))
                terms[m] = Layer(weight, bias, to, to_bias)
        return terms

    def predict(self, inputs: Mapping[str, Tensor], heads: Collection[str]) -> StackedPrediction:
        """All models on inputs (K, B, …); zeros for the joint logits of a mean of heads.

        heads: modalities whose own heads shall answer and learn; the others' get no gradient anew.
        """
        key = id(inputs), tuple(m for m in self.stack.modalities if m in heads)
        if key not in self._passes:
            self._passes[key] = Pass(self, inputs, key[1])
        self._now = self._passes[key]
        self._now.forward()
        return self._now.prediction

    def answer(self, inputs: Mapping[str, Tensor]) -> StackedPrediction:
        """`Stack.predict`: all heads, and the mean of them where it is the joint answer."""
        prediction = self.predict(inputs, self.stack.modalities)
        for group in self.stack.groups:
            if isinstance(group.fusion, MeanOfHeads):
                own = [prediction.unimodal[m][group.rows].mT for m in group.fusion.widths]
                prediction.joint[group.rows] = mean_of_heads(own, classes=1).mT
        return prediction

    def softmax(self) -> bool:
        """Of all logits; whether all are finite."""
        shares = torch.softmax(self._now.logits, 2, out=self._now.shares)
        return isfinite(float(shares.sum()))

    def log_softmax(self) -> Tensor:
        """Of all logits, (1 + asked, K, C, B), joint first."""
        return self._now.logits.log_softmax(2)

    def differentiate(self, labels: Tensor, weights: Tensor) -> Tensor:
        """The gradient (K, P) of Σ_h w_h CE_h, labels (K, B), weights w (K, 1 + asked)."""
        self._now.backward(labels, weights)
        return self.stack.gradient


class Pass:
    """All layers bound to these inputs and to memory of their own: nothing is made in a step.

    heads: modalities whose own heads take part.  logits, shares: (1 + heads, K, C, B), joint first;
    shares, the softmax, become the gradient at the logits.
    """

    def __init__(self, net: ByHand, inputs: Mapping[str, Tensor], heads: tuple[str, ...]) -> None:
        self.inputs = inputs  # kept, so that no other mapping can be taken for them
        self.encoders = {m: _bound(net.encoders[m], x.flatten(2)) for m, x in inputs.items()}
        last = {m: layers[-1] for m, layers in self.encoders.items()}
        features = {m: layer.y for m, layer in last.items()}
        k, b, _ = next(iter(features.values())).shape
        shape = 1 + len(heads), k, net.stack.models[0].num_classes, b
        self.logits, self.shares = (net.stack.flat.new_zeros(shape) for _ in range(2))
        joint, *alone = self.logits.unbind()
        at_joint, *at_alone = self.shares.unbind()
        self.heads = [
            Answer(net.heads[m], features[m], out, at, last[m].delta)
            for m, out, at in zip(heads, alone, at_alone, strict=True)
        ]
        # With a head of their own, features get a gradient from another side too. Rows without a
        # fusion's term stay 0 there.
        sides = {m: torch.zeros_like(last[m].delta) for m in heads}
        self.sums = [(last[m].delta, side) for m, side in sides.items()]
        self.fusions: list[Answer] = []
        self.terms: list[tuple[Tensor, Tensor]] = []  # to be added to, and what
        for group, layers in zip(net.stack.groups, net.fusions, strict=True):
            rows = group.rows
            for i, (m, layer) in enumerate(layers.items()):
                out = joint[rows] if i == 0 else torch.zeros_like(joint[rows])
                z, at_z = features[m][rows], sides.get(m, last[m].delta)[rows]
                self.fusions.append(Answer(layer, z, out, at_joint[rows], at_z))
                self.terms += [(joint[rows], out)] if i else []
        unimodal = {m: own.mT for m, own in zip(heads, alone, strict=True)}
        self.prediction = StackedPrediction(joint.mT, features, unimodal)
        self._labels = self._weights = self._true = self._share = joint  # none yet
        self._minus = joint.new_full((1, 1, 1, 1), -1.0)

    def forward(self) -> None:
        """The logits."""
        for layers in self.encoders.values():
            for layer in layers:
                layer.forward()
        for answer in (*self.fusions, *self.heads):
            answer.forward()
        for joint, term in self.terms:
            joint.add_(term)

    def backward(self, labels: Tensor, weights: Tensor) -> None:
        """At the logits the gradient is w_h (softmax − one-hot) / B."""
        if labels is not self._labels:
            self._labels, true = labels, labels[None, :, None, :]
            self._true = true.expand(len(self.shares), -1, 1, -1)
        if weights is not self._weights:
            self._weights, share = weights, weights.T[:, :, None, None]
            self._share = share / labels.shape[-1]
        minus_one = self._minus.expand(self._true.shape)
        self.shares.scatter_add_(2, self._true, minus_one).mul_(self._share)
        for answer in (*self.fusions, *self.heads):
            answer.backward()
        for delta, side in self.sums:
            delta.add_(side)
        for layers in self.encoders.values():
            for layer in reversed(layers):
                layer.backward()


def _bound(layers: list[Layer], x: Tensor) -> list[Hidden]:
    """An encoder's layers, one on top of the other."""
    bound: list[Hidden] = []
    for layer in layers:
        below = bound[-1] if bound else None
        bound.append(Hidden(layer, below.y if below else x, below.delta if below else None))
    return bound
