"""Lesson 09, exercises in judging: does a change keep the pair, is a claim of zero-shot clean?"""

import re
from collections.abc import Mapping
from itertools import permutations
from typing import Any

import numpy as np

from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.judging import Misconception

# What a change takes from a picture → words that are not true of it any more.
BREAKS: Mapping[str, frozenset[str]] = {
    "mirror": frozenset(("left", "right")),
    "grey": frozenset(("red", "green", "blue")),
    "upside down": frozenset(("up", "down")),
    "shift": frozenset(),
}


def _words(caption: str) -> list[str]:
    return re.findall(r"\w+", caption.lower())


def _keeps(caption: str, change: str) -> bool:
    return not BREAKS[change] & set(_words(caption))


CAPTIONS = (
    *("left arrow", "Right arrow", "arrow, right", "bright star", "a Red apple", "red", "heart"),
    *("credit card", "cupcake", "bluebird", "thumbs up", "Thumbs Down!", "turn left, then right"),
    *("down-pointing triangle", "copyright sign", "green-blue globe", "laptop", "grey cat"),
    *("evergreen tree", "upright piano", "upside-down face", "leftover pizza", "RED-hot"),
    *("mirror", "shift left", "left, please", "Turn left.", "left: an arrow", "arrow (right)"),
    *("red/white flag", "“up”", "a heart; red", "green leaf", "blue heart", "the reds"),
    *("a big arrow that points right", "yellow star at the top", "rainbow flag", "black cat"),
    *("orange circle above", "white bottom, east and west", "look up!", "down?"),
)  # fmt: skip


def _keeps_cases(rng: np.random.Generator) -> list[tuple[str, str]]:
    """Every caption with every change, in another order each time."""
    cases = [(caption, change) for caption in CAPTIONS for change in BREAKS]
    return [cases[i] for i in rng.permutation(len(cases))]


keeps_pair = Exercise(
    key="09-keeps",
    points=1,
    task="Return whether a changed picture still shows what its caption says.",
    reference=_keeps,
    cases=_keeps_cases,
    misconceptions=(
        Misconception(
            "letters for words",
            lambda caption, change: not any(w in caption.lower() for w in BREAKS[change]),
            "You look for letters: “bright” contains “right”, and an upright piano may be turned "
            "upside down for all its caption says. Compare whole words.",
        ),
        Misconception(
            "capitals",
            lambda caption, change: not BREAKS[change] & set(re.findall(r"\w+", caption)),
            "“Right arrow” says right too: compare in lower case.",
        ),
        Misconception(
            "split at spaces",
            lambda caption, change: not BREAKS[change] & set(caption.lower().split()),
            "A comma or a hyphen sticks to a word when you split at spaces: “left,” is not “left”.",
        ),
        Misconception(
            "the other way round",
            lambda caption, change: not _keeps(caption, change),
            "True means that the pair is still true.",
        ),
        Misconception(
            "any word of the table",
            lambda caption, change: not set().union(*BREAKS.values()) & set(_words(caption)),
            "Each change breaks its own words: a mirrored apple is still red.",
        ),
    ),
    hints=(
        "Which words does this change make untrue, and is one of them in the caption?",
        'Words: lower case, split at everything that is no letter: re.findall(r"\\w+", …).',
        'not BREAKS[change] & set(re.findall(r"\\w+", caption.lower()))',
    ),
)

VERDICTS = ("trained on it", "leaked", "tuned on labels", "clean")
Facts = Mapping[str, Any]


def _claim(facts: Facts) -> str:
    if facts["classes_in_training"]:
        return "trained on it"
    if facts["test_pictures_in_training"] or facts["prompts_chosen_on"] == "test":
        return "leaked"
    return "clean" if facts["prompts_chosen_on"] is None else "tuned on labels"


def _claim_cases(rng: np.random.Generator) -> list[tuple[Facts]]:
    """All combinations, with the entries in every order."""
    cases = []
    for classes in (True, False):
        for pictures in (True, False):
            for chosen in (None, "train", "valid", "test"):
                facts = {
                    "classes_in_training": classes,
                    "test_pictures_in_training": pictures,
                    "prompts_chosen_on": chosen,
                }
                for names in permutations(facts):
                    cases.append(({name: facts[name] for name in names},))
    return [cases[i] for i in rng.permutation(len(cases))]


claim_of = Exercise(
    key="09-claim",
    points=1,
    task="Return the word for a claim of zero-shot accuracy, from three facts about it.",
    reference=_claim,
    cases=_claim_cases,
    options=VERDICTS,
    misconceptions=(
        Misconception(
            "training labels are no labels",
            lambda f: (
                "clean"
                if _claim(f) == "tuned on labels" and f["prompts_chosen_on"] == "train"
                else _claim(f)
            ),
            "Prompts that were chosen by accuracy on labelled training pictures of these classes "
            "have been tuned on labels.",
        ),
        Misconception(
            "tuning on valid is leaking",
            lambda f: "leaked" if _claim(f) == "tuned on labels" else _claim(f),
            "Choosing on validation or training labels is tuning; leaking needs the test pictures.",
        ),
        Misconception(
            "prompts do not matter",
            lambda f: (
                "trained on it"
                if f["classes_in_training"]
                else "leaked"
                if f["test_pictures_in_training"]
                else "clean"
            ),
            "How the prompts were chosen matters: choosing by accuracy uses labels.",
        ),
        Misconception(
            "test prompts are tuning only",
            lambda f: (
                "tuned on labels"
                if not f["classes_in_training"]
                and not f["test_pictures_in_training"]
                and f["prompts_chosen_on"] == "test"
                else _claim(f)
            ),
            "Choosing prompts by accuracy on the test pictures is a leak, not only tuning.",
        ),
        Misconception(
            "leak before training",
            lambda f: (
                "leaked"
                if f["test_pictures_in_training"] or f["prompts_chosen_on"] == "test"
                else _claim(f)
            ),
            "Where the classes were in the training it is no zero-shot at all; ask that first.",
        ),
    ),
    hints=(
        "Ask in the order of the words: were these classes trained on? have test pictures been "
        "used? have labels been used?",
        "Test pictures are used when they stand in the training, and when prompts were chosen on "
        "them.",
        "prompts_chosen_on is None when nobody looked at a label.",
    ),
)
