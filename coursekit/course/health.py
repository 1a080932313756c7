"""What works on this machine, in plain words: ``python course.py check``."""

import importlib.metadata
import platform
import sys
from collections.abc import Callable
from importlib import import_module

from coursekit.data.files import check_all

OLDEST = (3, 11)


def python_line() -> str:
    """Version of Python; refused when too old."""
    if sys.version_info[:2] < OLDEST:
        raise RuntimeError(f"Python {platform.python_version()} is too old; 3.11 is needed.")
    return f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"


def torch_line() -> str:
    """PyTorch works: one product, checked against a sum by hand."""
    torch = import_module("torch")
    x = torch.arange(6.0).reshape(2, 3)
    if (x @ x.T).tolist() != [[5.0, 14.0], [14.0, 50.0]]:
        raise RuntimeError("PyTorch computed a wrong matrix product.")
    return f"PyTorch {torch.__version__} multiplies matrices with {torch.get_num_threads()} threads"


def device_line() -> str:
    """What the lessons train on. They are made for the CPU; nothing is missing without a GPU."""
    torch = import_module("torch")
    if torch.cuda.is_available():
        return f"CPU (used by the lessons) and a CUDA GPU, {torch.cuda.get_device_name()}"
    if torch.backends.mps.is_available():
        return "CPU (used by the lessons) and an Apple GPU (mps)"
    return "CPU, which is all the lessons need"


def kernel_line() -> str:
    """A kernel starts, computes and stops."""
    start = import_module("jupyter_client.manager").start_new_kernel
    manager, client = start(
        kernel_name="python3", extra_arguments=["--IPKernelApp.log_level=ERROR"]
    )
    try:
        reply = client.execute_interactive("assert 6 * 7 == 42", timeout=60)
        if reply["content"]["status"] != "ok":
            raise RuntimeError("the notebook kernel started, but could not compute 6 * 7.")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return "a notebook kernel started and computed"


def widgets_line() -> str:
    """The explorer draws without a browser; JupyterLab's part of the widgets is installed."""
    explorers = import_module("coursekit.course.widgets.gallery").EXPLORERS
    picture = explorers["lines"]().picture
    if not picture.startswith(b"\x89PNG"):
        raise RuntimeError("the explorer drew no picture.")
    lab = importlib.metadata.version("jupyterlab_widgets")
    return f"an explorer drew its picture; JupyterLab's widgets are version {lab}"


def data_line() -> str:
    """Every data file is what was published."""
    reports = check_all()
    bad = [r.line for r in reports if not r.ok]
    if bad:
        raise RuntimeError(" ".join(bad))
    return f"{len(reports)} data files, all as published"


CHECKS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("Python", python_line),
    ("PyTorch", torch_line),
    ("Device", device_line),
    ("Kernel", kernel_line),
    ("Widgets", widgets_line),
    ("Data", data_line),
)


def main() -> int:
    """Print a line for every check; 1 if one failed. A failed check does not stop the others."""
    failed = 0
    for name, check in CHECKS:
        try:
            print(f"ok    {name}: {check()}", flush=True)
        except Exception as problem:  # whatever is broken here is the answer
            failed += 1
            print(f"FAIL  {name}: {str(problem) or type(problem).__name__}", flush=True)
    print("Everything works." if not failed else f"{failed} of {len(CHECKS)} checks failed.")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
