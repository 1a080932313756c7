"""What a model and a method own besides weights and buffers, wherever in them it stands.

A training that is taken up again bit for bit needs every random generator at the number at which it
was, and whatever else changes on the way: buffers that are not part of ``state_dict``, tensors,
counters. They stand in attributes of modules, of the method and of objects these hold, in lists and
dictionaries; generators also in hooks, in functions made of functions, and in classes.
"""

import io
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from torch import Tensor, nn

from coursekit.training.checkpoint_values import is_plain, leaves
from coursekit.utils.random_generators import Generator, state_of

BARE = frozenset(vars(nn.Module()))  # what every module has
HOOKS = tuple(name for name in sorted(BARE) if name.endswith("_hooks") and "dict" not in name)
FUNCTIONS = types.FunctionType | types.MethodType | types.BuiltinMethodType | partial
NEVER = type | types.ModuleType | io.IOBase
NOT_OF_MODELS = ("pandas", "matplotlib", "tqdm", "PIL", "lightning_fabric", "coursekit")


class Entries(Protocol):
    """What values stand in by key: a dictionary, a list, an object's attributes."""

    def __getitem__(self, key: Any, /) -> Any:
        """The value."""

    def __setitem__(self, key: Any, value: Any, /) -> None:
        """Another value."""


@dataclass(frozen=True)
class Place:
    """Where a value stands. holder: the name of what holds it, key: under which it does so."""

    holder: str
    key: object
    get: Callable[[], object]
    put: Callable[[Any], None]


class Owned:
    """All that is found in ``roots``, by its name, such as "model.encoders.A.generator".

    aside: tensors that are stored elsewhere, a model's weights and buffers.
    places: plain values that may change.  generators: one by one, those in places too.  holders:
    where an attribute can be put that is not there yet.  unknown: what no checkpoint can store, in
    words.
    """

    def __init__(self, roots: Mapping[str, object], aside: Iterable[object] = ()) -> None:
        self.places: dict[str, Place] = {}
        self.generators: dict[str, Generator] = {}
        self.holders: dict[str, Entries] = {}
        self.unknown: list[str] = []
        self._aside = {id(x) for x in aside}
        self._drawing_only = 0  # how many functions and classes deep: only generators matter there
        self._seen = {id(thing): thing for thing in roots.values()}
        named = {
            f"{root}.{name}".rstrip("."): module
            for root, thing in roots.items()
            if isinstance(thing, nn.Module)
            for name, module in thing.named_modules()
        }
        self._seen |= {id(module): module for module in named.values()}
        for name, module in named.items():
            self._module(name, module)
        for name, thing in roots.items():
            if not isinstance(thing, nn.Module):
                self._attributes(name, thing)

    def _module(self, name: str, module: nn.Module) -> None:
        buffers = sorted(module._non_persistent_buffers_set)
        self._entries(name, _Buffers(module), buffers, holder=f"buffers of {name}")
        self._entries(name, vars(module), [k for k in vars(module) if k not in BARE])
        for hooks in HOOKS:
            for i, hook in enumerate(vars(module)[hooks].values()):
                self._only_generators({f"{name}.{hooks}[{i}]": hook})
        self._class(name, type(module))

    def _hidden_module(self, name: str, module: nn.Module) -> None:
        """One in a list, or of a method, which is in no ``state_dict`` of the model."""
        for inner, part in module.named_modules():
            if part is module or id(part) not in self._seen:
                self._seen[id(part)] = part
                at = f"{name}.{inner}".rstrip(".")
                for tensors in (part._parameters, part._buffers):
                    self._entries(at, tensors, tensors, holder="")
                self._module(at, part)

    def _attributes(self, name: str, thing: object) -> None:
        if hasattr(thing, "__dict__"):
            self._entries(name, vars(thing), vars(thing))
        slots = [s for cls in type(thing).__mro__ for s in _slots(cls) if hasattr(thing, s)]
        self._entries(name, _Slots(thing), slots)
        self._class(name, type(thing))

    def _entries(
        self,
        name: str,
        entries: Entries,
        keys: Iterable[Any],
        label: str = ".{}",
        holder: str | None = None,
    ) -> None:
        """What stands under ``keys``; those that are no text or number are named by their order."""
        holder = name if holder is None else holder
        if holder and not isinstance(entries, tuple):
            self.holders.setdefault(holder, entries)
        for i, key in enumerate(list(keys)):
            get = partial(entries.__getitem__, key)
            put = _nowhere if isinstance(entries, tuple) else partial(entries.__setitem__, key)
            at = name + label.format(key if isinstance(key, str | int) else f"number {i}")
            self._value(at, get(), Place(holder, key, get, put))

    def _value(self, name: str, value: Any, place: Place) -> None:
        if is_plain(value):
            self._plain(name, value, place)
        elif id(value) not in self._seen and not isinstance(value, NEVER):
            self._seen[id(value)] = value
            self._compound(name, value)

    def _plain(self, name: str, value: object, place: Place) -> None:
        parts = list(leaves(value))
        tensors = [x for _, x in parts if isinstance(x, Tensor)]
        if tensors and all(id(x) in self._aside for x in tensors):
            return
        drawing = {name + at: x for at, x in parts if isinstance(x, Generator)}
        for at, generator in drawing.items():
            try:
                state_of(generator)
            except NotImplementedError:
                self._refuse(at, generator)
                return
        if drawing and isinstance(value, set | frozenset):
            self._refuse(name, value, "generators in it have no order")
            return
        self.generators |= drawing
        if drawing or not self._drawing_only:
            self.places[name] = place

    def _compound(self, name: str, value: Any) -> None:
        """What is no plain value: look into it, if it can be part of a model."""
        if isinstance(value, nn.Module):
            self._hidden_module(name, value)
        elif isinstance(value, FUNCTIONS):
            self._function(name, value)
        elif isinstance(value, dict):
            self._entries(name, value, value, "[{!r}]")
        elif isinstance(value, list | tuple):
            self._entries(name, value, range(len(value)), "[{}]")  # type: ignore[arg-type]
        elif isinstance(value, set | frozenset):
            before = len(self.generators)
            self._only_generators({f"{name}[{i}]": part for i, part in enumerate(value)})
            if len(self.generators) > before:
                self._refuse(name, value, "generators in it have no order")
        elif hasattr(value, "state_dict") and hasattr(value, "load_state_dict"):
            self._with_state(name, value)
        elif isinstance(value, Iterator) and not hasattr(value, "__dict__"):
            if not self._drawing_only:
                self._refuse(name, value)
        elif _may_be_of_a_model(type(value)):
            self._attributes(name, value)

    def _with_state(self, name: str, value: Any) -> None:
        """An optimiser, say, which tells by itself what is to be stored of it."""
        if self._drawing_only:
            return
        if is_plain(value.state_dict()):
            self.places[name] = Place("", name, value.state_dict, value.load_state_dict)
        else:
            self._refuse(name, value)

    def _function(self, name: str, value: Any) -> None:
        """Generators it was made with: of a closure, defaults, a partial, or bound to it."""
        parts = [getattr(value, "__self__", None)]
        if isinstance(value, partial):
            parts += [value.func, *value.args, *value.keywords.values()]
        function = getattr(value, "__func__", value)
        parts += getattr(function, "__defaults__", None) or ()
        parts += (getattr(function, "__kwdefaults__", None) or {}).values()
        parts += [_content(cell) for cell in getattr(function, "__closure__", None) or ()]
        self._only_generators({f"{name}({i})": part for i, part in enumerate(parts)})

    def _class(self, name: str, cls: type) -> None:
        """Generators of the class itself, and of the functions in it."""
        for base in cls.__mro__:
            theirs = base.__module__.partition(".")[0] in ("torch", "numpy")
            if id(base) not in self._seen and not theirs and _may_be_of_a_model(base):
                self._seen[id(base)] = base
                inner = {k: getattr(v, "__func__", v) for k, v in vars(base).items()}
                inner = {k: getattr(v, "fget", v) for k, v in inner.items()}
                self._only_generators({f"{name}.{k}": v for k, v in inner.items()})

    def _only_generators(self, values: Mapping[str, Any]) -> None:
        self._drawing_only += 1
        for name, value in values.items():
            self._value(name, value, Place("", name, partial(_same, value), _nowhere))
        self._drawing_only -= 1

    def _refuse(self, name: str, value: object, why: str = "what it is at cannot be told") -> None:
        self.unknown.append(f"{name} is a {type(value).__name__}: {why}")


