"""The graded hand-in: `solve(case)` in a process of its own, on hidden seeds, within a time."""

import contextlib
import hashlib
import io
import json
import multiprocessing
import os
import signal
import threading
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import torch

from coursekit.lessons.l18_capstone.desk import Desk
from coursekit.lessons.l18_capstone.hidden_recipe import HiddenRecipe
from coursekit.lessons.l18_capstone.judge import Verdict, judge_report
from coursekit.lessons.l18_capstone.rivals import Rivals
from coursekit.lessons.l18_capstone.solver_process import solver_main
from coursekit.utils.checks import require, require_count

SECONDS = 120.0  # for one mystery, the judge's trainings included
LONGEST = 2**20  # bytes of a message to the judge
START = 60.0  # seconds more for the process to load what it needs


@dataclass
class _Talk:
    """What came of talking to a solver.  report: the last one; ended: why not to the end, or ""."""

    report: Any = None
    ended: str = "It ended its own process."
    begun: threading.Event = field(default_factory=threading.Event)


def hidden_seeds(secret: str, count: int = 3) -> list[int]:
    """Seeds out of a secret: so large that nobody finds them by trying.

    Errors: ValueError for an empty secret.
    """
    require(bool(secret), "secret is empty; words that only you know were expected.")
    require_count("count", count, 1)
    digests = (hashlib.sha256(f"{secret}/{i}".encode()).digest() for i in range(count))
    return [int.from_bytes(digest[:7], "big") for digest in digests]


def judge_solver(
    code: str, desk: Desk, truth: HiddenRecipe, rivals: Rivals, seconds: float = SECONDS
) -> Verdict:
    """Run the function `solve` of a Python file's text, and mark what it hands in.

    Time runs from its first line to its report. Who passes it, raises, or ends the process keeps
    the marks for the statements of the last report filed, and has none for model and checklist.
    """
    talk = _run(code, desk, seconds)
    return judge_report(talk.report, desk, truth, rivals, talk.ended)


def _run(code: str, desk: Desk, seconds: float) -> _Talk:
    ours, theirs = multiprocessing.Pipe()
    process = _new_process(theirs, seconds)
    process.start()
    theirs.close()
    talk = _Talk()
    # Whoever sends half a message, or reads none, holds up this thread, not the judge.
    talking = threading.Thread(target=_talked, args=(ours, code, desk, talk), daemon=True)
    talking.start()
    talk.begun.wait(START)
    talking.join(seconds)
    if talking.is_alive():
        talk = _Talk(desk.filed, f"It was not done after {seconds:g} seconds.")
    _end(process)
    talking.join(5)  # a training under way is not left to the next hand-in
    ours.close()
    return talk


def _new_process(pipe: Connection, seconds: float) -> BaseProcess:
    """A process that shares nothing with this one.

    It comes of a server that has loaded what solvers need and has never seen a mystery; on systems
    without one, of a fresh interpreter.
    """
    arguments: dict[str, Any] = {"target": solver_main, "args": (pipe, seconds), "daemon": True}
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn").Process(**arguments)
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload([solver_main.__module__])
    return server.Process(**arguments)


def _talked(pipe: Connection, code: str, desk: Desk, talk: _Talk) -> None:
    data = desk.log.data
    try:
        pipe.recv_bytes(LONGEST)  # it is there
        _send(pipe, {"code": code, "train": data.train, "valid": data.valid,
                     "classes": data.num_classes, "budget": desk.log.budget})  # fmt: skip
        talk.begun.set()
        while True:
            question = json.loads(pipe.recv_bytes(LONGEST))
            kind = question.get("ask") if isinstance(question, dict) else None
            if kind == "done":
                talk.report, talk.ended = question.get("report"), ""
                return
            if kind == "raised":
                talk.report = desk.filed
                talk.ended = f"It raised {question.get('error')!s:.300}."
                return
            _send(pipe, desk.answer(question))
    except (EOFError, OSError):
        talk.report = desk.filed
    except (ValueError, RecursionError):
        talk.report, talk.ended = desk.filed, "It sent the judge what is no question."
    finally:
        talk.begun.set()


def _send(pipe: Connection, what: dict[str, Any]) -> None:
    """As bytes of its own: a tensor sent as such would be shared memory, open to be written to."""
    packed = io.BytesIO()
    torch.save(what, packed)
    pipe.send_bytes(packed.getvalue())


def _end(process: BaseProcess) -> None:
    """The process, and all that it started in its group."""
    if hasattr(os, "killpg") and process.pid is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getpgid(process.pid) == process.pid:
                os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join(5)
