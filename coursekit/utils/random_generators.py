"""Random generators of PyTorch, NumPy and Python: the states they are in, as numbers and text."""

import json
import random
from typing import Any

import numpy as np
import torch
from torch import Tensor

Generator = (
    torch.Generator
    | np.random.Generator
    | np.random.BitGenerator
    | np.random.RandomState
    | random.Random
)
State = Tensor | str


def kind_of(generator: Generator) -> str:
    """By which `made` knows what to make: a class, and its device or the algorithm behind it."""
    if isinstance(generator, torch.Generator):
        return f"torch.Generator {generator.device}"
    if isinstance(generator, np.random.Generator):
        return f"numpy.Generator {type(generator.bit_generator).__name__}"
    if isinstance(generator, np.random.BitGenerator):
        return f"numpy.BitGenerator {type(generator).__name__}"
    return "numpy.RandomState" if isinstance(generator, np.random.RandomState) else "random.Random"


def state_of(generator: Generator) -> State:
    """What it is at: bytes (n,) of PyTorch's, JSON of the others.

    Errors: NotImplementedError for one that has no state to tell of, such as `random.SystemRandom`.
    """
    if isinstance(generator, torch.Generator):
        return generator.get_state()
    if isinstance(generator, np.random.Generator):
        return _text(generator.bit_generator.state)
    if isinstance(generator, np.random.BitGenerator):
        return _text(generator.state)
    if isinstance(generator, np.random.RandomState):
        return _text(generator.get_state(legacy=False))
    return _text(generator.getstate())


def set_state(generator: Generator, state: State) -> None:
    """The reverse of `state_of`.

    Errors: RuntimeError, ValueError, TypeError or KeyError for another kind's state.
    """
    if isinstance(generator, torch.Generator):
        if not isinstance(state, Tensor):
            raise TypeError(f"state is a {type(state).__name__}; bytes in a tensor were expected.")
        generator.set_state(state.cpu())
        return
    if not isinstance(state, str):
        raise TypeError(f"state is a {type(state).__name__}; JSON was expected.")
    if isinstance(generator, np.random.Generator):
        generator.bit_generator.state = _parsed(state)
    elif isinstance(generator, np.random.BitGenerator):
        generator.state = _parsed(state)
    elif isinstance(generator, np.random.RandomState):
        generator.set_state(_parsed(state))
    else:
        version, numbers, gauss = _parsed(state)
        generator.setstate((version, tuple(numbers), gauss))


def made(kind: str, state: State) -> Generator:
    """A new generator of a `kind_of` with this state; errors as in `set_state`."""
    name, _, algorithm = kind.partition(" ")
    generator: Generator
    if name == "torch.Generator":
        generator = torch.Generator(algorithm)
    elif name == "numpy.RandomState":
        generator = np.random.RandomState()
    elif name == "random.Random":
        generator = random.Random()
    else:
        bits = getattr(np.random, algorithm)()
        generator = bits if name == "numpy.BitGenerator" else np.random.Generator(bits)
    set_state(generator, state)
    return generator


def global_states(device: str) -> dict[str, State]:
    """States of the generators that everybody shares: PyTorch's, NumPy's, Python's.

    device: "cpu", or one whose own generator belongs to them, "cuda:1" or "mps".
    """
    states: dict[str, State] = {
        "torch": torch.get_rng_state(),
        "numpy": _text(np.random.get_state(legacy=False)),  # noqa: NPY002
        "python": _text(random.getstate()),
    }
    if device.startswith("cuda"):
        states["cuda"] = torch.cuda.get_rng_state(device)
    elif device.startswith("mps"):
        states["mps"] = torch.mps.get_rng_state()
    return states


def set_global_states(states: dict[str, State], device: str) -> None:
    """The reverse of `global_states`; of another device's generator nothing is taken over."""
    torch_state, numpy_state, python_state = (states[k] for k in ("torch", "numpy", "python"))
    assert isinstance(torch_state, Tensor)
    torch.set_rng_state(torch_state.cpu())
    np.random.set_state(_parsed(str(numpy_state)))  # noqa: NPY002
    version, numbers, gauss = _parsed(str(python_state))
    random.setstate((version, tuple(numbers), gauss))
    for kind, place in (("cuda", torch.cuda), ("mps", torch.mps)):
        own = states.get(kind)
        if isinstance(own, Tensor) and device.startswith(kind):
            at = (device,) if kind == "cuda" else ()
            place.set_rng_state(own.cpu(), *at)


def _text(state: Any) -> str:
    return json.dumps(state, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return {"numbers": value.tolist(), "dtype": str(value.dtype)}
    return value.item()


def _parsed(text: str) -> Any:
    def restored(read: dict[str, Any]) -> Any:
        if set(read) == {"numbers", "dtype"}:
            return np.array(read["numbers"], dtype=read["dtype"])
        return read

    return json.loads(text, object_hook=restored)
