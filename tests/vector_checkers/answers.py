"""Answers to questions: how they are written, and how many people must have given them."""

import pytest

from coursekit.analysis.vqa_accuracy import answer_accuracies, vqa_accuracy
from coursekit.analysis.vqa_answers import normalise_answer, strip_punctuation, trim_answer
from coursekit.utils.checks import require


def accuracy_case(case):
    """The released rule, ours where both must agree, and the short rule one often reads."""
    answers, candidate = case.take("answers"), case.text("candidate")
    alike = len({trim_answer(answer) for answer in answers}) == 1
    write = trim_answer if alike else normalise_answer
    same_texts(case, "answers_normalised", [write(answer) for answer in answers])
    same_texts(case, "candidate_normalised", write(candidate))
    released = vqa_accuracy(candidate, answers, as_released=True)
    case.same("accuracy", released)
    short = min(1.0, [write(a) for a in answers].count(write(candidate)) / 3)
    case.same("short_rule_min_n_over_3_on_normalised", short)
    if len(answers) > 3:
        ours = vqa_accuracy(candidate, answers)
        require(alike or ours == released, "ours is another where the script normalises too.")
        accuracies = answer_accuracies(answers)
        require(accuracies.get(normalise_answer(candidate), 0.0) == ours, "two ways differ.")
    else:
        with pytest.raises(ValueError, match="human_answers are"):
            vqa_accuracy(candidate, answers)


def normaliser_case(case):
    """Without punctuation, and then with everything else done too."""
    text = case.text("text")
    same_texts(case, "punctuation", strip_punctuation(text))
    same_texts(case, "both", normalise_answer(text))


def same_texts(case, key, computed):
    """Compare text, or a list of it, and count it as compared."""
    value = case.take(key)
    if value != computed:
        case.report.problems.append(f"{case.at(key)} is {value!r}; {computed!r} was computed.")
    case.report.compared += 1


CHECKERS = {"vqa_accuracy.json": {"cases": accuracy_case, "normaliser": normaliser_case}}
