"""The files of a submission: regular files of its own folder, and nothing else is ever opened.

Archives keep links, devices and pipes, so a folder that was unpacked may point anywhere. What
stands in a submission is looked at without following it, before a byte of it is read.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

MOST_FILES = 1000  # files and folders
MOST_BYTES = 100_000_000
DEEPEST = 10  # folders inside one another
BEYOND = "a submission may have"  # how every sentence about a limit goes on
# What systems, editors and archivers leave behind, by name; it is passed over.
LEFT_BEHIND = (
    "._*", ".DS_Store", "__MACOSX", ".Spotlight-V100", ".Trashes", ".fseventsd", ".AppleDouble",
    "Thumbs.db", "ehthumbs.db", "desktop.ini", "$RECYCLE.BIN", "~$*", ".~lock.*#", ".directory",
    ".Trash-*", ".nfs*", ".git", ".ipynb_checkpoints", "__pycache__", "*.swp", "*~",
)  # fmt: skip
KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)


class Refused(ValueError):
    """A submission that holds what is not opened; its text goes on from the student's name."""


def left_behind(name: str) -> bool:
    """Whether a file or folder of this name is a system's and not a student's."""
    return any(fnmatch(name, pattern) for pattern in LEFT_BEHIND)


def files_of(folder: Path) -> list[Path]:
    """The submission's files, relative to ``folder``, in the order of their names.

    Errors: Refused where the folder is no folder, or holds a link, a hard link, a pipe, a socket, a
    device, a file or folder that may not be read, or more, larger or deeper than a submission may.
    """
    _require_folder(folder)
    return sorted(path.relative_to(folder) for path in _walk(folder, folder, [0, 0]))


def copy_files(folder: Path, to: Path) -> None:
    """Copy the submission's files into the new folder ``to``.

    Errors: Refused, as `files_of`; nothing is copied then.
    """
    paths = files_of(folder)
    to.mkdir(parents=True)
    for path in paths:
        (to / path).parent.mkdir(parents=True, exist_ok=True)
        (to / path).write_bytes(read_file(folder / path, path))


def digest_of(folder: Path) -> str:
    """SHA-256 of the submission's files, by name and content. Errors: Refused, as `files_of`."""
    whole = hashlib.sha256()
    for path in files_of(folder):
        content = read_file(folder / path, path)
        whole.update(os.fsencode(path) + f"\n{len(content)}\n".encode() + content)
    return whole.hexdigest()


def read_file(path: Path, name: Path) -> bytes:
    """The content of a regular file; ``name`` is how a sentence calls it.

    Errors: Refused where it is none, or has become another since it was looked at.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(path, flags), "rb") as file:
            _require_plain(os.fstat(file.fileno()), name)
            return file.read(MOST_BYTES)
    except OSError as problem:
        raise Refused(f"has {shown(name)}, which cannot be read: {problem.strerror}") from None


def shown(path: Path) -> str:
    """A name that a stranger chose, short and without control characters."""
    text = ascii(os.fspath(path)) if not os.fspath(path).isprintable() else os.fspath(path)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _require_folder(folder: Path) -> None:
    """The folder itself, and the student's above it, are folders and no links to some."""
    for path in (folder.parent, folder):
        try:
            mode = path.lstat().st_mode
        except OSError as problem:
            raise Refused(f"has a folder {path.name} that cannot be read: {problem}") from None
        if not stat.S_ISDIR(mode):
            kind = _kind(mode)
            raise Refused(f"has {kind} where the folder {path.name} was expected")


def _walk(folder: Path, top: Path, total: list[int]) -> Iterator[Path]:
    """Files below ``folder``; ``total`` counts entries and bytes of the whole submission."""
    name = folder.relative_to(top)
    if len(name.parts) > DEEPEST:
        raise Refused(f"has folders {len(name.parts)} deep; {BEYOND} {DEEPEST}")
    try:
        with os.scandir(folder) as entries:
            inside = [entry for entry in _counted(entries, total) if not left_behind(entry.name)]
        for entry in inside:
            path = Path(entry.path)
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                yield from _walk(path, top, total)
                continue
            _require_plain(path.lstat(), path.relative_to(top))  # scandir counts no hard links
            total[1] += status.st_size
            if total[1] > MOST_BYTES:
                raise Refused(f"is too large; {BEYOND} {MOST_BYTES // 1_000_000} MB")
            yield path
    except OSError as problem:
        raise Refused(f"has {shown(name)}, which cannot be read: {problem.strerror}") from None


def _counted(entries: Iterator[os.DirEntry[str]], total: list[int]) -> Iterator[os.DirEntry[str]]:
    """Folders of a million entries are not listed to the end."""
    for entry in entries:
        total[0] += 1
        if total[0] > MOST_FILES:
            raise Refused(f"has too many files and folders; {BEYOND} {MOST_FILES}")
        yield entry


def _require_plain(status: os.stat_result, name: Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise Refused(f"has {_kind(status.st_mode)}, {shown(name)}; only files are taken")
    if status.st_nlink > 1:
        raise Refused(
            f"has {shown(name)}, a file that stands under another name too (a hard link); "
            "make a copy of it if it is the student's own"
        )


def _kind(mode: int) -> str:
    return next((name for test, name in KINDS if test(mode)), "a file")


def require_student(name: str) -> None:
    """A student's folder has a name that can be a name in the books.

    Errors: Refused where it is no text or has signs by which other folders could be meant.
    """
    printable = name.isprintable() and not set(name) & set("*?[]\\")
    if not printable or name != name.strip():
        raise Refused("has a folder whose name is no name; letters, digits, - and _ were expected")
