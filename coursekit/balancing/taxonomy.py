"""Every method as a row of the one picture, read from its code: what does it override?"""

import pandas as pd

from coursekit import balancing
from coursekit.balancing.unimodal_signals import Listening
from coursekit.training.method import JOINT, Method
from coursekit.utils.checks import choose, require

CHANGES = {  # what the loop asks of a method → what it changes by answering differently
    "batches": "data",
    "predict": "forward pass",
    "weights": "loss weights w",
    "loss": "terms of the loss",
    "backward": "gradients",
    "scales": "scales k",
    "change_weights": "parameters",
    "turns": "turns",
    "start": "trains before",
}
LISTENS, EPOCHS, FUSION = "heads that listen", "between epochs", "fusion"
YES = "✓"


def overridden(cls: type[Method], hook: str) -> type[Method]:
    """The class from which ``cls`` has its ``hook``; `Method` where nothing is changed.

    hook: name of a method of `Method`.  Errors: ValueError for another name.
    """
    hooks = [name for name, value in vars(Method).items() if callable(value) and name[0] != "_"]
    choose("hook", hook, hooks)
    return next(c for c in cls.__mro__ if hook in vars(c))


def changes(cls: type[Method]) -> dict[str, str]:
    """One row: ticks for what ``cls`` changes and where it works, and for which fusions it is.

    Heads that listen (`coursekit.balancing.unimodal_signals`) add a term to the loss that teaches
    no encoder, so they have a column of their own.  `Method.clip` has none: those that answer it
    only keep apart what they train apart.
    """
    known = isinstance(cls, type) and issubclass(cls, Method)
    require(known, f"cls is {cls!r}; a class of Method was expected.")
    row = {}
    for hook, what in CHANGES.items():
        by = overridden(cls, hook)
        row[what] = YES if by not in (Method, Listening) else ""
    row[LISTENS] = YES if overridden(cls, "loss") is Listening else ""
    each_epoch = any(overridden(cls, h) is not Method for h in ("begin_epoch", "end_epoch"))
    row[EPOCHS] = YES if each_epoch else ""
    only = cls.fusions
    row[FUSION] = "any" if only is None else ", ".join(only) or "its own"
    return row


def lineup() -> pd.DataFrame:
    """Every method of the registry, joint training first; one more file, one more row."""
    known = balancing.registry()
    order = [JOINT, *sorted(n for n in known if n != JOINT)]
    return pd.DataFrame([changes(known[n]) for n in order], index=pd.Index(order, name="method"))
