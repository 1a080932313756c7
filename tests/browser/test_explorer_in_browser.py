"""The explorer's own behaviour in a real JupyterLab, with one that trains nothing."""

import shutil
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import expect

from benchmarks import browser
from browser import stub_explorer
from browser.test_lessons_in_browser import PICTURE, pixels, shown_pixels

# At every frame: is there a picture, and is it decoded? How high is the card?
WATCH = """() => {
  const seen = window.seen = {frames: 0, blank: 0, states: [], heights: []};
  const look = () => {
    const image = document.querySelector('.ck-card img[data-explorer]');
    seen.frames += 1;
    if (!image || !image.complete || !image.naturalWidth) seen.blank += 1;
    else if (seen.states.at(-1) !== image.dataset.state) seen.states.push(image.dataset.state);
    seen.heights.push(Math.round(document.querySelector('.ck-card').offsetHeight));
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


@pytest.fixture
def card(served, page):
    """The stub explorer's card in a notebook that has just been run."""
    server, _ = served
    shutil.copy(Path(stub_explorer.__file__), server.root)
    source = "import stub_explorer\nexplorer = stub_explorer.build()\nexplorer"
    notebook = new_notebook(cells=[new_code_cell(source), new_code_cell("stub_explorer.ask()")])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, server.root / "stub.ipynb")
    browser.open_notebook(page, server, "stub.ipynb")
    assert not any(cell["errors"] for cell in browser.run_all(page))
    assert browser.show_output(page, "data-explorer")
    page.locator(PICTURE).wait_for()
    return page.locator(".ck-card").first


def wait_for_state(page, explorer, **state):
    """Wait until the picture shows ``state``, and require the pixels of an offline drawing."""
    explorer.set(**state)
    picture = page.locator(PICTURE)
    expect(picture).to_have_attribute("data-state", explorer.code, timeout=browser.minute())
    source, alt = picture.evaluate("e => [e.src, e.alt]")
    assert np.array_equal(shown_pixels(source), pixels(explorer.render(**explorer.state)))
    assert alt == explorer.alt


def test_names_that_assistive_technology_reads(card, page):
    for name in ("height (m)", "seed"):
        expect(card.get_by_role("slider", name=name, exact=True)).to_be_visible()
        expect(card.get_by_role("spinbutton", name=name, exact=True)).to_be_visible()
    expect(card.get_by_role("combobox", name="mode", exact=True)).to_be_visible()
    expect(card.get_by_role("textbox", name="Code", exact=True)).to_be_visible()
    for name in ("top", "Reset"):
        expect(card.get_by_role("button", name=name, exact=True)).to_be_visible()
    expect(page.get_by_role("group", name="A walk", exact=True)).to_have_count(1)
    expect(card.locator("[role=status][aria-live=polite]")).to_have_count(1)
    guess = page.locator(".ck-card").nth(1)
    expect(guess.get_by_role("slider", name="Your guess (m)")).to_be_visible()
    assert page.page_errors == []


def test_keys_move_the_slider_by_its_steps(card, page):
    explorer = stub_explorer.build()
    handle = card.get_by_role("slider").first
    handle.focus()
    # The value 0.25 lies between two steps; the handle stands on the even one, 0.2.
    presses = [("ArrowRight", 0.3), ("ArrowUp", 0.4), ("ArrowLeft", 0.3), ("ArrowDown", 0.2)]
    presses += [("PageUp", 0.7), ("PageDown", 0.2), ("End", 2.0), ("Home", -2.0)]
    for key, height in presses:
        handle.press(key)
        wait_for_state(page, explorer, height=height)
        expect(handle).to_have_attribute("aria-valuetext", f"{height:.1f}")
        expect(card.get_by_role("spinbutton").first).to_have_value(f"{height:g}")
    assert page.page_errors == []


def test_a_burst_of_keys_ends_at_the_last_state_without_a_blank_frame(card, page):
    explorer = stub_explorer.build()
    page.evaluate(WATCH)
    handle = card.get_by_role("slider", name="seed")
    handle.focus()
    for _ in range(15):
        handle.press("ArrowRight")
    wait_for_state(page, explorer, seed=15)
    time.sleep(0.5)  # a late picture of an older state would come now
    watched = page.evaluate("window.seen")
    assert watched["frames"] > 10
    assert watched["blank"] == 0
    assert watched["states"][-1] == explorer.code
    assert len(watched["states"]) <= 16
    assert len(set(watched["heights"])) == 1  # nothing below jumps
    assert page.page_errors == []


def test_field_presets_choice_code_and_reset(card, page):
    explorer = stub_explorer.build()
    start = explorer.code
    field = card.get_by_role("spinbutton").first
    field.fill("0.68")
    field.press("Enter")
    wait_for_state(page, explorer, height=0.68)
    field.press("ArrowUp")
    wait_for_state(page, explorer, height=0.69)
    card.get_by_role("combobox", name="mode").select_option("steep")
    wait_for_state(page, explorer, mode="steep")
    steep = explorer.code
    card.get_by_role("button", name="top").press("Enter")
    wait_for_state(page, explorer, height=2.0)
    code = card.get_by_role("textbox", name="Code")
    code.fill("stub-nonsense")
    code.press("Enter")
    expect(card.get_by_role("alert")).to_contain_text("The code")
    code.fill(steep)
    code.press("Enter")
    wait_for_state(page, explorer, **explorer.read(steep))
    expect(card.get_by_role("alert")).to_have_count(0)
    card.get_by_role("button", name="Reset").press("Enter")
    wait_for_state(page, explorer, **explorer.read(start))
    card.get_by_role("checkbox", name="Show as table").check()
    expect(card.get_by_role("table")).to_be_visible()
    assert page.page_errors == []


def test_an_error_is_read_out_and_the_picture_stays(card, page):
    before = page.locator(PICTURE).get_attribute("data-state")
    top = card.get_by_role("slider").first.bounding_box()
    field = card.get_by_role("spinbutton", name="seed")
    field.fill(str(stub_explorer.UNLUCKY))
    field.press("Enter")
    expect(card.get_by_role("alert")).to_contain_text("77 brings no luck")
    assert page.locator(PICTURE).get_attribute("data-state") == before
    assert card.get_by_role("slider").first.bounding_box() == top  # the sentence moves no knob
    assert page.page_errors == []
