"""The lessons' source scripts, as far as an exercise needs them: its solution."""

import json
import re
import textwrap
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "notebooks" / "source"
MARKED = re.compile(r"^[ \t]*### BEGIN SOLUTION\n(.*?)^[ \t]*### END SOLUTION$", re.M | re.S)


def solution_of(key: str, folder: Path = FOLDER) -> str:
    """The solution cell of exercise ``key``, without the markers; "" if there is none.

    key: such as "01-centre"; its first two digits name the lesson's script.
    """
    for script in sorted(folder.glob(f"{key[:2]}_*.py")):
        cell = _cell(script.read_text(encoding="utf-8"), f"ex-{key}")
        if cell:
            return textwrap.dedent(MARKED.sub(lambda match: match[1].rstrip("\n"), cell)).strip()
    return ""


def _cell(script: str, grade_id: str) -> str:
    """The text of the cell with that grade id in a percent script; "" if there is none."""
    for part in re.split(r"^# %%", script, flags=re.M)[1:]:
        head, _, body = part.partition("\n")
        match = re.search(r"nbgrader=(\{.*\})", head)
        if match and json.loads(match[1]).get("grade_id") == grade_id:
            return body
    return ""
