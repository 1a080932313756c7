"""A game on its page: the card, and the files that it loads once it is looked at.

What the card does is in ``static/game.js``.
"""

import ast
import json
from dataclasses import asdict
from html import escape
from pathlib import Path

from nbformat import NotebookNode

from coursekit.course.games import CASES, Game, Scale, game
from coursekit.course.site.game_cases import GameArchive, read_cases
from coursekit.course.site.notebook_values import code_trees
from coursekit.course.widgets.controls import Slider
from coursekit.data.files import DATA_FOLDER

SCRIPT = "cases.js"


def game_cells(notebook: NotebookNode) -> dict[int, str]:
    """Number of a cell that opens a game, ``GAMES["illness"]()`` → the game's key."""
    return {
        number: str(node.slice.value)
        for number, tree in code_trees(notebook).items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and ast.unparse(node.value) == "GAMES"
        and isinstance(node.slice, ast.Constant)
    }


def game_card(key: str, base: str, data: Path = DATA_FOLDER) -> str:
    """The card of the game ``key`` as HTML; its first case shows without scripts.

    base: relative address of the folder that `write_game` filled.  data: folder of the archives.
    Errors: as `read_cases`; ask `stale_cases` first.
    """
    played, archive = game(key), read_cases(key, data)
    first = archive.cases[0].before[""]
    base = base.rstrip("/")
    name = f"game-{key}"
    return (
        f'<div class="ck-card ck-game" id="{name}" role="group" aria-labelledby="{name}-title" '
        f'data-base="{escape(base)}" data-game="{escape(json.dumps(_described(key, played)))}">'
        f'<p class="ck-label">Game</p>'
        f'<p class="ck-title" id="{name}-title"><strong>{escape(played.title)}</strong></p>'
        f'<p class="ck-question" id="{name}-q">{escape(played.question)}</p>'
        f'<div class="ck-input"><label for="{name}-case">Case</label> '
        f'<select class="ck-case" id="{name}-case" autocomplete="off">{_numbers(archive)}</select>'
        f'<p class="ck-buttons ck-orders" role="group" aria-label="Order evidence">'
        f"{_orders(played)}</p>{_answers(name, played)}"
        '<p class="ck-buttons"><button type="button" class="ck-main ck-commit">Commit my answer'
        '</button> <button type="button" class="ck-next">Next case</button></p></div>'
        '<p class="ck-alert" role="alert"></p>'
        f'<div class="ck-frame" tabindex="0" style="--ck-width: {archive.width}px">'
        f'<img class="ck-look" loading="lazy" decoding="async" width="{archive.width}" '
        f'height="{archive.height}" src="{escape(base)}/{first.picture}" '
        f'alt="{escape(first.alt)}"></div><div class="ck-answer" role="status" tabindex="-1"></div>'
        f'<details><summary>Show as table</summary><div class="ck-table">{first.table}</div>'
        f'</details><p class="ck-note">{_more(key, archive)}</p></div>'
    )


def lab_only_game(key: str) -> str:
    """What stands in the card's place while there are no stored cases to show."""
    return (
        f'<p class="ck-note">“{escape(game(key).title)}” is played in the Lab: '
        f'<code>GAMES["{key}"]()</code> opens it there.</p>'
    )


def write_game(key: str, archive: GameArchive, folder: Path) -> None:
    """Write the cases' script and their pictures into ``folder``, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in archive.pictures.items():
        (folder / name).write_bytes(picture)
    cases = {case.number: asdict(case) for case in archive.cases}
    texts = json.dumps(cases, ensure_ascii=False, separators=(",", ":"))
    script = f'"use strict";\ncoursekitGameCases({json.dumps(key)}, {texts});\n'
    (folder / SCRIPT).write_text(script, encoding="utf-8", newline="\n")


def _described(key: str, played: Game) -> dict[str, object]:
    """What the script has to know of the rules."""
    scale = played.answers
    numbers = (
        {name: getattr(scale, name) for name in ("within", "worthless")}
        if isinstance(scale, Scale)
        else list(scale)
    )
    labels = {name: played.models.get(name, name) for name in played.orders}
    orders = dict(played.orders)
    return {"name": key, "key": played.key, "orders": orders, "labels": labels, "answers": numbers}


def _numbers(archive: GameArchive) -> str:
    rows = (f'<option value="{c.number}">{c.number}</option>' for c in archive.cases)
    return "".join(rows)


def _orders(played: Game) -> str:
    return " ".join(
        f'<button type="button" data-order="{escape(name)}" aria-pressed="false">'
        f"Order {escape(played.models.get(name, name))} (−{cost})</button>"
        for name, cost in played.orders.items()
    )


def _answers(name: str, played: Game) -> str:
    """Radio buttons, or a slider with a field."""
    if isinstance(played.answers, Scale):
        scale = played.answers
        slider = Slider("Your answer", scale.low, scale.high, scale.step, scale.low, "share")
        ends = (
            f'min="{scale.low:g}" max="{scale.high:g}" step="{scale.step:g}" '
            f'value="{slider.at((slider.count - 1) // 2):g}"'
        )
        return (
            f'<p><label for="{name}-range">{slider.name}</label> <input type="range" '
            f'class="ck-range" id="{name}-range" {ends}> <output for="{name}-range"></output></p>'
        )
    rows = "".join(
        f'<label class="ck-option"><input type="radio" name="{name}-answer" '
        f'value="{escape(option)}"> {escape(option)}</label>'
        for option in played.answers
    )
    return f'<div class="ck-options" role="radiogroup" aria-labelledby="{name}-q">{rows}</div>'


def _more(key: str, archive: GameArchive) -> str:
    stored = len(archive.cases)
    return (
        f"These are the first {stored} of {CASES} cases. The others are trained in the Lab: "
        f'<code>GAMES["{key}"]({stored + 1})</code> opens case {stored + 1} there. Your answers '
        "are kept in this browser only."
    )
