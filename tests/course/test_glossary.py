"""The glossary is made of the lessons' words: each once, each in one form."""

import pytest

from coursekit.course.authoring.glossary import glossary, terms, terms_of

HEAD = "# %% [markdown]\n# # 01 · A lesson\n#\n"
WORDS = HEAD + "# ## Words\n#\n# - **gate**: opens\n#   and closes.\n# - **Additive**: a sum.\n#\n"


def lesson(folder, text, name="01_a.py"):
    script = folder / name
    script.write_text(text, encoding="utf-8")
    return script


def test_terms_are_read_over_line_ends_and_sorted(tmp_path):
    script = lesson(
        tmp_path, WORDS + "# See the glossary.\n#\n# ## Checkpoint\n#\n# - **not**: this\n"
    )
    assert [t.name for t in terms_of(script)] == ["gate", "Additive"]
    assert [(t.name, t.meaning) for t in terms([script])] == [
        ("Additive", "a sum."),
        ("gate", "opens and closes."),
    ]


def test_the_page_has_a_cell_a_letter_and_links_to_the_lesson(tmp_path):
    page = glossary([lesson(tmp_path, WORDS)])
    texts = [cell.source for cell in page.cells]
    assert texts[0].startswith("# Glossary")
    assert texts[1] == "## A\n\n- **Additive**: a sum. ([01](01_a.ipynb))"
    assert texts[2] == "## G\n\n- **gate**: opens and closes. ([01](01_a.ipynb))"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (HEAD, r"01_a.py has no section '## Words'"),
        (WORDS + "# - two: words\n", r"'\*\*term\*\*: meaning' was expected, not 'two: words'"),
        (WORDS + "# - **a**: x. **b**: y.\n", r"was expected, not '\*\*a\*\*: x. \*\*b\*\*: y.'"),
    ],
)
def test_what_is_no_list_of_terms_is_refused(tmp_path, text, sentence):
    with pytest.raises(ValueError, match=sentence):
        terms([lesson(tmp_path, text)])


def test_a_term_defined_twice_is_refused(tmp_path):
    one, two = lesson(tmp_path, WORDS), lesson(tmp_path, WORDS, "02_b.py")
    with pytest.raises(ValueError, match=r"01_a.py and 02_b.py both define 'gate'"):
        terms([one, two])
