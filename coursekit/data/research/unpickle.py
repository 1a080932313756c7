"""Reading a pickle without running what it asks for: numpy arrays and plain containers only.

A pickle is a small program: it names callables and calls them. This reader knows the few that
numpy's arrays need, by exact name, and refuses every other one when it is named, which is before
it could be called. Even those few it does not hand out: stand-ins of its own take what the pickle
says and build the arrays from plain bytes. A hostile file can still ask for much memory.
"""

import math
import pickle
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import numpy as np

from coursekit.data.files import DataFileError

CODE = re.compile(r"[?]|b1|[iufcSU]\d+|O8?")  # numbers, truth values, text, objects
# What a damaged stream makes the reader raise, besides pickle's own error.
BROKEN = (
    pickle.UnpicklingError,
    EOFError,
    ValueError,  # with UnicodeDecodeError
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    MemoryError,
    RecursionError,
)


class RefusedPickle(DataFileError):
    """The pickle asks for something that is no part of a numpy array; nothing of it has run."""


class _Only:
    """A callable that a pickle may call but not change: it has no attributes to set.

    pickle can also set attributes on what it named; on a function that would outlive the reading.
    """

    __slots__ = ("_call",)

    _call: Callable[..., Any]

    def __init__(self, call: Callable[..., Any]) -> None:
        object.__setattr__(self, "_call", call)

    def __call__(self, *values: Any) -> Any:
        return self._call(*values)

    def __setattr__(self, name: str, value: Any) -> None:
        raise TypeError(f"a pickle sets {name!r} on a callable")


class _Type:
    """A dtype by its code, such as "f4". numpy's own would believe whatever state it is handed."""

    __slots__ = ("dtype",)

    def __init__(self, code: Any, *_: Any) -> None:
        if not isinstance(code, str) or CODE.fullmatch(code) is None:
            raise TypeError(f"an array of type {code!r}; numbers, text or objects were expected")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: Any) -> None:
        self.dtype = self.dtype.newbyteorder(state[1])  # the rest follows from the code


class _Array:
    """An array that the pickle names first and fills later."""

    __slots__ = ("value",)

    def __init__(self, *_: Any) -> None:
        self.value: np.ndarray = np.empty(0)

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, by_columns, content = state
        self.value = _filled(content, kind, shape, "F" if by_columns else "C")


def _filled(content: Any, kind: Any, shape: Any, order: Any) -> np.ndarray:
    """The array (shape) whose content is given as bytes or, for objects, as a list."""
    if not isinstance(kind, _Type):
        raise TypeError("an array without a type")
    if kind.dtype == object:
        if not isinstance(content, list):
            raise TypeError("an array of objects whose content is no list")
        flat = np.empty(len(content), object)
        flat[:] = content
        return flat.reshape(shape, order=order)
    if isinstance(content, str):  # bytes of Python 2
        content = content.encode("latin1")
    size = math.prod(shape) * kind.dtype.itemsize
    if not size:
        return np.zeros(shape, kind.dtype)
    return np.frombuffer(content, kind.dtype).reshape(shape, order=order)


def _buffered(content: Any, kind: Any, shape: Any, order: Any, axes: Any = None) -> np.ndarray:
    """numpy's _frombuffer (protocol 5), also for axes that stand in another order."""
    if axes is None:
        return _filled(content, kind, shape, order)
    return _filled(content, kind, shape, "C").transpose(axes)  # shape is that of the bytes


def _scalar(kind: Any, content: Any = b"") -> Any:
    """numpy's scalar: one number or text."""
    return _filled(content, kind, (), "C")[()]


def _bytes_of_text(text: Any, code: Any) -> bytes:
    """_codecs.encode: how protocol 2 writes bytes, always as latin1."""
    if not isinstance(text, str) or code not in ("latin1", "latin-1"):
        raise TypeError(f"bytes written as {code!r}")
    return text.encode("latin1")


def _no_bytes() -> bytes:
    """bytes(): how protocol 2 writes an empty one."""
    return b""


def _never(*_: Any) -> None:
    """numpy.ndarray itself is only ever named, as what _reconstruct shall make."""
    raise TypeError("numpy.ndarray called directly")


def _allowed() -> Mapping[tuple[str, str], _Only]:
    table = {
        ("numpy", "ndarray"): _Only(_never),
        ("numpy", "dtype"): _Only(_Type),
        ("_codecs", "encode"): _Only(_bytes_of_text),
        ("__builtin__", "bytes"): _Only(_no_bytes),
        ("builtins", "bytes"): _Only(_no_bytes),
    }
    for core in ("numpy.core", "numpy._core"):  # before and since numpy 2
        table[f"{core}.multiarray", "_reconstruct"] = _Only(_Array)
        table[f"{core}.multiarray", "scalar"] = _Only(_scalar)
        table[f"{core}.numeric", "_frombuffer"] = _Only(_buffered)
    return MappingProxyType(table)


ALLOWED = _allowed()


def _real(x: Any, met: dict[int, Any]) -> Any:
    """``x`` with the arrays in place of their stand-ins; ``met`` knows what was met before."""
    if id(x) in met:
        return met[id(x)]
    if isinstance(x, _Array):
        met[id(x)] = x.value
        if x.value.dtype == object:
            flat = [_real(item, met) for item in x.value.flat]
            met[id(x)] = _filled(flat, _Type("O"), x.value.shape, "C")
    elif type(x) is dict:
        mapping = met[id(x)] = {}
        mapping.update({key: _real(value, met) for key, value in x.items()})
    elif type(x) is list:
        listing = met[id(x)] = []
        listing += [_real(item, met) for item in x]
    elif type(x) is tuple:
        met[id(x)] = tuple(_real(item, met) for item in x)
    elif isinstance(x, _Type):
        met[id(x)] = x.dtype
    else:
        return x
    return met[id(x)]


class RestrictedUnpickler(pickle.Unpickler):
    """pickle.Unpickler that knows the names in `ALLOWED` and no other.

    What it loads holds stand-ins; `read_arrays` puts the arrays in their places.
    """

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, encoding="latin1")  # arrays that Python 2 wrote

    def find_class(self, module: str, name: str, /) -> Any:
        """What ``module.name`` stands for.  Errors: RefusedPickle naming it."""
        try:
            return ALLOWED[module, name]
        except KeyError:
            raise RefusedPickle(
                f"The pickle asks for {module}.{name}, which no numpy array needs; it was not "
                "looked up, and nothing has run. A file from somebody you trust can be written "
                "anew with plain arrays only."
            ) from None

    def persistent_load(self, pid: Any) -> Any:
        """Refuse what lies outside the file.  Errors: RefusedPickle."""
        raise RefusedPickle(f"The pickle asks for {pid!r} from outside; only arrays were expected.")


def read_arrays(path: Path) -> Any:
    """What the pickle at ``path`` holds: numpy arrays, numbers and text in dicts, lists, tuples.

    Errors: RefusedPickle for anything else; DataFileError for a file that is missing or damaged.
    """
    try:
        with path.open("rb") as file:
            return _real(RestrictedUnpickler(file).load(), {})
    except RefusedPickle as refusal:
        raise RefusedPickle(f"{path}: {refusal}") from None
    except (OSError, *BROKEN) as error:
        kind = type(error).__name__
        raise DataFileError(f"{path} cannot be read as a pickle: {kind}: {error}") from None
