"""All that a training is made of, and the same as tensors, numbers and text."""

import json
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from coursekit.training.checkpoint_values import CANNOT, digest, encoded, is_plain, leaves, put_back
from coursekit.training.extra_state import Owned, owned_by
from coursekit.training.method import Method, Run
from coursekit.utils.random_generators import Generator, global_states, set_global_states


class CheckpointError(OSError):
    """A checkpoint cannot be written, or none of those that are there can be used."""


@dataclass
class Training:
    """All that a training is made of.

    order: draws the order of the batches.  best_accuracy, best_weights: of the best epoch so far,
    where the settings ask for it.
    """

    run: Run
    method: Method
    optimizer: torch.optim.Optimizer
    order: torch.Generator = field(default_factory=torch.Generator)
    best_accuracy: float = -1.0
    best_weights: dict[str, Tensor] | None = None

    def __post_init__(self) -> None:
        self.order.manual_seed(self.run.seed)  # on the CPU: the same order on every device


class Changes:
    """What model and method own besides weights, and which of it changes in a training.

    Made after the method's ``begin``. Generators are stored always, all else once it is not as it
    was then: most attributes never change, and some are as large as the data.
    Errors: CheckpointError, naming what has a state that nobody can store.
    """

    def __init__(self, run: Run, method: Method) -> None:
        self.run, self.method = run, method
        self.owned = self._owned()
        places = self.owned.places
        self.first = {name: place.get() for name, place in places.items()}
        self.before = {name: digest(value) for name, value in self.first.items()}
        self.changed = {name for name, value in self.first.items() if _draws(value)}

    def stored(self, apart: set[str]) -> dict[str, Any]:
        """By name what has changed: holder, key, whether it is still the same object, and the rest.

        apart: attributes of the method that it stores itself.
        """
        owned, stored = self._owned(), {}
        for name, place in owned.places.items():
            value = place.get()
            if name in apart:
                continue
            if _draws(value) or self.before.get(name) != digest(value):
                self.changed.add(name)
            if name in self.changed:
                same = name in self.first and self.first[name] is value
                stored[name] = [place.holder, place.key, same, encoded(value)]
        return stored

    def restore(self, stored: dict[str, Any], apart: set[str]) -> None:
        """The reverse.  Errors: CheckpointError where generators are others than are stored."""
        known = stored.keys() | apart
        new = [n for n, value in self.first.items() if _draws(value) and n not in known]
        if new:
            raise CheckpointError(f"The checkpoint tells nothing of {new}, which draw at random.")
        for name, (holder, key, same, content) in stored.items():
            place, holders = self.owned.places.get(name), self.owned.holders
            try:
                if place is not None:
                    place.put(put_back(content, place.get() if same else None))
                elif holder in holders and isinstance(key, str):
                    holders[holder][key] = put_back(content)
                elif _draws(put_back(content)):
                    raise ValueError("the model has no such place")
            except CANNOT as problem:
                sentence = f"{name} cannot take up what the checkpoint has of it: {problem}"
                raise CheckpointError(f"{sentence}.".replace("..", ".")) from None
        self.changed |= set(stored)

    def _owned(self) -> Owned:
        owned = owned_by(self.run.model, self.method)
        if not owned.unknown:
            return owned
        model, what = type(self.run.model).__name__, ", ".join(owned.unknown)
        raise CheckpointError(
            f"A training of this {model} with the method {self.method.name!r} could not be taken "
            f"up again bit for bit: {what}. Train it without checkpoints, or let it draw from a "
            "torch.Generator."
        )


def collected(state: Training, changes: Changes) -> dict[str, Any]:
    """A training as numbers, text and tensors.

    Errors: CheckpointError, naming what the method or the model wants to store and cannot.
    """
    run = state.run
    method = {
        name: _encoded(f"the method's {name}", value)
        for name, value in state.method.state().items()
    }
    model = run.model.state_dict()
    further = {k: _encoded(f"the model's {k}", v) for k, v in model.items() if not _is_tensor(v)}
    return {
        "epoch": run.epoch,
        "steps": run.steps,
        "model": {k: v for k, v in model.items() if k not in further},
        "further": further,
        "optimizer": state.optimizer.state_dict(),
        "method": method,
        "owned": changes.stored(_apart(method)),
        "random": {
            "order": state.order.get_state(),
            "method": run.generator.get_state(),
            **global_states(run.engine.device),
        },
        "history": json.dumps(run.history),
        "trace": json.dumps(run.trace),
        "best": (state.best_accuracy, state.best_weights),
    }


def spread(content: dict[str, Any], state: Training, changes: Changes) -> None:
    """The reverse of `collected`, after the method's ``begin``."""
    run, method, random = state.run, state.method, content["random"]
    run.epoch = content["epoch"]
    # Older checkpoints do not tell; then it is as many as there are batches.
    run.steps = content.get("steps", run.epoch * run.batches)
    further = {k: put_back(v) for k, v in content["further"].items()}
    run.model.load_state_dict(content["model"] | further)
    state.optimizer.load_state_dict(content["optimizer"])
    own = vars(method)
    method.restore({
        name: put_back(value, own[name] if isinstance(own.get(name), Generator) else None)
        for name, value in content["method"].items()
    })  # fmt: skip
    changes.restore(content["owned"], _apart(content["method"]))
    state.order.set_state(random["order"])
    run.generator.set_state(random["method"])
    set_global_states(random, run.engine.device)
    run.history, run.trace = json.loads(content["history"]), json.loads(content["trace"])
    state.best_accuracy, state.best_weights = content["best"]


def _apart(method: dict[str, Any]) -> set[str]:
    """Attributes that the method stores itself, as `Owned` calls them."""
    return {f"method.{name}" for name in method}


def _encoded(name: str, value: object) -> Any:
    if is_plain(value):
        return encoded(value)
    what = type(value).__name__
    raise CheckpointError(f"{name} is or holds a {what}; a checkpoint stores numbers and tensors.")


def _is_tensor(value: object) -> bool:
    return isinstance(value, Tensor)


def _draws(value: object) -> bool:
    return is_plain(value) and any(isinstance(x, Generator) for _, x in leaves(value))
