"""On which machine a stored table was made."""

import platform
from importlib.metadata import version
from pathlib import Path

import torch


def machine() -> str:
    """Versions and processor on which numbers are made; the same line, the same numbers."""
    return (
        f"torch {torch.__version__}, scikit-learn {version('scikit-learn')}, "
        f"{platform.system()} {platform.machine()}, {_processor()}"
    )


def _processor() -> str:
    """The processor's name, model numbers and widest instructions, as far as the system tells."""
    widest = torch.backends.cpu.get_cpu_capability()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return f"{platform.processor()} {widest}"
    pairs = [line.partition(":") for line in lines if ":" in line]
    said = {key.strip(): value.strip() for key, _, value in pairs}
    family = "/".join(said.get(key, "?") for key in ("cpu family", "model", "stepping"))
    return f"{said.get('model name', 'unnamed')} {family} {widest}"
