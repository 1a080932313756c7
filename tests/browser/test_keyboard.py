"""Everything without a mouse, in a real JupyterLab: Tab to get there, keys to use it."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import expect

from benchmarks import browser
from browser import axe, stub_explorer

CELLS = (
    "import stub_explorer\nstub_explorer.build()",
    "handed = stub_explorer.build()\n"
    "stub_explorer.build().open(handed.handout(locked=['height', 'mode'], hidden=['seed']))",
    "stub_explorer.ask()",
    "from coursekit.course.widgets import ChoiceGuess, EXPLORERS\n"
    "ChoiceGuess('00-which', 'Which one?', ('red', 'green', 'blue'))",
    "from coursekit.course.widgets.curve_guess import CurveGuess\n"
    "CurveGuess('00-how', 'How?', [1, 2, 3, 4, 5], 0.0, 1.0, names=('epoch', 'accuracy'))",
    "EXPLORERS['film']()",
    "import pandas as pd\n"
    "pd.DataFrame({f'a_long_name_for_{i}': [0.123456] * 2 for i in range(20)})",
)
EXPLORER, HANDOUT, NUMBER, CHOICE, CURVE, FILM, WIDE = range(len(CELLS))

# Role and name of what has the focus, and the number of its cell.
FOCUSED = """() => {
  const e = document.activeElement, label = e.labels?.length ? e.labels[0].textContent : '';
  const name = e.getAttribute('aria-label') || label || e.textContent;
  const roles = {submit: 'button', 'select-one': 'combobox', number: 'spinbutton', text: 'textbox'};
  const role = e.getAttribute('role') || roles[e.type] || e.type || e.tagName;
  return [role, name.trim(), Number(e.closest('.jp-Cell')?.dataset.windowedListIndex ?? -1)];
}"""
LAB = """() => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  return [notebook.activeCellIndex, notebook.mode, notebook.model.cells.length];
}"""
START = """cell => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = cell;
  notebook.mode = 'command';
  notebook.scrollToItem(cell, 'start');
  notebook.activeCell.node.focus();
}"""


@pytest.fixture(scope="module")
def tab(served):
    """One notebook with a card of every kind, run once; the tests use cards of their own."""
    server, context = served
    shutil.copy(Path(stub_explorer.__file__), server.root)
    notebook = new_notebook(cells=[new_code_cell(source) for source in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, server.root / "keys.ipynb")
    page = context.new_page()
    page.page_errors = browser.watch(page)
    browser.open_notebook(page, server, "keys.ipynb")
    assert not any(cell["errors"] for cell in browser.run_all(page))
    expect(page.locator(".ck-card")).to_have_count(WIDE, timeout=browser.minute())
    yield page
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.close()


@pytest.fixture
def enter(tab):
    """Put the focus on a cell, where the arrow keys of JupyterLab put it; its card comes back."""

    def go(cell):
        tab.evaluate(START, cell)
        card = tab.locator(".ck-card").nth(cell)
        expect(card).to_be_visible(visible=cell != WIDE)
        # The names of sliders are set when their views stand in the page.
        expect(card.locator(".noUi-handle:not([aria-label])")).to_have_count(0)
        return card

    yield go
    assert tab.page_errors == []


def tab_to(page, role, name, most=30):
    """Press Tab until the control has the focus; what was passed on the way."""
    passed = []
    for _ in range(most):
        page.keyboard.press("Tab")
        passed.append(tuple(page.evaluate(FOCUSED)))
        if passed[-1][:2] == (role, name):
            return passed
    raise AssertionError(f"{most} times Tab never reached {role} {name!r}: {passed}")


def press(page, key):
    """Press a key in a card: JupyterLab takes no notice, and the focus stays."""
    focus, (active, mode, cells) = page.evaluate(FOCUSED), page.evaluate(LAB)
    page.keyboard.press(key)
    assert page.evaluate(FOCUSED)[::2] == focus[::2]
    assert page.evaluate(LAB) == [active, mode, cells]


def test_tab_reaches_every_control_of_an_explorer_in_its_order(enter, tab):
    enter(EXPLORER)
    reached = tab_to(tab, "checkbox", "Show as table")
    # JP-BUTTON: JupyterLab's own, above the cell.
    assert [stop for stop in reached if stop[0] != "JP-BUTTON"] == [
        (role, name, EXPLORER)
        for role, name in (
            ("spinbutton", "height (m)"),
            ("slider", "height (m)"),
            ("spinbutton", "seed"),
            ("slider", "seed"),
            ("combobox", "mode"),
            ("button", "top"),
            ("button", "Reset"),
            ("textbox", "Code"),
            ("checkbox", "Show as table"),
        )
    ]


def test_an_explorer_is_turned_chosen_coded_and_read_as_a_table(enter, tab):
    card, explorer = enter(EXPLORER), stub_explorer.build()
    picture = card.locator("img[data-explorer]")

    def shows(**state):
        explorer.set(**state)
        expect(picture).to_have_attribute("data-state", explorer.code)

    tab_to(tab, "spinbutton", "height (m)")
    press(tab, "ArrowUp")
    shows(height=0.26)
    tab_to(tab, "slider", "seed")
    for key, seed in (("ArrowRight", 1), ("ArrowUp", 2), ("ArrowLeft", 1), ("End", 99)):
        press(tab, key)
        shows(seed=seed)
    tab_to(tab, "combobox", "mode")
    press(tab, "ArrowDown")
    shows(mode="steep")
    tab_to(tab, "button", "top")
    press(tab, "Enter")
    shows(height=2.0)
    code = explorer.code
    tab_to(tab, "button", "Reset")
    press(tab, "Space")
    shows(**stub_explorer.build().state)
    tab_to(tab, "textbox", "Code")
    tab.keyboard.press("Control+a")
    tab.keyboard.type("stub-nonsense")
    press(tab, "Enter")
    expect(card.get_by_role("alert")).to_contain_text("The code")
    tab.keyboard.press("Control+a")
    tab.keyboard.type(code)
    press(tab, "Enter")
    shows(**explorer.read(code))
    tab_to(tab, "checkbox", "Show as table")
    press(tab, "Space")
    expect(card.get_by_role("table")).to_be_visible()


def test_a_handouts_locked_knob_cannot_be_moved(enter, tab):
    card = enter(HANDOUT)
    picture = card.locator("img[data-explorer]")
    before = picture.get_attribute("data-state")
    passed = tab_to(tab, "button", "Reset")
    assert not [stop for stop in passed if stop[1] in ("height (m)", "mode", "seed")]
    handle = card.get_by_role("slider", name="height (m)")
    expect(handle).to_be_disabled()
    handle.focus()
    at = handle.get_attribute("aria-valuetext")
    for key in ("ArrowRight", "ArrowUp", "End", "PageUp"):
        tab.keyboard.press(key)
    tab.wait_for_timeout(500)
    assert handle.get_attribute("aria-valuetext") == at
    assert picture.get_attribute("data-state") == before


def status_of(card):
    return card.locator(".ck-status")


def test_a_number_is_guessed_and_skipped(enter, tab):
    card = enter(NUMBER)
    tab_to(tab, "slider", "Your guess (m)")
    press(tab, "ArrowRight")
    press(tab, "ArrowRight")
    expect(card.get_by_role("spinbutton")).to_have_value("6")
    tab_to(tab, "button", "Commit my guess")
    press(tab, "Enter")
    expect(status_of(card)).to_contain_text("Your guess: 6 m.")
    tab_to(tab, "button", "Skip")
    press(tab, "Space")
    expect(status_of(card)).to_contain_text("Skipped.")


def test_one_of_several_is_chosen_and_skipped(enter, tab):
    card = enter(CHOICE)
    tab_to(tab, "button", "Commit my guess")  # past the options, none of them chosen
    press(tab, "Enter")
    expect(card.get_by_role("alert")).to_contain_text("Choose one")
    enter(CHOICE)
    tab_to(tab, "radio", "red")
    press(tab, "Space")
    for key, name in (("ArrowDown", "green"), ("ArrowRight", "blue"), ("ArrowUp", "green")):
        tab.keyboard.press(key)
        expect(card.get_by_role("radio", name=name)).to_be_checked()
        expect(card.get_by_role("radio", name=name)).to_be_focused()
    assert tab.evaluate(LAB)[0] == CHOICE
    tab_to(tab, "button", "Commit my guess")
    press(tab, "Space")
    expect(status_of(card)).to_contain_text("Your guess: green.")
    tab_to(tab, "button", "Skip")
    press(tab, "Enter")
    expect(status_of(card)).to_contain_text("Skipped.")


def test_a_curve_is_sketched_and_skipped(enter, tab):
    card = enter(CURVE)
    tab_to(tab, "button", "rising")
    press(tab, "Enter")
    sketch = card.get_by_role("img")
    expect(card.get_by_role("slider").last).to_have_attribute("aria-valuetext", "1.00")
    tab_to(tab, "slider", "accuracy at epoch 1")
    before = sketch.get_attribute("alt")
    for key, height in (("ArrowUp", "0.05"), ("ArrowRight", "0.10"), ("ArrowDown", "0.05")):
        press(tab, key)
        expect(card.get_by_role("slider").first).to_have_attribute("aria-valuetext", height)
    expect(sketch).not_to_have_attribute("alt", before)
    for epoch in range(2, 6):  # each point is a stop of its own
        passed = tab_to(tab, "slider", f"accuracy at epoch {epoch}")
        assert len(passed) == 1
    tab_to(tab, "button", "Commit my guess")
    press(tab, "Enter")
    expect(status_of(card)).to_contain_text("Your guess: 0.05, 0.25, 0.5, 0.75, 1.")
    tab_to(tab, "button", "Skip")
    press(tab, "Enter")
    expect(status_of(card)).to_contain_text("Skipped.")


def test_the_film_is_stepped_and_played(enter, tab):
    card = enter(FILM)
    epoch = card.get_by_role("spinbutton", name="epoch")
    picture = card.locator("img[data-explorer]")
    last = int(epoch.input_value())
    tab_to(tab, "button", "Step back")
    for back in (1, 2, 3):
        press(tab, "Enter")
        expect(epoch).to_have_value(str(last - back))
    expect(picture).to_have_attribute("alt", re.compile(f"Epoch {last - 3} of"))
    tab_to(tab, "button", "Step")
    press(tab, "Space")
    expect(epoch).to_have_value(str(last - 2))
    expect(picture).to_have_attribute("alt", re.compile(f"Epoch {last - 2} of"))
    epoch.fill("1")  # from the end the film would be over before anybody looks
    epoch.press("Enter")
    expect(picture).to_have_attribute("alt", re.compile("Epoch 1 of"))
    tab_to(tab, "button", "Play")
    press(tab, "Enter")
    expect(card.get_by_role("button", name="Pause")).to_be_focused()
    expect(epoch).to_have_value(str(last))  # the film has run to its end
    expect(card.get_by_role("button", name="Play")).to_be_focused()
    press(tab, "Enter")  # from the end it starts anew
    expect(card.get_by_role("button", name="Pause")).to_be_focused()
    press(tab, "Space")
    expect(card.get_by_role("button", name="Play")).to_be_focused()
    assert int(epoch.input_value()) < last


def test_a_wide_output_is_scrolled(enter, tab):
    enter(WIDE)
    output = tab.locator(".jp-OutputArea-output").nth(WIDE)
    expect(output).to_have_attribute("tabindex", "0")
    tab_to(tab, "group", "wide output, scrolls sideways")
    press(tab, "ArrowRight")
    tab.wait_for_function("() => document.activeElement.scrollLeft > 0")


def test_axe_core_finds_nothing_in_any_card(tab):
    assert axe.serious(tab) == []
