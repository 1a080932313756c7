"""Accuracy of an answer that ten people gave too, and not all of them the same.

Antol and colleagues (2015), https://arxiv.org/abs/1505.00468, section 3, and the rule of
https://visualqa.org/evaluation.html: right is what three others say.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coursekit.analysis.vqa_answers import normalise_answer, trim_answer
from coursekit.utils.checks import (
    require,
    require_count,
    require_flag,
    require_instance,
    require_list,
)

OTHERS = 3  # so many other people make an answer right


def step_accuracy(same: int, people: int = 10) -> float:
    """Accuracy of an answer that ``same`` of ``people`` people gave.

    Mean over the people i of min(1, n_i / 3), with n_i those among the others who gave it: of ten,
    0, .3, .6, .9, 1, 1, …, for 0, 1, 2, 3, 4, 5, … of them. Not min(1, same / 3), which one often
    reads, and which has .333, .667 and 1 for 1, 2 and 3.
    Errors: TypeError or ValueError for what are no such counts.
    """
    require_count("people", people, 1)
    require_count("same", same, 0, people)
    they, rest = min(1.0, max(0, same - 1) / OTHERS), min(1.0, same / OTHERS)
    return (same * they + (people - same) * rest) / people


def vqa_accuracy(answer: str, human_answers: Sequence[str], *, as_released: bool = False) -> float:
    """`step_accuracy` of an answer among those of several people, 0 to 1.

    human_answers: one per person, four or more: with three, two others are left, and no answer is
    quite right.  All are compared as `normalise_answer` writes them.
    as_released: as the benchmark's script does, which compares them so only where the human answers
    are not all the same; "Yes" against ten times "yes" then is wrong. Any number of people will
    do; against one person alone everything is wrong.
    Errors: TypeError for what is no text; ValueError for too few answers.
    """
    require_instance("answer", answer, str)
    require_flag("as_released", as_released)
    _require_answers("human_answers", human_answers, 1 if as_released else OTHERS + 1)
    write = normalise_answer
    if as_released and len({trim_answer(each) for each in human_answers}) == 1:
        write = trim_answer
    same = [write(each) for each in human_answers].count(write(answer))
    return step_accuracy(same, len(human_answers))


def answer_accuracies(human_answers: Sequence[str]) -> dict[str, float]:
    """Each different answer, as `normalise_answer` writes it → its `vqa_accuracy`.

    In order of appearance.  Errors: as in `vqa_accuracy`.
    """
    _require_answers("human_answers", human_answers, OTHERS + 1)
    counts = Counter(map(normalise_answer, human_answers))
    return {answer: step_accuracy(same, len(human_answers)) for answer, same in counts.items()}


def soft_targets(
    human_answers: Sequence[Sequence[str]], vocabulary: Sequence[str]
) -> NDArray[np.float64]:
    """What a model is trained to give each answer of a vocabulary: its accuracy, (Q, V), 0 to 1.

    human_answers: per question one per person.  vocabulary: different answers, as
    `normalise_answer` writes them.  A question none of whose answers is in it has a row of zeros,
    and several answers of one question may have 1: for a sigmoid per answer, not for a softmax.
    Errors: as in `vqa_accuracy`; ValueError for answers that stand twice in the vocabulary, or are
    written in another way, which nobody's answer would ever equal.
    """
    require_list("human_answers", human_answers, "answers to each question")
    places = _places(vocabulary)
    targets = np.zeros((len(human_answers), len(places)))
    for q, answers in enumerate(human_answers):
        _require_answers(f"human_answers[{q}]", answers, OTHERS + 1)
        for answer, accuracy in answer_accuracies(answers).items():
            if answer in places:
                targets[q, places[answer]] = accuracy
    return targets


def _places(vocabulary: Sequence[str]) -> dict[str, int]:
    """Answer → its place."""
    _require_answers("vocabulary", vocabulary, 1)
    for answer in vocabulary:
        written = normalise_answer(answer)
        require(written == answer, f"vocabulary has {answer!r}; {written!r} was expected.")
    doubled = [answer for answer, n in Counter(vocabulary).items() if n > 1]
    require(not doubled, f"vocabulary has {doubled[:3]} more than once; once was expected.")
    return {answer: place for place, answer in enumerate(vocabulary)}


def _require_answers(name: str, answers: Any, least: int) -> None:
    """Refuse what is no list of ``least`` texts or more."""
    require_list(name, answers, "answers")
    for answer in answers:
        if not isinstance(answer, str):
            raise TypeError(f"{name} holds {answer!r}; text was expected.")
    require(len(answers) >= least, f"{name} are {len(answers)}; {least} or more were expected.")
