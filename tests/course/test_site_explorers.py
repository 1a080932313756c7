"""Explorers on the web: what is planned, digested, stored and made of it; nothing is trained."""

import dataclasses
import json
import shutil
import warnings
from concurrent.futures import Future

import pytest
import web_states

from coursekit.course.site import make_states as making
from coursekit.course.site import state_archive as archives
from coursekit.course.site.explorer_card import (
    card,
    codes_of,
    lab_only_card,
    script_facts,
    script_name,
    write_states,
)
from coursekit.course.site.make_states import first_sentence, make_one, make_states
from coursekit.course.site.page_parts import PageParts
from coursekit.course.site.state_digest import closure, digest, digest_of
from coursekit.course.site.state_plan import plan_of
from coursekit.course.site.web_knobs import KNOBS, NAMED, OPTIONS, PRESETS
from coursekit.course.widgets import EXPLORERS
from coursekit.course.widgets.controls import Choice
from coursekit.data.files import DATA_FOLDER, DataFileError, read_checksums


@pytest.fixture(scope="module")
def stored():
    return web_states.stored()


@pytest.mark.parametrize("key", EXPLORERS)
def test_every_explorer_says_what_can_be_turned_on_its_page(key):
    plan = plan_of(key)
    assert 1 <= len(plan.knobs.starts) <= PRESETS
    assert set(plan.knobs.starts) <= set(plan.explorer.presets)
    assert 1 <= len(plan.knobs.values) <= KNOBS
    for name, values in plan.knobs.values.items():
        control = plan.explorer.controls[name]
        assert list(values) == sorted(set(values), key=control.index)
        assert 2 <= len(values) <= (OPTIONS if isinstance(control, Choice) else NAMED)
        assert {start[name] for start in plan.knobs.starts.values()} <= set(values)


@pytest.mark.parametrize("key", EXPLORERS)
def test_states_are_one_knob_away_from_a_preset_and_none_comes_twice(key):
    plan = plan_of(key)
    for one in plan.states:
        start = plan.knobs.starts[one.preset]
        assert [n for n in start if start[n] != one.state[n]] == ([one.knob] if one.knob else [])
    every = [tuple(one.state.values()) for one in plan.states]
    assert len(set(every)) == len(every)
    assert {one.preset for one in plan.states if not one.knob} == set(plan.knobs.starts)
    codes = codes_of(plan)
    assert len(codes) == len(every)
    assert all(
        dict(plan.explorer.read(c)) == dict(o.state)
        for c, o in zip(codes, plan.states, strict=True)
    )
    names = [script_name(preset) for preset in plan.knobs.starts]
    assert len(set(names)) == len(names)


def test_a_slider_has_about_six_values_with_both_ends_and_the_presets():
    values = web_states.build().knobs.values
    assert values["pairs"] == ("all right", "two exchanged")
    assert values["height"] == (0.0, 0.2, 0.39, 0.5, 0.78, 0.98)  # 0.5 in place of 0.59


def test_an_explorer_without_presets_has_its_start():
    entry = dataclasses.replace(web_states.ENTRY, web_presets=())
    plan = web_states.build(entry=entry)
    assert plan.knobs.starts == {"start": plan.explorer.start}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"web_presets": ("nowhere",)}, "web_presets is 'nowhere'"),
        ({"web_knobs": ("hight",)}, "Did you mean 'height'"),
        ({"web_knobs": ()}, "web_knobs is empty"),
        ({"web_knobs": ("height", "height")}, "names something twice"),
        ({"web_presets": ("start", *web_states.build().explorer.presets)}, "at most 3"),
        ({"web_values": {"inverse_temperature": (1,)}}, "web_values is 'inverse_temperature'"),
        ({"web_values": {"height": (2,)}}, "height of the circles is 2"),
        ({"web_values": {"height": tuple(i / 100 for i in range(21))}}, "at most 20"),
    ],
)
def test_what_does_not_fit_the_explorer_is_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        web_states.build(entry=dataclasses.replace(web_states.ENTRY, **changes))


@pytest.fixture
def package(tmp_path):
    """A package of three modules: a imports b, which imports its package c, which imports all."""
    top = tmp_path / "coursekit"
    (top / "c").mkdir(parents=True)
    texts = {
        "a.py": '"""Doc."""\nfrom coursekit.b import f\nprint(f)\n',
        "b.py": 'from coursekit.c import g\ndef f():\n    """Doc."""\n    return g  # why\n',
        "c/__init__.py": "from pkgutil import iter_modules\ng = list(iter_modules(__path__))\n",
        "c/d.py": "x = 1\n",
        "unused.py": "x = 1\n",
    }
    for name, text in texts.items():
        (top / name).write_text(text)
    return top


