"""A training stored after every epoch, whole or not at all, and taken up again bit for bit.

A checkpoint is one line that says version, SHA-256 and length, and then what `torch.save` writes:
tensors, numbers and text, read back with ``weights_only``, so that no code in a file is run.
"""

import hashlib
import io
import json
import os
import re
import shutil
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from pickle import UnpicklingError  # what torch.load raises when a file wants to run code
from typing import Any

import torch
from torch import Tensor

from coursekit.training.data_identity import differences, facts_of
from coursekit.training.method import Method, Run
from coursekit.training.settings import Settings
from coursekit.training.training_state import (
    Changes,
    CheckpointError,
    Training,
    collected,
    spread,
)
from coursekit.utils.checks import require_instance

MAGIC, VERSION = "coursekit-checkpoint", 2
KEPT = 2  # newest checkpoints: one more than is needed, should it turn out to be damaged
# Settings in which a training that goes on may differ; of epochs see `Method.bound_to_epochs`.
FREE = ("epochs", "device", "threads")


class Store:
    """The checkpoints of one training in a folder, one file per epoch; the newest two stay.

    Make it before the method begins: what the method is given is part of what must agree.
    origin: what the data were made of, such as their name and options, as text; it must agree too.
    """

    def __init__(
        self,
        folder: Path,
        method: Method,
        settings: Settings,
        seed: int,
        origin: Mapping[str, str] | None = None,
    ) -> None:
        if not isinstance(folder, str | Path):
            raise TypeError(f"checkpoints is a {type(folder).__name__}; a folder was expected.")
        require_instance("origin", origin, Mapping | None)
        self.folder = Path(folder)
        self.origin = {str(k): str(v) for k, v in (origin or {}).items()}
        self.data: dict[str, Any] = {}
        wanted = {k: v for k, v in asdict(settings).items() if k not in FREE}
        shared = {**wanted, "seed": seed, "method": method.name}
        own = {  # a setting of the method may be called like one of the training
            f"the method's {k}" if k in shared else k: _settled(repr(v))
            for k, v in sorted(vars(method).items())
        }
        self.shared = (*shared, "the labels of train", "the labels of valid")
        self.identity = {**shared, **own}
        self.method = method
        self.written: list[Path] = []
        self.changes: Changes

    def begin(self, state: Training) -> None:
        """After the method's ``begin``: see what model and method own.

        Errors: CheckpointError where something has a state that nobody can store.
        """
        self.changes = Changes(state.run, state.method)

    def require_storable(self, state: Training) -> None:
        """Refuse before the first epoch, and not behind it, what no checkpoint can hold."""
        try:
            unpacked(_saved(collected(state, self.changes)))
        except (RuntimeError, UnpicklingError) as problem:
            why = str(problem).splitlines()[0]
            raise CheckpointError(f"No checkpoint can hold this training: {why}") from None

    def save(self, state: Training) -> None:
        """Store the epoch that has just ended.  Errors: CheckpointError, what is there stays."""
        run = state.run
        if run.engine.rank > 0:
            return
        path = self.folder / f"epoch-{run.epoch:05d}.ckpt"
        about = {
            "identity": self._identity(run),
            "origin": self.origin,
            "data": self._facts(run),
            "epochs": run.settings.epochs,
        }
        content = packed({**about, **collected(state, self.changes)})
        try:
            write_whole(path, content)
        except OSError as problem:
            raise CheckpointError(self._no_room(run.epoch, len(content), problem)) from None
        self.written.append(path)
        while len(self.written) > KEPT:
            self.written.pop(0).unlink(missing_ok=True)

    def restore(self, state: Training) -> Iterator[list[dict[str, object]]]:
        """Put the newest usable checkpoint, if there is one, into ``state``; yield its history.

        One that cannot be used is set aside, with a warning, and the one before is taken.
        Errors: CheckpointError when there are some and none can be used, or when they belong to
        another training.
        """
        engine = state.run.engine
        data = self._newest(state.run) if engine.rank == 0 else None
        if engine.fabric is not None:  # the others need not see the folder
            data = engine.fabric.broadcast(data)
        if data is None:
            return
        content = unpacked(data, engine.device)
        done, wanted = content["epoch"], state.run.settings.epochs
        if done > wanted:
            raise CheckpointError(
                f"{self.folder}: {done} epochs are done; {wanted} were asked for."
            )
        spread(content, state, self.changes)
        history = state.run.history
        for epoch in range(1, state.run.epoch + 1):
            yield [row for row in history if row["epoch"] == epoch]

    def _newest(self, run: Run) -> bytes | None:
        paths = sorted(self.folder.glob("epoch-*.ckpt"), reverse=True)
        wrong: list[str] = []
        for path in paths:
            try:
                data = read_whole(path)
                content = unpacked(data)
            except CheckpointError as problem:
                wrong.append(str(problem))
                continue
            except (RuntimeError, UnpicklingError) as problem:
                wrong.append(f"{path} cannot be read: {str(problem).splitlines()[0]}")
                continue
            self._require_same(content, run)
            self._set_aside(paths[: len(wrong)], wrong, content["epoch"])
            self.written = [*reversed(paths[len(wrong) + 1 :]), path]  # the old ones go in time
            return data
        if wrong:
            raise CheckpointError(f"{' '.join(wrong)} Nothing was changed; name another folder.")
        return None

    def _set_aside(self, paths: list[Path], why: list[str], epoch: int) -> None:
        for path, sentence in zip(paths, why, strict=True):
            aside = path.with_suffix(".unusable")
            path.replace(aside)
            message = f"{sentence} It was set aside as {aside.name}; going on behind epoch {epoch}."
            warnings.warn(message, stacklevel=2)

    def _identity(self, run: Run) -> dict[str, Any]:
        """What must agree: settings, method, seed, the rows and the model's weights by shape."""
        shapes = {k: list(p.shape) for k, p in run.model.state_dict().items()}
        labels = {f"the labels of {name}": digest(split.labels) for name, split in (
            ("train", run.train), ("valid", run.valid))}  # fmt: skip
        return {**self.identity, **labels, "the model's shapes": json.dumps(shapes)}

    def _facts(self, run: Run) -> dict[str, Any]:
        """Of the inputs, once: a training's data stay as they are."""
        if not self.data:
            self.data = {"train": facts_of(run.train), "valid": facts_of(run.valid)}
        return self.data

    def _require_same(self, content: dict[str, Any], run: Run) -> None:
        there, here = content["identity"], self._identity(run)
        other = [k for k in here | there if here.get(k) != there.get(k)]
        if "method" in other:  # then their own settings are not the same ones either
            other = [k for k in other if k in self.shared]
        was = content.get("origin", {})
        made = [k for k in self.origin.keys() & was.keys() if self.origin[k] != was[k]]
        if made:  # other labels and shapes follow from it
            made = ["data"] if "data" in made else sorted(made)
            other = [k for k in other if not k.startswith(("the labels", "the model's"))]
        words = [f"{k} {_short(there.get(k))} and not {_short(here.get(k))}" for k in other]
        words += [f"{k} {_short(was[k])} and not {_short(self.origin[k])}" for k in made]
        if not other and not made:
            words = self._other_inputs(content, run)
        if words:
            raise CheckpointError(
                f"{self.folder} holds the checkpoints of another training: {', '.join(words)}. "
                "Name another folder for this one."
            )
        begun, wanted = content.get("epochs"), run.settings.epochs
        if self.method.bound_to_epochs and begun not in (None, wanted):  # None: an older version's
            raise CheckpointError(
                f"{self.folder}: this training was begun for {begun} epochs and cannot become one "
                f"of {wanted}: method {self.method.name!r} {self.method.bound_to_epochs}. "
                "Name another folder for this one."
            )

    def _other_inputs(self, content: dict[str, Any], run: Run) -> list[str]:
        """What tells the inputs from those of the checkpoint, in words."""
        if "data" not in content:  # of a version that did not store it
            message = (
                f"{self.folder}: these checkpoints are older and do not tell of what inputs they "
                "are; labels and shapes agree, and the training goes on."
            )
            warnings.warn(message, stacklevel=2)
            return []
        here = self._facts(run)
        return [w for name in here for w in differences(name, content["data"][name], here[name])]

    def _no_room(self, epoch: int, needed: int, problem: OSError) -> str:
        what = problem.strerror or str(problem)
        size = f"it has {needed / 2**20:.1f} MiB"
        if self.folder.is_dir():
            size += f", {shutil.disk_usage(self.folder).free / 2**20:.1f} MiB are free"
        advice = "Nothing was stored before."
        if self.written:
            advice = (
                f"{self.written[-1].name} is whole: make room, and the same call goes on there."
            )
        sentence = f"The checkpoint of epoch {epoch} was not written to {self.folder}: {what}"
        return f"{sentence} ({size}). {advice}"


