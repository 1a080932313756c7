"""The course's site, made of one lesson and what belongs to it; its pages in Chromium."""

import ast
import io
import re
import shutil
import sys
from types import ModuleType

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image
from typer.testing import CliRunner

from coursekit.course.authoring.sources import NOTEBOOKS
from coursekit.course.plots.display import encode
from coursekit.course.site import browser_check, site_source
from coursekit.course.site.__main__ import app
from coursekit.course.site.commands import make_site
from coursekit.course.site.guide_page import guide_page
from coursekit.course.site.library_pages import ROOMS, markdown, public_entries, room_page
from coursekit.course.site.links import broken_links
from coursekit.course.site.make_states import small_picture
from coursekit.course.site.mathml import formula
from coursekit.course.site.page_parts import PageParts
from coursekit.course.site.results_page import claims_of
from coursekit.course.site.site_folder import MARK, put, require_ours
from coursekit.course.site.site_source import without_missing
from coursekit.course.site.stored_guesses import outcome_cells
from coursekit.course.site.web_picture import MOST_OFF, webp

LESSON = "05_more_can_be_worse"
PAGE = f"lessons/{LESSON}.html"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("site") / "made"
    assert make_site(out, "https://example.org/fusion", [LESSON[:2]], solutions=False) == 0
    return out


@pytest.fixture(scope="module")
def lesson(site):
    return BeautifulSoup((site / PAGE).read_text("utf-8"), "html.parser")


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(NOTEBOOKS / f"{LESSON}.ipynb", as_version=4)


needs_browser = pytest.mark.skipif(
    not any(map(shutil.which, browser_check.BROWSERS)),
    reason=f"no browser on the PATH; one of {', '.join(browser_check.BROWSERS)} is needed",
)


def words(markup):
    return " ".join(BeautifulSoup(markup, "html.parser").get_text(" ").split())


def test_numbers_on_the_page_are_those_of_the_notebook(lesson, notebook):
    page = " ".join(lesson.find("article").get_text(" ").split())
    dropped, checked = outcome_cells(notebook), 0
    for number, cell in enumerate(notebook.cells):
        if "nbgrader" in cell.metadata:
            continue
        for place, output in enumerate(cell.get("outputs", [])):
            if place in dropped.get(number, ()):
                continue
            if output.output_type == "stream":
                shown = " ".join(output.text.split())
            else:
                html = output.data.get("text/html", "")
                tables = BeautifulSoup(html, "html.parser").find_all("table")
                shown = " ".join(words(str(table)) for table in tables)
            checked += bool(shown)
            assert shown in page, shown
    assert checked > 30
    assert len(list(claims_of(LESSON, notebook))) > 20


def test_pictures_have_their_texts_and_no_page_carries_them_inside(lesson, site):
    pictures = lesson.select("img.ck-figure")
    assert len(pictures) > 5
    assert all(p["alt"].strip() and p["width"] and p["loading"] == "lazy" for p in pictures)
    files = {p["src"].split("/")[-1]: p["src"] for p in pictures}
    assert all((site / "lessons" / src).read_bytes()[8:12] == b"WEBP" for src in files.values())
    assert "base64" not in str(lesson)


def test_what_need_not_be_read_is_folded(lesson, notebook):
    hidden = [c for c in notebook.cells if c.metadata.get("jupyter", {}).get("source_hidden")]
    assert 0 < len(lesson.select("details.ck-code")) <= len(hidden)
    assert not lesson.select("details.ck-code[open]")
    further = lesson.select("details.ck-further")
    assert len(further) == sum("## Further" in c.source for c in notebook.cells)
    assert all(f.summary.find(["h2", "h3"]).get_text().startswith("Further") for f in further)
    heads = [h.get_text() for h in lesson.find_all("h2") if not h.find_parent("details")]
    assert any("It cannot happen" in head for head in heads)


def test_an_explorer_with_a_method_of_ones_own_keeps_the_picture_that_is_stored():
    notebook = nbformat.read(NOTEBOOKS / "07_gradient_modulation.ipynb", as_version=4)
    shown = [n for n, c in enumerate(notebook.cells) if 'data-explorer="race"' in str(c)]
    assert len(shown) == 2
    good, none = (PageParts(e, []).replaced("07", notebook, "..") for e in (["race"], []))
    assert [n in good.cards for n in shown] == [True, False]
    assert [n in none.notes for n in shown] == [True, False]


