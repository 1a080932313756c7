"""The slips that change nothing, with the reason: what ``equivalents.toml`` says."""

import re
import tomllib
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("equivalents.toml")


@cache
def table() -> dict[str, dict[str, list[str]]]:
    """Key of an exercise → reason → the slips it is true of; * stands for any letters."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def matching(key: str, name: str) -> list[str]:
    """The lines of the table that speak of this slip."""
    patterns = [p for some in table().get(key, {}).values() for p in some]
    return [p for p in patterns if _matches(p, name)]


def unused(key: str, names: list[str]) -> list[str]:
    """Lines of the table that speak of none of these slips."""
    patterns = [p for some in table().get(key, {}).values() for p in some]
    return [p for p in patterns if not any(_matches(p, name) for name in names)]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))))


def _matches(pattern: str, name: str) -> bool:
    return _compiled(pattern).fullmatch(name) is not None
