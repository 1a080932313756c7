"""JupyterLab, or the app, on the loopback address, with folders of their own."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import process as programs
from benchmarks.patience import patient
from coursekit.course.app import PAGE

START = 60.0  # seconds a server may take to answer
FOLDERS = {
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    "IPYTHONDIR": "ipython",
    "MPLCONFIGDIR": "matplotlib",
    "COURSEKIT_RECORD": "record",
}


@dataclass(frozen=True)
class Server:
    """A running server; ``root`` is the folder, or the notebook, that it shows."""

    url: str
    token: str
    root: Path


@contextmanager
def lab(root: Path, home: Path) -> Iterator[Server]:
    """JupyterLab over ``root``; config, data, runtime, settings and record in ``home``."""
    # No question about news at the first start.
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    port = free_port()
    server = Server(f"http://127.0.0.1:{port}", secrets.token_hex(16), root)
    command = ["jupyter", "lab", "--no-browser", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", "--allow-root", f"--ServerApp.root_dir={root}"]
    command += [f"--IdentityProvider.token={server.token}"]
    command += ["--LabApp.expose_app_in_browser=True"]  # lets a page ask the notebook's model
    with _running(command, home, root, f"{server.url}/api/status?token={server.token}"):
        yield server


@contextmanager
def app(home: Path) -> Iterator[Server]:
    """The explorers' app, as `coursekit.course.app` serves it; its folders in ``home``."""
    port = free_port()
    server = Server(f"http://127.0.0.1:{port}", secrets.token_hex(16), PAGE)
    command = ["coursekit.course.app", "--no-browser", f"--port={port}", "--Voila.port_retries=0"]
    command += [f"--token={server.token}"]
    with _running(command, home, PAGE.parent, f"{server.url}/login"):
        yield server


def free_port() -> int:
    """A port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(command: list[str], home: Path, folder: Path, probe: str) -> Iterator[None]:
    """``python -m command`` in ``folder`` from its first answer at ``probe`` to the end."""
    home.mkdir(parents=True, exist_ok=True)
    env = dict(os.environ, **{name: str(home / part) for name, part in FOLDERS.items()})
    log = home / "log"
    with programs.running([sys.executable, "-m", *command], log, folder, env) as server:
        _wait(probe, server, log)
        yield


def _wait(probe: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + patient(START)
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(probe, timeout=patient(2)).read()
            return
        except urllib.error.HTTPError:
            return  # it answers
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
    name = server.args[2] if isinstance(server.args, list) else "the server"
    raise RuntimeError(f"{name} did not start:\n{log.read_text()[-3000:]}")
