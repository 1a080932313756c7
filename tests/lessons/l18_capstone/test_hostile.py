"""Solvers that mean harm, or are merely broken, each in a process of its own, at exact marks."""

import inspect
import math
import os
import time
import types
from pathlib import Path

import pandas as pd
import pytest
import spy
import torch
import typer
from spy import digest, reached
from untrained_desk import RIVALS, Untrained, desk

from benchmarks.patience import patient
from coursekit.lessons.l18_capstone import class_ranking, graded
from coursekit.lessons.l18_capstone.class_ranking import ranking
from coursekit.lessons.l18_capstone.desk import Desk
from coursekit.lessons.l18_capstone.graded import hidden_seeds, judge_solver
from coursekit.lessons.l18_capstone.hidden_recipe import STREAMS, HiddenRecipe, generator_of
from coursekit.lessons.l18_capstone.mystery import made

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks, groups, limits")
SECONDS, PATIENCE = 1.5, patient(15)  # for a solver that never ends, and for others
SECRET = "a secret of these tests"
SEED = hidden_seeds(SECRET, 1)[0]
DATA, TRUTH = made(SEED)
# What every solver files first: three statements, of which the judge marks what is true.
HEAD = """
import os, sys, threading, time
import torch
from coursekit.lessons.l18_capstone.report import Report
FILED = Report({"wrong_labels": (%r, 1.0), "interaction": (%r, 1.0), "biased": (%r, 1.0)}, [0])
def solve(case):
    case.file(FILED)
""" % (TRUTH.wrong_labels, TRUTH.interaction, TRUTH.biased)  # noqa: UP031
KEPT = 18.0  # of statements; confidences: three of six right and sure, three not stated
SURE = 12 * (1 - 4 * 3 * 0.25 / 6)
SURES = {"is equal to all": 0.0}  # three wrong ones at 1.0
SPY = Path(spy.__file__).read_text(encoding="utf-8")
HIDDEN = {digest(SECRET), digest(SEED), digest(repr(TRUTH)), *(
    digest(row.numpy().tobytes()) for row in DATA.test.inputs["A"][:50])}  # fmt: skip
LOOK = f"""
    met = reached([case, *everything()], {HIDDEN!r})
    if met:
        raise RuntimeError("hidden, and found: " + ", ".join(met))
    from coursekit.lessons.l18_capstone.mystery import made
    train = case.train_rows.inputs["A"]
    if any(torch.equal(made(seed)[0].train.inputs["A"], train) for seed in range(3)):
        raise RuntimeError("a seed fits")
    return Report(FILED.statements, [case.train().number])
"""
LINE = "case._ask.__closure__[0].cell_contents"
GONE = "Its process ended, or hung up on the judge."
LATE = "It was not done after 1.5 seconds."
FINE = ""  # it comes to its end
NOBODY_TRAINED = "No training was asked for, so there is no model."


SOLVERS = {
    "prints": ("    print('x' * 10**6); sys.stdout.flush(); return FILED\n", "", None),
    "raises": ("    raise KeyError('mine')\n", "It raised KeyError: 'mine'.", 0),
    "leaves": ("    os._exit(0)\n", GONE, 0),
    "quits": ("    sys.exit('bye')\n", "It raised SystemExit: bye.", 0),
    "loops": ("    while True: pass\n", LATE, 0),
    "forks": (
        "    if os.fork() == 0:\n        open(PLACE, 'w').write(str(os.getpid()))\n"
        "    time.sleep(600)\n",
        LATE,
        0,
    ),
    "fills the memory": (
        "    held = []\n    while True: held.append(bytearray(2**33))\n",
        "It raised MemoryError",
        0,
    ),
    "edits the budget": (
        "    case.left = 100\n    while True: case.train()\n",
        "It raised BudgetSpent: All 2 trainings are used up.",
        0,
    ),
    "says nonsense": (
        "    case._ask.__closure__[0].cell_contents.send_bytes(b'\\x80')\n    time.sleep(600)\n",
        "It sent the judge what is no question.",
        0,
    ),
    "says half of it": (
        "    os.write(case._ask.__closure__[0].cell_contents.fileno(), b'\\0\\0')\n"
        "    time.sleep(600)\n",
        LATE,
        0,
    ),
    "hands in a dictionary": ("    return {'models': [0]}\n", "It raised TypeError: report is", 0),
    "forks and leaves": (
        "    if os.fork() == 0:\n        open(PLACE, 'w').write(str(os.getpid()))\n"
        "        time.sleep(600)\n"
        "    while not os.path.exists(PLACE): time.sleep(0.01)\n    os._exit(0)\n",
        GONE,
        0,
    ),
    "hangs up": (f"    os.close({LINE}.fileno()); time.sleep(600)\n", GONE, 0),
    "sends too much": (
        f"    {LINE}.send_bytes(b'x' * (2**20 + 1)); time.sleep(600)\n",
        "It sent the judge more than 1048576 bytes at once.",
        0,
    ),
    "hands in too much": (
        "    return Report(FILED.statements, range(10**6))\n",
        "It raised ValueError: ",
        0,
    ),
    "raises odd letters": (
        "    raise ValueError(chr(0xd800))\n",
        "It raised ValueError: \\ud800.",
        0,
    ),
    "leaves a thread": (
        "    threading.Thread(target=time.sleep, args=(600,)).start(); return FILED\n",
        FINE,
        None,
    ),
    "has a terminal": (
        "    os.write(1, b'1 me 100.0'); os.write(2, b'all well')\n"
        "    if {os.readlink(f'/proc/self/fd/{n}') for n in (0, 1, 2)} != {os.devnull}:\n"
        "        raise RuntimeError('I can write on the terminal')\n    return FILED\n",
        FINE,
        None,
    ),
    "is equal to all": (
        "    class All(str):\n        __eq__ = lambda a, b: True\n"
        "        __hash__ = str.__hash__\n"
        "    more = {n: (All('A'), 1.0) for n in ('starves', 'weak', 'missing')}\n"
        "    return Report({**FILED.statements, **more}, [0])\n",
        FINE,
        None,
    ),
    "patches the judge": (
        "    from coursekit.lessons.l18_capstone import judge, rivals, statement_marks\n"
        "    statement_marks.credit = lambda *a: (1.0, '')\n"
        "    rivals.Rivals.marks = lambda *a: 40.0\n"
        "    case.train_rows.inputs['A'].zero_(); case.valid_rows.labels.zero_()\n"
        "    return FILED\n",
        FINE,
        None,
    ),
    "trains without asking": (
        "    x, y = case.train_rows.inputs['A'], case.train_rows.labels\n"
        "    own = torch.nn.Linear(x.shape[1], case.classes)\n"
        "    torch.nn.functional.cross_entropy(own(x), y).backward()\n"
        "    return Report(FILED.statements, [own])\n",
        FINE,
        None,
    ),
}  # what it does → code behind HEAD, why it ended, marks for the model


