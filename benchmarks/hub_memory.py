"""What a person costs on the server: memory, CPU seconds, and what many people come to."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
import psutil

USER = "JUPYTERHUB_USER"  # in the environment of everybody's processes


@dataclass(frozen=True)
class Memory:
    """MiB of some processes together.

    rss: resident, what is shared counted in each.  pss: what is shared split among those who share.
    uss: what is theirs alone, given back when they end.
    """

    rss: float
    pss: float
    uss: float


def memory(processes: Iterable[psutil.Process]) -> Memory:
    """Memory of processes together; those that ended meanwhile count for nothing.

    Where the system keeps no PSS (macOS, Windows), USS stands for it.
    """
    totals = [0.0, 0.0, 0.0]
    for process in processes:
        try:
            usage = process.memory_full_info()
        except psutil.NoSuchProcess:
            continue
        values = (usage.rss, getattr(usage, "pss", usage.uss), usage.uss)
        totals = [a + b / 2**20 for a, b in zip(totals, values, strict=True)]
    return Memory(*totals)


def by_user(hub: int) -> dict[str, list[psutil.Process]]:
    """The processes under a hub's, by the person whose they are; "" has the hub and its proxy."""
    root = psutil.Process(hub)
    processes: dict[str, list[psutil.Process]] = {"": [root]}
    for process in root.children(recursive=True):
        try:
            name = process.environ().get(USER, "")
        except psutil.Error:
            continue
        processes.setdefault(name, []).append(process)
    return processes


def costs(hub: int) -> pd.DataFrame:
    """A row per person, the hub's own as "": processes, CPU seconds, MiB of RSS, PSS and USS."""
    rows = []
    for user, processes in sorted(by_user(hub).items()):
        used = {"processes": len(processes), "cpu": cpu(processes)}
        rows.append({"user": user, **used, **vars(memory(processes))})
    return pd.DataFrame(rows)


def cpu(processes: Iterable[psutil.Process]) -> float:
    """Seconds of one core that the processes have used so far."""
    seconds = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        seconds += times.user + times.system
    return seconds


def forecast(measured: pd.DataFrame, users: Iterable[int], spare: float = 0.0) -> pd.DataFrame:
    """GiB for so many people who all have a kernel running, from `costs` of a few.

    Each new person brings what is theirs alone (USS); what is shared is there once: of all PSS the
    part that is not USS. spare: MiB more for each, what a lesson's pictures and trainings take.
    """
    people, hub = measured[measured["user"] != ""], measured[measured["user"] == ""]
    per_person = people["uss"].mean() + spare
    once = hub["uss"].sum() + measured["pss"].sum() - measured["uss"].sum()
    rows = [{"people": n, "GiB": (once + n * per_person) / 1024} for n in users]
    return pd.DataFrame(rows).set_index("people").round(1)
