"""Codes as mails and chats bring them: opened where there is no doubt, refused where there is."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.course.widgets import EXPLORERS, explorer_from_code
from coursekit.course.widgets.handout import Handout
from coursekit.course.widgets.pasted_code import cleaned
from coursekit.course.widgets.share_code import LETTERS, decode, encode

CONTROLS = EXPLORERS["lines"]().controls
STATE = {name: control.at(control.count // 3) for name, control in CONTROLS.items()}
HANDOUT = Handout(STATE, locked=frozenset(list(STATE)[:1]))
CODES = [encode("lines", CONTROLS, one) for one in (Handout(STATE), HANDOUT)]

PASTED = {
    "alone": "{}",
    "blanks": "  {}\n",
    "address": "http://127.0.0.1:8866/?code={}",
    "address in brackets": "<https://example.org/voila/?token=1&code={}&x=2>",
    "address with an anchor": "https://example.org/?code={}#top",
    "address of a mail": "https://example.org/?code=3D{}",
    "address in HTML": "https://example.org/?a=1&amp;code={}",
    "address with a full stop": "See https://example.org/?code={}.",
    "quotation marks": "“{}”",
    "German ones": "„{}“",
    "French ones": "« {} »",
    "straight ones": "'{}'",
    "Markdown": "`{}`",
    "bold": "**{}**",
    "brackets": "({}),",
    "label": "Code: {}",
    "reply": "> {}",
}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("around", PASTED.values(), ids=PASTED)
def test_what_stands_around_a_code_is_taken_off(code, around):
    assert decode("lines", CONTROLS, around.format(code)) == decode("lines", CONTROLS, code)


def full_width(text):
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def bold(text):
    return "".join(chr(0x1D41A + ord(c) - ord("a")) if c.isalpha() else c for c in text)


CHANGED = {
    "capitals": str.upper,
    "full width": full_width,
    "mathematical bold": bold,
    "en dashes": lambda code: code.replace("-", "–"),
    "hyphens that do not break": lambda code: code.replace("-", "\u2011"),
    "minus signs": lambda code: code.replace("-", "\u2212"),
    "soft hyphens": lambda code: code.replace("-", "\u00ad"),
    "full-width hyphens": lambda code: code.replace("-", "\uff0d"),
    "blanks that do not break": lambda code: code.replace("-", "\u00a0"),
    "zero width": lambda code: "\ufeff" + "\u200b".join(code),
    "broken in two": lambda code: code[:9] + "-\n" + code[9:],
    "broken in a reply": lambda code: "> " + code[:9] + "\n> > " + code[9:],
    "escaped": lambda code: "https://example.org/?code=" + quote(code).replace("-", "%2D"),
    "nothing between": lambda code: code.replace("-", ""),
}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_other_signs_for_the_same_letters_are_read(code, change):
    assert decode("lines", CONTROLS, change(code)) == decode("lines", CONTROLS, code)


def test_the_page_opens_an_address_too():
    explorer = explorer_from_code(f"<http://127.0.0.1:8866/?code={full_width(CODES[0])}>")
    assert explorer.state == STATE


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("https://example.org/?code=", "The code is empty"),
        ("https://example.org/", "is not one of this explorer"),
        ("“”", "The code is empty"),
        ("lines-jbfü", "contains 'ü', which no code uses"),
        (f"{CODES[0]} and {CODES[0]}", "contains 'il', which no code uses"),
    ],
)
def test_what_is_in_doubt_is_refused(text, sentence):
    with pytest.raises(ValueError, match=sentence):
        decode("lines", CONTROLS, text)


@given(letters=st.text(LETTERS + "-", min_size=1).filter(lambda text: text.strip("-")))
def test_letters_and_hyphens_stay_as_they_are(letters):
    assert cleaned(letters) == letters.strip("-")
