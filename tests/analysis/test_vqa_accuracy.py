"""Accuracy among the answers of ten people, the spelling of answers, targets for training."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.analysis.vqa_accuracy import (
    answer_accuracies,
    soft_targets,
    step_accuracy,
    vqa_accuracy,
)
from coursekit.analysis.vqa_answers import normalise_answer, strip_punctuation

ANSWERS = st.lists(st.sampled_from(["red", "blue", "green"]), min_size=4, max_size=12)


def leaving_one_out(answer, human_answers):
    """The rule as it is written: everybody in turn is left out."""
    scores = []
    for i in range(len(human_answers)):
        others = human_answers[:i] + human_answers[i + 1 :]
        scores.append(min(1, others.count(answer) / 3))
    return sum(scores) / len(scores)


@given(ANSWERS, st.sampled_from(["red", "blue", "violet"]))
def test_it_is_the_mean_over_everybody_left_out(human_answers, answer):
    expected = leaving_one_out(answer, human_answers)
    assert vqa_accuracy(answer, human_answers) == pytest.approx(expected, abs=1e-12)
    assert vqa_accuracy(answer, human_answers, as_released=True) == pytest.approx(expected)


def test_the_steps_of_ten_people():
    steps = [step_accuracy(n) for n in range(11)]
    assert steps == pytest.approx([0, 0.3, 0.6, 0.9, *[1] * 7], abs=1e-12)


def test_spelling_does_not_matter_but_in_the_released_script():
    assert vqa_accuracy("Yes", ["yes"] * 10) == 1
    assert vqa_accuracy("Yes", ["yes"] * 10, as_released=True) == 0
    assert vqa_accuracy("Yes", ["yes"] * 9 + ["no"], as_released=True) == 1
    assert vqa_accuracy(" yes\n", ["yes"] * 10, as_released=True) == 1
    assert vqa_accuracy("dont", ["don't"] * 9 + ["I do not"]) == 1
    assert vqa_accuracy("three", ["3", "three.", "3"] + ["4"] * 7) == pytest.approx(0.9)


def test_too_few_people_are_refused_but_not_by_the_released_script():
    for few in (["yes"], ["yes"] * 3):
        with pytest.raises(ValueError, match=r"human_answers are [13]; 4 or more"):
            vqa_accuracy("yes", few)
    assert vqa_accuracy("yes", ["yes"], as_released=True) == 0
    assert vqa_accuracy("yes", ["yes"] * 3, as_released=True) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("answer", "normalised"),
    [
        ("The dogs.", "dogs"),
        ("red-brown", "red brown"),
        ("red- brown", "red brown"),
        ("1,000", "1000"),
        ("1,000 (about)", "1000 about"),
        ("2.5", "2.5"),
        ("U.S.A.", "usa"),
        ("none", "0"),
        ("Ten", "10"),
        ("eleven", "eleven"),
        ("DONT know", "don't know"),
        ("couldntve", "couldntve"),
        ("couldnt've", "couldn't've"),
        ("somebody'd", "somebodyd"),
        ("hell", "hell"),
        ("im", "im"),
        ("5:30", "5:30"),
        ("what?!", "what"),
        ("one\ttwo\nthree", "1 2 3"),
        ("a the", ""),
    ],
)
def test_answers_are_written_in_one_way(answer, normalised):
    assert normalise_answer(answer) == normalised


def test_one_mark_beside_a_blank_is_deleted_everywhere():
    assert strip_punctuation("a/b") == "a b"
    assert strip_punctuation("a/b /c") == "ab c"
    assert strip_punctuation("1,0/2") == "102"


@given(ANSWERS)
def test_accuracies_by_answer_are_those_of_each(human_answers):
    accuracies = answer_accuracies(human_answers)
    assert set(accuracies) == set(human_answers)
    for answer, accuracy in accuracies.items():
        assert accuracy == vqa_accuracy(answer, human_answers)


def test_targets_are_accuracies_in_the_places_of_the_vocabulary():
    questions = [["Red"] * 4 + ["dark red"] * 3 + ["blue"] * 3, ["a cat"] * 10]
    targets = soft_targets(questions, ["blue", "red", "yes"])
    np.testing.assert_allclose(targets, [[0.9, 1, 0], [0, 0, 0]])


def test_a_vocabulary_that_no_answer_can_equal_is_refused():
    with pytest.raises(ValueError, match="vocabulary has 'The sea'; 'sea' was expected"):
        soft_targets([["sea"] * 10], ["The sea"])
    with pytest.raises(ValueError, match="more than once"):
        soft_targets([["sea"] * 10], ["sea", "sea"])
    with pytest.raises(ValueError, match=r"human_answers\[1\] are 2"):
        soft_targets([["sea"] * 10, ["sea"] * 2], ["sea"])
