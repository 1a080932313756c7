"""Marks of reports, exact: right ones, what cannot be marked; the case, the budget, the rules."""

import json
import math

import numpy as np
import pytest
import torch
from untrained_desk import RIVALS, SEED, desk, drawn

from coursekit.analysis.costs import parameters
from coursekit.lessons.l18_capstone.case import BudgetSpent, Trained
from coursekit.lessons.l18_capstone.hidden_recipe import (
    CLASSES,
    LOST,
    TRAIN,
    HiddenRecipe,
    draw_recipe,
    hidden_data,
)
from coursekit.lessons.l18_capstone.judge import OUT_OF, judge_report
from coursekit.lessons.l18_capstone.mystery import Mystery, mystery
from coursekit.lessons.l18_capstone.report import STATEMENTS, Report, plain
from coursekit.lessons.l18_capstone.rivals import Rivals
from coursekit.lessons.l18_capstone.rules import diagnose, finished
from coursekit.lessons.l18_capstone.statement_marks import confidence_marks
from coursekit.lessons.l18_capstone.symptoms import balanced_rows, type_skew, wrong_share
from coursekit.lessons.l18_capstone.training_log import Request

TRUE = {"starves": "A", "weak": "none", "interaction": True, "wrong_labels": 0.0, "biased": False,
        "missing": "A"}  # fmt: skip
NONE = "none"
HUGE, DEEP = 10**400, eval("[" * 90 + "]" * 90)  # what no float holds; what is deep


def stated(sure=1.0, **other):
    return {name: (value, sure) for name, value in {**TRUE, **other}.items()}


def marked(report, own=None, ended=""):
    own = own or desk()
    values = plain(report) if isinstance(report, Report) else report
    return judge_report(values, own, drawn()[1], RIVALS, ended)


def honest(own):
    """A report on three untrained models that says of them what is so."""
    case = own.case()
    made = [case.train(["A"]), case.train(["B"]), case.train()]
    return finished(case, made, [made[2].number], {"A": [made[1].number]}, stated())


def test_the_recipe_of_the_seed_is_what_the_tests_take_it_for():
    assert vars(drawn()[1]) == TRUE


def test_a_right_report_earns_all_but_what_its_model_lacks():
    own = desk()
    verdict = marked(honest(own), own)
    assert verdict.marks["statements"] == OUT_OF["statements"] == 36
    assert verdict.marks["confidence"] == OUT_OF["confidence"] == 12
    assert verdict.marks["checklist"] == OUT_OF["checklist"] == 12
    accuracy = verdict.accuracies["handed in"]
    assert verdict.marks["model"] == RIVALS.marks(accuracy) == 0  # it has learnt nothing
    assert verdict.total == 60
    assert list(verdict.table()["part"]) == [*OUT_OF, "total"]


@pytest.mark.parametrize(
    ("accuracy", "marks"),
    [(0.95, 40), (0.9, 40), (0.85, 30), (0.8, 15), (0.75, 5), (0.7, 0), (0.0, 0)],
)
def test_a_model_is_marked_by_how_far_it_is_behind_each_rival(accuracy, marks):
    assert math.isclose(RIVALS.marks(accuracy), marks, abs_tol=1e-9)
    assert Rivals(0.8, 0.95, 0.9).best == 0.95


STATEMENTS_MARKS = [  # name, value, marks of 6, what is said of it
    ("starves", "A", 6, "is true"),
    ("starves", "B", 0, "'A' is true"),
    ("starves", "sound", 0, "'A', 'B' or 'none' was expected"),
    ("starves", None, 0, "'A', 'B' or 'none' was expected"),
    ("starves", True, 0, "'A', 'B' or 'none' was expected"),
    ("interaction", 1, 0, "True or False was expected"),
    ("interaction", "yes", 0, "True or False was expected"),
    ("wrong_labels", 0.0, 6, "0.00 is true"),
    ("wrong_labels", 0.05, 4, "0.05 stated"),
    ("wrong_labels", 0.15, 0, "0.15 stated"),
    ("wrong_labels", 0.9, 0, "0.90 stated"),
    ("wrong_labels", math.nan, 0, "a share from 0 to 1 was expected"),
    ("wrong_labels", -0.01, 0, "a share from 0 to 1 was expected"),
    ("wrong_labels", 30, 0, "a share from 0 to 1 was expected"),
    ("wrong_labels", True, 0, "a share from 0 to 1 was expected"),
    ("wrong_labels", torch.zeros(3), 0, "a share from 0 to 1 was expected"),
    ("wrong_labels", HUGE, 0, "'<a huge number>'; a share from 0 to 1 was expected"),
    ("wrong_labels", DEEP, 0, "a share from 0 to 1 was expected"),
    ("starves", "A" * 10**6, 0, "'A', 'B' or 'none' was expected"),
    ("starves", "\ud800", 0, "'A', 'B' or 'none' was expected"),
]


