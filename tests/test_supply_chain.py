"""What the course lets in: code that would run data, plain addresses, pins, open doors."""

import ast
import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from benchmarks.patience import patient
from coursekit.data.files import DATA_FOLDER, SUFFIXES, read_checksums

ROOT = Path(__file__).parents[1]

# ---- nothing that is read may run ------------------------------------------------------------

RUNS_DATA = {
    *("eval", "exec", "os.system", "os.popen", "builtins.eval", "builtins.exec"),
    *("pickle.load", "pickle.loads", "pickle.Unpickler", "dill.load", "dill.loads"),
    *("cloudpickle.load", "cloudpickle.loads", "joblib.load", "marshal.load", "marshal.loads"),
    *("shelve.open", "pandas.read_pickle", "yaml.load", "yaml.unsafe_load", "yaml.full_load"),
}
# File → what it may do, each with why. An entry that is no longer needed fails the test.
ALLOWED: dict[str, dict[str, str]] = {
    "coursekit/lessons/l18_capstone/solver_process.py": {
        "exec": "the process that a learner's own code is to run in, apart from its judge",
        "torch.load without weights_only": "what the judge, the trusted side, sends through a "
        "private pipe; the way back is JSON",
    },
}
SOURCES = [
    ROOT / "course.py",
    *sorted((ROOT / "coursekit").rglob("*.py")),
    *DATA_FOLDER.glob("*.py"),
]


def imported(tree):
    """Local name → the full name of what was imported under it."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for a in node.names:
                names[a.asname or a.name.split(".")[0]] = (
                    a.name if a.asname else a.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return names


def dotted(node, names):
    """``np.load`` as "numpy.load"; empty for what is no plain name."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute) and (owner := dotted(node.value, names)):
        return f"{owner}.{node.attr}"
    return ""


def dangers(text):
    """The calls in this source that could run what they read, or trust whom they should not."""
    tree = ast.parse(text)
    names = imported(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = dotted(node.func, names)
        given = {k.arg: getattr(k.value, "value", ...) for k in node.keywords if k.arg}
        if name in RUNS_DATA:
            yield name
        if name == "torch.load" and given.get("weights_only") is not True:
            yield "torch.load without weights_only"
        if given.get("allow_pickle", False) is not False:
            yield "allow_pickle"
        if given.get("shell", False) is not False:
            yield "shell"
        if given.get("verify", True) is not True:
            yield "verify"


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        ("eval('1')", "eval"),
        ("exec(code, {})", "exec"),
        ("import pickle\npickle.load(f)", "pickle.load"),
        ("from pickle import loads as read\nread(b)", "pickle.loads"),
        ("import pickle as p\np.Unpickler(f).load()", "pickle.Unpickler"),
        ("import pandas as pd\npd.read_pickle(f)", "pandas.read_pickle"),
        ("import torch\ntorch.load(f)", "torch.load without weights_only"),
        ("import torch as t\nt.load(f, weights_only=False)", "torch.load without weights_only"),
        ("import numpy as np\nnp.load(f, allow_pickle=True)", "allow_pickle"),
        ("import numpy as np\nnp.load(f, allow_pickle=trust)", "allow_pickle"),
        ("import yaml\nyaml.load(f)", "yaml.load"),
        ("import subprocess as s\ns.run(c, shell=True)", "shell"),
        ("import requests\nrequests.get(u, verify=False)", "verify"),
    ],
)
def test_the_search_finds_what_it_is_for(text, danger):
    assert list(dangers(text)) == [danger]


def test_the_search_lets_the_safe_ones_through():
    text = "import torch\nmodel.eval()\ntorch.load(f, weights_only=True)\nf(allow_pickle=False)"
    assert list(dangers(text)) == []


def test_no_source_runs_what_it_reads():
    assert len(SOURCES) > 100
    uses = {
        (path.relative_to(ROOT).as_posix(), danger)
        for path in SOURCES
        for danger in dangers(path.read_text("utf-8"))
    }
    assert uses == {(path, danger) for path, why in ALLOWED.items() for danger in why}
    assert all(reason for why in ALLOWED.values() for reason in why.values())


PLAIN = re.compile(r"\b(?:http|ftp|ws)://(?!(?:127\.0\.0\.1|localhost)(?![\w.-]))[\w\[]")


