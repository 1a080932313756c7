"""The numbers of the explorers' options: all there, none moved, none taken out."""

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from coursekit.course.authoring import __main__ as command
from coursekit.course.authoring import assign_share_code_numbers
from coursekit.course.widgets import Choice, Slider
from coursekit.course.widgets.share_code_numbers import (
    FILE,
    LISTED,
    Ledger,
    extended,
    ledgers,
    problems,
    write,
)

ROOT = Path(__file__).parents[2]
KNOBS = {
    "mode": Choice("mode", ("flat", "steep"), "flat"),
    "seed": Slider("seed", 0, 9, 1, 0),
}
# What codes that were handed out stand on: how many options there were, and a digest of them and of
# the first layout. Never change a line here; add one for a new explorer, if you like.
HELD = {
    "lines": {},
    "surface": {"operator": 17, "encoder": 2, "shape": 3, "rate": 4},
    "emap": {},
    "depth": {},
    "imbalance": {"linear": 2, "optimiser": 2},
    "blend": {"data": 4, "optimiser": 3, "rule": 3},
    "race": {"lane_1": 15, "lane_2": 15, "lane_3": 15, "data": 4, "fusion": 5, "optimiser": 2,
             "scale": 2},
    "pace": {"data": 4},
    "film": {"method": 13, "data": 4, "fusion": 5},
}  # fmt: skip
DIGESTS = {
    "lines": "a7d68fb3a035f9f9",
    "surface": "0ff18f54f5226ead",
    "emap": "45210360a6cbbc96",
    "depth": "e1e7154e91f8af65",
    "imbalance": "d984f0caed13cd3e",
    "blend": "172878ba85637a5d",
    "race": "57881c763ff31340",
    "pace": "b8191f0a7853eb1c",
    "film": "b28246dab93bed19",
}


def test_every_option_of_every_explorer_has_its_number():
    sentences = assign_share_code_numbers.missing()
    assert sentences == [], "\n".join(sentences)


@pytest.mark.parametrize("key", HELD)
def test_what_was_numbered_once_is_numbered_so_for_ever(key):
    ledger = ledgers().get(key, Ledger())
    first = {knob: ledger.options.get(knob, ())[:count] for knob, count in HELD[key].items()}
    same = Ledger(ledger.layouts[:1], first).digest() == DIGESTS[key]
    assert same, (
        f"{FILE.name}: an option or a layout of {key} was reordered, renamed or taken out, so that "
        "codes would open something else. Put it back; new ones go to the end."
    )


def changed(part):
    """The ways in which a hand may spoil the part of one explorer."""
    options = part["options"]["mode"]
    yield {**part, "options": {"mode": options[::-1]}}
    yield {**part, "options": {"mode": options[:-1]}}
    yield {**part, "options": {"mode": options[1:]}}
    yield {**part, "options": {"mode": ["new", *options]}}
    yield {**part, "options": {"mode": [*options, "new"]}}
    yield {**part, "options": {}}
    yield {**part, "layouts": []}


def test_a_change_by_hand_is_said_and_nothing_is_numbered_on_top_of_it(tmp_path):
    file = tmp_path / "numbers.json"
    write(extended({}, {"dot": KNOBS}), file)
    good = json.loads(file.read_text())
    assert problems(ledgers(file), {"dot": KNOBS}) == []
    for part in changed(good["dot"]):
        file.write_text(json.dumps({"dot": part}))
        ledgers.cache_clear()
        sentences = problems(ledgers(file), {"dot": KNOBS})
        assert "the part of dot was changed by hand" in sentences[0]
        with pytest.raises(ValueError, match="put the published file back"):
            extended(ledgers(file), {"dot": KNOBS})


def test_what_is_new_goes_to_the_end_and_what_is_gone_stays(tmp_path):
    known = extended({}, {"dot": KNOBS})
    later = {**KNOBS, "mode": Choice("mode", ("aaa", "steep", "zzz"), "aaa")}
    (sentence,) = problems(known, {"dot": later})
    assert sentence.startswith(
        "dot, mode: 'aaa', 'zzz' has no number in codes yet; `python course.py"
    )
    grown = extended(known, {"dot": later})
    assert grown["dot"].options == {"mode": ("flat", "steep", "aaa", "zzz")}
    assert grown["dot"].layouts == known["dot"].layouts and problems(grown, {"dot": later}) == []
    assert extended(grown, {"dot": KNOBS}) == grown  # back again: nothing is new
    write(grown, tmp_path / "numbers.json")
    assert ledgers(tmp_path / "numbers.json") == grown


def test_other_ranges_are_noted_down(tmp_path):
    known = extended({}, {"dot": KNOBS})
    later = {**KNOBS, "seed": Slider("seed", 0, 99, 1, 0)}
    (sentence,) = problems(known, {"dot": later})
    assert "dot: its knobs or ranges are not those that codes know of" in sentence
    grown = extended(known, {"dot": later})["dot"]
    assert len(grown.layouts) == 2 and grown.layout_number(KNOBS) == 0
    assert grown.layout_number(later) == 1 and grown.layout_number({}) == 2


def test_more_options_than_numbers_are_refused():
    many = {"mode": Choice("mode", tuple(map(str, range(LISTED + 1))), "0")}
    with pytest.raises(
        ValueError, match=f"dot, mode has had {LISTED + 1} options; codes have room"
    ):
        extended({}, {"dot": many})


def test_refresh_numbers_what_is_new_and_check_asks_for_it(tmp_path, monkeypatch, capsys):
    file = tmp_path / "numbers.json"
    monkeypatch.setattr(assign_share_code_numbers, "offered", lambda: {"dot": KNOBS})
    assert assign_share_code_numbers.missing(file) and assign_share_code_numbers.renew(file) == [
        "numbers.json"
    ]
    assert assign_share_code_numbers.missing(file) == [] == assign_share_code_numbers.renew(file)
    monkeypatch.setattr(
        assign_share_code_numbers, "missing", lambda: ["dot, mode: 'aaa' has no number."]
    )
    assert command.check_all([]) >= 1
    assert "dot, mode: 'aaa' has no number." in capsys.readouterr().out
    monkeypatch.setattr(assign_share_code_numbers, "renew", lambda: ["numbers.json"])
    assert command.refresh_numbers() == 0
    assert "numbers.json: what is new has its number" in capsys.readouterr().out

    def fail():
        raise ValueError("changed by hand")

    monkeypatch.setattr(assign_share_code_numbers, "renew", fail)
    assert command.refresh_numbers() == 1
    assert "no option was numbered: changed by hand" in capsys.readouterr().out


def test_the_file_comes_with_the_package():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    data = settings["tool"]["setuptools"]["package-data"]
    assert FILE.name in data["coursekit.course.widgets"]


def test_an_option_that_is_renamed_gets_a_new_number():
    known = extended({}, {"dot": KNOBS})
    renamed = {**KNOBS, "mode": replace(KNOBS["mode"], options=("flat", "sheer"))}
    assert extended(known, {"dot": renamed})["dot"].number("mode", "sheer") == 2
