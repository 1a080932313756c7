"""Sphinx, told in Python what it shall do: pages of markdown become the site."""

from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from coursekit.course.site import learner_files
from coursekit.course.site.finish_page import finished
from coursekit.course.site.glossary_page import Term, meanings

TITLE = "Multimodal fusion, and why training it is hard"
STATIC = Path(__file__).parent / "static"
SCRIPTS = (*learner_files.SCRIPTS, "codes.js", "explorer.js", "page.js")
STYLES = ("course.css", "explorer.css", *learner_files.STYLES)
BARE = ("library/", "search")  # pages that stay as Sphinx made them
# Before anything is painted: what hides the text below a guess waits for scripts to be there, and
# where a browser forbids to keep anything, theme and cards find a store that forgets.
HEAD = """document.documentElement.classList.add('ck-js');
try { window.localStorage.getItem('theme'); } catch {
  const store = { forgets: true, getItem: () => null, setItem: () => {}, removeItem: () => {} };
  Object.defineProperty(window, 'localStorage', { value: store });
}"""
SCORES = STATIC / "search_scores.js"


@dataclass(frozen=True)
class Built:
    """pages: how many.  warnings: what Sphinx complained of, a line each."""

    pages: int
    warnings: list[str]


def build(source: Path, out: Path, base: str, terms: Sequence[Term]) -> Built:
    """Make the pages of ``source`` (markdown) in ``out``.

    base: the address where the site will stand, "" if that is not known.  terms: of the glossary,
    explained where lessons use them.  Errors: what Sphinx raises when it cannot go on.
    """
    options: dict[str, Any] = {
        "project": TITLE,
        "extensions": ["myst_parser", "coursekit.course.site.mathml"],
        "html_theme": "furo",
        "html_title": TITLE,
        "html_baseurl": base,
        "html_static_path": [str(STATIC)],
        "html_favicon": str(STATIC / "favicon.svg"),
        "html_js_files": [(None, {"body": HEAD, "priority": 100}),
                          *((name, {"defer": "defer"}) for name in SCRIPTS)],
        "html_css_files": list(STYLES),
        "html_copy_source": False,
        "html_show_sourcelink": False,
        "html_show_copyright": False,
        "html_search_scorer": str(SCORES),
        "html_show_search_summary": False,  # it would fetch pages, which no file:// page may
        "html_use_index": False,
        "html_permalinks_icon": "#",
        "language": "en",
        "myst_enable_extensions": ["dollarmath", "amsmath"],
        "myst_dmath_double_inline": True,
        "myst_heading_anchors": 3,
        "suppress_warnings": ["myst.header", "toc.not_included"],
    }  # fmt: skip
    warnings = StringIO()
    with docutils_namespace(), patch_docutils(), redirect_stdout(StringIO()):
        app = Sphinx(
            source, None, out, source / ".doctrees", "html",
            confoverrides=options, status=None, warning=warnings, freshenv=True,
        )  # fmt: skip
        after_the_theme = 900
        app.connect("html-page-context", partial(_finish, terms), after_the_theme)
        app.build()
    text = [line for line in warnings.getvalue().splitlines() if line.strip()]
    return Built(len(app.env.found_docs), text)


def _finish(
    terms: Sequence[Term], app: Sphinx, page: str, template: str, context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:  # fmt: skip
    """What Sphinx calls before it writes a page."""
    tree = context.get("furo_navigation_tree", "")  # its headings lack their level
    context["furo_navigation_tree"] = tree.replace(
        'role="heading"', 'role="heading" aria-level="2"'
    )
    if "body" not in context or (page.startswith(BARE) and page != "library/index"):
        return
    folder, _, stem = page.rpartition("/")
    known = meanings(terms, stem[:2]) if folder == "lessons" else {}
    context["body"] = finished(context["body"], known, context["pathto"]("glossary"))