def packed(content: dict[str, Any]) -> bytes:
    """The bytes of a checkpoint's file."""
    data = _saved(content)
    return f"{MAGIC} {VERSION} {hashlib.sha256(data).hexdigest()} {len(data)}\n".encode() + data


def unpacked(data: bytes, device: str = "cpu") -> dict[str, Any]:
    """The reverse, without the first line; what was on an accelerator comes to ``device``."""

    def place(storage: Any, was: str) -> Any:
        return storage if was == "cpu" else storage.to(device=torch.device(device))

    content: dict[str, Any] = torch.load(io.BytesIO(data), map_location=place, weights_only=True)
    return content


def read_whole(path: Path) -> bytes:
    """What follows the first line.  Errors: CheckpointError, what is wrong with the file."""
    require_instance("path", path, Path)
    try:
        with path.open("rb") as file:
            words = file.readline(200).decode("ascii", "replace").split()
            data = file.read()
    except OSError as problem:
        raise CheckpointError(f"{path} cannot be read: {problem.strerror}.") from None
    if len(words) != 4 or words[0] != MAGIC:
        raise CheckpointError(f"{path} is no checkpoint, or its beginning is lost.")
    if words[1] != str(VERSION):
        raise CheckpointError(f"{path} is of version {words[1]}; version {VERSION} was expected.")
    if str(len(data)) != words[3]:
        raise CheckpointError(f"{path} is cut short: {len(data)} bytes of {words[3]}.")
    if hashlib.sha256(data).hexdigest() != words[2]:
        raise CheckpointError(f"{path} is damaged: its SHA-256 is not what its first line says.")
    return data


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the place, make sure that it is on the disk, then give it its name."""
    require_instance("path", path, Path)
    require_instance("content", content, bytes)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.parent / "next.part"  # one name, so that a killed process leaves one at most
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def digest(labels: Tensor) -> str:
    """SHA-256 of a split's labels, in their order."""
    return hashlib.sha256(labels.cpu().numpy().tobytes()).hexdigest()[:16]


def _saved(content: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def _settled(text: str) -> str:
    """Without the addresses of objects, which are others in every process."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) < 40 else f"{text[:37]}…"
