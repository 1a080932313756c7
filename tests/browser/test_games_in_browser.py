"""Diagnosis games in a real JupyterLab, played with the keyboard alone."""

import json
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import expect

from benchmarks import browser
from coursekit.course.games import game

CASE = 21
FOLDER = "of-games"
START = """import os
os.environ["COURSEKIT_RECORD"] = {folder!r}
from coursekit.course.widgets.game import GAMES
GAMES[{name!r}]({case})"""


@pytest.fixture
def opened(served, page):
    """Both kinds of game in a notebook that has just been run; the folder of their record."""
    server, _ = served
    cells = [
        new_code_cell(START.format(folder=FOLDER, name=name, case=CASE))
        for name in ("illness", "synergy")
    ]
    notebook = new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, server.root / "games.ipynb")
    browser.open_notebook(page, server, "games.ipynb")
    assert not any(cell["errors"] for cell in browser.run_all(page))
    assert browser.show_output(page, "data-game")
    page.locator("img[data-game]").first.wait_for()
    yield server.root / FOLDER
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")


def tab_to(page, words, most=20):
    """Press Tab until the focused element's text contains ``words``."""
    texts = []
    for _ in range(most):
        page.keyboard.press("Tab")
        texts.append(page.evaluate("document.activeElement.innerText || ''"))
        if words in texts[-1]:
            return
    raise AssertionError(f"{most} times Tab never reached {words!r}: {texts}")


def answers_by_arrow_keys(page, card, answers, answer):
    """Tab is one stop for the whole group; the arrow keys move within it."""
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") == "radio"
    page.keyboard.press("Space")
    for _ in range(answers.index(answer)):
        page.keyboard.press("ArrowDown")
    expect(card.get_by_role("radio", name=answer, exact=True)).to_be_checked()
    tab_to(page, "Commit my answer")
    page.keyboard.press("Enter")


def test_games_are_played_without_a_mouse(opened, page):
    played = game("illness")
    truth = played.case(CASE).truth
    card = page.locator(".ck-card").first
    picture = card.locator("img[data-game]")
    assert f"Case {CASE}" in picture.get_attribute("alt")
    card.get_by_role("spinbutton").focus()
    tab_to(page, "Order probes")
    page.keyboard.press("Enter")
    expect(card.get_by_role("button", name="probes: ordered")).to_be_visible()
    expect(picture).to_have_attribute("alt", re.compile("Probe of A: .*Not ordered: ensemble"))
    expect(card.get_by_role("radiogroup", name=played.question)).to_be_visible()
    answers_by_arrow_keys(page, card, list(played.answers), truth)
    status = card.locator("[role=status]")
    expect(status).to_contain_text("Score: 100 for the answer, less 15")
    expect(picture).to_have_attribute("alt", re.compile(f"The truth: {truth}[.]$"))
    tab_to(page, "Next case")
    page.keyboard.press("Enter")
    expect(picture).to_have_attribute("data-case", str(CASE + 1), timeout=browser.minute())
    expect(card.locator("input[type=radio]:checked")).to_have_count(0)

    other = page.locator(".ck-card").nth(1)
    other.scroll_into_view_if_needed()
    handle = other.get_by_role("slider", name="Your answer (share)")
    handle.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    expect(handle).to_have_attribute("aria-valuetext", "0.40")
    tab_to(page, "Commit my answer")
    page.keyboard.press("Enter")
    expect(other.locator("[role=status]")).to_contain_text("Your answer: 0.40. The truth: ")

    lines = (opened / "record.jsonl").read_text().splitlines()
    answers = [(e["key"], e["case"], e["answer"]) for e in map(json.loads, lines)]
    assert answers == [(game("illness").key, CASE, truth), (game("synergy").key, CASE, 0.4)]
    assert page.page_errors == []
