#!/usr/bin/env python3
"""The course in one command. Needs only Python 3.11 or newer.

python course.py lab             open the lessons in JupyterLab (sets up what is missing)
python course.py lab --fresh 01  the same, with a new copy of lesson 01; yours is set aside
python course.py lab --reset 01-slope-for  the same, with one exercise as it was handed out
python course.py app             the explorers alone, as an app in the browser, without JupyterLab
python course.py site            the course as web pages in build/site, to read without installing
python course.py site --out DIR --base URL --no-solutions --check  … elsewhere, for a class, checked
python course.py test            run every test and every notebook
python course.py test --quick    style, types and the tests of what changed, before each commit
python course.py check           say what works on this machine
python course.py refresh [01 …]  rebuild the notebooks from notebooks/source and store outputs
python course.py pin             renew constraints.txt
python course.py clean           remove the environment made here (your workbook/ stays)

--cpu   on Linux without a GPU: PyTorch without the CUDA packages, about 3 GB less to download
Anything else is handed on: to JupyterLab (lab), to Voila (app), to the site or to pytest (test).
"""

from __future__ import annotations  # an old Python must get as far as the check in main

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENV = ROOT / ".venv"
WINDOWS = os.name == "nt"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"  # PyTorch's own index of CPU-only wheels
STEPS = ("Collecting", "Downloading", "Building", "Installing")  # what pip says that tells
# What is installed, by extra of pyproject.toml; each has what the ones before it have.
EXTRAS = {
    "course": "the course",
    "app": "the course and its app",
    "site": "the course, its app and what makes its site",
    "test": "the course, its app, its site and its test tools",
}
# Measured downloads in MB: wheels of the lessons, of each extra; torch apart.
SIZES = {"learn": 150, "course": 0, "app": 5, "site": 12, "test": 132, "torch": 200, "cuda": 3000}


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit status."""
    if sys.version_info < (3, 11):  # noqa: UP036 (an old Python must get this sentence)
        sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    command, rest = (arguments or ["help"])[0], arguments[1:]
    cpu = "--cpu" in rest
    rest = [a for a in rest if a != "--cpu"]
    if command == "lab":
        return lab(rest, cpu)
    if command == "app":
        return run(python(cpu, "app"), "-m", "coursekit.course.app", *rest)
    if command == "test":
        # Three processes on two cores, for many tests wait for a server or a browser. A file stays
        # in one, so that a notebook keeps its kernel. In the order of their names the long ones in
        # a browser come first, and short notebooks fill the end.
        shared = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")
        exe = python(cpu, "test")
        if "--quick" in rest:
            return run(exe, "tests/quick.py", *(a for a in rest if a != "--quick"))
        if shutil.which("npm"):  # without it the tests of the class's server are skipped
            run(exe, "-m", "coursekit.course.hub", "proxy")
        return run(exe, "-m", "pytest", *shared, "--durations=25", *rest)
    if command == "site":
        extra = "test" if "--check" in rest else "site"  # the test tools have what drives a browser
        here = Path.cwd()  # for --out is meant from where one stands
        return run(python(cpu, extra), "-m", "coursekit.course.site", *rest, cwd=here)
    if command == "check":
        return run(python(cpu), "-m", "coursekit.course.health", *rest)
    if command == "refresh":
        return run(python(cpu, "test"), "-m", "coursekit.course.authoring", "refresh", *rest)
    if command == "pin":
        return pin()
    if command == "clean":
        return clean()
    print(__doc__)
    return 0 if command in ("help", "-h", "--help") else 2


def lab(rest: list[str], cpu: bool) -> int:
    """Fill the learner's workbook and open it in JupyterLab, on this machine only, with a token."""
    from coursekit.course import workbook  # standard library only, so it works before any set-up

    exe = python(cpu)
    joined = ("--fresh=", "--reset=")
    rest = [b for a in rest for b in (a.split("=", 1) if a.startswith(joined) else [a])]
    lessons, mine = ROOT / "notebooks", ROOT / "workbook"
    try:
        said = workbook.fill(lessons, mine)
        options = (("--fresh", "01", workbook.fresh), ("--reset", "01-slope-for", workbook.reset))
        for option, example, action in options:
            while option in rest:
                at = rest.index(option)
                if at + 1 == len(rest):
                    raise ValueError(f"{option} needs a name after it, such as {option} {example}")
                said.append(action(rest[at + 1], lessons, mine))
                del rest[at : at + 2]
    except (ValueError, OSError) as problem:
        print("Your workbook could not be filled: " * isinstance(problem, OSError) + f"{problem}")
        return 2
    print(*said, sep="\n")
    start = [] if any(a.endswith(".ipynb") for a in rest) else ["00_start_here.ipynb"]
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    print("Starting JupyterLab; stop it with Ctrl-C here.", flush=True)
    loopback = ["--ServerApp.ip=127.0.0.1"]
    return run(exe, "-m", "jupyterlab", *start, *loopback, *root, *rest, cwd=mine)


