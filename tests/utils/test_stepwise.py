"""Work that pauses: driven to its end, and seen through a function."""

import pytest

from coursekit.utils.stepwise import drive, mapped


def work(closed=None):
    try:
        yield 1
        yield 2
    finally:
        if closed is not None:
            closed.append(True)
    return 3


def test_driven_work_gives_what_it_returns():
    assert drive(work()) == 3


def test_what_work_yields_and_returns_is_changed_alike():
    changed = mapped(work(), lambda number: f"no. {number}")
    assert [next(changed), next(changed)] == ["no. 1", "no. 2"]
    with pytest.raises(StopIteration) as end:
        next(changed)
    assert end.value.value == "no. 3"


def test_abandoning_changed_work_abandons_the_work_itself():
    closed = []
    changed = mapped(work(closed), str)
    assert next(changed) == "1"
    changed.close()
    del changed
    assert closed == [True]
