"""For the whole test run: a record of its own; costs of notebooks and parity values at the end."""

import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import hypothesis
import psutil
import pytest

from benchmarks.patience import slowness

# Two processes with two threads each on two cores wait for one another: six times slower. This is
# read when torch is first imported, and the kernels and servers that the tests start inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

hypothesis.settings.register_profile("course", deadline=None)  # no verdict by the clock
hypothesis.settings.load_profile("course")

PEAK = "kernel_peak_mib"
VALUES, UNKNOWN = "values_compared", "values_unknown"  # of a parity file, see test_vectors.py


class NotebookCosts:
    """Seconds of every notebook's cells and the peak memory of its kernel, from nbval's run.

    Under xdist the kernel is seen by a worker and the table printed by the controller, so the
    figures travel with the reports.
    """

    def __init__(self):
        self.seconds = Counter()
        self.peaks = Counter()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item, nextitem):
        """Before the kernel of a notebook's last cell is stopped, ask what it has used."""
        if is_notebook(item.nodeid) and (nextitem is None or nextitem.parent is not item.parent):
            pid = kernel_pid(item.parent)
            if pid is not None:
                item.user_properties.append((PEAK, peak_mib(pid)))

    def pytest_runtest_logreport(self, report):
        if not is_notebook(report.nodeid):
            return
        name = report.nodeid.split("::")[0]
        self.seconds[name] += report.duration
        for key, value in report.user_properties:
            if key == PEAK:
                self.peaks[name] = max(self.peaks[name], value)

    def pytest_terminal_summary(self, terminalreporter):
        if not self.seconds:
            return
        terminalreporter.section("notebooks: seconds, peak memory of the kernel")
        for name, seconds in sorted(self.seconds.items()):
            peak = f"{self.peaks[name]:6.0f} MiB" if name in self.peaks else "   unknown"
            terminalreporter.line(f"{seconds:7.1f} s {peak}  {name}")


def pytest_terminal_summary(terminalreporter):
    """How much of the parity files was compared; under xdist the figures come with the reports."""
    groups = terminalreporter.stats.values()
    calls = [r for group in groups for r in group if getattr(r, "when", None) == "call"]
    files = [counts for r in calls if VALUES in (counts := dict(r.user_properties))]
    if files:
        compared, unknown = (sum(counts[key] for counts in files) for key in (VALUES, UNKNOWN))
        rest = f"; {unknown} have no inputs there to compute them from" if unknown else ""
        terminalreporter.section("parity files")
        terminalreporter.line(f"{compared} values compared in {len(files)} files{rest}")


@pytest.fixture(autouse=True)
def stays_in_its_folder():
    """A test that works elsewhere comes back, or later ones fail far from the cause."""
    before = Path.cwd()
    yield
    after = Path.cwd()
    os.chdir(before)
    assert after == before, f"the test left the working directory at {after}"


class Budget:
    """Skips what does not begin within so many seconds; says how much that was."""

    def __init__(self, seconds):
        self.end = time.monotonic() + seconds

    def pytest_runtest_setup(self, item):
        if time.monotonic() > self.end:
            pytest.skip("not within the time of the quick run; the whole command has it")


def is_notebook(nodeid):
    return nodeid.split("::")[0].endswith(".ipynb")


def kernel_pid(notebook_file):
    """Process id of the kernel that nbval runs for this file; None when there is none."""
    manager = getattr(getattr(notebook_file, "kernel", None), "km", None)
    return getattr(getattr(manager, "provisioner", None), "pid", None)


def peak_mib(pid):
    """The most memory the process ever held, MiB; where the system keeps no peak, what it holds."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) / 1024
    memory = psutil.Process(pid).memory_info()
    used = memory.peak_wset if sys.platform == "win32" else memory.rss
    return used / 2**20


def keep_compiled(config):
    """Where Python is to leave no compiled modules behind, the run has a folder of them of its own.

    Without one each kernel, server and command of the tests compiles PyTorch anew, which takes
    longer than what most of them do. The folder goes with the run; processes inherit where it is.
    """
    if sys.dont_write_bytecode:
        folder = tempfile.TemporaryDirectory(prefix="compiled-", ignore_cleanup_errors=True)
        config.add_cleanup(folder.cleanup)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # python -B has none
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = folder.name
        sys.dont_write_bytecode = False


def pytest_configure(config):
    keep_compiled(config)
    slowness()  # measured before anything runs; what is started later inherits it
    config.pluginmanager.register(NotebookCosts(), "notebook-costs")
    if "COURSEKIT_BUDGET" in os.environ:
        config.pluginmanager.register(Budget(float(os.environ["COURSEKIT_BUDGET"])), "budget")
    if getattr(config.option, "dist", "no") == "load":
        config.option.dist = "loadfile"  # the cells of a notebook need the same kernel
    # Nothing that is tested may end up in somebody's own record; the kernels inherit this.
    folder = tempfile.TemporaryDirectory(prefix="record-")
    config.add_cleanup(folder.cleanup)
    os.environ["COURSEKIT_RECORD"] = folder.name
