"""Values as a checkpoint stores them, and put back into the objects that held them.

A checkpoint is read without running code, so it may hold tensors, numbers, text, and lists of them.
Everything else that is plain is written as a list that begins with what it is.
"""

import hashlib
from collections import deque
from collections.abc import Iterator, MutableMapping, MutableSequence, MutableSet
from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.utils.random_generators import Generator, kind_of, made, set_state, state_of

SCALARS = (type(None), bool, int, float, complex, str, bytes, torch.dtype, torch.device, torch.Size)
MANY = (list, tuple, set, frozenset, deque)
CANNOT = (RuntimeError, ValueError, TypeError, KeyError)  # a generator of another kind


def is_plain(value: object, inside: tuple[int, ...] = ()) -> bool:
    """Whether it is numbers, text, tensors, arrays, generators, or containers of nothing else."""
    if type(value) in SCALARS or isinstance(value, Generator | np.generic):
        return True
    if isinstance(value, Tensor):
        return not (value.is_meta or value.is_quantized)
    if isinstance(value, np.ndarray):
        return not value.dtype.hasobject
    if id(value) in inside:  # it holds itself
        return False
    inside = (*inside, id(value))
    if isinstance(value, dict):
        return all(_is_key(k) and is_plain(v, inside) for k, v in value.items())
    return isinstance(value, MANY) and all(is_plain(v, inside) for v in value)


def leaves(value: object) -> Iterator[tuple[str, object]]:
    """What a plain value is made of, each with its place in it, such as "[0]['a']"."""
    if isinstance(value, dict):
        parts: Any = value.items()
    elif isinstance(value, MANY) and not isinstance(value, torch.Size):
        parts = enumerate(value)
    else:
        yield "", value
        return
    for key, part in parts:
        for place, leaf in leaves(part):
            yield f"[{key!r}]{place}", leaf


def encoded(value: object) -> Any:
    """A plain value as tensors, numbers, text and lists."""
    if type(value) in SCALARS:
        return ["value", value]
    if isinstance(value, Tensor):  # a copy: of a view, all that it is a view of would be written
        return ["tensor", value.detach().clone()]
    if isinstance(value, Generator):
        return ["generator", kind_of(value), state_of(value)]
    if isinstance(value, np.ndarray | np.generic):
        whole = np.ascontiguousarray(value)
        numbers = torch.frombuffer(bytearray(whole.tobytes()) or bytearray(1), dtype=torch.uint8)
        what = "array" if isinstance(value, np.ndarray) else "number"
        return [what, whole.dtype.str, list(np.shape(value)), numbers]
    if isinstance(value, dict):
        return ["dict", [[k, encoded(v)] for k, v in value.items()]]
    if isinstance(value, MANY):
        name = next(kind.__name__ for kind in MANY if isinstance(value, kind))
        return [name, [encoded(v) for v in value]]
    raise TypeError(f"value is a {type(value).__name__}; a plain one was expected.")


def put_back(stored: Any, old: object = None) -> Any:
    """The value that was `encoded`, in ``old`` itself where that can take it, for others hold it.

    Errors: RuntimeError, ValueError, TypeError or KeyError where ``old`` is a generator of another
    kind.
    """
    what, content, *more = stored
    if what == "value":
        return content
    if what == "tensor":
        return _tensor(content, old)
    if what == "generator":
        if not isinstance(old, Generator):
            return made(content, more[0])
        set_state(old, more[0])
        return old
    if what in ("array", "number"):
        return _array(content, more[0], more[1], old, scalar=what == "number")
    return _container(what, content, old)


def _tensor(new: Tensor, old: object) -> Tensor:
    if not isinstance(old, Tensor) or old.is_meta or old.is_inference():
        return new
    new = new.to(old.device)
    alike = (old.shape, old.dtype, old.layout) == (new.shape, new.dtype, new.layout)
    if not alike or old.layout != torch.strided or 0 in old.stride():  # one number in many places
        return new
    old.detach().copy_(new)
    return old


def _array(dtype: str, shape: list[int], numbers: Tensor, old: object, *, scalar: bool) -> object:
    count = int(np.prod(shape))
    new = np.frombuffer(numbers.numpy().tobytes(), dtype, count).reshape(shape).copy()
    if scalar:
        return new[()]
    fits = isinstance(old, np.ndarray) and (old.shape, old.dtype) == (new.shape, new.dtype)
    if isinstance(old, np.ndarray) and fits and old.flags.writeable:
        old[...] = new
        return old
    return new


def _container(what: str, content: list[Any], old: object) -> object:
    if what == "dict":
        before = old if isinstance(old, dict) else {}
        pairs = {k: put_back(v, before.get(k)) for k, v in content}
        if isinstance(old, MutableMapping):
            old.clear()
            old.update(pairs)
            return old
        return pairs
    there = list(old) if isinstance(old, list | tuple | deque) else []
    parts = [put_back(v, there[i] if i < len(there) else None) for i, v in enumerate(content)]
    if what == "tuple":
        kind = type(old) if isinstance(old, tuple) else tuple
        return kind(*parts) if hasattr(kind, "_fields") else kind(parts)  # a named tuple
    if what == "list" and isinstance(old, MutableSequence):
        old[:] = parts
        return old
    if what == "deque" and isinstance(old, deque):
        old.clear()
        old.extend(parts)
        return old
    if what == "set" and isinstance(old, MutableSet):
        old.clear()
        old.update(parts)  # type: ignore[attr-defined]
        return old
    made_of = {"list": list, "deque": deque, "set": set, "frozenset": frozenset}
    return made_of[what](parts)


def digest(value: object) -> str:
    """SHA-256 of a plain value: alike where nothing has changed."""
    whole = hashlib.sha256()
    _feed(whole, value)
    return whole.hexdigest()


def _feed(whole: "hashlib._Hash", value: object) -> None:
    if isinstance(value, Tensor):
        x = value.detach()
        x = x if x.layout == torch.strided else x.to_dense()
        x = torch.view_as_real(x) if x.is_complex() else x
        whole.update(f"{value.dtype}{tuple(x.shape)}".encode())
        whole.update(x.cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    elif isinstance(value, Generator):
        _feed(whole, state_of(value))
    elif isinstance(value, np.ndarray):
        whole.update(f"{value.dtype}{value.shape}".encode())
        whole.update(value.tobytes())
    elif isinstance(value, dict):
        whole.update(b"{")
        for key, part in value.items():
            whole.update(repr(key).encode())
            _feed(whole, part)
    elif isinstance(value, set | frozenset):
        whole.update(repr(sorted(map(repr, value))).encode())
    elif isinstance(value, MANY):
        whole.update(f"{type(value).__name__}{len(value)}".encode())
        for part in value:
            _feed(whole, part)
    else:
        whole.update(repr(value).encode())


def _is_key(key: object) -> bool:
    if isinstance(key, tuple):
        return all(map(_is_key, key))
    return type(key) in SCALARS