def judged(code, seconds=PATIENCE, own=None):
    own = own or Desk(Untrained(DATA, 2))
    return judge_solver(code, own, TRUTH, RIVALS, seconds), own


@pytest.mark.parametrize("name", SOLVERS)
def test_a_solver_keeps_its_statements_and_harms_nobody(name, tmp_path):
    code, why, model = SOLVERS[name]
    place = tmp_path / "fork"
    begun = time.monotonic()
    hangs = "not done" in why
    before = DATA.train.inputs["A"].clone()
    verdict, own = judged(
        (HEAD + code).replace("PLACE", repr(str(place))), SECONDS if hangs else PATIENCE
    )
    assert time.monotonic() - begun < patient(30)
    assert verdict.marks["statements"] == pytest.approx(KEPT)
    assert verdict.marks["confidence"] == pytest.approx(SURES.get(name, SURE))
    if why:
        assert verdict.sentences["model"][0].startswith(why)
        assert (verdict.marks["model"], verdict.marks["checklist"]) == (model, 0)
        assert verdict.accuracies["handed in"] is None
    else:
        assert verdict.sentences["model"] == [NOBODY_TRAINED]
        assert (verdict.marks["model"], own.log.models) == (0, [])
        assert verdict.marks["checklist"] == 0
        assert verdict.total == pytest.approx(verdict.marks["statements"] + SURES.get(name, SURE))
    for sentence in " ".join(t for part in verdict.sentences.values() for t in part).split(" "):
        assert sentence.encode("utf-8").decode() == sentence  # a file can hold it
    assert torch.equal(own.log.data.train.inputs["A"], before)
    if place.exists():
        assert _is_gone(int(place.read_text()))


