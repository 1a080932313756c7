"""What happens to Python's garbage collection while a learner waits for a picture."""

import asyncio
import gc

import pytest

from coursekit.course.widgets.latest_wins import Latest


def steps_that_look(enabled):
    def work(wish):
        for _ in range(3):
            enabled.append(gc.isenabled())
            yield
        if wish == "fail":
            raise ValueError("no such picture")

    return work


async def ask(latest, wish):
    latest.ask(wish)
    await latest.settle()


@pytest.mark.parametrize("enabled", [True, False])
def test_no_collection_falls_into_the_work_and_all_is_as_before_afterwards(enabled):
    while_working = []
    latest = Latest(steps_that_look(while_working), lambda on: None)
    if not enabled:
        gc.disable()
    try:
        asyncio.run(ask(latest, "picture"))
        assert gc.isenabled() == enabled
        with pytest.raises(ValueError, match="no such picture"):
            asyncio.run(ask(latest, "fail"))
        assert gc.isenabled() == enabled
    finally:
        gc.enable()
    assert while_working == [False] * 6
