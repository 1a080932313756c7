"""Compute and draw the states that the pages show of the explorers, and store them.

An explorer is a process of its own, which computes one state after the other, so that what an
explorer keeps from one state to the next is used. What is stored and current is kept.
"""

import io
import re
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

import torch
from PIL import Image

from coursekit.course.site.state_archive import (
    Archive,
    StoredState,
    name_of,
    picture_name,
    publish,
    read_file,
    write,
)
from coursekit.course.site.state_digest import digest_of
from coursekit.course.site.state_plan import Plan, plan_of
from coursekit.course.site.web_picture import in_few_colours
from coursekit.course.widgets.controls import State
from coursekit.course.widgets.explorer import Explorer
from coursekit.course.widgets.gallery import EXPLORERS
from coursekit.data.files import DATA_FOLDER, DataFileError
from coursekit.utils.checks import choose, require_count

COLOURS = 64  # lines and text keep their look with so few
SENTENCE = re.compile(r"(?<=[.?!])\s+(?=\S)")


def make_states(
    keys: Iterable[str] = (), workers: int = 2, folder: Path = DATA_FOLDER
) -> list[str]:
    """Store the states of these explorers, of all without keys; the keys of those that failed.

    A line per explorer says what was done, of one that fails with the error; the others go on.
    After an interruption only what was unfinished is computed anew.
    Errors: ValueError for a key that no explorer has.
    """
    require_count("workers", workers, 1)
    chosen = [choose("explorer", key, EXPLORERS) for key in keys] or list(EXPLORERS)
    failed = []
    context = get_context("spawn")  # a fork would take over threads of torch that do not run on
    with ProcessPoolExecutor(workers, mp_context=context, max_tasks_per_child=1) as pool:
        jobs = {pool.submit(make_one, key, folder): key for key in chosen}
        try:
            for number, job in enumerate(as_completed(jobs), 1):
                key = jobs[job]
                try:
                    what = job.result()
                    publish([key], folder)
                except BrokenProcessPool:
                    failed.append(key)
                    what = "FAILED: a process was ended; call this again for what is missing."
                except Exception as error:  # whatever the lesson's compute or view raises
                    failed.append(key)
                    what = f"FAILED: {type(error).__name__}: {error}"
                print(f"[{number}/{len(chosen)}] {key}: {what}", flush=True)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)  # else what waits for its turn would still be run
            raise
    return failed


def make_one(key: str, folder: Path = DATA_FOLDER) -> str:
    """Store the states of one explorer unless they are current; what was done, in a few words."""
    torch.set_num_threads(1)
    plan, path = plan_of(key), folder / name_of(key)
    digest = digest_of(plan)
    if _is_current(path, digest):
        return "is current"
    begun = time.monotonic()
    archive = draw(plan, digest)
    write(archive, path)
    size, seconds = path.stat().st_size / 1e6, time.monotonic() - begun
    return f"{len(archive.states)} states, {size:.2f} MB, {seconds:.0f} s"


def _is_current(path: Path, digest: str) -> bool:
    try:
        return read_file(path).digest == digest
    except DataFileError:
        return False


def draw(plan: Plan, digest: str) -> Archive:
    """All states of the plan, computed and drawn.

    Errors: what the explorer's compute or view raises.
    """
    explorer, pictures = plan.explorer, dict[str, bytes]()
    states, size = [], (0, 0)
    for one in plan.states:
        _go(explorer, one.state)
        picture, size = small_picture(explorer.picture)
        name = picture_name(picture)
        pictures[name] = picture
        states.append(
            StoredState(
                preset=one.preset,
                knob=one.knob,
                value=one.state[one.knob] if one.knob else "",
                alt=explorer.alt,
                headline=first_sentence(explorer.alt),
                table=explorer.tables_html(),
                picture=name,
            )
        )
    return Archive(explorer.key, digest, *size, tuple(states), pictures)


def _go(explorer: Explorer, state: State) -> None:
    """Show the state; without an event loop it is shown when this returns.

    Errors: what the explorer's compute or view raises.
    """
    explorer.set(**state)
    if dict(explorer.shown) != dict(state):
        explorer.render(**state)  # raises what the card only gives as a sentence
        raise RuntimeError(f"{explorer.key} could not compute {dict(state)}.")


def first_sentence(text: str) -> str:
    """What stands before the first end of a sentence; the views begin with what is to be seen."""
    return SENTENCE.split(text, maxsplit=1)[0]


def small_picture(png: bytes) -> tuple[bytes, tuple[int, int]]:
    """A picture in few colours as WebP without loss, and its width and height.

    Scaled down, thin lines and text would blur and take more bytes.
    """
    image = Image.open(io.BytesIO(png)).convert("RGB")
    file = io.BytesIO()
    in_few_colours(image, COLOURS).save(file, "WEBP", lossless=True, quality=100, method=4)
    return file.getvalue(), image.size
