"""Formulas as MathML, which browsers draw themselves: no script, no fonts to load."""

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


def inline(translator: HTML5Translator, node: nodes.math) -> None:
    """A formula in a line of text."""
    translator.body.append(formula(node.astext(), "inline"))
    raise nodes.SkipNode


def display(translator: HTML5Translator, node: nodes.math_block) -> None:
    """A formula in lines of its own; it scrolls where it is wider than the page."""
    drawn = formula(node.astext(), "block")
    translator.body.append(f'<div class="ck-formula" tabindex="0">{drawn}</div>')
    raise nodes.SkipNode


def formula(latex: str, place: str) -> str:
    """LaTeX as a ``<math>`` element. place: "inline" or "block"."""
    # \big and \Big only ask for size, which MathML gives to brackets by itself.
    plain = re.sub(r"\\[bB]igg?[lr]?(?![A-Za-z])", "", latex.strip())
    # A word is no product of letters.
    plain = re.sub(r"\\mathrm\{([A-Za-z ]{2,})\}", r"\\text{\1}", plain)
    plain = re.sub(r"([_^])\{([A-Za-z]{3,})\}", r"\1{\\text{\2}}", plain)
    return str(convert(plain, display=place))


def setup(app: Sphinx) -> None:
    """Make it the way in which Sphinx writes formulas."""
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
