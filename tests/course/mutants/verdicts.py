"""Whether the answers of answers.py get the same verdict in every draw."""

import re
from typing import Any

from coursekit.course.exercises import Correct, Incorrect
from mutants.answers import all_exercises, load_answers
from mutants.trial import Trial


def unsteady(trial: Trial) -> list[str]:
    """A fault for each right answer that is refused and each wrong one without its hint, once."""
    answers = load_answers(trial.lesson)
    faults = []
    for name, function in answers.RIGHT[trial.key].items():
        refused = [s for s in trial.seeds if not isinstance(trial.judge(function, s), Correct)]
        if refused:
            faults.append(f"the right answer {name!r} is refused with {refused}")
    for name, (function, fragment) in answers.WRONG[trial.key].items():
        outcomes = {seed: trial.judge(function, seed) for seed in trial.seeds}
        bad = [seed for seed, outcome in outcomes.items() if not _as_meant(outcome, fragment)]
        if bad:
            faults.append(f"the wrong answer {name!r} is not refused, or not so, with {bad}")
        if len({outcome.hint for outcome in outcomes.values()}) > 1:
            faults.append(f"the wrong answer {name!r} gets different hints")
    _, asked = all_exercises()[trial.key]
    for misconception in asked.misconceptions:  # computed anew, where the trial's remember
        hints = {trial.judge(misconception.function, seed).hint for seed in trial.seeds}
        if hints != {misconception.hint}:
            faults.append(f"the misconception {misconception.name!r} is told {hints}")
    return faults


def _as_meant(outcome: Any, fragment: str) -> bool:
    text = f"{outcome.hint} {outcome.sentence}"
    expected = bool(fragment) or not outcome.hint
    return isinstance(outcome, Incorrect) and bool(re.search(fragment, text)) and expected
