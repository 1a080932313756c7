"""One server and one browser for all tests of this folder."""

from pathlib import Path

import pytest

from benchmarks import browser, servers


# Playwright keeps an event loop running until it is closed, which tests after it must not find.
@pytest.fixture(scope="package")
def served(tmp_path_factory):
    """A running Lab over an empty folder, and a browser context; both end with the tests."""
    if browser.browser_path() is None:
        pytest.skip(f"no browser on the PATH; one of {', '.join(browser.BROWSERS)} is needed")
    root, home = tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("home")
    with servers.lab(root, home) as server, browser.browse(home / "profile") as context:
        yield server, context


@pytest.fixture
def page(served, tmp_path: Path):
    """A fresh tab; its errors are collected in ``page_errors``, its last look in a screenshot."""
    _, context = served
    tab = context.new_page()
    tab.page_errors = browser.watch(tab)
    yield tab
    tab.screenshot(path=tmp_path / "last.png")
    tab.close()
