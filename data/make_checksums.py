"""Write checksums.json and bring the size and SHA-256 line of every card up to date.

Run from the repository's top folder after a data file has changed on purpose:

    python data/make_checksums.py
"""

import re
from pathlib import Path

from coursekit.data.files import write_checksums

FOLDER = Path(__file__).parent
LINE = re.compile(r"^- File: .*$", re.MULTILINE)


def file_line(name: str, size: int, digest: str) -> str:
    """The line of a card that says which bytes it describes."""
    return f"- File: `{name}`, {size} bytes, SHA-256 `{digest}`"


def main() -> None:
    """Write the list and the cards' lines; a data file without a card is an error."""
    for name, facts in write_checksums(FOLDER).items():
        if "/" in name:  # archives, made anew more often than a card is written; one card for all
            continue
        card = (FOLDER / name).with_suffix(".md")
        line = file_line(name, int(facts["bytes"]), str(facts["sha256"]))
        text, changed = LINE.subn(line, card.read_text(encoding="utf-8"))
        if changed != 1:
            raise SystemExit(f"{card} has {changed} lines that begin with '- File:'; expected one.")
        card.write_text(text, encoding="utf-8")
        print(line)


if __name__ == "__main__":
    main()