@pytest.mark.parametrize(("name", "value", "marks", "sentence"), STATEMENTS_MARKS)
def test_a_statement_is_marked_and_why(name, value, marks, sentence):
    verdict = marked(Report(stated(**{name: value})))
    assert math.isclose(verdict.marks["statements"], 30 + marks, abs_tol=1e-9)
    assert any(sentence in text for text in verdict.sentences["statements"])


@pytest.mark.parametrize("sure", [0.4, 1.1, 2, -1, math.nan, "high", None, True, HUGE, DEEP])
def test_a_confidence_that_is_none_counts_as_a_half(sure):
    verdict = marked(Report({**stated(), "weak": ("none", sure)}))
    assert verdict.marks["statements"] == 36
    assert math.isclose(verdict.marks["confidence"], 12 * (1 - 4 * 0.25 / 6))
    assert any("it counts as 0.5" in text for text in verdict.sentences["statements"])


NOTHING = [  # hand-ins without a statement that can be marked
    None, [], 3, "report", {}, {"statements": None}, {"statements": ["A"]},
    {"statements": {"starves": "A"}}, {"statements": {"starves": ["A"]}},
    {"statements": {"hungry": ["A", 1.0]}}, {"statements": {"\ud800" * 400: ["A", 1.0]}},
    {"statements": DEEP}, {"statements": {"starves": DEEP}}, DEEP, HUGE,
    {"models": [HUGE], "without": {"A": DEEP}, "table": {"A": HUGE}, "parameters": HUGE},
]  # fmt: skip


@pytest.mark.parametrize("report", NOTHING, ids=range(len(NOTHING)))
def test_what_is_no_report_earns_nothing_and_stops_nobody(report):
    verdict = marked(report)
    assert verdict.total == 0
    assert verdict.accuracies["handed in"] is None
    sentences = [text for texts in verdict.sentences.values() for text in texts]
    assert all(sentences)
    assert len(" ".join(sentences).encode("utf-8")) < 2500  # and a file can hold them


NO_MODELS = [  # what stands in models, and why it is none
    ((), "models is empty"),
    ((3,), "0 to 2, was expected"),
    ((-1,), "0 to 2, was expected"),
    ((0.0,), "a whole number"),
    ((True,), "a whole number"),
    ((HUGE,), "a whole number"),
    ((DEEP,), "a whole number"),
    (range(10**5), "100000 entries, for 3 trainings"),
    ((0, 1, 2, 0), "4 entries, for 3 trainings"),
    ("012", "numbers of trainings"),
    (torch.nn.Linear(2, 2), "numbers of trainings"),
    (lambda inputs: 0, "numbers of trainings"),
]


@pytest.mark.parametrize(("models", "sentence"), NO_MODELS, ids=range(len(NO_MODELS)))
def test_what_is_no_training_of_the_case_is_no_model(models, sentence):
    own = desk()
    good = honest(own)
    verdict = marked(Report(good.statements, models, {}, good.table, good.parameters), own)
    assert verdict.marks["model"] == 0
    assert sentence in verdict.sentences["model"][0]
    assert verdict.marks["statements"] == 36
    assert math.isclose(verdict.marks["checklist"], 12 * 5 / 7)  # no model, no figure, no cost


def test_who_trains_without_asking_has_no_model():
    verdict = marked(Report(stated(), [0]))
    assert verdict.marks["model"] == 0
    assert verdict.sentences["model"] == ["No training was asked for, so there is no model."]


CHECKS = [  # changes to an honest report, conditions that then fail
    ({"table": {}}, 5),
    ({"table": "all fine"}, 5),
    ({"table": {"A": math.nan, "B": "0.5", "joint": True, "ensemble": 9, "handed in": None}}, 5),
    ({"parameters": 0}, 1),
    ({"parameters": math.nan}, 1),
    ({"parameters": "many"}, 1),
    ({"parameters": HUGE, "table": {"A": HUGE, "B": DEEP, "joint": -1, "ensemble": "\ud800"}}, 6),
]


