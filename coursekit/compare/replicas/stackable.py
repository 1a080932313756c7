"""What a model may have in it to be trained as a replica.

A stack takes a model's weights and does the rest itself: what a class overrides, what was put in
the place of a method, a hook, a buffer, it would go round in silence. Encoders and fusions without
a stacked form are called as they are, one after the other, so that draws from a shared generator
would be others than in a training alone. Whatever has such a thing is refused by name.
"""

import copy
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from coursekit.balancing.ensemble import OfHeads
from coursekit.fusion.base import Fusion
from coursekit.layers.sequential_blocks import call
from coursekit.models import MLP, Dropout, MultimodalClassifier
from coursekit.models.fusion_stage import DepthClassifier
from coursekit.training.extra_state import BARE, Owned
from coursekit.utils.checks import require
from coursekit.utils.random_generators import global_states, set_global_states
from coursekit.utils.tensor_checks import NotFinite

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
HARMLESS = (
    "__init__", "__repr__", "__str__", "extra_repr", "__deepcopy__", "__getstate__",
    "__setstate__", "__reduce__", "__init_subclass__", "__annotate__", "__annotate_func__",
)  # fmt: skip
DROPPING = (_DropoutNd, nn.MultiheadAttention, nn.RNNBase)
POOLING = (nn.FractionalMaxPool2d, nn.FractionalMaxPool3d)
OURS = ("torch.nn.", "coursekit.")  # classes whose code is known
ROWS = 2  # of the training split, for a try


def require_stackable(models: Sequence[MultimodalClassifier]) -> None:
    """Refuse models that carry what a stack would go round.

    Errors: ValueError, naming the model, its class and what it carries.
    """
    require(len({id(m) for m in models}) == len(models), "models names one model twice.")
    owner: dict[int, int] = {}
    for k, model in enumerate(models):
        refuse_if(k, model, obstacle(model))
        for p in model.parameters():
            require(id(p) not in owner, f"models[{owner.get(id(p))}] and [{k}] share a parameter.")
        owner |= {id(p): k for p in model.parameters()}


def require_deterministic(
    models: Sequence[MultimodalClassifier], inputs: Sequence[Mapping[str, Tensor]]
) -> None:
    """Refuse models that draw at random where nothing but a try shows it.

    inputs: of each model's training rows.  Errors: ValueError, as in `require_stackable`.
    """
    for k, (model, own) in enumerate(zip(models, inputs, strict=True)):
        theirs = _theirs(model)
        if theirs:
            refuse_if(k, model, _tried(model, {m: x[:ROWS] for m, x in own.items()}, theirs[0]))


def refuse_if(k: int, model: MultimodalClassifier, what: str) -> None:
    """Refuse model ``k``, where there is something to say of it."""
    sentence = f"models[{k}] is a {type(model).__name__}, which {what}: replicas would go round it"
    require(not what, f"{sentence}; train it with coursekit.training.fit.")


def obstacle(model: MultimodalClassifier) -> str:
    """What keeps a model from being stacked, in words; empty where nothing does."""
    drops_none = isinstance(model, DepthClassifier) and model.rate == 0  # and is a plain one then
    overridden = overrides(type(model), DepthClassifier if drops_none else MultimodalClassifier)
    if overridden:
        return f"overrides {_listed(overridden)}"
    if model.run_encoder is not call:
        return "runs its encoders in another way, by run_encoder"
    for find in (_replaced, _hooked, _randomness, _kept_apart, _other_parts, _hidden, _shared):
        for what in find(model):
            return what
    return ""


def overrides(cls: type, base: type) -> list[str]:
    """What ``cls``, or one between it and ``base``, has in the place of a method of ``base``."""
    between = cls.__mro__[: cls.__mro__.index(base)]
    return [
        name
        for kind in between
        for name, value in vars(kind).items()
        if name not in HARMLESS and hasattr(base, name) and _is_code(value)
    ]


def _is_code(value: object) -> bool:
    code = isinstance(value, property | classmethod | staticmethod) or callable(value)
    return code and not isinstance(value, type)


def _replaced(model: nn.Module) -> Iterator[str]:
    """Methods in whose place something stands on the instance."""
    for name, module in model.named_modules():
        own = [n for n in vars(module) if callable(getattr(type(module), n, None))]
        if own:
            where = f" of {name}, a {type(module).__name__}," if name else ""
            yield f"has its own {_listed(own)}{where} put in the place of the class's"


def _hooked(model: nn.Module) -> Iterator[str]:
    for name, module in model.named_modules():
        if any(getattr(module, hooks) for hooks in HOOKS):
            yield f"has a hook on {name or 'itself'}, a {type(module).__name__}"
    for name, p in model.named_parameters():
        if p._backward_hooks or getattr(p, "_post_accumulate_grad_hooks", None):
            yield f"has a hook on the parameter {name}"


