"""The package against parity files: numbers of reference code, every value of every case.

COURSEKIT_VECTORS names the folder of the files; without it those of `tests/vectors` are checked.
"""

import copy
import json
import os
from pathlib import Path

import pytest
from vector_checkers import CHECKERS
from vector_checkers.reading import check

FOLDER = Path(os.environ.get("COURSEKIT_VECTORS") or Path(__file__).parent / "vectors")
FILES = sorted(path.name for path in FOLDER.glob("*.json"))

# Files for what is not built yet, and why there is no checker for them.
NOT_YET: dict[str, str] = {}


def test_there_are_files():
    assert FILES, f"{FOLDER} holds no *.json; COURSEKIT_VECTORS may name another folder."


@pytest.mark.parametrize("name", FILES)
def test_file(name, record_property):
    if name in NOT_YET:
        if name in CHECKERS:
            pytest.fail(f"{name} has a checker; take it out of NOT_YET.", pytrace=False)
        pytest.skip(NOT_YET[name])
    if name not in CHECKERS:
        pytest.fail(f"{name} has no checker, and NOT_YET does not say why.", pytrace=False)
    report = check(name, read(name), CHECKERS[name])
    record_property("values_compared", report.compared)
    record_property("values_unknown", report.unknown)
    if report.problems:
        pytest.fail("\n".join(report.problems), pytrace=False)


def read(name):
    """What a file holds."""
    try:
        return json.loads((FOLDER / name).read_text("utf-8"))
    except ValueError as error:
        pytest.fail(f"{name} cannot be read as JSON: {error}.", pytrace=False)


# ---- the checkers can fail -------------------------------------------------------------------

SMALL = {"cases": [{"name": "one", "g1": [1.0, 0.0], "g2": [-1.0, 1.0], "dot": -1.0}]}
SMALL["cases"][0] |= {"g1_projected": [0.5, 0.5], "g2_projected": [0.0, 1.0]}
SMALL["cases"][0] |= {"merged_mean": [0.25, 0.75], "merged_paper_sum": [0.5, 1.5]}
CASE = "pcgrad.json, cases[0] (one)"


def problems_after(**changes):
    """Sentences about a small right file in which some keys of its case are changed."""
    content = copy.deepcopy(SMALL)
    content["cases"][0] |= changes
    content["cases"][0] = {k: v for k, v in content["cases"][0].items() if v is not ...}
    return check("pcgrad.json", content, CHECKERS["pcgrad.json"]).problems


def test_a_right_file_has_no_problem_and_its_values_are_counted():
    assert problems_after() == []
    assert check("pcgrad.json", SMALL, CHECKERS["pcgrad.json"]).compared == 9


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"dot": -1.000001}, f"{CASE}, key 'dot' is -1.000001; -1.0 was computed."),
        ({"merged_mean": [0.25, 0.75 + 2e-8]}, "1 differ, first [1]: 0.75000002 there, 0.75 was"),
        ({"merged_mean": [0.25]}, "shape (1,) there, (2,) was computed"),
        ({"merged_mean": [0.25, "nan"]}, "first [1]: nan there, 0.75 was computed"),
        ({"merged_mean": [0.25, "inf"]}, "first [1]: inf there, 0.75 was computed"),
        ({"merged_mean": [0.25, True]}, f"{CASE}, key 'merged_mean' holds True; numbers were"),
        ({"merged_mean": [0.25, [0.75]]}, f"{CASE}, key 'merged_mean' is no array of numbers"),
        ({"merged_mean": ...}, f"{CASE}, key 'merged_mean' is missing."),
        ({"other": 1.0}, f"{CASE}, key 'other' is not known to the checker."),
        ({"other": {"deep": ["a", "nan"]}}, f"{CASE}, key 'other' is not known to the checker."),
        ({"g2": [-1.0, 1.0, 0.0]}, f"{CASE}, key 'g2': RuntimeError"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(changes, sentence):
    (problem,) = problems_after(**changes)
    assert sentence in problem


def test_words_may_stay_unread():
    assert problems_after(note="drawn by hand", source=["a", {"commit": "b"}]) == []


def test_a_file_without_values_is_a_problem():
    (problem,) = check("pcgrad.json", {"cases": []}, CHECKERS["pcgrad.json"]).problems
    assert problem == "pcgrad.json holds nothing that could be compared."
