"""K classifiers as one: their parameters are the rows of one tensor, each layer one product.

    model k's weight W (out, in) → stacked weight (K, out, in), a view of row k of ``flat``

The models keep working meanwhile: their parameters are views of the same rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import nan

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from coursekit.balancing.ensemble import OfHeads
from coursekit.compare.replicas.stackable import has_stacked_form, require_stackable
from coursekit.fusion.base import Fusion, batched_linear
from coursekit.models import MLP, MultimodalClassifier
from coursekit.training.checkpoint_values import digest
from coursekit.training.extra_state import BARE
from coursekit.utils.accelerator_checks import gathered, together
from coursekit.utils.checks import require, require_instance, require_list
from coursekit.utils.tensor_checks import NotFinite

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class StackedPrediction:
    """What K classifiers say about a batch each.

    joint: logits (K, B, C).  features: (K, B, D_m), unimodal: logits (K, B, C), by modality.
    """

    joint: Tensor
    features: Mapping[str, Tensor]
    unimodal: Mapping[str, Tensor]


@dataclass(frozen=True)
class Group:
    """Neighbouring rows whose fusions are of one kind; weights: (rows, …) by name."""

    rows: slice
    fusion: nn.Module
    weights: Weights


class Stack:
    """K models with the same encoders and heads; rows of one fusion must be neighbours.

    flat: (K, P), row k holds model k's parameters: encoder and head of each modality (``blocks``:
    modality → columns; ``head_columns``: its head's alone), then the fusion's.  gradient: of the
    same shape; ``part`` and, a group, ``fusion_parts`` are its views by the parameters' names.
    frozen: where a gradient is none that a parameter follows, as ``flat``; None: nowhere.
    Errors: ValueError when the models cannot be stacked, see `require_stackable`.
    """

    def __init__(self, models: Sequence[MultimodalClassifier]) -> None:
        require_list("models", models, "classifiers")
        for k, model in enumerate(models):
            require_instance(f"models[{k}]", model, MultimodalClassifier)
        require_stackable(models)
        self.models, self.modalities = list(models), models[0].modalities
        for k, model in enumerate(models):
            like = encoders_of(model) == encoders_of(models[0])
            require(like, f"models[{k}] has other encoders or heads than models[0].")
        kinds = [(kind, len(list(same))) for kind, same in groupby(map(fusion_of, models))]
        apart = len({kind for kind, _ in kinds}) == len(kinds)
        require(apart, "models mixes its fusions; those of one kind must stand together.")
        self._lay_out([size for _, size in kinds])
        for k, model in enumerate(self.models):
            for name, p in model.named_parameters():
                row = self._row(name, k)
                row.copy_(p.data)
                p.data = row
        self._parameters = [list(model.parameters()) for model in self.models]
        self.trains = self.now_trains()
        self.frozen = self._frozen()

    def _lay_out(self, sizes: Sequence[int]) -> None:
        """Make ``flat`` and the stacked weights as views of it."""
        first = self.models[0]
        shapes = {name: p.shape for name, p in first.named_parameters()}
        places, end = {}, 0
        self.blocks: dict[str, slice] = {}
        self.head_columns: dict[str, slice] = {}
        for m in self.modalities:
            begin = end
            for part in (f"encoders.{m}.", f"heads.{m}."):
                head = end
                for name in (n for n in shapes if n.startswith(part)):
                    places[name] = slice(end, end := end + shapes[name].numel())
            self.blocks[m], self.head_columns[m] = slice(begin, end), slice(head, end)
        starts = [sum(sizes[:g]) for g in range(len(sizes))]
        fusions = [self.models[k].fusion for k in starts]
        widths = [sum(p.numel() for p in fusion.parameters()) for fusion in fusions]
        like = next(first.parameters())
        self.flat = like.new_zeros((len(self.models), end + max(widths)), requires_grad=False)
        self.gradient = torch.zeros_like(self.flat)
        self._leaves: list[Tensor] = []  # the stacked weights
        self._parts: list[Tensor] = []  # of the gradient, one per stacked weight
        everyone = slice(0, len(self.models))
        self.weights = {n: self._leaf(everyone, at, shapes[n]) for n, at in places.items()}
        self.part = dict(zip(self.weights, self._parts, strict=True))
        self.groups: list[Group] = []
        self.fusion_parts: list[Weights] = []
        for start, size, fusion in zip(starts, sizes, fusions, strict=True):
            rows, at = slice(start, start + size), end
            weights = {}
            for name, p in fusion.named_parameters():
                weights[name] = self._leaf(rows, slice(at, at := at + p.numel()), p.shape)
            self.groups.append(Group(rows, fusion, weights))
            parts = self._parts[len(self._parts) - len(weights) :]
            self.fusion_parts.append(dict(zip(weights, parts, strict=True)))

    def now_trains(self) -> list[list[bool]]:
        """By model whether each parameter is to be trained, which a method may change."""
        return [[p.requires_grad for p in own] for own in self._parameters]

    def _frozen(self) -> Tensor | None:
        if all(map(all, self.trains)):
            return None
        frozen = torch.zeros_like(self.flat, dtype=torch.bool)
        for model, row in zip(self.models, frozen, strict=True):
            for p in model.parameters():
                begin = p.data.storage_offset() % self.flat.shape[1]
                row[begin : begin + p.numel()] = not p.requires_grad
        return frozen

    def _leaf(self, rows: slice, columns: slice, shape: torch.Size) -> Tensor:
        """A part of ``flat`` as a weight (rows, *shape) that gradients can be asked for."""
        view = (rows.stop - rows.start, *shape)
        leaf = self.flat[rows, columns].view(view).detach().requires_grad_()
        self._leaves.append(leaf)
        self._parts.append(self.gradient[rows, columns].view(view))
        return leaf

    def _row(self, name: str, k: int) -> Tensor:
        """Model k's parameter ``name``, a view."""
        if not name.startswith("fusion."):
            return self.weights[name].detach()[k]
        group = next(g for g in self.groups if g.rows.start <= k < g.rows.stop)
        return group.weights[name.removeprefix("fusion.")].detach()[k - group.rows.start]

    def encode(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Features by modality (K, B, D_m) of inputs (K, B, …)."""
        return {m: self._feature(m, inputs[m]) for m in self.modalities}

    def _feature(self, m: str, x: Tensor) -> Tensor:
        encoder = self.models[0].encoders[m]
        if type(encoder) is not MLP:
            return _one_by_one([model.encoders[m] for model in self.models], self._of(m), x)
        z = x.flatten(2)
        for i in range(len(encoder.layers)):
            layer = f"encoders.{m}.layers.{i}"
            z = batched_linear(z, self.weights[f"{layer}.weight"], self.weights[f"{layer}.bias"])
            z = z.relu_()
        return z

    def _of(self, m: str) -> Weights:
        head = f"encoders.{m}."
        return {n.removeprefix(head): w for n, w in self.weights.items() if n.startswith(head)}

    def unimodal(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Logits (K, B, C) of every modality's own head."""
        w = self.weights
        return {
            m: batched_linear(z, w[f"heads.{m}.weight"], w[f"heads.{m}.bias"])
            for m, z in features.items()
        }

    def _joint(self, group: Group, prediction: StackedPrediction, learning: bool) -> Tensor:
        """Joint logits (rows, B, C) of one group; ``prediction`` has none yet."""
        own = {m: z[group.rows] for m, z in prediction.features.items()}
        z = own[self.modalities[0]]
        if isinstance(group.fusion, OfHeads) and type(group.fusion).forward is OfHeads.forward:
            if learning:  # its heads learn, it does not
                return z.new_zeros((*z.shape[:2], self.models[0].num_classes))
            own_logits = [prediction.unimodal[m][group.rows] for m in group.fusion.widths]
            return group.fusion.combined(own_logits)
        if isinstance(group.fusion, Fusion) and has_stacked_form(type(group.fusion)):
            return group.fusion.stacked(group.weights, own)
        fusions = [model.fusion for model in self.models[group.rows]]
        nothing = z.new_full((z.shape[1], self.models[0].num_classes), nan)
        return _one_by_one(fusions, group.weights, own, nothing)

    def predict(self, inputs: Mapping[str, Tensor], *, learning: bool = False) -> StackedPrediction:
        """All K models on inputs (K, B, …). learning: zeros where the heads answer."""
        with together():
            features = self.encode(inputs)
            prediction = StackedPrediction(self.flat, features, self.unimodal(features))
            joint = torch.cat([self._joint(group, prediction, learning) for group in self.groups])
            return replace(prediction, joint=joint)

    def differentiate(self, loss: Tensor) -> Tensor:
        """The gradient of a scalar, (K, P) like ``flat``; the next call overwrites it."""
        grads = torch.autograd.grad(loss, self._leaves, allow_unused=True, materialize_grads=True)
        torch._foreach_copy_(self._parts, grads)  # one call for all parameters
        return self.gradient

    def owners(self, group: Group) -> Tensor:
        """For each column of ``flat`` the number of the modality it belongs to, M for none."""
        owners = torch.full((self.flat.shape[1],), len(self.modalities))
        for i, m in enumerate(self.modalities):
            owners[self.blocks[m]] = i
        if isinstance(group.fusion, Fusion):
            slices, at = group.fusion.slices(), self.blocks[self.modalities[-1]].stop
            for p in group.fusion.parameters():
                part = torch.full(p.shape, len(self.modalities))
                for i, m in enumerate(self.modalities):
                    for q, where in slices.get(m, []):
                        if q is p:
                            part[where] = i
                owners[at : at + p.numel()] = part.flatten()
                at += p.numel()
        return owners.to(self.flat.device)

    def release(self) -> None:
        """Give every model parameters of its own again."""
        for model in self.models:
            for p in model.parameters():
                p.data = p.data.clone()


def encoders_of(model: MultimodalClassifier) -> tuple[object, ...]:
    """What must agree between stacked models: kinds of encoders, shapes outside the fusion."""
    kinds = [(m, type(e)) for m, e in model.encoders.items()]
    shapes = [(n, tuple(p.shape), p.dtype) for n, p in model.named_parameters()]
    return *kinds, *(s for s in shapes if not s[0].startswith("fusion."))


def fusion_of(model: MultimodalClassifier) -> tuple[object, ...]:
    """What makes two fusions of one kind: class, settings and shapes."""
    attributes = {n: v for n, v in vars(model.fusion).items() if n not in BARE}
    settings = sorted((n, _words(v)) for n, v in attributes.items())
    shapes = [(n, tuple(p.shape)) for n, p in model.fusion.named_parameters()]
    return type(model.fusion), *settings, *shapes


def _words(setting: object) -> str:
    """A setting to compare; tensors and arrays, which print a part of them, by a digest."""
    return digest(setting) if isinstance(setting, Tensor | np.ndarray) else str(setting)


def _one_by_one(
    modules: Sequence[nn.Module],
    weights: Weights,
    inputs: Tensor | Mapping[str, Tensor],
    nothing: Tensor | None = None,
) -> Tensor:
    """Modules without a stacked form, one call each with the gradient's own weights.

    nothing: what to take of one that refuses what is not finite: its replica has diverged, the
    others have not.
    """
    outputs = []
    for k, module in enumerate(modules):
        own = {name: w[k] for name, w in weights.items()}
        x = {m: z[k] for m, z in inputs.items()} if isinstance(inputs, Mapping) else inputs[k]
        if nothing is None:
            outputs.append(functional_call(module, own, (x,)))
            continue
        try:
            with gathered() as checks:
                y = functional_call(module, own, (x,))
        except NotFinite:
            outputs.append(nothing)
            continue
        fits = checks.all()  # of an accelerator, which answers there and is not waited for
        outputs.append(y if fits is None else torch.where(fits, y, nothing))
    return torch.stack(outputs)
