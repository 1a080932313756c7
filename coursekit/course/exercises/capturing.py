"""Keep what code prints and warns while it is checked; a graded cell must stay silent."""

import contextlib
import io
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def captured() -> Iterator[Callable[[], str]]:
    """Keep what is printed and warned inside; a graded cell must stay silent."""
    text = io.StringIO()
    with (
        _descriptor_captured(text),
        _handlers_captured(text),
        contextlib.redirect_stdout(text),
        contextlib.redirect_stderr(text),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")

        def printed() -> str:
            lines = [f"{w.category.__name__}: {w.message}" for w in caught]
            return "\n".join(filter(None, [text.getvalue().rstrip(), *dict.fromkeys(lines)]))[:2000]

        yield printed


@contextlib.contextmanager
def _descriptor_captured(text: io.StringIO) -> Iterator[None]:
    """Keep what goes past sys.stderr to file descriptor 2, from C code or a subprocess."""
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(tempfile.TemporaryFile())
            saved = os.dup(2)
        except OSError:  # no descriptor 2, or nowhere to write: nothing to keep
            yield
            return
        stack.callback(os.close, saved)
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            if sys.__stderr__ is not None:
                with contextlib.suppress(OSError, ValueError):
                    sys.__stderr__.flush()
            os.dup2(saved, 2)
            file.seek(0)
            text.write(file.read(10_000).decode(errors="replace"))


@contextlib.contextmanager
def _handlers_captured(text: io.StringIO) -> Iterator[None]:
    """Keep what loggers write that were set up before with today's sys.stdout or sys.stderr."""
    screen = [sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__]
    old = {h: h.stream for h in _stream_handlers() if any(h.stream is s for s in screen)}
    for handler in old:
        handler.setStream(text)
    try:
        yield
    finally:
        for handler in _stream_handlers():  # also those the answer has made meanwhile
            if handler.stream is text:
                handler.setStream(old.get(handler, screen[1]))


def _stream_handlers() -> list[Any]:
    loggers = [logging.getLogger(), *logging.root.manager.loggerDict.values()]
    handlers = {h for logger in loggers for h in getattr(logger, "handlers", ())}
    return [
        h
        for h in handlers
        if isinstance(h, logging.StreamHandler) and not isinstance(h, logging.FileHandler)
    ]
