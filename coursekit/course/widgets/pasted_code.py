"""A code as it comes out of a mail or a chat, without what they put around and into it."""

import re
import unicodedata
from html import unescape
from urllib.parse import unquote

ADDRESS = re.compile(r"[?&]code=(?:3D)?([^&\s#>\"']*)", re.I)  # 3D: mails write = as =3D
LABEL = re.compile(r"^\W*code\s*[:=]\s*", re.I)
QUOTED = re.compile(r"^[>|\s]+", re.M)  # how mail programs mark the lines of somebody else
DASHES = {ord(sign): "-" for sign in "\u2212\u00ad\u2043\u02d7"}  # beside those that are Pd
AROUND = re.compile(r"^[\W_]+|[\W_]+$")  # quotation marks, brackets, a full stop


def cleaned(text: str) -> str:
    """``text`` without an address before the code, quotation marks, typographic signs and breaks.

    Letters of full width become plain ones, every kind of hyphen the plain one. What is no letter
    of a code stays, so that it is named.
    """
    text = QUOTED.sub("", unicodedata.normalize("NFKC", unescape(text)))
    address = ADDRESS.search(text)
    text = unquote(address[1]) if address else LABEL.sub("", text)
    text = text.translate(DASHES)
    kinds = [(sign, unicodedata.category(sign)) for sign in text]
    plain = "".join("-" if kind == "Pd" else sign for sign, kind in kinds if kind != "Cf")
    return AROUND.sub("", plain)