def plain_addresses(text):
    """Addresses in the strings of this source that are not encrypted and not of this machine."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if PLAIN.search(node.value):
                yield node.value
        elif isinstance(node, ast.JoinedStr):  # f"http://{host}"
            shown = ast.unparse(node)
            if re.search(r"\b(?:http|ftp|ws)://\{", shown):
                yield shown


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a = 'http://example.org'", 1),
        ("a = f'http://{host}/x'", 1),
        ("a = 'see ftp://example.org'", 1),
        ("a = f'http://127.0.0.1:{port}', 'https://example.org', f'{a}://{b}'", 0),
        ("a = 'http://127.0.0.1.example.org'", 1),
    ],
)
def test_plain_addresses_are_found(text, count):
    assert len(list(plain_addresses(text))) == count


def test_every_address_in_the_code_is_https():
    addresses = {p.name: list(plain_addresses(p.read_text("utf-8"))) for p in SOURCES}
    assert {name: some for name, some in addresses.items() if some} == {}


# ---- pins and checksums ----------------------------------------------------------------------


def test_every_pin_is_one_version_from_the_index():
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    loose = [x for x in lines if not re.fullmatch(r"[A-Za-z0-9][\w.-]*==\d[\w.!]*", x)]
    assert loose == [] and len(lines) > 100
    assert "torch==2.13.0" in lines


def test_every_data_file_has_a_checksum():
    kinds = {p.suffix for p in DATA_FOLDER.glob("[!.]*") if p.is_file()}
    archives = [p for p in (DATA_FOLDER / "web_states").iterdir() if not p.name.startswith(".")]
    assert archives and {p.suffix for p in archives} == {".zip"}
    assert kinds <= {*SUFFIXES, ".md", ".py", ".json"}, "a kind of file that nothing covers"
    json_files = [p.name for p in DATA_FOLDER.glob("*.json")]
    assert json_files == ["checksums.json"]
    covered = {p.name for p in DATA_FOLDER.iterdir() if p.suffix in SUFFIXES}
    covered |= {p.relative_to(DATA_FOLDER).as_posix() for p in archives}
    assert covered == set(read_checksums())


# ---- doors: what listens, and whom it answers ------------------------------------------------


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Stay(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other."""

    def redirect_request(self, *_):
        return None


def answer(url):
    """What the server says: "in", "out" (403, or on to the login) or "", while nobody answers."""
    try:
        with urllib.request.build_opener(Stay).open(url, timeout=patient(10)):
            return "in"
    except urllib.error.HTTPError as error:
        login = error.code == 302 and "/login" in error.headers["Location"]
        return "out" if login or error.code == 403 else "in" if error.code == 302 else error.code
    except OSError:
        return ""


@contextmanager
def running(command, cwd, home):
    """The command as a process with a home of its own; its output so far by calling what comes."""
    own = {f"JUPYTER_{x}_DIR": str(home / x) for x in ("CONFIG", "DATA", "RUNTIME")}
    env = {**os.environ, **own, "HOME": str(home), "IPYTHONDIR": str(home / "ipython")}
    env = {k: v for k, v in env.items() if k not in ("JUPYTER_TOKEN", "JUPYTERHUB_API_TOKEN")}
    log = home / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=sink, stderr=sink)
    try:
        yield process, lambda: log.read_text("utf-8", "replace")
    finally:
        process.terminate()
        try:
            process.wait(patient(10))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(look_up, process, log, seconds=60):
    end = time.monotonic() + patient(seconds)
    while not (value := look_up()):
        assert process.poll() is None and time.monotonic() < end, log()[-2000:]
        time.sleep(0.1)
    return value


def listening(process):
    every = psutil.Process(process.pid).net_connections("inet")
    return {c.laddr.ip for c in every if c.status == psutil.CONN_LISTEN}


def token_in(text):
    match_ = re.search(r"[?&]token=([0-9a-f]{32,})", text)
    return match_ and match_[1]


def require_door(port, path, process, log):
    """Answers on the loopback address alone, and only those who have the token."""
    at = f"http://127.0.0.1:{port}{path}"
    token = wait_for(lambda: token_in(log()), process, log)
    wait_for(lambda: answer(at), process, log)
    assert answer(at) == "out"
    assert answer(f"{at}?token={'0' * len(token)}") == "out"
    assert answer(f"{at}?token={token}") == "in"
    assert listening(process) == {"127.0.0.1"}


def test_lab_listens_on_this_machine_only_and_asks_for_a_token(tmp_path, monkeypatch):
    pytest.importorskip("jupyterlab")
    spec = importlib.util.spec_from_file_location("course_started", ROOT / "course.py")
    course = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(course)
    ran, port = [], free_port()
    monkeypatch.setattr(course, "ROOT", tmp_path)
    monkeypatch.setattr(course, "python", lambda *_: sys.executable)
    monkeypatch.setattr(course, "run", lambda *a, **k: ran.append((a, k)) or 0)
    (tmp_path / "notebooks").mkdir()
    empty = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "notebooks" / "00_start_here.ipynb").write_text(json.dumps(empty))
    assert course.main(["lab", "--no-browser", f"--port={port}"]) == 0
    ((command, options),) = ran  # what the launcher would start is started here
    home = tmp_path / "home"
    home.mkdir()
    with running(command, options["cwd"], home) as (process, log):
        require_door(port, "/api/contents/00_start_here.ipynb", process, log)


def test_the_app_listens_on_this_machine_only_and_asks_for_a_token(tmp_path):
    pytest.importorskip("voila")
    port = free_port()
    command = [sys.executable, "-m", "coursekit.course.app", "--no-browser", f"--port={port}"]
    with running(command, ROOT, tmp_path) as (process, log):
        require_door(port, "/a-file", process, log)  # the page itself would start a kernel
        assert answer(f"http://127.0.0.1:{port}/") == "out"
