"""The process that a learner's `solve` runs in: rows and a pipe, no seed, recipe or test rows.

What goes to the judge is JSON: nothing of the learner's is ever unpickled there.
"""

import contextlib
import io
import json
import os
import sys
import types
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from coursekit.lessons.l18_capstone.case import Case
from coursekit.lessons.l18_capstone.report import plain
from coursekit.utils.checks import require

MEMORY = 3 * 2**30  # bytes more than at the start
KEPT = 300  # letters of an error that the judge is told
LONGEST = 2**20  # bytes of a message to the judge


def solver_main(pipe: Connection, seconds: float) -> None:
    """Read the learner's code and the rows from the pipe, run `solve`, send its report."""
    _alone(seconds)
    _silent()
    _say(pipe, {"ask": "ready"})  # all that it needs is loaded
    given = torch.load(io.BytesIO(pipe.recv_bytes()), weights_only=False)
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        _limit_memory()
        _say(pipe, _ran(pipe, given))


def _ran(pipe: Connection, given: dict[str, Any]) -> dict[str, Any]:
    def ask(question: dict[str, Any]) -> dict[str, Any]:
        _say(pipe, question)
        answer: dict[str, Any] = torch.load(io.BytesIO(pipe.recv_bytes()), weights_only=False)
        return answer

    torch.set_num_threads(1)
    try:
        solve = _solver(given["code"])
        case = Case(given["train"], given["valid"], given["classes"], given["budget"], ask)
        done = {"ask": "done", "report": plain(solve(case))}
        _packed(done)
        return done
    except BaseException as error:  # SystemExit too: it is the learner's
        return {"ask": "raised", "error": f"{type(error).__name__}: {error}"[:KEPT]}


def _solver(code: str) -> Callable[[Case], Any]:
    module = types.ModuleType("handed_in")
    sys.modules[module.__name__] = module  # for what looks itself up there, such as dataclasses
    exec(compile(code, "solve.py", "exec"), vars(module))
    solve = getattr(module, "solve", None)
    if not callable(solve):
        raise NameError("no function solve(case) was found")
    return solve


def _say(pipe: Connection, what: dict[str, Any]) -> None:
    pipe.send_bytes(_packed(what))


def _packed(what: dict[str, Any]) -> bytes:
    message = json.dumps(what).encode()
    require(len(message) <= LONGEST, f"{len(message)} bytes were to be sent to the judge; "
            f"{LONGEST} at most were expected.")  # fmt: skip
    return message


def _silent() -> None:
    """No terminal, not even by its numbers: it is the judge's."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for terminal in (0, 1, 2):
        os.dup2(nowhere, terminal)
    os.close(nowhere)


def _alone(seconds: float) -> None:
    """A group of its own, so that all it starts ends with it; a limit on processor seconds."""
    if hasattr(os, "setsid"):
        os.setsid()
        import resource  # not on every system

        most = int(seconds) + 10
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_memory() -> None:
    """No more address space than now and a few gigabytes, where the system tells that."""
    pages = Path("/proc/self/statm")
    if pages.exists():
        import resource

        used = int(pages.read_text(encoding="utf-8").split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