@pytest.mark.parametrize(
    ("name", "old", "new", "same"),
    [
        ("a.py", "Doc.", "Another.", True),
        ("b.py", "# why", "# why not", True),
        ("b.py", '    """Doc."""\n', "", True),
        ("unused.py", "1", "2", True),
        ("a.py", "print(f)", "print(f, f)", False),
        ("b.py", "return g", "return [g]", False),
        ("c/d.py", "1", "2", False),
    ],
)
def test_a_digest_changes_with_code_that_is_used_and_with_no_words(package, name, old, new, same):
    before = digest("coursekit.a", "plan", package)
    text = (package / name).read_text()
    assert old in text
    (package / name).write_text(text.replace(old, new))
    assert (digest("coursekit.a", "plan", package) == before) is same


def test_a_digest_changes_with_the_plan_and_the_data_that_the_code_names(package, monkeypatch):
    before = digest("coursekit.a", "plan", package)
    assert digest("coursekit.a", "another", package) != before
    (package / "b.py").write_text('f = open("priors.csv"), f"emoji_{1}.npz", "*", f"{1}.csv"\n')
    module = "coursekit.course.site.state_digest.read_checksums"
    table = read_checksums()
    named = digest("coursekit.a", "plan", package)
    for file, same in (("priors.csv", False), ("emoji_google.npz", False), ("emoji.csv", True)):
        changed = {**table, file: {**table[file], "sha256": "another"}}
        monkeypatch.setattr(module, lambda changed=changed: changed)
        assert (digest("coursekit.a", "plan", package) == named) is same


def test_a_digest_follows_what_finds_its_modules_and_leaves_out_widgets():
    modules = closure("coursekit.lessons.l07_gradient_modulation.explorer")
    assert {"coursekit.balancing.umt", "coursekit.fusion.film"} <= set(modules)
    assert "coursekit.course.widgets.explorer" not in modules
    assert "coursekit.course.widgets.picture_on_card" in modules
    assert "coursekit.course.widgets.common_controls" in modules  # optimisers' learning rates
    assert "coursekit.balancing.umt" not in closure("coursekit.lessons.l13_fairness.explorer")


