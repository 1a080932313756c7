"""A program that runs beside this one for as long as it is needed."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.patience import patient

SECONDS = 15  # that it may take to end when it is asked to, on a quiet machine


@contextmanager
def running(
    command: Sequence[str], log: Path, folder: Path, env: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    """``command`` in ``folder``, what it says in the file ``log``; ended, or killed, at the end."""
    with log.open("w") as sink:
        process = subprocess.Popen(
            command, env=env, stdout=sink, stderr=subprocess.STDOUT, cwd=folder
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(patient(SECONDS))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
