"""The card of an explorer on a page: its knobs, and the pictures that were drawn beforehand.

``static/explorer.js`` turns the knobs. Without it the card shows the first state with its table.
"""

import html
import json
import re
from collections.abc import Mapping
from pathlib import Path

from coursekit.course.site.state_archive import Archive, StoredState
from coursekit.course.site.state_plan import Plan, plan_of
from coursekit.course.widgets.controls import Control, Slider, State
from coursekit.course.widgets.handout import Handout
from coursekit.course.widgets.share_code import encode, number_of, recipe

TABLES = "-tables"  # ends the name of the script with a preset's tables


def lab_only_card(key: str) -> str:
    """What stands beside the notebook's own picture where the page has no states to show."""
    explorer = plan_of(key).explorer
    return (
        f'<section class="ckx ckx-lab" aria-label="{_text(explorer.title)}">'
        f'<p class="ckx-title">{_text(explorer.title)}</p>'
        f'<p class="ckx-question">{_text(explorer.question)}</p>'
        "<p>This explorer runs in the Lab only; its pictures are not stored for this page. In the "
        f"lesson's notebook, or in any cell: <code>{_text(call(key))}</code></p></section>"
    )


def call(key: str, code: str = "") -> str:
    """The line that opens the explorer in the Lab, at a code or at its start."""
    return f'EXPLORERS["{key}"]()' + (f'.open("{code}")' if code else "")


def write_explorer(key: str, archive: Archive, folder: Path) -> None:
    """Fill ``folder`` with the pictures and, per preset, a script with what is said of them."""
    write_states(plan_of(key), archive, folder)


def write_states(plan: Plan, archive: Archive, folder: Path) -> None:
    """The same for any explorer's plan.

    Tables are in scripts of their own: they are long, and most are never opened.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in archive.pictures.items():
        (folder / name).write_bytes(picture)
    by_code = dict(zip(codes_of(plan), archive.states, strict=True))
    for preset in plan.knobs.starts:
        name, own = script_name(preset), {c: s for c, s in by_code.items() if s.preset == preset}
        shown = {
            code: {"alt": state.alt, "headline": state.headline, "picture": state.picture}
            for code, state in own.items()
        }
        _write_script(folder / f"{name}.js", plan.explorer.key, shown)
        tables = {code: {"table": _one_line(state.table)} for code, state in own.items()}
        _write_script(folder / f"{name}{TABLES}.js", plan.explorer.key, tables)


def _write_script(path: Path, key: str, states: Mapping[str, object]) -> None:
    """A script that hands ``states`` to explorer.js: a page from file:// can read no other file."""
    text = json.dumps(states, ensure_ascii=False, separators=(",", ":"))
    path.write_text(f"courseExplorer({json.dumps(key)}, {text});\n", encoding="utf-8")


def script_name(preset: str) -> str:
    """The name, without .js, of the file with the states of a preset."""
    return re.sub(r"[^a-z0-9]+", "-", preset.lower()).strip("-")


def card(plan: Plan, archive: Archive, base: str) -> str:
    """The card of any explorer as HTML without blank lines, given its plan and its stored states.

    base: the relative address of the folder that `write_states` fills.
    """
    explorer, controls = plan.explorer, plan.explorer.controls
    key, first = explorer.key, archive.states[0]
    start = next(iter(plan.knobs.starts.values()))
    knobs = "".join(
        _knob(f"ckx-{key}-{name}", name, controls[name], values, start[name])
        for name, values in plan.knobs.values.items()
    )
    presets = "".join(
        f'<button type="button" data-preset="{i}" aria-pressed="{str(not i).lower()}">'
        f"{_text(name)}</button>"
        for i, name in enumerate(plan.knobs.starts)
    )
    facts = json.dumps(script_facts(plan), ensure_ascii=False).replace("</", "<\\/")
    return "\n".join(
        [
            f'<section class="ckx" data-explorer="{key}" data-base="{_text(base)}" '
            f'aria-labelledby="ckx-{key}-title">',
            f'<p class="ckx-title" id="ckx-{key}-title">{_text(explorer.title)}</p>',
            f'<p class="ckx-question">{_text(explorer.question)}</p>',
            f'<div class="ckx-controls" hidden><div class="ckx-buttons" role="group" '
            f'aria-label="Presets">{presets}'
            '<button type="button" class="ckx-plain" data-reset>Reset</button></div>',
            f'<div class="ckx-knobs">{knobs}</div>',
            '<p class="ckx-fixed" data-fixed></p></div>',
            _picture(first, archive, base),
            '<p class="ckx-status" role="status" data-status></p>',
            f'<details class="ckx-table"><summary>Show as table</summary>'
            f'<div data-table tabindex="0" role="group" aria-label="Numbers of the picture">'
            f"{_one_line(first.table)}</div></details>",
            _code_field(key, encode(key, controls, Handout(start))),
            f'<script type="application/json" data-facts>{facts}</script>',
            "</section>",
        ]
    )


