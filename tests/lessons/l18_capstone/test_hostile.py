"""Solvers that mean harm, or are merely broken, each in a process of its own, at exact marks."""

import hashlib
import os
import time
from pathlib import Path

import pandas as pd
import pytest
from untrained_desk import RIVALS, Untrained, desk

from coursekit.lessons.l18_capstone import graded
from coursekit.lessons.l18_capstone.class_ranking import ranking
from coursekit.lessons.l18_capstone.desk import Desk
from coursekit.lessons.l18_capstone.graded import hidden_seeds, judge_solver
from coursekit.lessons.l18_capstone.hidden_recipe import HiddenRecipe
from coursekit.lessons.l18_capstone.mystery import made

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks, groups, limits")
SECONDS, PATIENCE = 1.5, 60.0  # for a solver that never ends, and for others
SEED = hidden_seeds("a secret of these tests", 1)[0]
DATA, TRUTH = made(SEED)
# What every solver files first: three statements, of which the judge marks what is true.
HEAD = """
import gc, os, sys, time
from coursekit.lessons.l18_capstone.report import Report
FILED = Report({"wrong_labels": (%r, 1.0), "interaction": (%r, 1.0), "biased": (%r, 1.0)}, [0])
def solve(case):
    case.file(FILED)
""" % (TRUTH.wrong_labels, TRUTH.interaction, TRUTH.biased)  # noqa: UP031
KEPT = 18.0  # of statements; confidences: three of six right and sure, three not stated
SURE = 12 * (1 - 4 * 3 * 0.25 / 6)
SPY = """
    from coursekit.lessons.l18_capstone import hidden_recipe
    from coursekit.lessons.l18_capstone.mystery import made
    import hashlib, torch
    train = case.train_rows.inputs["A"]
    if any(torch.equal(made(seed)[0].train.inputs["A"], train) for seed in range(3)):
        raise RuntimeError("a seed fits")
    seen, todo = set(), [case, *gc.get_objects()]
    while todo:
        thing = todo.pop()
        if id(thing) in seen or thing is seen or thing is todo:
            continue
        seen.add(id(thing))
        if isinstance(thing, int) and hashlib.sha256(str(thing).encode()).hexdigest() == SEED:
            raise RuntimeError("the seed is here")
        if isinstance(thing, hidden_recipe.HiddenRecipe):
            if thing.__dict__ and hashlib.sha256(repr(thing).encode()).hexdigest() == TRUTH:
                raise RuntimeError("the recipe is here")
        if isinstance(thing, torch.Tensor) and thing.ndim and len(thing) >= 2000:
            raise RuntimeError("test rows are here")
        if len(seen) < 400_000:
            todo.extend(gc.get_referents(thing))
    return Report(FILED.statements, [case.train().number])
"""


def digest(thing):
    return hashlib.sha256(thing.encode()).hexdigest()


SOLVERS = {  # what it does → code behind HEAD, why it ended, marks for the model
    "prints": ("    print('x' * 10**6); sys.stdout.flush(); return FILED\n", "", None),
    "raises": ("    raise KeyError('mine')\n", "It raised KeyError: 'mine'.", 0),
    "leaves": ("    os._exit(0)\n", "It ended its own process.", 0),
    "quits": ("    sys.exit('bye')\n", "It raised SystemExit: bye.", 0),
    "loops": ("    while True: pass\n", "It was not done after 1.5 seconds.", 0),
    "forks": (
        "    if os.fork() == 0:\n        open(PLACE, 'w').write(str(os.getpid()))\n"
        "    time.sleep(600)\n",
        "It was not done after 1.5 seconds.",
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
        "It was not done after 1.5 seconds.",
        0,
    ),
    "hands in a dictionary": ("    return {'models': [0]}\n", "It raised TypeError: report is", 0),
    "looks around": (
        f"    SEED, TRUTH = {digest(str(SEED))!r}, {digest(repr(TRUTH))!r}\n{SPY}",
        "",
        None,
    ),
}


def judged(code, seconds=PATIENCE):
    own = Desk(Untrained(DATA, 2))
    return judge_solver(code, own, TRUTH, RIVALS, seconds), own


@pytest.mark.parametrize("name", SOLVERS)
def test_a_solver_keeps_its_statements_and_harms_nobody(name, tmp_path):
    code, why, model = SOLVERS[name]
    place = tmp_path / "fork"
    begun = time.monotonic()
    hangs = "not done" in why
    verdict, own = judged(
        (HEAD + code).replace("PLACE", repr(str(place))), SECONDS if hangs else PATIENCE
    )
    assert time.monotonic() - begun < 90
    assert verdict.marks["statements"] == pytest.approx(KEPT)
    assert verdict.marks["confidence"] == pytest.approx(SURE)
    if why:
        assert verdict.sentences["model"][0].startswith(why)
        assert (verdict.marks["model"], verdict.marks["checklist"]) == (model, 0)
        assert verdict.accuracies["handed in"] is None
    elif name == "prints":
        assert verdict.sentences["model"] == ["No training was asked for, so there is no model."]
    else:
        assert len(own.log.models) == 1
        assert verdict.accuracies["handed in"] > 0
    if place.exists():
        assert _is_gone(int(place.read_text()))


def _is_gone(process):
    for _ in range(100):
        state = Path(f"/proc/{process}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


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
    assert table["level with"].to_dict() == {"Ada": "Cy", "Cy": "Ada", "Bo": ""}
    assert table.loc["Ada", "low"] < 80 < table.loc["Ada", "high"]
    with pytest.raises(ValueError, match="one mystery"):
        ranking(marks[marks["mystery"] == 0])


def test_the_desk_of_the_tests_trains_nothing():
    assert desk().log.train({})[0] == 0
