"""What is given for K trainings: one for all or one each, and what must agree."""

from collections.abc import Sequence

from coursekit.checks import require
from coursekit.training.engine import Engine
from coursekit.training.settings import Settings, require_device

SHARED = ("epochs", "batch_size", "optimizer", "scale", "threads", "device")


def each(name: str, value: object, kind: type, count: int) -> list:
    """One for every replica, from one for all or a sequence."""
    found = [value] * count if isinstance(value, kind) else list(value)  # type: ignore[call-overload]
    require(len(found) == count, f"{name} has {len(found)} entries; {count} were expected.")
    for k, one in enumerate(found):
        if not isinstance(one, kind):
            what = type(one).__name__
            raise TypeError(f"{name}[{k}] is a {what}; a {kind.__name__} was expected.")
    return found


def require_settings(settings: Sequence[Settings]) -> None:
    """Refuse settings that K trainings at once cannot have."""
    require_device(settings[0].device)
    for name in SHARED:
        values = {getattr(s, name) for s in settings}
        require(len(values) == 1, f"settings differ in {name}, {values}; one value was expected.")
    large = [s for s in settings if not Engine.needs_nothing(s)]
    said = f"settings is {large[:1]}; replicas are small: no mixed precision, checkpointing, "
    require(not large, f"{said}accumulation or compilation was expected.")
    decays = [s.weight_decay for s in settings if s.weight_decay]
    require(not decays, f"settings has weight_decay {decays}; replicas are trained without.")
