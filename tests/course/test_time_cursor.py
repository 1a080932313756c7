"""The time cursor: redrawn and never recomputed, stepped and played, part of the state."""

import asyncio
import gc
import weakref
from itertools import pairwise

import pandas as pd
import pytest

from coursekit.course.plots import new_figure
from coursekit.course.widgets import Choice, Explorer, Slider
from coursekit.course.widgets import cursor_buttons as player_module
from coursekit.course.widgets.cursor_buttons import Player

EPOCH = Slider("epoch", 1, 4, 1, 4)


class PointView:
    """One point of a curve."""

    def __init__(self):
        self.figure, (ax,) = new_figure(2, 2, layout=None)
        (self.dot,) = ax.plot([0], [0], marker="o")
        ax.set_xlim(0, 5)
        ax.set_ylim(0, 500)

    def update(self, data):
        self.dot.set_data([data[0]], [data[1]])

    def describe(self, data):
        return f"Epoch {data[0]}: {data[1]}."

    def table(self, data):
        return pd.DataFrame({"epoch": [data[0]], "value": [data[1]]})


@pytest.fixture
def film():
    """An explorer over four epochs, and what was computed."""
    done = []

    def compute(seed):
        values = []
        for epoch in range(4):
            values.append(100 * seed + epoch + 1)
            done.append((seed, epoch))
            yield list(values)
        return values

    def at(values, epoch):
        last = min(int(epoch), len(values))
        return last, values[last - 1]

    controls = {"seed": Slider("seed", 0, 4, 1, 1), "epoch": EPOCH}
    e = Explorer("film", "A film", controls, compute, PointView,
                 {"first": {"epoch": 1}}, cursor="epoch", at=at)  # fmt: skip
    done.clear()
    return e, done


def run(scenario):
    return asyncio.run(scenario())


def buttons(e):
    return {b.description: b for b in e._panel._rows["epoch"].children}


def test_moving_the_cursor_redraws_and_computes_nothing(film):
    e, done = film
    codes = {e.code}
    for epoch in (1, 2, 3):
        e.set(epoch=epoch)
        assert e.alt == f"Epoch {epoch}: {100 + epoch}."
        assert e.picture == e.render(**e.state)
        codes.add(e.code)
    done.clear()
    e.preset("first")
    assert e.alt == "Epoch 1: 101." and done == [] and len(codes) == 4
    e.set(seed=2)
    assert e.alt == "Epoch 1: 201." and len(done) == 4


def test_a_cursor_moved_while_it_computes_does_not_start_it_anew(film):
    e, done = film

    async def scenario():
        e.set(seed=3)
        while len(done) < 2:
            await asyncio.sleep(0)
        e.set(epoch=2)
        await e.settle()

    run(scenario)
    assert done == [(3, epoch) for epoch in range(4)]
    assert e.alt == "Epoch 2: 302." and e.shown == e.state


def test_other_knobs_end_what_is_unfinished(film):
    e, done = film

    async def scenario():
        e.set(seed=3)
        while len(done) < 2:
            await asyncio.sleep(0)
        e.set(seed=2)
        await e.settle()

    run(scenario)
    assert [seed for seed, _ in done].count(3) < 4
    assert e.alt == "Epoch 4: 204."


def test_steps_work_without_a_loop_and_stay_at_the_ends(film):
    e, _ = film
    press = buttons(e)
    press["Step"].click()
    assert e.state["epoch"] == 4
    for expected in (3, 2, 1, 1):
        press["Step back"].click()
        assert e.state["epoch"] == expected and e.alt == f"Epoch {expected}: {100 + expected}."
    press["Step"].click()
    assert e.state["epoch"] == 2
    with pytest.raises(RuntimeError, match="use step"):
        e.player.play()


def test_play_goes_from_the_first_to_the_end_and_leaves_no_task(film, monkeypatch):
    monkeypatch.setattr(player_module, "PACE", 0.01)
    e, done = film
    texts_shown = []

    async def scenario():
        buttons(e)["Play"].click()
        assert "Pause" in buttons(e)
        while e.player.playing:
            texts_shown.append(e.alt)
            await asyncio.sleep(0.001)
        texts_shown.append(e.alt)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(scenario)
    changes = [b for a, b in pairwise(texts_shown) if a != b]
    assert changes == [f"Epoch {i}: {100 + i}." for i in (1, 2, 3, 4)]
    assert done == [] and "Play" in buttons(e)


@pytest.mark.parametrize(
    "stop",
    [
        lambda e: e.set(seed=2),
        lambda e: e.reset(),
        lambda e: e.preset("first"),
        lambda e: e.restore(e.code),
        lambda e: buttons(e)["Pause"].click(),
        lambda e: buttons(e)["Step back"].click(),
    ],
)
def test_any_other_action_stops_it(film, monkeypatch, stop):
    monkeypatch.setattr(player_module, "PACE", 0.05)
    e, _ = film

    async def scenario():
        e.player.play()
        await asyncio.sleep(0.02)
        stop(e)
        assert not e.player.playing and "Play" in buttons(e)
        await e.settle()
        at = e.state["epoch"]
        await asyncio.sleep(0.15)
        assert e.state["epoch"] == at and e.shown == e.state
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(scenario)


def test_playing_keeps_nobody_alive(monkeypatch):
    monkeypatch.setattr(player_module, "PACE", 0.01)

    class Nowhere:
        def __await__(self):
            return iter(())

    async def scenario():
        at = [1]
        player = Player(EPOCH, lambda: at[0], lambda v: at.__setitem__(0, v), Nowhere)
        player.play()
        await asyncio.sleep(0)
        reference = weakref.ref(player)
        del player
        gc.collect()
        await asyncio.sleep(0.05)
        assert reference() is None and at[0] < 4
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(scenario)


def test_a_cursor_that_is_none_is_refused():
    knobs = {"mode": Choice("mode", ("a", "b"), "a")}
    for cursor, at, error, words in (
        ("mode", lambda d, v: d, TypeError, "a Slider was expected"),
        ("mood", lambda d, v: d, ValueError, "Did you mean 'mode'"),
        ("", lambda d, v: d, ValueError, "at is given without a cursor"),
    ):
        with pytest.raises(error, match=words):
            Explorer("x", "x", knobs, lambda: 1, PointView, cursor=cursor, at=at)
