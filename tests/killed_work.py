"""Work that kills its process; a module that workers import in a moment."""

import os
import signal
import time


def deadly(folder, times, data, with_fusion, method, trial, seed):
    """A row that notes its training; that of seed 3 kills its process the first ``times`` times."""
    with (folder / f"{seed}").open("a") as notes:
        notes.write("x")
    time.sleep(0.05)
    if seed == 3 and (folder / "3").stat().st_size <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    head = {"data": data, "fusion": with_fusion, "method": method, "seed": seed}
    return {**head, "valid": seed / 10, "trial": "lr=0.1"}


def once(item, notes):
    """The item in capitals; one that begins with ``x`` ends its process."""
    with (notes / item).open("a") as file:
        file.write("+")
    if item.startswith("x"):
        os._exit(1)
    return item.upper()