def test_terms_have_their_meaning_once_in_a_page(lesson):
    terms = lesson.select(".ck-term")
    assert len(terms) > 10
    ids = [t.find(role="tooltip")["id"] for t in terms]
    assert len(set(ids)) == len(ids)
    assert all(t.a["aria-describedby"] == i for t, i in zip(terms, ids, strict=True))
    assert not lesson.select(".ck-term .ck-term, pre .ck-term, h2 .ck-term")


def test_a_small_mark_keeps_its_colour():
    """Edges have hundreds of shades; a legend is worth nothing if they cost a mark its colour."""
    shades = np.linspace(0, 1, 240)[None, :, None]
    inks = ((20, 20, 20), (213, 94, 0), (0, 114, 60))
    bands = [(1 - shades) * 255 + shades * np.array(ink) for ink in inks]
    drawn = np.concatenate([np.repeat(band, 30, axis=0) for band in bands]).astype(np.uint8)
    drawn[44:47, 200:203] = (0, 114, 178)
    pixels = np.dstack([drawn, np.full(drawn.shape[:2], 255, np.uint8)])
    png = encode(pixels.data)
    for picture, most in ((webp(png), MOST_OFF), (small_picture(png)[0], 2 * MOST_OFF)):
        shown = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), dtype=int)
        assert np.abs(shown - drawn).max() <= most


def test_no_link_is_broken_and_a_broken_one_is_seen(site):
    assert broken_links(site) == []
    page = site / "search.html"
    text = page.read_text("utf-8")
    extra = '<a href="nowhere.html">a</a><a href="index.html#nothing">b</a>'
    script = '<script src="https://example.org/x.js"></script><i id="a"></i><b id="a"></b>'
    page.write_text(text.replace("</body>", f"{extra}{script}</body>"), "utf-8")
    try:
        problems = broken_links(site)
    finally:
        page.write_text(text, "utf-8")
    assert len(problems) == 4
    assert "2 places have the id 'a'" in " ".join(problems)
    assert "nowhere.html is no file" in " ".join(problems)
    assert "'nothing'" in " ".join(problems)


def test_a_folder_with_other_files_is_left_alone(site, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"out is .*which has other files"):
        make_site(tmp_path, "", ["05"], solutions=True)
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert (site / MARK).exists()
    page = tmp_path / "mine.txt"
    for out in (page, page / "below"):
        with pytest.raises(ValueError, match=r"out is .*mine.txt"):
            require_ours(out)
    (tmp_path / "link").symlink_to(site)
    require_ours(tmp_path / "link")


def a_site(folder, **files):
    for name, text in files.items():
        path = folder / f"{name.replace('_', '/')}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_a_new_site_takes_the_place_of_the_last_one_and_of_nothing_else(tmp_path):
    out = tmp_path / "out"
    require_ours(out)
    put(a_site(tmp_path / "1", index="1", lessons_a="a", old_b="b"), out)
    out.chmod(0o770)
    (out / ".git").mkdir()
    (out / ".git" / "HEAD").write_text("mine")
    (out / "lessons" / "mine.txt").write_text("mine")
    listed = (out / MARK).read_text()
    (out / MARK).write_text(listed + "../2/index.html\n")
    require_ours(out)
    put(a_site(tmp_path / "2", index="2"), out)
    names = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert names == {"index.html", ".git/HEAD", "lessons/mine.txt", MARK}
    assert (out / "index.html").read_text() == "2"
    assert not (out / "old").exists()
    assert (tmp_path / "2" / "index.html").exists()
    assert out.stat().st_mode & 0o777 == 0o770


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--lessons", "05, 77"], "lessons has '77'"),
        (["--lessons", "05", "--base", "example.org"], "base is 'example.org'"),
        (["imbalance"], "keys go with --states"),
        (["--states", "nothing"], "KEY is 'nothing'"),
    ],
)
def test_wrong_input_gets_a_sentence_and_leaves_the_last_site(
    tmp_path, monkeypatch, arguments, sentence
):
    monkeypatch.setattr("coursekit.course.site.commands._with_states", lambda *_: None)
    require_ours(tmp_path / "out")
    put(a_site(tmp_path / "1", index="1"), tmp_path / "out")
    got = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "out")])
    assert got.exit_code == 2 and sentence in got.output
    assert (tmp_path / "out" / "index.html").read_text() == "1"


def test_without_the_notebooks_one_is_told_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(site_source, "scripts", list)
    with pytest.raises(ValueError, match="has no lessons; a checkout of the course"):
        site_source.write_source(tmp_path, tmp_path, ["05"], PageParts([], []))