def test_an_archive_is_read_as_it_was_written_and_has_the_same_bytes_again(stored, tmp_path):
    plan, archive = stored
    assert len(archive.states) == len(plan.states)
    archives.write(archive, tmp_path / "one.zip")
    assert archives.read_file(tmp_path / "one.zip") == archive
    archives.write(archive, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_a_stored_state_has_what_the_explorer_shows(stored):
    plan, archive = stored
    place = next(i for i, one in enumerate(plan.states) if one.state["height"] == 0.78)
    state = archive.states[place]
    assert (state.knob, state.value) == ("height", 0.78)
    assert state.alt == "A line begins at 0.78. It ends at 0.00."
    assert state.headline == "A line begins at 0.78."
    assert "<td>0.780</td>" in state.table
    assert (archive.width, archive.height) == (400, 300)
    assert archive.pictures[state.picture][8:12] == b"WEBP"


def test_what_is_no_archive_is_refused_in_a_sentence(stored, tmp_path):
    path = tmp_path / "gap.zip"
    with pytest.raises(DataFileError, match="is missing"):
        archives.read_file(path)
    path.write_bytes(b"no zip")
    with pytest.raises(DataFileError, match="no archive of stored states"):
        archives.read_file(path)
    archives.write_zip(path, {"key": "gap"}, {})
    damaged = bytearray(path.read_bytes())
    damaged[30 + len(archives.TEXTS)] ^= 0xFF  # where what is compressed begins
    path.write_bytes(damaged)
    with pytest.raises(DataFileError, match="no archive of stored states"):
        archives.read_file(path)
    archives.write_zip(path, {"key": "gap"}, {})
    with pytest.raises(DataFileError, match="no archive of an explorer"):
        archives.read_file(path)
    archives.write(dataclasses.replace(stored[1], pictures={}), path)
    with pytest.raises(DataFileError, match="lacks the pictures"):
        archives.read_file(path)


def test_a_damaged_and_an_old_archive_are_stale_and_the_card_sends_to_the_lab(stored, tmp_path):
    _, archive = stored
    shutil.copy(DATA_FOLDER / "checksums.json", tmp_path)
    path = tmp_path / archives.name_of("gap")
    archives.write(dataclasses.replace(archive, digest=digest_of(plan_of("gap"))), path)
    archives.publish(["gap"], tmp_path)
    assert archives.stale("gap", tmp_path) == ""
    assert read_checksums(tmp_path)["priors.csv"] == read_checksums()["priors.csv"]
    archives.write(archive, path)
    assert "web_states/gap.zip is" in archives.stale("gap", tmp_path)
    archives.publish(["gap"], tmp_path)
    assert "--states gap" in archives.stale("gap", tmp_path)
    assert PageParts(explorers=(), games=()).explorer("gap", "_states") == lab_only_card("gap")
    assert "EXPLORERS[&quot;gap&quot;]()" in lab_only_card("gap")


@pytest.mark.parametrize("key", EXPLORERS)
def test_every_explorer_has_stored_states(key):
    """Sound ones, as planned. Those older than the code are told, and no page shows them."""
    stored = archives.read(key)
    why = archives.stale(key)
    if why:
        warnings.warn(why, stacklevel=1)
    else:
        assert [(s.preset, s.knob) for s in stored.states] == [
            (one.preset, one.knob) for one in plan_of(key).states
        ]


def test_all_archives_together_are_small_enough_to_be_kept_with_the_course():
    sizes = {p.name: p.stat().st_size for p in (DATA_FOLDER / archives.FOLDER).glob("*.zip")}
    assert {f"{key}.zip" for key in EXPLORERS} <= set(sizes)
    assert sum(sizes.values()) <= archives.MOST_BYTES


class Here:
    """A pool that works at once, in this process."""

    def __init__(self, *settings, **more):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def submit(self, work, *arguments):
        future = Future()
        try:
            future.set_result(work(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


def test_what_is_stored_is_kept_and_an_error_stops_no_other(monkeypatch, tmp_path, capsys):
    def unlucky(height, inverse_temperature, pairs):
        if height > 0.9:
            raise ArithmeticError("too high")
        return web_states.line(height, inverse_temperature, pairs)

    plans = {"gap": web_states.build(), "lines": web_states.build(unlucky)}
    monkeypatch.setattr(making, "plan_of", plans.get)
    monkeypatch.setattr(making, "ProcessPoolExecutor", Here)
    shutil.copy(DATA_FOLDER / "checksums.json", tmp_path)
    assert make_states(["lines", "gap"], folder=tmp_path) == ["lines"]
    said = capsys.readouterr().out
    assert "gap: 14 states" in said and "lines: FAILED: ArithmeticError: too high" in said
    assert archives.name_of("gap") in read_checksums(tmp_path)
    assert not (tmp_path / archives.name_of("lines")).exists()
    assert make_one("gap", tmp_path) == "is current"
    with pytest.raises(ValueError, match="Did you mean 'lines'"):
        make_states(["line"])


def test_an_interruption_begins_no_further_explorer(monkeypatch):
    calls = []

    class Interrupted(Here):
        def submit(self, *work):
            future = Future()
            future.set_exception(KeyboardInterrupt())
            return future

        def shutdown(self, **how):
            calls.append(how)

    monkeypatch.setattr(making, "ProcessPoolExecutor", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_states(["lines", "gap"])
    assert calls == [{"cancel_futures": True}]


def test_the_first_sentence_ends_at_a_stop_and_not_in_a_number():
    assert first_sentence("R² is 0.98. More.") == "R² is 0.98."
    assert first_sentence("No stop") == "No stop"


def test_a_card_has_names_for_everything_and_shows_its_first_state_without_scripts(stored):
    plan, archive = stored
    markup = card(plan, archive, "../explorers/gap/")
    assert "\n\n" not in markup
    assert "A &lt;line&gt;" in markup and "How high &amp; why?" in markup
    first = archive.states[0]
    assert f'<img src="../explorers/gap/{first.picture}" alt="{first.alt}" loading="lazy"' in markup
    assert '<label for="ckx-gap-height">height of the circles</label>' in markup
    assert 'max="5" step="1" value="3" aria-valuetext="0.5"' in markup
    assert '<option value="1">two exchanged</option>' in markup
    assert plan.explorer.code in markup
    assert "1/τ: what cosines are multiplied by 14" in script_facts(plan)["presets"][0]["fixed"]


def test_a_folder_has_a_script_per_preset_and_every_picture(stored, tmp_path):
    plan, archive = stored
    write_states(plan, archive, tmp_path)
    presets = ("start-of-a-training", "wrong-pair-cold")
    names = {f"{preset}{kind}.js" for preset in presets for kind in ("", "-tables")}
    assert {p.name for p in tmp_path.iterdir()} == names | set(archive.pictures)
    shown = {}
    for name in names:
        text = (tmp_path / name).read_text(encoding="utf-8")
        states = json.loads(text.removeprefix('courseExplorer("gap", ').removesuffix(");\n"))
        for code, part in states.items():
            shown[code] = shown.get(code, {}) | part
    assert list(codes_of(plan)) == sorted(shown, key=list(codes_of(plan)).index)
    assert all((tmp_path / state["picture"]).is_file() for state in shown.values())
    assert all(state["table"].startswith("<div><table") for state in shown.values())