class _Buffers:
    """A module's buffers, where one that is put in anew is no part of its ``state_dict``."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module

    def __getitem__(self, name: str) -> Any:
        return self.module._buffers[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.module.register_buffer(name, value, persistent=False)


class _Slots:
    """Attributes of an object that keeps them in slots."""

    def __init__(self, thing: object) -> None:
        self.thing = thing

    def __getitem__(self, name: str) -> Any:
        return getattr(self.thing, name)

    def __setitem__(self, name: str, value: Any) -> None:
        object.__setattr__(self.thing, name, value)


def owned_by(model: nn.Module, method: object) -> Owned:
    """What a training's model and method own, besides the model's ``state_dict``."""
    return Owned({"model": model, "method": method}, model.state_dict(keep_vars=True).values())


def generators_of(module: nn.Module) -> list[Generator]:
    """Every generator that a module, or one in it, owns."""
    return list({id(g): g for g in Owned({"module": module}).generators.values()}.values())


def _slots(cls: type) -> tuple[str, ...]:
    slots = vars(cls).get("__slots__", ())
    own = (slots,) if isinstance(slots, str) else tuple(slots)
    return tuple(name for name in own if name not in ("__dict__", "__weakref__"))


def _content(cell: Any) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def _may_be_of_a_model(cls: type) -> bool:
    """Whether its objects may be a part of one; Python's own, data, runs and pictures are none."""
    root = cls.__module__.partition(".")[0]
    return cls is types.SimpleNamespace or not (
        root in sys.stdlib_module_names or root in NOT_OF_MODELS
    )


def _same(value: object) -> object:
    return value


def _nowhere(value: object) -> None:
    """There is no place for another value; a generator has taken its state itself."""
