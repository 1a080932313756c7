"""Codes stay good: whatever is added later, they open; what is gone, they name."""

import subprocess
import sys
from dataclasses import replace

import pytest

from coursekit import balancing, fusion
from coursekit.course.widgets import EXPLORERS, Choice, Slider, explorer_from_code, gallery
from coursekit.course.widgets import share_code as code_module
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.handout import Handout
from coursekit.course.widgets.share_code import LETTERS, decode, encode
from coursekit.course.widgets.share_code_numbers import LISTED, Ledger, layout, mark
from coursekit.lessons.l07_gradient_modulation.explorer import race_explorer
from coursekit.training.method import Method

CONTROLS = {key: make().controls for key, make in EXPLORERS.items()}
CHOICES = [(k, n) for k, cs in CONTROLS.items() for n, c in cs.items() if isinstance(c, Choice)]


def states(key):
    """The first and the last option of every choice, with numbers here and there."""
    for place in (0, -1):
        yield {
            name: c.options[place] if isinstance(c, Choice) else c.at((c.count - 1) // 3)
            for name, c in CONTROLS[key].items()
        }


def handouts(key):
    for state in states(key):
        yield Handout(state)
        yield Handout(state, locked=frozenset(list(state)[:2]), hidden=frozenset(list(state)[2:4]))


def with_options(key, name, options):
    """The explorer's knobs, one of them with these options."""
    choice = CONTROLS[key][name]
    return {**CONTROLS[key], name: replace(choice, options=tuple(options), value=options[0])}


@pytest.mark.parametrize(("key", "name"), CHOICES)
def test_codes_open_after_any_addition_and_stay_the_same(key, name):
    options = CONTROLS[key][name].options
    more = tuple(f"new-{i}" for i in range(30))
    for grown in (("aaa", *options), (*options, "zzz"), (*more, *reversed(options), "aaa")):
        later = with_options(key, name, grown)
        for handout in handouts(key):
            code = encode(key, CONTROLS[key], handout)
            assert decode(key, later, code) == handout
            assert encode(key, later, handout) == code


@pytest.mark.parametrize(("key", "name"), CHOICES)
def test_codes_open_when_what_was_added_has_its_number(key, name, monkeypatch):
    later = with_options(key, name, ("aaa", *CONTROLS[key][name].options, "zzz"))
    grown = code_module.ledger_of(key).extended(later)
    codes = {encode(key, CONTROLS[key], handout): handout for handout in handouts(key)}
    new = Handout({**next(states(key)), name: "aaa"})
    early = encode(key, later, new)  # made before it had a number
    monkeypatch.setattr(code_module, "ledger_of", lambda _: grown)
    for code, handout in codes.items():
        assert decode(key, later, code) == handout and encode(key, later, handout) == code
    late = encode(key, later, new)
    assert len(late) < len(early) and decode(key, later, late) == decode(key, later, early) == new


@pytest.mark.parametrize(("key", "name"), CHOICES)
def test_a_code_names_what_was_taken_out_or_renamed(key, name):
    *others, withdrawn = CONTROLS[key][name].options
    for options in (others, [*others, "renamed"], ["aaa", *others[::-1]]):
        later = with_options(key, name, options)
        for handout in handouts(key):
            code = encode(key, CONTROLS[key], handout)
            if handout.state[name] != withdrawn:
                assert decode(key, later, code) == handout
                continue
            with pytest.raises(
                ValueError, match="which the course does not have any more"
            ) as refusal:
                decode(key, later, code)
            assert repr(withdrawn) in str(refusal.value) and "letter" not in str(refusal.value)


def test_the_sentence_reads_well_and_names_each_once():
    options = [o for o in CONTROLS["race"]["lane_1"].options if o not in ("agm", "pmr")]
    later = {n: with_options("race", n, options)[n] if n[:4] == "lane" else c
             for n, c in CONTROLS["race"].items()}  # fmt: skip
    lanes = {"lane_1": "agm", "lane_2": "pmr", "lane_3": "agm"}
    code = encode("race", CONTROLS["race"], Handout({**next(states("race")), **lanes}))
    with pytest.raises(ValueError, match="asks for the method 'agm' and the method 'pmr', which"):
        decode("race", later, code)


def test_a_method_and_an_operator_that_are_gone_are_named_by_every_way_in(monkeypatch):
    race, surface = EXPLORERS["race"](), EXPLORERS["surface"]()
    codes = [encode("race", race.controls, Handout({**race.state, "lane_1": "agm"}))]
    codes += [encode("surface", surface.controls, Handout({**surface.state, "operator": "gmu"}))]
    known, names = dict(balancing.registry()), fusion.names()
    monkeypatch.setattr(
        balancing, "registry", lambda: {n: m for n, m in known.items() if n != "agm"}
    )
    monkeypatch.setattr(fusion, "names", lambda: [n for n in names if n != "gmu"])
    for code, withdrawn in zip(codes, ("the method 'agm'", "the operator 'gmu'"), strict=True):
        with pytest.raises(
            ValueError, match=f"{withdrawn}, which the course does not have any more"
        ):
            explorer_from_code(code)


NEW = "from coursekit.training.method import Method\nclass New(Method):\n    name = 'aaa'\n"
OPENED = """
import sys
from coursekit import balancing, fusion
from coursekit.course.widgets import EXPLORERS
if sys.argv[1] == "later":
    balancing.__path__.append(sys.argv[2])
    assert "aaa" in EXPLORERS["race"]().controls["lane_1"].options
    print(EXPLORERS["race"]().read(sys.argv[3]), EXPLORERS["film"]().read(sys.argv[4]))
else:
    race, film = EXPLORERS["race"](), EXPLORERS["film"]()
    changed = dict(lane_1="pmr", lane_3="nobody")
    from coursekit.course.widgets.share_code import encode
    from coursekit.course.widgets.handout import Handout
    print(encode("race", race.controls, Handout({**race.state, **changed}, frozenset({"seed"}))))
    print(film.code)
    print({**race.state, **changed}, film.state)
"""


def test_one_new_file_at_the_front_of_the_alphabet_changes_no_code(tmp_path):
    (tmp_path / "aaa.py").write_text(NEW, encoding="utf-8")

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, "-c", OPENED, *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    *codes, state = run("now")
    assert run("later", str(tmp_path), *codes) == [state]


class Mine(Method):
    """A learner's own."""


def test_a_method_of_ones_own_has_a_code_that_opens_where_it_is_entered():
    with put_off():
        own, more = race_explorer({"mine": Mine}), race_explorer({"best": Mine, "mine": Mine})
        other = race_explorer({"theirs": Mine})
    code = own.code
    assert own.state["lane_1"] == "mine" and own.read(code) == own.state
    assert more.read(code) == own.state
    both = encode(
        "race", more.controls, Handout({**own.state, "lane_2": "best"}, frozenset({"seed"}))
    )
    assert more.read(both)["lane_2"] == "best"
    for elsewhere in (other, EXPLORERS["race"](), race_explorer()):
        with pytest.raises(
            ValueError, match="of somebody's own as method, which the course does not"
        ):
            elsewhere.read(code)
    with pytest.raises(ValueError, match="of somebody's own"):
        explorer_from_code(code)
    plain = {**own.state, "lane_1": "ogm"}  # without it, a code like everybody's
    assert EXPLORERS["race"]().read(encode("race", own.controls, Handout(plain))) == plain


def test_own_options_that_share_a_mark_are_told_apart_by_their_names():
    names = [f"own-{i}" for i in range(200)]
    same = [n for n in names if mark(n) == mark(names[0])]
    assert len(same) > 3 and all(mark(n) >= LISTED for n in names)
    controls = {
        "one": Choice("one", tuple(names), names[0]),
        "two": Choice("two", tuple(same), same[1]),
    }
    for one in same:
        for two in same:
            state = Handout({"one": one, "two": two})
            assert decode("dot", controls, encode("dot", controls, state)) == state


@pytest.mark.parametrize("key", EXPLORERS)
def test_every_single_wrong_letter_and_every_swap_is_refused(key):
    controls = CONTROLS[key]
    own = {n: replace(c, options=(*c.options, "own"), value="own") if isinstance(c, Choice) else c
           for n, c in controls.items()}  # fmt: skip
    cases = [(controls, handout) for handout in handouts(key)]
    cases.append((own, Handout({n: c.value for n, c in own.items()}, frozenset({next(iter(own))}))))
    for knobs, handout in cases:
        letters = encode(key, knobs, handout).replace("-", "")[len(key) :]
        wrong = {
            letters[:i] + letter + letters[i + 1 :]
            for i in range(len(letters))
            for letter in LETTERS
        }
        wrong |= {
            letters[:i] + letters[i + 1] + letters[i] + letters[i + 2 :]
            for i in range(len(letters) - 1)
        }
        for changed in wrong - {letters}:
            with pytest.raises(ValueError, match="does not add up"):
                decode(key, knobs, key + changed)


def ranges():
    return [
        Slider("seed", 0, 98, 1, 0),
        Slider("seed", 0, 100, 1, 0),
        Slider("seed", 1, 100, 1, 1),
        Slider("seed", 0, 198, 2, 0),
        Slider("seed", -99, 0, 1, 0),
        Slider("seed", 0, 99 * 23, 23, 0),
        Slider("seed", 0.0, 9.9, 0.1, 0.0),
    ]


@pytest.mark.parametrize("key", [k for k, cs in CONTROLS.items() if "seed" in cs])
def test_other_ranges_are_refused_with_their_reason_and_never_misread(key):
    for seed in ranges():
        later = {**CONTROLS[key], "seed": seed}
        for handout in handouts(key):
            with pytest.raises(ValueError, match="when this explorer had other knobs or ranges"):
                decode(key, later, encode(key, CONTROLS[key], handout))


def test_other_knobs_are_refused_with_their_reason():
    controls = CONTROLS["blend"]
    without = {n: c for n, c in controls.items() if n != "held"}
    turned = dict(reversed(controls.items()))
    code = encode("blend", controls, Handout(next(states("blend"))))
    for later in (without, turned, {**controls, "more": Slider("more", 0, 5, 1, 0)}):
        with pytest.raises(ValueError, match="when this explorer had other knobs or ranges"):
            decode("blend", later, code)


def test_codes_of_earlier_ranges_are_refused_for_good_and_those_that_come_back_open(monkeypatch):
    first = CONTROLS["lines"]
    second = {**first, "seed": Slider("seed", 0, 98, 1, 0)}
    handout = Handout(next(states("lines")))
    code = encode("lines", first, handout)
    ledger = Ledger().extended(first).extended(second)
    assert ledger.layouts == (layout(first), layout(second))
    monkeypatch.setattr(code_module, "ledger_of", lambda _: ledger)
    with pytest.raises(ValueError, match="or it was made when this explorer had other knobs"):
        decode("lines", second, code)
    assert decode("lines", first, code) == handout


def test_a_letter_that_is_wrong_is_not_blamed_on_ranges_that_never_changed():
    code = EXPLORERS["lines"]().code
    wrong = code[:-1] + ("a" if code[-1] != "a" else "b")
    with pytest.raises(ValueError, match=r"two are swapped\.$"):
        EXPLORERS["lines"]().read(wrong)


def test_a_code_of_a_newer_course_says_so(monkeypatch):
    later = with_options("film", "method", ("aaa", *CONTROLS["film"]["method"].options))
    grown = code_module.ledger_of("film").extended(later)
    with monkeypatch.context() as patched:
        patched.setattr(code_module, "ledger_of", lambda _: grown)
        code = encode("film", later, Handout({**next(states("film")), "method": "aaa"}))
    with pytest.raises(ValueError, match="as method that this copy of the course does not know"):
        EXPLORERS["film"]().read(code)


def test_codes_are_short_enough_to_be_read_out():
    for key, controls in CONTROLS.items():
        letters = encode(key, controls, next(handouts(key))).replace("-", "")[len(key) :]
        assert len(letters) <= 17, (key, letters)  # as many as thirteen knobs need


def test_another_explorer_whose_key_begins_alike_takes_no_code_away(monkeypatch):
    codes = [EXPLORERS["race"]().code]
    e = EXPLORERS["race"]()
    codes += [encode("race", e.controls, Handout({**e.state, "seed": seed})) for seed in range(25)]
    makers = {"race": EXPLORERS["race"]}
    for letter in LETTERS:
        makers[f"race{letter}"] = EXPLORERS["lines"]
    monkeypatch.setattr(gallery, "EXPLORERS", makers)
    monkeypatch.setattr(gallery.Explorer, "open", lambda self, code: (self.key, self.read(code)))
    for code in codes:
        for written in (code, code.upper(), code.replace("-", " "), code.replace("-", "")):
            assert explorer_from_code(written)[0] == "race"