def _is_gone(process):
    for _ in range(100):
        state = Path(f"/proc/{process}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_nothing_hidden_can_be_reached_from_a_solver():
    verdict, own = judged(SPY + HEAD + LOOK)
    assert verdict.sentences["model"][0].startswith("On test rows")
    assert len(own.log.models) == 1
    assert verdict.marks["checklist"] == pytest.approx(12 / 7)  # joint training had its tries


def test_the_search_does_find_what_the_judge_would_let_slip():
    careless = Desk(Untrained(DATA, SEED))  # the budget is what every solver is given
    verdict, _ = judged(SPY + HEAD + LOOK, own=careless)
    assert verdict.sentences["model"] == ["It raised RuntimeError: hidden, and found: int."]
    assert verdict.marks["statements"] == pytest.approx(KEPT)


class Holder:
    def __init__(self, thing):
        self.thing = thing


PLANTS = {  # how to hide a thing, in code that sees nothing else
    "attribute": "holder(thing)",
    "bound method": "[thing].count",
    "closure": "lambda: thing",
    "default": "lambda x=thing: x",
    "globals": "",
    "frame": "(thing for _ in [0])",
    "dictionary": "[{1: (thing,)}]",
}


@pytest.mark.parametrize("place", PLANTS)
def test_the_search_goes_everywhere(place):
    def met_from(thing):
        names = {"holder": Holder, "__builtins__": {}}
        if place == "globals":
            planted = eval("lambda: 0", {**names, "thing": thing})
        else:
            planted = eval(f"lambda thing: {PLANTS[place]}", names)(thing)
        return reached([planted], HIDDEN, (type, types.ModuleType))

    for thing in (SEED, SECRET, TRUTH, DATA.test.inputs["A"], DATA.inputs["A"][:10]):
        assert met_from(thing) == [type(thing).__name__]
    assert met_from(DATA.train.inputs["A"]) == met_from(7) == []


def test_a_training_that_ends_too_late_is_no_model():
    class Slow(Untrained):
        def _train(self, request):
            time.sleep(1.0)
            return super()._train(request)

    own = Desk(Slow(DATA, 2))
    verdict, _ = judged(HEAD + "    return Report({}, [case.train().number])\n", 0.5, own)
    assert verdict.sentences["model"] == ["It was not done after 0.5 seconds."]
    assert verdict.marks["model"] == 0
    assert verdict.marks["statements"] == pytest.approx(KEPT)


def test_one_bad_file_does_not_stop_the_class(tmp_path, monkeypatch):
    (tmp_path / "ada.py").write_text("solve = 3", encoding="utf-8")
    (tmp_path / "bo.py").write_bytes(b"# \xe9\xff\nsolve = 3")
    (tmp_path / "cy.py").mkdir()
    judged_texts = {}

    def marks(solvers, seeds, seconds):
        judged_texts.update(solvers)
        rows = [(name, seed, 50.0, "\\ud800") for name in solvers for seed in seeds]
        return pd.DataFrame(rows, columns=["name", "mystery", "total", "why"])

    monkeypatch.setattr(class_ranking, "judge_class", marks)
    monkeypatch.setattr(typer, "prompt", lambda *a, hide_input: SECRET)
    class_ranking.judge_solvers(tmp_path, out=tmp_path / "marks.csv")
    assert set(judged_texts) == {"ada", "bo"}
    assert len(pd.read_csv(tmp_path / "marks.csv")) == 6
    # What stands on the command line is read by every process.
    assert "secret" not in inspect.signature(class_ranking.judge_solvers).parameters


def test_code_that_does_not_run_is_told_why():
    verdict, _ = judged("def solve(case) return 3")
    assert verdict.total == 0
    assert "SyntaxError" in verdict.sentences["model"][0]


def test_nothing_that_a_solver_sends_is_unpickled():
    source = Path(graded.__file__).read_text(encoding="utf-8")
    assert "recv()" not in source
    assert "pickle" not in source
    assert "torch.load" not in source


def test_hidden_seeds_are_large_and_hang_on_the_secret_alone():
    seeds = hidden_seeds("words", 3)
    assert len(set(seeds)) == 3
    assert min(seeds) > 2**40
    assert seeds == hidden_seeds("words", 3)
    assert not set(seeds) & set(hidden_seeds("other words", 3))
    assert isinstance(made(seeds[0])[1], HiddenRecipe)
    draws = {
        tuple(torch.randint(2**31, (4,), generator=generator_of(seed, stream)).tolist())
        for seed in (seeds[0], seeds[0], seeds[0] + 2**32, seeds[0] + 1)
        for stream in STREAMS
    }
    assert len(draws) == 9  # neither the last 32 bits of a seed nor the rows tell of a recipe
    with pytest.raises(ValueError, match="secret is empty"):
        hidden_seeds("")


def test_a_class_is_ranked_with_ties_and_who_is_level():
    totals = {"Ada": [80, 70, 90], "Bo": [40, 30, 52], "Cy": [70, 80, 90]}
    marks = pd.DataFrame(
        [(n, i, t) for n, own in totals.items() for i, t in enumerate(own)],
        columns=["name", "mystery", "total"],
    )
    table = ranking(marks).set_index("name")
    assert table["rank"].to_dict() == {"Ada": 1, "Cy": 1, "Bo": 3}
    assert table["not told apart from"].to_dict() == {"Ada": "Cy", "Cy": "Ada", "Bo": ""}
    assert table.loc["Ada", "low"] < 80 < table.loc["Ada", "high"] == 100
    with pytest.raises(ValueError, match="one mystery"):
        ranking(marks[marks["mystery"] == 0])
    with pytest.raises(ValueError, match="Ada not once on each mystery"):
        ranking(marks[1:])
    with pytest.raises(ValueError, match="Bo not once on each mystery"):
        ranking(pd.concat([marks, marks[3:4]]))
    with pytest.raises(ValueError, match="a total in marks is nan"):
        ranking(marks.assign(total=math.nan))


def test_the_desk_of_the_tests_trains_nothing():
    assert desk().log.train({})[0] == 0
