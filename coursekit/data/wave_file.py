"""Wave files: what a player plays of them, or a sentence; nothing else, whatever the bytes.

A header is no promise. The length of the whole (RIFF size) is not looked at, as players do not; a
length of the samples of 0 or of all ones, which programs leave that were writing as they went,
means all that follows; and no more is asked of memory than the file has bytes.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from coursekit.data.files import DataFileError
from coursekit.utils.checks import require_instance

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
FASTEST = 768_000  # Hz, twice what any recorder has; a higher rate is a damaged header
OPEN_END = (0, 0xFFFFFFFF)
ORDERS = {b"RIFF": "<", b"RF64": "<", b"RIFX": ">"}


@dataclass(frozen=True)
class _Form:
    """code: `PCM` or `FLOAT`.  width: bytes of a sample."""

    code: int
    channels: int
    rate: int
    width: int


def read_samples(path: Path) -> tuple[np.ndarray, int]:
    """Samples (n,) or (n, channels) in the file's own type, n ≥ 0, and the rate in Hz.

    8 bits are uint8, counted from 128; 16, 32 and 64 int16, int32 and int64, of which 24 bits fill
    the upper ones; floating-point numbers are as they are.
    Errors: DataFileError with the file's name and what is wrong: no wave file, cut off, without
    samples' chunk, another coding, or a header that contradicts itself.
    """
    require_instance("path", path, Path | str)
    try:
        with Path(path).open("rb") as file:
            return _read(file, Path(path).stat().st_size)
    except (OSError, _Broken) as error:
        raise DataFileError(f"{path} cannot be read as a wave file: {error}") from None


class _Broken(Exception):
    """What is wrong, without the file's name."""


def _read(file: IO[bytes], size: int) -> tuple[np.ndarray, int]:
    head = file.read(12)
    order = ORDERS.get(head[:4])
    if order is None or head[8:] != b"WAVE":
        raise _Broken("it does not begin with RIFF and WAVE.")
    form, real = None, 0
    while len(chunk := file.read(8)) == 8:
        name, length = chunk[:4], _number(chunk[4:], order)
        if name == b"data":
            if form is None:
                raise _Broken("its samples come before their format (fmt).")
            return _samples(file, form, _length_of(length, real, size - file.tell()), order)
        if length > size - file.tell():
            raise _Broken(f"it is cut off in the chunk {name.decode('latin1')!r}.")
        content = file.read(length) if name in (b"fmt ", b"ds64") else b""
        file.seek(length - len(content) + length % 2, 1)  # chunks begin at even places
        if name == b"fmt ":
            form = _form(content, order)
        elif name == b"ds64" and len(content) >= 16:
            real = _number(content[8:16], order)
    raise _Broken("it has no chunk of samples (data).")


def _length_of(length: int, real: int, left: int) -> int:
    """Bytes of samples.  real: what a ds64 chunk says.  left: bytes that follow in the file."""
    if length == OPEN_END[1] and real:
        length = real
    if length in OPEN_END:
        return left
    if length > left:
        raise _Broken(f"it is cut off: {left} bytes of samples of {length}.")
    return length


def _form(content: bytes, order: str) -> _Form:
    if len(content) < 16:
        raise _Broken(f"its format (fmt) has {len(content)} bytes; 16 or more were expected.")
    code, channels = _number(content[:2], order), _number(content[2:4], order)
    rate, block = _number(content[4:8], order), _number(content[12:14], order)
    bits = _number(content[14:16], order)
    if code == EXTENSIBLE and len(content) >= 26:
        code = _number(content[24:26], order)
    if code not in (PCM, FLOAT):
        raise _Broken(f"its coding is {code}; {PCM} (PCM) or {FLOAT} (floating point) was read.")
    if channels < 1:
        raise _Broken("it has 0 channels; one or more were expected.")
    if not 1 <= rate <= FASTEST:
        raise _Broken(f"its rate is {rate} Hz; 1 to {FASTEST} was expected.")
    width = -(-bits // 8)
    fits = width in ((1, 2, 3, 4, 8) if code == PCM else (4, 8)) and block == channels * width
    if not fits:
        what = f"{bits} bits in {channels} channels of {block} bytes"
        raise _Broken(f"it has {what} together, which do not fit.")
    return _Form(code, channels, rate, width)


def _samples(file: IO[bytes], form: _Form, length: int, order: str) -> tuple[np.ndarray, int]:
    block = form.channels * form.width
    raw = file.read(length - length % block)
    if form.code == FLOAT:
        flat = np.frombuffer(raw, f"{order}f{form.width}")
    elif form.width == 1:
        flat = np.frombuffer(raw, np.uint8)
    elif form.width == 3:
        flat = _of_three_bytes(raw, order)
    else:
        flat = np.frombuffer(raw, f"{order}i{form.width}")
    samples = flat.astype(flat.dtype.newbyteorder("="))
    return (samples.reshape(-1, form.channels) if form.channels > 1 else samples), form.rate


def _of_three_bytes(raw: bytes, order: str) -> np.ndarray:
    """24-bit numbers as the upper bytes of 32-bit ones."""
    bytes_of = np.frombuffer(raw, np.uint8).reshape(-1, 3)
    wide = np.zeros((len(bytes_of), 4), np.uint8)
    wide[:, 1:] = bytes_of if order == "<" else bytes_of[:, ::-1]
    return wide.view("<i4")[:, 0]


def _number(content: bytes, order: str) -> int:
    return int.from_bytes(content, "little" if order == "<" else "big")