def python(cpu: bool = False, extra: str = "course") -> str:
    """The interpreter to use, with everything installed that the command needs."""
    if in_conda():
        if extra != "course":  # which environment.yml has installed
            install(sys.executable, Path(sys.prefix), cpu, extra)
        return sys.executable
    exe = interpreter(ENV)
    if not has_pip(exe):  # there is none, or it was left half-made
        say("Making an environment in .venv …")
        make(ENV)
    install(exe, ENV, cpu, extra)
    return exe


def has_pip(exe: str) -> bool:
    """Whether this interpreter is there and can run pip."""
    try:
        look = [exe, "-m", "pip", "--version"]
        return subprocess.run(look, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make(environment: Path) -> None:
    """Make a virtual environment; on failure leave nothing half-made and say what to do."""
    try:
        venv.create(environment, with_pip=True, clear=True)
    except (OSError, ValueError, subprocess.CalledProcessError) as problem:
        shutil.rmtree(environment, ignore_errors=True)
        sys.exit(
            f"{problem}\nNo environment could be made in {environment}. On Debian or Ubuntu run "
            "`sudo apt install python3-venv`; elsewhere look for room on the disk. Then try again."
        )


def in_conda() -> bool:
    """Whether an activated conda environment (not base) has this project installed."""
    if os.environ.get("CONDA_DEFAULT_ENV", "base") == "base":
        return False
    # Isolated, from elsewhere: this folder itself must not count as installed.
    look = [sys.executable, "-I", "-c", "import coursekit"]
    found = subprocess.run(look, cwd=tempfile.gettempdir(), capture_output=True, check=False)
    return found.returncode == 0


def interpreter(environment: Path) -> str:
    """Path of Python inside a virtual environment."""
    return str(environment / ("Scripts/python.exe" if WINDOWS else "bin/python"))


def install(exe: str, environment: Path, cpu: bool, extra: str) -> None:
    """Install the project under the constraints, unless the stamp says that it was done."""
    inputs = b"".join((ROOT / f).read_bytes() for f in ("pyproject.toml", "constraints.txt"))
    want = {"inputs": hashlib.sha256(inputs).hexdigest(), "root": str(ROOT)}
    stamp = environment / "coursekit.json"
    have, order = read_stamp(stamp), list(EXTRAS)
    there = str(have.get("extra", ""))
    before = order.index(there) if there in order else 0
    if {k: have.get(k) for k in want} == want and before >= order.index(extra):
        return
    extra = order[max(before, order.index(extra))]  # what was there is renewed with the rest
    announce(cpu, extra, bool(have))
    options = ["--extra-index-url", CPU_INDEX] if cpu and sys.platform == "linux" else []
    # Python compiles what it imports later on; compiling everything now takes half of the time.
    what = ["--no-compile", "-e", f".[{extra}]"]
    pip(exe, "install", "-c", "constraints.txt", *options, *what)
    settings = environment / "share/jupyter/lab/settings"  # no question about news at the start
    settings.mkdir(parents=True, exist_ok=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    overrides = {"@jupyterlab/apputils-extension:notification": quiet}
    (settings / "overrides.json").write_text(json.dumps(overrides))
    part = stamp.with_suffix(".part")  # whole or not at all
    part.write_text(json.dumps({**want, "extra": extra}))
    os.replace(part, stamp)


def announce(cpu: bool, extra: str, again: bool) -> None:
    """Say what is installed now and how much that downloads."""
    size = SIZES["learn"] + SIZES["torch"] + SIZES[extra]
    print(f"Installing {EXTRAS[extra]}, once per update.")
    print(
        f"Download: about {size} MB" + (", less what is already in pip's cache." if again else ".")
    )
    if sys.platform == "linux" and not cpu and not again:
        print(
            f"On Linux PyTorch may add CUDA packages, about {SIZES['cuda'] / 1000:.0f} GB more; "
            "`--cpu` leaves them out."
        )


def read_stamp(stamp: Path) -> dict[str, object]:
    """What was installed; nothing if the stamp is missing, empty or cut off."""
    try:
        return dict(json.loads(stamp.read_text("utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return {}


def pip(exe: str, *arguments: str) -> None:
    """Run pip with a line of progress; on failure show all it said and stop."""
    command = [exe, "-m", "pip", "--disable-pip-version-check", *arguments]
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "pip.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(command, cwd=ROOT, stdout=sink, stderr=subprocess.STDOUT)
        while process.poll() is None:
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                telling = [x.strip() for x in _lines(log) if x.strip().startswith(STEPS)]
                step = (telling or ["starting"])[-1].split(" (")[0]
                say(f"  {time.monotonic() - start:4.0f} s  {step[:80]}")
        said = _lines(log)
    if process.returncode:
        tail = "\n".join(said[-40:])
        sys.exit(f"{tail}\npip could not install the course (see above).")
    say(f"  installed in {time.monotonic() - start:.0f} s")


def _lines(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8", errors="replace").strip().splitlines()


def run(exe: str, *arguments: str, cwd: Path = ROOT) -> int:
    """Run the environment's Python; its folder goes first on PATH, for tools started by name."""
    path = os.pathsep.join([str(Path(exe).parent), os.environ.get("PATH", "")])
    try:
        return subprocess.call([exe, *arguments], cwd=cwd, env={**os.environ, "PATH": path})
    except KeyboardInterrupt:
        return 130


def pin() -> int:
    """Write constraints.txt anew: the newest versions that are allowed, torch as it is."""
    old = (ROOT / "constraints.txt").read_text().splitlines()
    keep = [line for line in old if line.startswith("torch==")]
    with tempfile.TemporaryDirectory() as folder:
        say("Making a throw-away environment …")
        make(Path(folder))
        pip(interpreter(Path(folder)), "install", *keep, "-e", ".[test]")
        freeze = [interpreter(Path(folder)), "-m", "pip", "freeze", "--exclude-editable"]
        lines = subprocess.check_output(freeze, text=True).splitlines()
    named = [line.split("+")[0] if line.startswith("torch==") else line for line in lines]
    pinned = [line for line in named if "==" in line and not line.startswith("nvidia-")]
    (ROOT / "constraints.txt").write_text("\n".join(pinned) + "\n")
    print(f"constraints.txt has {len(pinned)} pins; run the tests before you commit it.")
    return 0


def clean() -> int:
    """Remove what this program made, except the learner's workbook."""
    folders = [".venv", "build", "coursekit.egg-info", ".mypy_cache", ".ruff_cache", ".hypothesis"]
    for name in folders:
        if (ROOT / name).exists():
            say(f"Removing {name} …")
            shutil.rmtree(ROOT / name, ignore_errors=True)
    print("Clean. Your workbook/ is untouched.")
    return 0


def say(line: str) -> None:
    """Print at once, also into a pipe."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
