"""Checks of a tensor's values that do not keep an accelerator waiting.

To ask an accelerator whether all numbers are finite is to wait until it has done all it was given
before. On the CPU the answer is there, and a check is answered where it stands. Elsewhere, inside
`together`, answers stay on the device and are fetched at one time: at the block's end, or where
`settle` stands. The first check that failed, in the order in which they were made, then raises what
it would have raised in its place.

A training settles once a step, before the update, so that nothing is ever moved by numbers that
failed a check, and the sentence tells of the very step. To settle once in many steps would save
little more, and would need a way to take updates back.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import torch
from torch import Tensor

Problem = Callable[[], Exception | None]  # made when a check has failed; None: it is no problem


def answers_at_once(device: torch.device) -> bool:
    """Whether values on ``device`` can be looked at without waiting; the one rule of all checks."""
    return device.type == "cpu"


def cheap_to_ask(x: Tensor) -> bool:
    """Whether the values of ``x`` can be looked at without waiting for an accelerator."""
    return answers_at_once(x.device)


@dataclass
class Checks:
    """Checks that nobody has asked about yet: scalars of True and False, and what each would raise.

    Problems hold no tensor of a batch, or it would stay in memory until somebody asks.
    """

    oks: list[Tensor] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def all(self) -> Tensor | None:
        """Whether all hold, as a scalar on the device; None where there are none."""
        return torch.stack(self.oks).all() if self.oks else None

    def ask(self) -> None:
        """Wait once, and raise what the first check that failed would have raised."""
        oks, problems = self.oks, self.problems
        self.oks, self.problems = [], []
        if not oks or bool(torch.stack(oks).all()):
            return
        for ok, problem in zip(torch.stack(oks).tolist(), problems, strict=True):
            error = None if ok else problem()
            if error is not None:
                raise error


_open: ContextVar[Checks | None] = ContextVar("checks that are looked at together", default=None)


def check(ok: Tensor, problem: Problem) -> None:
    """Raise what ``problem`` makes unless ``ok``, a scalar, is True: now, or when it is asked.

    On the device "meta" there are no values, and nothing fails.
    """
    if ok.is_meta:
        return
    checks = _open.get()
    if checks is not None and not cheap_to_ask(ok):
        checks.oks.append(ok)
        checks.problems.append(problem)
    elif not bool(ok) and (error := problem()) is not None:
        raise error


@contextmanager
def gathered() -> Iterator[Checks]:
    """Inside the block checks that would wait are gathered; what becomes of them is the caller's.

    Those of the CPU raise as ever.
    """
    checks = Checks()
    before = _open.set(checks)
    try:
        yield checks
    finally:
        _open.reset(before)


@contextmanager
def together() -> Iterator[None]:
    """Checks of the block are asked about at its end, or where a block around it ends.

    An error that ends the block may follow from what failed a check before: then this is raised.
    """
    if _open.get() is not None:
        yield
        return
    with gathered() as checks:
        try:
            yield
        except Exception:
            checks.ask()
            raise
        checks.ask()


def settle() -> None:
    """Ask now about the checks that are open, if any are.  Errors: the first one's that failed."""
    checks = _open.get()
    if checks is not None:
        checks.ask()
