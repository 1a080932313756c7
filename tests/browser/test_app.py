"""The explorers as an app under Voila: its token, every explorer, a code in the address."""

import urllib.request

import numpy as np
import pytest
from playwright.sync_api import expect

from benchmarks import browser, servers
from benchmarks.latency import CARD
from browser import axe
from browser.test_lessons_in_browser import pixels, shown_pixels
from coursekit.course.widgets import EXPLORERS

# The template's icons come from a content network; the app's own rule keeps the page here.
REFUSED = "cdn.jsdelivr.net/npm/@fortawesome"


@pytest.fixture(scope="module")
def app(served, tmp_path_factory):
    """The app, in the browser that the other tests use."""
    _, context = served
    with servers.app(tmp_path_factory.mktemp("app")) as server:
        yield server, context


def open_app(app, page, query=""):
    """The page once all its widgets stand there."""
    server, _ = app
    page.goto(f"{server.url}/?token={server.token}{query}")
    page.locator(".ck-shelf").nth(len(EXPLORERS)).wait_for(timeout=browser.minute())


def obeys(card):
    """One key press on the first slider brings another picture; its state and its pixels."""
    picture = card.locator("img[data-explorer]")
    before = picture.evaluate("e => [e.dataset.state, e.src]")
    handle = card.get_by_role("slider").first
    handle.focus()
    at = [handle.get_attribute(f"aria-value{end}") for end in ("now", "min")]
    handle.press("ArrowRight" if at[0] == at[1] else "ArrowLeft")
    expect(picture).not_to_have_attribute("data-state", before[0], timeout=browser.minute())
    after = picture.evaluate("e => [e.dataset.state, e.src]")
    assert after[1] != before[1]
    return after


def test_without_the_token_there_is_only_a_login(app):
    server, _ = app
    with urllib.request.urlopen(server.url, timeout=browser.minute() / 1000) as answer:
        text = answer.read().decode()
    assert "/login" in answer.url and "password" in text.lower()
    assert "explorers" not in text


def test_every_explorer_opens_obeys_and_closes(app, page):
    open_app(app, page)
    assert page.locator("img[data-explorer]").count() == 0  # nothing is computed before
    for key in EXPLORERS:
        page.get_by_role("button", name=f"Open “{key}”").press("Enter")
        card = page.locator(CARD.format(key=key))
        card.locator("img[data-explorer]").wait_for(timeout=browser.minute())
        code, source = obeys(card)
        if key == "lines":
            explorer = EXPLORERS[key]()
            drawn = explorer.render(**explorer.read(code))
            assert np.array_equal(shown_pixels(source), pixels(drawn))
        card.get_by_role("checkbox", name="Show as table").press("Space")
    assert axe.serious(page, {"include": [[".ck-shelf"]]}) == []
    close = page.get_by_role("button", name="Close “lines”")
    close.press("Enter")
    expect(page.locator(CARD.format(key="lines"))).to_have_count(0)
    assert page.locator("img[data-explorer]").count() == len(EXPLORERS) - 1
    assert [message for message in page.page_errors if REFUSED not in message] == []


def test_a_handout_in_the_address_opens_with_its_knobs_closed(app, page):
    teacher = EXPLORERS["lines"]()
    teacher.set(w3=2.5, seed=3)
    code = teacher.handout(locked=["w1"], hidden=["noise"])
    open_app(app, page, f"&code={code}")
    card = page.locator(CARD.format(key="lines"))
    expect(card.locator("img[data-explorer]")).to_have_attribute("data-state", code)
    expect(card.get_by_role("spinbutton", name="w1, smiling")).to_be_disabled()
    expect(card.get_by_role("spinbutton", name="noise, sd")).to_have_count(0)
    field = page.get_by_role("textbox", name="Code of an explorer")
    expect(field).to_have_value(code)
    field.fill("<b>nonsense</b>")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(
        "The code '<b>nonsense</b>' is of no explorer"
    )
    expect(card).to_be_visible()