def _randomness(model: nn.Module) -> Iterator[str]:
    """Generators, and layers of PyTorch's that draw from the shared one in training."""
    for name, module in model.named_modules():
        kind = type(module).__name__
        rates = (getattr(module, key, 0) for key in ("dropout", "p"))
        drops = isinstance(module, DROPPING) and any(isinstance(r, float) and r > 0 for r in rates)
        leaks = isinstance(module, nn.RReLU) and module.lower < module.upper
        masks = isinstance(module, Dropout) and module.p > 0
        if drops or leaks or masks or isinstance(module, POOLING):
            yield f"draws at random in training, in {name}, a {kind}"
    if _theirs(model):  # what the course's own classes draw from is known
        owned = Owned({"model": model})
        for name in (*owned.generators, *owned.unknown):
            yield f"has a random generator, {name.removeprefix('model.')}"


def _kept_apart(model: nn.Module) -> Iterator[str]:
    """Buffers: a stack keeps weights apart, early stopping puts weights back."""
    owner = {n: type(m).__name__ for n, m in model.named_modules()}
    for name, _ in model.named_buffers():
        yield f"has a buffer, {name}, of a {owner[name.rpartition('.')[0]]}"


def _other_parts(model: MultimodalClassifier) -> Iterator[str]:
    """Where the stack computes by itself, parts must be what they are taken for."""
    parts = {"encoders", "fusion", "heads"}
    further = [*(model._modules.keys() - parts), *model._parameters]
    if further:
        yield f"has further parts, {_listed(sorted(further))}"
    layers = {f"heads.{m}": head for m, head in model.heads.items()}
    for m, encoder in model.encoders.items():
        if type(encoder) is MLP:
            layers |= {f"encoders.{m}.layers.{i}": x for i, x in enumerate(encoder.layers)}
            own = [*(encoder._modules.keys() - {"layers"}), *encoder._parameters]
            if own:
                yield f"has further parts, {_listed(sorted(own))}, in encoders.{m}, an MLP"
    for name, layer in layers.items():
        if type(layer) is not nn.Linear or layer.bias is None:
            yield f"has at {name} a {type(layer).__name__}, where a plain nn.Linear was expected"
    if isinstance(model.fusion, Fusion) and has_stacked_form(type(model.fusion)):
        for name, part in model.fusion.named_modules():
            if name and not type(part).__module__.startswith(("torch.nn.modules.", "coursekit.")):
                yield f"has at fusion.{name} a {type(part).__name__}"


def _hidden(model: nn.Module) -> Iterator[str]:
    """Modules and parameters that PyTorch does not know of, perhaps those of another part."""
    for name, module in model.named_modules():
        for key, value in vars(module).items():
            heads = key == "_heads" and isinstance(module, OfHeads)  # the model's own
            if key not in BARE and not heads and _holds_module(value):
                yield f"has a module or parameter in {name}.{key}, beside its own"


def _holds_module(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_module, value.values()))
    if isinstance(value, list | tuple | set):
        return any(map(_holds_module, value))
    return isinstance(value, nn.Module | nn.Parameter)


def _theirs(model: nn.Module) -> list[nn.Module]:
    """Modules of classes that are neither PyTorch's nor the course's."""
    return [m for m in model.modules() if not type(m).__module__.startswith(OURS)]


def _shared(model: nn.Module) -> Iterator[str]:
    """Parameters under two names: a stack would give each name weights of its own."""
    named = list(model.named_parameters(remove_duplicate=False))
    often = {key for key, n in Counter(id(p) for _, p in named).items() if n > 1}
    names = [name for name, p in named if id(p) in often]
    if names:
        yield f"shares a parameter among {_listed(names)}"


def has_stacked_form(kind: type[Fusion]) -> bool:
    """Whether ``stacked`` was written for this very ``forward``, and not for a parent's.

    Nor may a class below it change anything that it works with.
    """
    definer = {
        name: next(c for c in kind.__mro__ if name in vars(c)) for name in ("forward", "stacked")
    }
    written = definer["stacked"]
    same = written is not Fusion and definer["forward"] is written
    return same and not overrides(kind, written)


def _tried(model: MultimodalClassifier, inputs: Mapping[str, Tensor], strange: nn.Module) -> str:
    """What two forward passes in training show of a copy of the model."""
    device = str(next(model.parameters()).device)
    before = global_states(device)
    try:
        twin = copy.deepcopy(model).train()
        with torch.no_grad():
            first, middle = twin(inputs), global_states(device)
            second, after = twin(inputs), global_states(device)
    except NotFinite:  # the training will tell of it
        return ""
    finally:
        set_global_states(before, device)
    pairs = [
        (first.joint, second.joint),
        *((first.features[m], second.features[m]) for m in first.features),
    ]
    alike = all(torch.equal(a.nan_to_num(), b.nan_to_num()) for a, b in pairs)
    still = _alike(before, middle) and _alike(middle, after)
    kind = type(strange).__name__
    return "" if alike and still else f"draws at random in training, in a {kind} or beside it"


def _alike(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    return all(
        torch.equal(a, b) if isinstance(a, Tensor) and isinstance(b, Tensor) else a == b
        for a, b in zip(one.values(), other.values(), strict=True)
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join(dict.fromkeys(names))
