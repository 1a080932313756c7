"""JupyterHub's proxy, a program for Node.js: found, or installed beside Python's by npm."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from coursekit.utils.checks import require

PACKAGE, VERSION = "configurable-http-proxy", "5.2.0"
NODE = "Node.js 20 or newer"
PATIENCE = 60  # seconds


def location() -> str | None:
    """Where the proxy is: in this environment, or on the path."""
    return shutil.which(PACKAGE, path=sysconfig.get_path("scripts")) or shutil.which(PACKAGE)


def program() -> str:
    """Where the proxy is.

    Errors: ValueError when it is not installed, with the command that installs it.
    """
    path = location()
    command = "python -m coursekit.course.hub proxy"
    require(path is not None, f"{PACKAGE} is not installed; `{command}` does it, with npm.")
    return str(path)


def install(prefix: Path = Path(sys.prefix)) -> str:
    """Install the proxy with npm into an environment; what npm said.

    Errors: ValueError where there is no npm; RuntimeError with npm's words when it fails.
    """
    npm = shutil.which("npm")
    require(npm is not None, f"npm is not installed; it comes with {NODE}.")
    command = [str(npm), "install", "--global", "--no-audit", "--no-fund", f"--prefix={prefix}"]
    command += ["--fetch-retries=1", "--fetch-timeout=30000", f"{PACKAGE}@{VERSION}"]
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:  # without a network npm tries for a quarter of an hour
        raise RuntimeError(
            f"npm has not installed {PACKAGE} within {PATIENCE} seconds and was stopped."
        ) from None
    if result.returncode:
        raise RuntimeError(f"npm could not install {PACKAGE}: {result.stderr or result.stdout}")
    return result.stdout.strip()