@pytest.mark.parametrize(("change", "failed"), CHECKS, ids=range(len(CHECKS)))
def test_the_checklist_holds_the_report_against_the_log(change, failed):
    own = desk()
    values = {**plain(honest(own)), **change}
    verdict = judge_report(values, own, drawn()[1], RIVALS)
    assert math.isclose(verdict.marks["checklist"], 12 * (7 - failed) / 7)
    assert len(verdict.sentences["checklist"]) == failed


def test_a_figure_rounded_to_two_digits_is_true_and_a_better_one_is_not():
    own = desk()
    good = honest(own)
    rounded = {row: round(value, 2) for row, value in good.table.items()}
    values = {**plain(good), "table": rounded}
    assert judge_report(values, own, drawn()[1], RIVALS).marks["checklist"] == 12
    values["table"] = {**rounded, "handed in": rounded["handed in"] + 0.02}
    verdict = judge_report(values, own, drawn()[1], RIVALS)
    assert math.isclose(verdict.marks["checklist"], 12 * 6 / 7)


def test_more_tries_than_joint_training_had_are_no_equal_budget():
    own = desk()
    report = honest(own)
    case = own.case()
    case.train(method="mlb", rate=0.05)
    assert marked(report, own).marks["checklist"] == 12
    case.train(method="mlb", rate=0.2)
    verdict = marked(report, own)
    assert verdict.sentences["checklist"] == [
        "equal budget: joint training had 1 tries, another one 2."
    ]


def test_the_budget_is_the_judges_whatever_is_written_into_the_case():
    own = desk(budget=2)
    case = own.case()
    case.train(["A"])
    case.train(["A"])  # the same again costs, too
    case.left = 100
    with pytest.raises(BudgetSpent, match="All 2 trainings are used up"):
        case.train()
    assert case.left == 0
    assert len(own.log.models) == 2


REFUSED = [
    ({"rows": range(TRAIN, TRAIN + 400)}, "0 to 999, was expected"),  # valid as train
    ({"rows": []}, "rows is empty"),
    ({"rows": [0] * 2001}, "2000 at most"),
    ({"use": []}, "use is empty"),
    ({"use": ["C"]}, "it can be 'A', 'B'"),
    ({"use": ["A"], "method": "mlb"}, "nothing to fuse or balance"),
    ({"fusion": "mine"}, "it can be"),
    ({"method": "magic"}, "it can be"),
    ({"rate": 50.0}, "0.001 to 1 was expected"),
    ({"rate": math.nan}, "a finite number"),
    ({"seed": -1}, "seed is -1"),
    ({"seed": 1.5}, "seed is 1.5"),
    ({"rate": "0.1"}, "a number was expected"),
    ({"rate": -0.1}, "0.001 to 1 was expected"),
    ({"rate": HUGE}, "rate is '<a huge number>'; a number was expected"),
    ({"rows": [-1]}, "0 to 999, was expected"),
    ({"rows": torch.tensor([0.5, 2])}, "a whole number"),
    ({"rows": [HUGE]}, "a whole number"),
    ({"use": [["A"]]}, "it can be 'A', 'B'"),
    ({"start": [Trained(5, None)]}, "was expected"),
    ({"start": [Trained(0, None)] * 101}, "start has 101 entries"),
    ({"start": [0]}, "an entry of start is a int; a Trained was expected"),
    ({"start": Trained(0, None)}, "start is Trained.*; earlier trainings in a list were"),
    ({"use": 5}, "use is 5; modalities in a list were expected"),
    ({"rows": 5}, "rows is 5; row numbers in a list were expected"),
]