def test_without_sphinx_one_is_told_what_installs_it(monkeypatch, tmp_path):
    def lacks(name):
        raise ModuleNotFoundError("No module named 'sphinx'", name="sphinx")

    commands = ModuleType("commands")
    monkeypatch.setattr(commands, "__getattr__", lacks, raising=False)
    monkeypatch.setitem(sys.modules, "coursekit.course.site.commands", commands)
    got = CliRunner().invoke(app, ["--out", str(tmp_path)])
    assert got.exit_code == 2
    assert "sphinx is not installed; `python course.py site` installs it." in got.output


@pytest.mark.parametrize(
    ("latex", "part"),
    [
        (r"w_{joint}", "<mtext>joint</mtext>"),
        (r"\mathrm{CE}", "<mtext>CE</mtext>"),
        (r"\big( x \big)", "&#x00028;"),
        (r"\frac{a}{b}", "<mfrac>"),
    ],
)
def test_formulas_are_mathml(latex, part):
    drawn = formula(latex, "inline")
    assert drawn.startswith("<math") and part in drawn
    assert "merror" not in drawn and "\\" not in drawn


def test_the_library_is_read_without_being_run():
    tree = ast.parse(
        'class A(B):\n    """One."""\n    def __init__(self, x: int = 1): ...\n'
        '    def f(self):\n        """Two."""\ndef _g(): "no"\ndef h(): ...\n'
    )
    (entry,) = public_entries(tree)
    assert entry.signature == "class A(x: int=1)"
    assert [m.name for m in entry.methods] == ["f"]
    assert markdown("a_b [x](https://y.z) ``c_d``\nErrors: e.") == (
        "a\\_b [x](https://y.z) `c_d`\n\nErrors: e."
    )
    text = room_page("fusion")
    assert "https://arxiv.org/" in text and "## film" in text
    with pytest.raises(ValueError, match="room"):
        room_page("lessons")
    assert set(ROOMS) == {"utils", "data", "layers", "fusion", "models", "training", "balancing",
                          "analysis", "compare"}  # fmt: skip


def test_links_lead_to_pages_or_become_words():
    text = "[05](/lessons/05_x.md#a) [06](/lessons/06_y.md)"
    assert without_missing(text, {"05_x"}) == "[05](/lessons/05_x.md#a) 06"
    guide = guide_page(
        "[a](notebooks/05_x.ipynb) [b](README.md) [c](notebooks/06_y.ipynb)", {"05_x"}
    )
    assert guide == "[a](/lessons/05_x.md) b (`README.md` in the repository) c"


@needs_browser
def test_pages_in_the_browser(site):
    pages = [PAGE, "index.html", "explorers.html", "search.html", "results.html"]
    seen = browser_check.look_at_all(site, pages, say=lambda line: None)
    assert [f"{s.page} {s.screen}: {p}" for s in seen for p in s.problems] == []
    assert {s.screen for s in seen} == {"desktop", "phone", "file"}
    lesson = next(s for s in seen if s.page == PAGE and s.screen == "phone")
    assert 50_000 < lesson.size < browser_check.FIRST_VIEW


@needs_browser
def test_a_reader_with_a_keyboard(site):
    """From the switch to the table: what page.js does, in one visit."""
    with browser_check.served(site) as address, browser_check.browser() as context:
        page, errors = context.new_page(), []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{address}/{PAGE}#100%")  # a place that no page has
        term = page.locator(".ck-term > a").first
        term.focus()
        tip = page.locator(".ck-term > [role=tooltip]").first
        assert tip.is_visible()
        page.keyboard.press("Escape")
        assert not tip.is_visible()
        page.locator("input[data-switch=code]").press("Space")
        assert page.locator("details.ck-code:not([open])").count() == 0
        page.reload()
        assert page.locator("details.ck-code:not([open])").count() == 0
        page.goto(f"{address}/methods.html")
        column = page.get_by_role("button", name=re.compile("mean rank"))
        column.press("Enter")
        head = page.locator("th", has=column)
        assert head.get_attribute("aria-sort") == "ascending"
        assert page.locator("tbody tr").first.locator("td").first.inner_text() == "mla"
        page.goto(f"{address}/results.html")
        page.get_by_role("searchbox").last.fill("ensemble starve")
        shown = page.locator("#all-claims tbody tr:visible")
        assert page.locator("#claims-shown").inner_text() == f"{shown.count()} rows"
        page.close()
        assert errors == []
