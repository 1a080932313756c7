"""The gradient without autograd, for MLP encoders under a late-linear fusion.

The course's commonest network; written out, a step takes half of the time. With δ the gradient at
a layer's output, the layer notes what follows for its weights and hands δ W back (`layer.py`), cut
to zero where the ReLU did so.
"""

from collections.abc import Collection, Mapping
from math import isfinite

import torch
from torch import Tensor

from coursekit.balancing.ensemble import MeanOfHeads, mean_of_heads
from coursekit.fusion.late_linear import LateLinear
from coursekit.models import MLP
from coursekit.replicas.layer import Layer
from coursekit.replicas.stack import Stack, StackedPrediction

Terms = dict[str, Layer]  # W_m of Σ_m W_m z_m + b; the first has b


def can_be_by_hand(stack: Stack) -> bool:
    """Whether these networks are the ones that are written out here, and on the CPU."""
    encoders = all(type(e) is MLP for e in stack.models[0].encoders.values())
    fusions = all(type(g.fusion) in (LateLinear, MeanOfHeads) for g in stack.groups)
    return encoders and fusions and stack.flat.device.type == "cpu"


class ByHand:
    """Forward and backward pass of a `Stack`, with `Stack.predict`'s and `differentiate`'s results.

    In this order: `predict`, `softmax`, `log_softmax` where it is wanted, `differentiate`; each
    uses what the one before has left.
    """

    def __init__(self, stack: Stack) -> None:
        self.stack, self.classes = stack, stack.models[0].num_classes
        depth = {m: len(e.layers) for m, e in stack.models[0].encoders.items()}  # type: ignore[arg-type]
        self.encoders = {
            m: [self._layer(f"encoders.{m}.layers.{i}") for i in range(n)] for m, n in depth.items()
        }
        self.heads = {m: self._layer(f"heads.{m}") for m in stack.modalities}
        self.fusions = [self._terms(g) for g in range(len(stack.groups))]
        self.outputs: dict[str, list[Tensor]] = {}  # by modality, of every layer
        self.asked: tuple[str, ...] = ()  # modalities whose heads take part
        self.logits = self.shifted = self.shares = self.total = stack.flat  # (1 + asked, K, C, B)
        self.minus = stack.flat.new_full((1, 1, 1, 1), -1.0)
        self.places: dict[tuple[object, ...], Tensor] = {}

    def _layer(self, name: str) -> Layer:
        weights, part = self.stack.weights, self.stack.part
        weight, bias = f"{name}.weight", f"{name}.bias"
        return Layer(weights[weight], weights[bias], part[weight], part[bias])

    def _terms(self, group: int) -> Terms:
        """A late-linear fusion as one layer a modality; none for a mean of heads."""
        weights, part = self.stack.groups[group].weights, self.stack.fusion_parts[group]
        found: Terms = {}
        start = 0
        for m, layers in self.encoders.items():
            columns = slice(start, start := start + layers[-1].shape[1])
            if weights:
                weight, to = (w["linear.weight"][:, :, columns] for w in (weights, part))
                bias, to_bias = (None if found else w["linear.bias"] for w in (weights, part))
                found[m] = Layer(weight, bias, to, to_bias)
        return found

    def predict(self, inputs: Mapping[str, Tensor], heads: Collection[str]) -> StackedPrediction:
        """All models on inputs (K, B, …); zeros for the joint logits of a mean of heads.

        heads: modalities whose own heads shall answer and learn; the others' get no gradient anew.
        """
        self.asked = tuple(m for m in self.stack.modalities if m in heads)
        for m, x in inputs.items():
            z, outputs = x.flatten(2), []
            for layer in self.encoders[m]:
                z = layer.forward(z).relu_()
                outputs.append(z)
            self.outputs[m] = outputs
        features = {m: outputs[-1] for m, outputs in self.outputs.items()}
        k, b, _ = features[self.stack.modalities[0]].shape
        self.logits = self._place("logits", 1 + len(self.asked), k, self.classes, b)
        joint, *alone = self.logits.unbind()
        for group, terms in zip(self.stack.groups, self.fusions, strict=True):
            self._join(terms, group.rows, features, joint[group.rows])
        for m, own in zip(self.asked, alone, strict=True):
            self.heads[m].logits(features[m], own)
        unimodal = {m: own.mT for m, own in zip(self.asked, alone, strict=True)}
        return StackedPrediction(joint.mT, features, unimodal)

    def answer(self, inputs: Mapping[str, Tensor]) -> StackedPrediction:
        """`Stack.predict`: all heads, and the mean of them where it is the joint answer."""
        found = self.predict(inputs, self.stack.modalities)
        for group in self.stack.groups:
            if isinstance(group.fusion, MeanOfHeads):
                own = [found.unimodal[m][group.rows] for m in group.fusion.widths]
                found.joint[group.rows] = mean_of_heads(own)
        return found

    def _join(
        self, terms: Terms, rows: slice, features: Mapping[str, Tensor], joint: Tensor
    ) -> None:
        """Σ_m W_m z_m + b of these rows into ``joint``."""
        if not terms:
            joint.zero_()
        for m, layer in terms.items():
            z = features[m][rows]
            if layer.bias is None:
                joint += layer.logits(z, self._place("term", *joint.shape))
            else:
                layer.logits(z, joint)

    def softmax(self) -> bool:
        """Of all logits; whether all are finite."""
        shape = self.logits.shape
        largest = self.logits.amax(2, keepdim=True)
        self.shifted = torch.sub(self.logits, largest, out=self._place("shifted", *shape))
        self.shares = torch.exp(self.shifted, out=self._place("shares", *shape))
        self.total = self.shares.sum(2, keepdim=True)
        self.shares.div_(self.total)
        return isfinite(float(self.total.sum()))

    def log_softmax(self) -> Tensor:
        """Of all logits, (1 + asked, K, C, B), joint first."""
        return self.shifted.sub_(self.total.log_())

    def differentiate(self, labels: Tensor, weights: Tensor) -> Tensor:
        """The gradient (K, P) of Σ_h w_h CE_h, labels (K, B), weights w (K, 1 + asked).

        At the logits it is w_h (softmax − one-hot) / B.
        """
        places = labels[None, :, None, :].expand(len(self.shares), -1, 1, -1)
        self.shares.scatter_add_(2, places, self.minus.expand(places.shape))
        self.shares.mul_(weights.T[:, :, None, None] / labels.shape[-1])
        at_joint, *at_heads = self.shares.unbind()
        at_head = dict(zip(self.asked, at_heads, strict=True))
        for m in self.outputs:
            delta = self._through_fusions(m, at_joint)
            if m in at_head:
                self.heads[m].note(at_head[m])
                delta += self.heads[m].back(at_head[m])
            self._through_encoder(m, delta)
        return self.stack.gradient

    def _through_fusions(self, m: str, at_joint: Tensor) -> Tensor:
        """Gradient at the features of ``m`` that comes through the joint logits, (K, B, D_m)."""
        found = self._place(f"at {m}", *self.outputs[m][-1].shape)
        for group, terms in zip(self.stack.groups, self.fusions, strict=True):
            if terms:
                delta = at_joint[group.rows]
                terms[m].note(delta)
                terms[m].back(delta, found[group.rows])
            else:
                found[group.rows] = 0
        return found

    def _through_encoder(self, m: str, delta: Tensor) -> None:
        """From the gradient at the features to those of all layers."""
        cut = torch.ops.aten.threshold_backward.grad_input  # 0 where the ReLU cut
        layers, outputs = self.encoders[m], self.outputs[m]
        for i in reversed(range(len(layers))):
            cut(delta, outputs[i], 0, grad_input=delta)
            turned = delta.mT
            layers[i].note(turned)
            if i > 0:
                delta = layers[i].back(turned)

    def _place(self, name: str, *shape: int) -> Tensor:
        if (name, shape) not in self.places:
            self.places[name, shape] = self.stack.flat.new_empty(shape)
        return self.places[name, shape]