@pytest.mark.parametrize(("options", "sentence"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_trained_costs_nothing(options, sentence):
    own = desk()
    with pytest.raises((TypeError, ValueError), match=sentence):
        own.case().train(**options)
    assert own.log.left == 8


def test_numbers_of_numpy_and_pytorch_reach_a_judge_behind_a_pipe():
    own = desk()

    def ask(question):
        return own.answer(json.loads(json.dumps(question)))

    case = own.case()
    case._ask = ask
    case.train(np.array(["A"]), rate=np.float32(0.5), seed=np.int64(3), rows=np.arange(9))
    case.train(rate=torch.tensor(0.25), seed=torch.tensor(4), start=iter([case.train()]))
    first, plain_one, second = own.log.requests
    assert (first.use, first.rate, first.seed, first.rows) == (("A",), 0.5, 3, tuple(range(9)))
    assert (second.rate, second.seed, second.start) == (0.25, 4, (1,))
    assert plain_one == Request()


def test_trainings_that_begin_with_one_another_often_do_not_stop_the_judge():
    own, made = desk(), []
    for _ in range(8):  # what each comes of would be counted a hundred to the power of seven times
        made.append(own.case().train(start=(made or []) * 10 + made[-1:] * 30))
    assert [r.start for r in own.log.requests] == [tuple(range(k)) for k in range(8)]


def test_of_two_that_a_training_begins_with_the_last_one_counts():
    own = desk()
    a, b = own.case().train(["A"]), own.case().train(["A"], seed=1)
    own.case().train(start=[a, b, a])
    assert own.log.requests[2].start == (1, 0)


@pytest.mark.parametrize("question", [None, 3, "train", {}, {"ask": "train"}, {"ask": "recipe"},
                                      {"ask": "train", "options": {"epochs": 1000}}])  # fmt: skip
def test_the_desk_answers_every_question_in_words(question):
    answer = desk().answer(question)
    assert answer["left"] == 8
    assert len(answer["refused"]) > 10


def test_a_model_that_is_changed_afterwards_is_not_the_judges():
    own = desk()
    trained = own.case().train()
    with torch.no_grad():
        for p in trained.model.parameters():
            p.zero_()
    assert any(bool(p.any()) for p in own.log.models[0].parameters())


def test_rows_that_are_changed_are_not_the_judges():
    for case, data in ((mystery(SEED), drawn()[0]), (desk().case(), drawn()[0])):
        case.train_rows.inputs["A"].zero_()
        case.valid_rows.labels.zero_()
        assert bool(data.train.inputs["A"].any())
    practice = mystery(SEED)
    practice.train_rows.labels.zero_()
    assert bool(practice._desk.log.data.train.labels.any())


def test_a_number_that_stands_twice_counts_twice_and_costs_once():
    own = desk()
    good = honest(own)
    twice, once = (
        marked(Report(good.statements, models, {}, good.table, good.parameters), own)
        for models in ([0, 0, 1], [0, 1])
    )
    test = drawn()[0].test
    a, b = (Trained(k, own.log.models[k]).probabilities(test) for k in (0, 1))
    expected = float(((2 * a + b).argmax(1) == test.labels).double().mean())
    assert math.isclose(twice.accuracies["handed in"], expected)
    size = parameters(own.log.models[0]) + parameters(own.log.models[1])
    assert good.parameters == size or f"it is {size}" in " ".join(once.sentences["checklist"])
    assert twice.sentences["checklist"][-1] == once.sentences["checklist"][-1]


def test_the_judge_says_what_each_part_is_worth():
    own = desk()
    verdict = marked(honest(own), own)
    assert verdict.sentences["confidence"] == [
        "(Confidence − earned)² is 0.000 on average; 0.25 or more earns nothing."
    ]
    assert "joint 0.800 (0.0 of 10 marks)" in verdict.sentences["model"][0]
    assert "best 0.900 (0.0 of 20 marks)" in verdict.sentences["model"][0]
    assert RIVALS.parts(0.85) == pytest.approx({"joint": 10, "ensemble": 10, "best": 10})


def test_rows_without_a_modality_are_answered_by_who_is_named_for_them():
    own = desk()
    case = own.case()
    a, b, joint = case.train(["A"]), case.train(["B"]), case.train()
    test = drawn()[0].test
    lacks = (test.inputs["A"] == 0).all(1)
    report = finished(case, [a, b, joint], [2], {"A": [1]}, {})
    right = torch.where(lacks, b.probabilities(test).argmax(1), joint.probabilities(test).argmax(1))
    expected = float((right == test.labels).double().mean())
    assert math.isclose(marked(report, own).accuracies["handed in"], expected)
    assert report.parameters == parameters(joint.model) + parameters(b.model)


def test_the_practice_case_judges_at_once_and_refuses_what_is_no_report():
    case = mystery(SEED)
    assert isinstance(case, Mystery)
    assert case.left == 8
    with pytest.raises(TypeError, match="a Report was expected"):
        case.judge({"starves": "A"})


def test_confidences_are_scored_properly():
    credits = [1.0] * 8 + [0.0] * 2  # right in 0.8
    marks = {c: confidence_marks(credits, [c] * 10) for c in (0.5, 0.7, 0.75, 0.8, 0.85, 0.9, 1.0)}
    assert max(marks, key=marks.get) == 0.8
    assert marks[0.5] == 0
    assert confidence_marks([1.0], [1.0]) == 12
    assert confidence_marks([0.0], [1.0]) == 0


# ---- what is hidden ----------------------------------------------------------------------------


def test_recipes_are_drawn_as_their_shares_say():
    recipes = [draw_recipe(seed) for seed in range(400)]
    shares = {
        "starves": (0.6, [r.starves != NONE for r in recipes]),
        "weak": (0.2, [r.weak != NONE for r in recipes]),
        "interaction": (0.4, [r.interaction for r in recipes]),
        "wrong_labels": (0.4, [r.wrong_labels > 0 for r in recipes]),
        "biased": (0.4, [r.biased for r in recipes]),
        "missing": (0.5, [r.missing != NONE for r in recipes]),
    }
    for name, (share, drawn_so) in shares.items():
        assert abs(sum(drawn_so) / 400 - share) < 0.08, name
    assert not any(r.starves != NONE and r.weak != NONE for r in recipes)
    assert {draw_recipe(5), draw_recipe(5)} == {draw_recipe(5)}


def test_data_are_what_the_recipe_says():
    recipe = HiddenRecipe("none", "none", False, 0.3, True, "B")
    plain_one = HiddenRecipe("none", "none", False, 0.0, False, "none")
    data, clean = hidden_data(recipe, 7), hidden_data(plain_one, 7)
    changed = data.labels != clean.labels
    assert abs(float(changed[:TRAIN].double().mean()) - 0.3) < 0.05
    assert not changed[TRAIN:].any()
    lacks = (data.inputs["B"] == 0).all(1)
    assert not lacks[:TRAIN].any()
    assert abs(float(lacks[TRAIN:].double().mean()) - LOST) < 0.05
    assert not (data.inputs["A"] == 0).all(1).any()
    assert type_skew(data.train, data.valid, CLASSES) > 0.15
    assert type_skew(clean.train, clean.valid, CLASSES) < 0.1
    assert torch.equal(hidden_data(recipe, 7).inputs["A"], data.inputs["A"])
    assert data.kind is None


def test_balanced_rows_see_every_class_as_often_with_every_type():
    train = hidden_data(HiddenRecipe("none", "none", False, 0.0, True, "none"), 3).train
    rows = balanced_rows(train)
    cell = (train.labels * 2 + train.group)[rows]
    counts = torch.bincount(cell, minlength=8).double()
    assert counts.max() / counts.min() < 1.6
    assert len(rows) == TRAIN


@pytest.mark.parametrize(
    ("clean", "noisy", "classes", "share"),
    [(0.9, 0.9, 4, 0), (1.0, 0.7, 4, 0.3), (0.8, 0.9, 4, 0), (0.9, 0.0, 2, 1)],
)
def test_the_share_of_wrong_labels_is_solved_for(clean, noisy, classes, share):  # fmt: skip
    assert math.isclose(wrong_share(clean, noisy, classes), share, abs_tol=1e-9)


def test_a_diagnosis_names_the_stronger_symptom():
    symptoms = {
        "probe A": -0.1, "probe B": -0.3, "alone A": 0.9, "alone B": 0.5, "lacks A": 0.0,
        "lacks B": 0.31, "type skew": 0.4, "wrong labels": 0.2, "interaction": 0.3,
    }  # fmt: skip
    known = diagnose(symptoms)
    assert vars(known) == {"starves": "B", "weak": "none", "interaction": True,
                           "wrong_labels": 0.2, "biased": True, "missing": "B"}  # fmt: skip
    assert tuple(vars(known)) == STATEMENTS
    quiet = diagnose({**symptoms, "probe A": 0.0, "probe B": 0.0, "wrong labels": 0.01})
    assert (quiet.starves, quiet.weak, quiet.wrong_labels) == ("none", "B", 0.0)
