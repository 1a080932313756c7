"""INSTRUCTORS.md as a page: its links lead to pages here, or say where the file stands."""

import re
from collections.abc import Collection

NOTEBOOK = re.compile(r"\[([^\]]+)\]\(notebooks/(\w+)\.ipynb\)")
OTHER = re.compile(r"\[([^\]]+)\]\((?!https?:|#|/)([\w./-]+\.(?:md|cff|ipynb|yaml|toml)|LICENSE)\)")


def guide_page(text: str, stems: Collection[str]) -> str:
    """The guide's markdown. stems: of the lessons that have a page."""

    def to_page(match: re.Match[str]) -> str:
        name = match[2]
        if name in stems:
            return f"[{match[1]}](/lessons/{name}.md)"
        return f"[{match[1]}](/{name}.md)" if name in ("explorers", "glossary") else match[1]

    with_pages = NOTEBOOK.sub(to_page, text)
    return OTHER.sub(lambda match: f"{match[1]} (`{match[2]}` in the repository)", with_pages)