def script_facts(plan: Plan) -> dict[str, object]:
    """What the script needs: how codes are made, the knobs, and which state each preset has."""
    explorer, controls = plan.explorer, plan.explorer.controls
    form, places = recipe(explorer.key, controls), list(controls)
    codes = codes_of(plan)
    return {
        "key": explorer.key,
        "counts": form.counts,
        "length": form.length,
        "begin": form.begin,
        "knobs": [
            {
                "place": places.index(name),
                "label": controls[name].name,
                "numbers": [number_of(explorer.key, name, controls[name], v) for v in values],
                "texts": [value_text(v) for v in values],
            }
            for name, values in plan.knobs.values.items()
        ],
        "presets": [
            {
                "name": name,
                "script": script_name(name),
                "start": _numbers(plan, start),
                "fixed": _fixed(plan, start),
                "codes": [code for code, preset in codes.items() if preset == name],
            }
            for name, start in plan.knobs.starts.items()
        ],
    }


def codes_of(plan: Plan) -> dict[str, str]:
    """The code of each planned state, in their order → the preset that it belongs to."""
    key, controls = plan.explorer.key, plan.explorer.controls
    return {encode(key, controls, Handout(one.state)): one.preset for one in plan.states}


def value_text(value: float | str) -> str:
    """A value as it is shown and read out."""
    return value if isinstance(value, str) else f"{value:g}".replace("-", "−")


def _numbers(plan: Plan, state: State) -> list[int]:
    return [
        number_of(plan.explorer.key, name, control, state[name])
        for name, control in plan.explorer.controls.items()
    ]


def _fixed(plan: Plan, state: State) -> str:
    """Where the knobs stand that the page does not have."""
    rest = {n: c for n, c in plan.explorer.controls.items() if n not in plan.knobs.values}
    stand = "; ".join(f"{c.name} {value_text(state[name])}" for name, c in rest.items())
    here = f"Fixed on this page: {stand}. " if rest else ""
    return (
        f"{here}Turn one knob at a time; in the Lab every knob takes every value, and all can be "
        "turned at once."
    )


def _knob(
    id_: str, name: str, control: Control, values: tuple[float | str, ...], value: float | str
) -> str:
    """A label with a slider over the stored values, or a list of them."""
    at, label = values.index(value), f'<label for="{id_}">{_text(control.name)}</label>'
    if isinstance(control, Slider):
        text = _text(value_text(value))
        return (
            f'<div class="ckx-knob">{label}<output for="{id_}">{text}</output>'
            f'<input type="range" id="{id_}" data-knob="{_text(name)}" min="0" '
            f'max="{len(values) - 1}" step="1" value="{at}" aria-valuetext="{text}" '
            'autocomplete="off"></div>'
        )
    options = "".join(
        f'<option value="{i}"{" selected" if i == at else ""}>{_text(str(option))}</option>'
        for i, option in enumerate(values)
    )
    return (
        f'<div class="ckx-knob">{label}<select id="{id_}" data-knob="{_text(name)}" '
        f'autocomplete="off">{options}</select></div>'
    )


def _picture(state: StoredState, archive: Archive, base: str) -> str:
    """The first picture, and above it what is shown where a state is not stored."""
    return (
        '<div class="ckx-picture" data-picture tabindex="0" role="group" aria-label="Picture">'
        f'<img src="{_text(base + state.picture)}" alt="{_text(state.alt)}" loading="lazy" '
        f'width="{archive.width}" height="{archive.height}" '
        f'style="--ckx-width: {archive.width}px">'
        '<div class="ckx-needs" data-needs hidden><p data-why></p>'
        "<p>In the Lab this line opens it: <code data-call></code> "
        '<button type="button" data-copy>Copy the line</button></p></div></div>'
    )


def _code_field(key: str, code: str) -> str:
    id_ = f"ckx-{key}-code"
    return (
        f'<div class="ckx-code" hidden><label for="{id_}">Code</label>'
        f'<input type="text" id="{id_}" data-code value="{code}" size="28" spellcheck="false" '
        'autocomplete="off" autocapitalize="off"></div>'
    )


def _one_line(markup: str) -> str:
    """Markup without line breaks: in Markdown a blank line would end it."""
    return re.sub(r"(?<=>) (?=<)", "", " ".join(markup.split()))


def _text(text: str) -> str:
    return html.escape(text, quote=True)
