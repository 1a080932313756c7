"""axe-core on the page of explorers in JupyterLab; the lessons' own tests ask it too."""

import shutil

import pytest
from playwright.sync_api import expect

from benchmarks import browser
from benchmarks.latency import CARD
from browser import axe
from coursekit.course.app import PAGE
from coursekit.course.widgets import EXPLORERS

THEME = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
WRONG = """() => {
  const outputs = document.querySelectorAll('.jp-OutputArea-output');
  outputs[outputs.length - 1].innerHTML +=
    '<p style="color:#999;background:#fff">too pale</p><button></button><img src="data:,">';
}"""


@pytest.fixture
def explorers(served, page):
    """The page in JupyterLab, run."""
    server, _ = served
    shutil.copy(PAGE, server.root / PAGE.name)
    browser.open_notebook(page, server, PAGE.name)
    assert not any(cell["errors"] for cell in browser.run_all(page))
    expect(page.locator(".ck-shelf")).to_have_count(1 + len(EXPLORERS))
    yield page
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")


def theme(page, name):
    """Switch JupyterLab's theme and wait until a card has its colours."""
    ground = "() => getComputedStyle(document.querySelector('.ck-card')).backgroundColor"
    before = page.evaluate(ground)
    page.evaluate(THEME, f"JupyterLab {name}")
    page.wait_for_function(f"before => ({ground})() !== before", arg=before)


def test_the_page_of_explorers_has_no_serious_violation(explorers):
    teacher = EXPLORERS["lines"]()
    code = explorers.get_by_role("textbox", name="Code of an explorer")
    code.press_sequentially(teacher.handout(locked=["w1"], hidden=["noise"]))
    code.press("Enter")
    card = explorers.locator(CARD.format(key="lines"))
    card.get_by_role("checkbox", name="Show as table").press("Space")
    expect(card.get_by_role("table").first).to_be_visible()
    explorers.get_by_role("button", name="Open “pace”").press("Enter")
    explorers.locator(CARD.format(key="pace")).wait_for()
    code.fill("nonsense")
    code.press("Enter")
    expect(explorers.get_by_role("alert")).to_contain_text("is of no explorer")
    assert axe.serious(explorers) == []
    try:
        theme(explorers, "Dark")
        assert axe.serious(explorers) == []
    finally:
        theme(explorers, "Light")
    explorers.evaluate(WRONG)  # and it does see what is wrong, far below the first screen
    rules = {line.split()[0] for line in axe.serious(explorers)}
    assert rules == {"color-contrast", "button-name", "image-alt"}
