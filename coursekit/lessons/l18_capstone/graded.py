"""The graded hand-in: `solve(case)` in a process of its own, on hidden seeds, within a time."""

import contextlib
import hashlib
import io
import json
import multiprocessing
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import torch

from coursekit.lessons.l18_capstone.desk import Desk
from coursekit.lessons.l18_capstone.hidden_recipe import HiddenRecipe
from coursekit.lessons.l18_capstone.judge import Verdict, judge_report
from coursekit.lessons.l18_capstone.report import bounded
from coursekit.lessons.l18_capstone.rivals import Rivals
from coursekit.lessons.l18_capstone.solver_process import LONGEST, solver_main
from coursekit.utils.checks import require, require_count

SECONDS = 120.0  # for one mystery, the judge's trainings included
LEAVES = 2.0  # seconds for a process that is done
START = 60.0  # seconds more for the process to load what it needs
GONE = "Its process ended, or hung up on the judge."


@dataclass
class _Talk:
    """What came of talking to a solver.  report: the last one; ended: why not to the end, or ""."""

    report: Any = None
    ended: str = GONE
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
    _wait(talking, process, seconds)
    if talking.is_alive():
        late = f"It was not done after {seconds:g} seconds."
        talk = _Talk(desk.filed, late if process.is_alive() else GONE)
    elif not talk.ended:
        process.join(LEAVES)  # whoever is done puts away what it borrowed from the system
    _end(process)
    talking.join(5)  # a training under way is not left to the next hand-in
    ours.close()
    return talk


def _wait(talking: threading.Thread, process: BaseProcess, seconds: float) -> None:
    """For the end of the talk, or of the time, or of a process that leaves its line to others."""
    latest = time.monotonic() + seconds
    while talking.is_alive() and time.monotonic() < latest:
        talking.join(min(0.1, seconds))
        if not process.is_alive():
            talking.join(LEAVES)  # to read what it sent last
            return


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
                talk.ended = f"It raised {bounded(question.get('error'))}."
                return
            _send(pipe, desk.answer(question))
    except EOFError:
        talk.report = desk.filed
    except OSError as error:
        talk.report = desk.filed
        if "message length" in str(error):  # the one word that multiprocessing has for it
            talk.ended = f"It sent the judge more than {LONGEST} bytes at once."
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
            os.killpg(process.pid, signal.SIGKILL)  # there as long as one of the group is
    process.kill()
    process.join(5)
