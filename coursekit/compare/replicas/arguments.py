"""What is given for K trainings: one for all or one each, and what must agree."""

from collections.abc import Mapping, Sequence
from typing import cast

from coursekit.data.multimodal import Split
from coursekit.training.engine import Engine
from coursekit.training.method import Method
from coursekit.training.settings import Settings, require_device
from coursekit.utils.checks import choose, require, require_callable, require_instance, require_list

SPLITS = ("train", "valid")  # that a history may tell of
SHARED = ("epochs", "batch_size", "optimizer", "scale", "threads", "device")


def each(name: str, value: object, kind: type, count: int) -> list:
    """One for every replica, from one for all or a sequence."""
    values = [value] * count
    if not isinstance(value, kind):
        require_list(name, value, f"a {kind.__name__}, or one for each model,")
        values = list(value)  # type: ignore[call-overload]
    require(len(values) == count, f"{name} has {len(values)} entries; {count} were expected.")
    for k, entry in enumerate(values):
        if not isinstance(entry, kind):
            what = type(entry).__name__
            raise TypeError(f"{name}[{k}] is a {what}; a {kind.__name__} was expected.")
    return values


def each_method(methods: object, count: int) -> list[Method]:
    """A method for every replica; None: joint training for all."""
    every = [Method() for _ in range(count)]
    if methods is not None:
        require_list("methods", methods, "a Method for each model,")
        every = each("methods", methods, Method, count)
    return every


def require_looks(watch: object, look: object, measured: object, extra: object) -> None:
    """Refuse what cannot be called, splits that nobody has, and what is no further split."""
    for name, function in (("watch", watch), ("look", look)):
        if function is not None:
            require_callable(name, function)
    require_instance("measured", measured, list | tuple)
    for split in cast("Sequence[str]", measured):
        choose("a split in measured", split, SPLITS)
    require_instance("extra", extra, Mapping)
    for name, value in cast("Mapping[str, object]", extra).items():
        require_instance(f"extra[{name!r}]", value, Split)


def require_settings(settings: Sequence[Settings]) -> None:
    """Refuse settings that K trainings at once cannot have."""
    require_device(settings[0].device)
    for name in SHARED:
        values = {getattr(s, name) for s in settings}
        require(len(values) == 1, f"settings differ in {name}, {values}; one value was expected.")
    large = [s for s in settings if not Engine.needs_nothing(s)]
    sentence = f"settings is {large[:1]}; replicas are small: no mixed precision, checkpointing, "
    require(not large, f"{sentence}accumulation or compilation was expected.")
    decays = [s.weight_decay for s in settings if s.weight_decay]
    require(not decays, f"settings has weight_decay {decays}; replicas are trained without.")
