"""Explorers without a picture: to read a code needs none, to open one needs only its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

PUT_OFF: ContextVar[bool] = ContextVar("PUT_OFF", default=False)


@contextmanager
def put_off() -> Iterator[None]:
    """Explorers made inside the block compute nothing until somebody looks or turns a knob.

    ``@put_off()`` stands above the function that makes an explorer of the course.
    """
    token = PUT_OFF.set(True)
    try:
        yield
    finally:
        PUT_OFF.reset(token)
