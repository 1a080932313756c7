"""A class on this machine: a hub on the loopback address, visitors, and what they cost."""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import requests

from benchmarks import process as programs
from benchmarks.hub_memory import costs
from benchmarks.hub_visitor import Visitor, wait_for
from benchmarks.servers import free_port
from coursekit.course.hub.configure import command, password
from coursekit.course.hub.settings import FILE, Hub, read

TEACHER = "teacher"
KERNEL = "import torch, coursekit.course.widgets"  # what a lesson has after its first cell


def write_trial(folder: Path, students: Iterable[str], **more: Any) -> Path:
    """The settings of a trial in a new ``hub.toml``, on ports that are free; the file."""
    ports = {name: free_port() for name in ("hub_port", "proxy_port")}
    settings: dict[str, Any] = {
        "login": "trial",
        "address": f"http://127.0.0.1:{free_port()}",
        "instructors": [TEACHER],
        "students": list(students),
    }
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "hub.toml"
    lines = [f"{k} = {json.dumps(v)}" for k, v in (settings | ports | more).items()]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


@contextmanager
def running(file: Path) -> Iterator[tuple[Hub, int]]:
    """A hub with these settings from its first answer to the end; settings and process id.

    Errors: RuntimeError with the end of its log when it does not start.
    """
    hub, log = read(file), file.with_name("hub.log")
    env = {**os.environ, FILE: str(file)}
    with programs.running(command(), log, file.parent, env) as process:
        wait_for(lambda: process.poll() is not None or answers(hub), "the start of the hub")
        if process.poll() is not None:
            raise RuntimeError(f"The hub did not start:\n{log.read_text()[-3000:]}")
        yield hub, process.pid


def answers(hub: Hub) -> bool:
    """Whether the hub answers at its address."""
    try:
        return requests.get(f"{hub.address}/hub/health", timeout=5).ok
    except requests.RequestException:
        return False


def visitor(hub: Hub, name: str) -> Visitor:
    """A person of a trial, signed in."""
    person = Visitor(hub.address, name)
    person.sign_in(password(hub, "instructor" if name in hub.instructors else "student"))
    return person


def together(work: Callable[[str], Any], names: Sequence[str], at_once: int) -> list[Any]:
    """``work`` for everybody, so many at a time; what came of each, in their order."""
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(work, names))


def arrive(hub: Hub, name: str) -> dict[str, Any]:
    """Sign in, start a server, import the course in a kernel: seconds that each takes."""
    begin = time.monotonic()
    person = visitor(hub, name)
    signed = time.monotonic()
    person.start()
    started = time.monotonic()
    outputs = person.run(person.kernel("rehearsal.ipynb"), [KERNEL])[0]
    if outputs:
        raise RuntimeError(f"The kernel of {name} said: {outputs[0]}")
    seconds = {"sign in": signed - begin, "server": started - signed}
    return {"user": name, **seconds, "kernel": time.monotonic() - started}


def rehearse(folder: Path, count: int, at_once: int = 2) -> tuple[pd.DataFrame, pd.DataFrame]:
    """So many people with a kernel each, all there at the end: their seconds, and `costs`."""
    names = [f"student{n:03d}" for n in range(1, count + 1)]
    with running(write_trial(folder, names, starting=at_once)) as (hub, pid):
        seconds = together(lambda name: arrive(hub, name), names, at_once)
        return pd.DataFrame(seconds), costs(pid)
