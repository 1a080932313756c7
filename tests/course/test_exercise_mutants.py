"""Slips made in the right answers: no exercise may pay for one, or say of it what is not true.

One of thirty seeds here, another one every day; `python tests/exercise_mutants.py` has all of them.
"""

import ast
import datetime

import numpy as np
import pytest
from mutants import equivalents, stored, trial
from mutants.answers import Source
from mutants.slips import slips
from mutants.trial import SEEDS, Trial, tried_exercises
from mutants.verdicts import unsteady

from coursekit.course.exercises import Exercise, Misconception

DAY = datetime.date.today().toordinal() % len(SEEDS)
TODAY = SEEDS[DAY : DAY + 1]
AGAIN = f"python tests/exercise_mutants.py {{}} --seeds {' '.join(map(str, TODAY))}"
MEAN = "_answer = lambda x: x.sum() / len(x)"
each_exercise = pytest.mark.parametrize("key", tried_exercises())


class OneSeed(Trial):
    """A trial with one seed: there is no other with which a hint could be false.

    To judge every slip for that would take three quarters of the time.
    """

    def false_hints(self, function, name):
        assert len(self.seeds) == 1
        return []


@each_exercise
def test_slips_are_refused_and_answers_judged_alike(key):
    tried = OneSeed(key, TODAY)
    finding = tried.run()
    faults = finding.faults + unsteady(tried)
    assert finding.mutants > 50
    assert not faults, "\n".join([f"again with: {AGAIN.format(key)}", *faults])


@each_exercise
def test_the_stored_table_is_of_these_sources(key):
    row = stored.rows().get(key)
    renew = f"python tests/exercise_mutants.py {key[:2]}"
    assert row is not None, f"{key} has no row in {stored.FILE.name}; {renew} writes it"
    assert row[-1] == stored.digest(key), f"{key} has changed; {renew} renews its row"


def test_every_reason_speaks_of_an_exercise():
    assert set(equivalents.table()) <= set(tried_exercises())
    assert set(stored.rows()) == set(tried_exercises())
    for reasons in equivalents.table().values():
        assert reasons and all(len(reason) > 10 for reason in reasons)


def names(code):
    return [text.partition(": ")[2] for text, _ in slips(ast.parse(code))]


def test_the_slips_are_those_that_people_make():
    made = names("def f(x, y):\n    return abs(x.mean() - y) / len(x) ** 0.5 > 1.96")
    for text in (
        "abs(x.mean() - y) / len(x) ** 0.5 > 1.96 → abs(x.mean() - y) / len(x) ** 0.5 >= 1.96",
        "abs(x.mean() - y) / len(x) ** 0.5 → abs(x.mean() - y) * len(x) ** 0.5",
        "x.mean() - y → _numpy.median(x) - y",
        "x.mean() - y → x.mean() + y",
        "abs(x.mean() - y) / len(x) ** 0.5 → (x.mean() - y) / len(x) ** 0.5",
        "abs(x.mean() - y) / len(x) ** 0.5 → abs(x.mean() - y) / len(x)",
        "len(x) ** 0.5 → (len(x) - 1) ** 0.5",
    ):
        assert text in made, made
    assert any("1.568" in text for text in made)


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("max(d.values())", "next(iter(d.values()))"),
        ("(a > b).all()", "(a > b).any()"),
        ("x.std(ddof=1)", "x.std()"),
        ("x.sum(axis=1)", "x.sum()"),
        ("x.sum(axis=1)", "0"),
        ("x @ y", "y @ x"),
        ("x.T @ y", "x @ y"),
        ("a and b", "a or b"),
        ("[x for x in y if x]", "nothing"),
        ("max(v[:n])", "max(v)"),
        ("1 if a else 2", "2 if a else 1"),
    ],
)
def test_a_slip_of_each_kind(code, wanted):
    assert any(text.endswith(f"→ {wanted}") for text in names(code)), names(code)


def test_the_tree_is_as_before_afterwards():
    tree = ast.parse("def f(x):\n    return x.mean(axis=0) - 1 if x.all() else 2 * x")
    before = ast.dump(tree)
    assert len(list(slips(tree))) > 10
    assert ast.dump(tree) == before


def lax(monkeypatch, cases, *misconceptions, source=MEAN, seeds=(1, 2, 3)):
    """A trial of a mean with other cases."""
    exercise = Exercise(
        key="90-mean",
        points=1,
        task="Return the mean.",
        reference=lambda x: float(np.mean(x)),
        cases=cases,
        misconceptions=misconceptions,
        hints=("Add and divide.",),
    )
    monkeypatch.setattr(trial, "all_exercises", lambda: {"90-mean": ("00", exercise)})
    monkeypatch.setattr(trial, "sources", lambda *_: [Source("reference", {}, ast.parse(source))])
    return Trial("90-mean", seeds).run()


def test_lax_cases_are_found_out(monkeypatch):
    positive = lax(monkeypatch, lambda rng: [(rng.uniform(1, 2, 5),) for _ in range(4)])
    assert any("absolute value: accepted with [1, 2, 3]" in fault for fault in positive.faults)
    rows = ([9.0, 8.5, -0.013], [0.012, 0.004, 0.02, 0.01], [-9.0, -8.3, -7.0, 0.03])
    strict = lax(monkeypatch, lambda rng: [(rng.normal(x, 0.0001),) for x in rows])
    assert strict.mutants > 10  # a mean forgets the order, and nothing else
    assert [fault.partition(":")[0] for fault in strict.faults] == ["reference"]
    assert "smallest first" in strict.faults[0]


def test_a_hint_that_holds_by_chance_is_found_out(monkeypatch):
    def cases(rng):  # the smallest is the first in some draws
        rows = [rng.permutation([1.0, 2.0, 3.5 + i]) for i in range(2)]
        return [(row,) for row in rows]

    smallest = Misconception("smallest", lambda x: x[0], "You take the first.")
    source = "_answer = lambda x: sum(x) / len(x) if min(x) < 0 else min(x)"
    finding = lax(monkeypatch, cases, smallest, source=source, seeds=tuple(range(12)))
    assert any(": told {" in f and "'You take the first.'" in f for f in finding.faults)
