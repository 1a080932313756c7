"""Whether something that was to stay hidden can be reached: what a solver that means harm would do.

Hidden things are known by their digests alone, or the search itself would bring them along.
"""

import gc
import hashlib
import os
import sys

import torch

ENOUGH = 600_000  # things looked at
LARGE = 2**32  # smaller whole numbers are no hidden seeds


def digest(thing):
    """Of its bytes, or of how it is written."""
    data = thing if isinstance(thing, bytes) else str(thing).encode("utf-8", "replace")
    return hashlib.sha256(data).hexdigest()


def everything():
    """What any code of this process can begin from."""
    frames = [frame for top in sys._current_frames().values() for frame in _callers(top)]
    return [*gc.get_objects(), *(frame.f_locals for frame in frames), *_of_processes()]


def _callers(frame):
    while frame is not None:
        yield frame
        frame = frame.f_back


def _of_processes():
    """Arguments and environments of all processes that may be read, and targets of open files."""
    texts = [os.readlink(f"/proc/self/fd/{n}") for n in _open_files()]
    for process in filter(str.isdigit, os.listdir("/proc")):
        for kind in ("cmdline", "environ"):
            try:
                with open(f"/proc/{process}/{kind}", encoding="utf-8", errors="replace") as file:
                    texts += file.read().replace("=", "\0").split("\0")
            except OSError:
                continue
    return [texts]


def _open_files():
    listed = os.listdir("/proc/self/fd")
    return [n for n in listed if os.path.islink(f"/proc/self/fd/{n}")]


def reached(begin, hidden, closed=()):
    """What of the hidden is met on the way through all referents: kinds of things, sorted.

    hidden: digests, of texts, of numbers, of a recipe as it is written, of rows as bytes.
    closed: kinds of things that are not entered.
    """
    met, seen, todo = set(), {}, list(begin)
    while todo and len(seen) < ENOUGH:
        thing = todo.pop()
        if id(thing) in seen or thing is seen or thing is todo:
            continue
        seen[id(thing)] = thing
        if _is_hidden(thing, hidden):
            met.add(type(thing).__name__)
        if not isinstance(thing, closed):
            todo.extend(gc.get_referents(thing))
    return sorted(met)


def _is_hidden(thing, hidden):
    if type(thing) is int:
        return thing >= LARGE and digest(thing) in hidden
    if type(thing) is str:
        return len(thing) < 300 and digest(thing) in hidden
    if type(thing).__name__ == "HiddenRecipe":
        return digest(repr(thing)) in hidden
    if issubclass(type(thing), torch.Tensor) and thing.dtype == torch.float32 and thing.ndim == 2:
        whole = torch.tensor([]).set_(thing.untyped_storage())  # what it is a view of, too
        width = thing.shape[1]
        rows = whole[: len(whole) // max(width, 1) * width].reshape(-1, max(width, 1))
        return any(digest(row.numpy().tobytes()) in hidden for row in rows.detach()[:4000])
    return False
