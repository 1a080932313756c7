"""Short answers to questions about pictures, brought to one spelling before they are compared.

The rules are those of the benchmark's own script,
https://github.com/GT-Vision-Lab/VQA/blob/master/PythonEvaluationTools/vqaEvaluation/vqaEval.py,
its oddities included, or scores would not be comparable: they are named where they stand.
"""

import re

from coursekit.utils.checks import require_instance

PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!'  # no colon and no apostrophe
ARTICLES = ("a", "an", "the")
NUMBER_WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
)  # fmt: skip
DIGITS = {word: str(number) for number, word in enumerate(NUMBER_WORDS)} | {"none": "0"}
COMMA_IN_NUMBER = re.compile(r"\d,\d")
POINT_NOT_IN_NUMBER = re.compile(r"\.(?!\d)")

# Ending of a contraction → what stands before it. "He'll" and "we're" are not there, which are
# other words without the apostrophe; nor are "i'm" and "i've", which the script lists with a
# capital, and looks for in lower case.
CONTRACTED = {
    "n't": "ai are ca could did does do had has have is might must need ought sha should was were "
    "wo would",
    "'ve": "could might must not should they we what where who would you",
    "n't've": "could had might should would",
    "'d": "he how it someone something there they where who you",
    "'d've": "he it she somebody someone something there they we who you y'all",
    "'ll": "how it somebody someone something they what who why y'all you",
    "'s": "he how somebody someone that there what when where who why",
    "'re": "there they what why you",
}  # fmt: skip
OTHERS = ("ma'am", "o'clock", "'ow's'at", "'twas", "y'all")


def _contractions() -> dict[str, str]:
    """A contraction that lacks one of its apostrophes → the same with all of them."""
    whole = [stem + ending for ending, stems in CONTRACTED.items() for stem in stems.split()]
    return {
        word[:place] + word[place + 1 :]: word
        for word in (*whole, *OTHERS)
        for place, letter in enumerate(word)
        if letter == "'"
    }


# The script has the last one the wrong way round.
REPAIRED = _contractions() | {"somebody'd": "somebodyd"}


def normalise_answer(answer: str) -> str:
    """The answer in the benchmark's spelling: "The dogs." → "dogs", "two" → "2", "dont" → "don't".

    Line breaks and tabs become blanks, and then: `strip_punctuation`, lower case, number words to
    ten as digits ("none" too is 0), articles dropped, apostrophes put back into contractions.
    An answer of articles and punctuation only becomes empty.
    Errors: TypeError for what is no text.
    """
    words = strip_punctuation(trim_answer(answer)).lower().split()
    words = [DIGITS.get(word, word) for word in words]
    return " ".join(REPAIRED.get(word, word) for word in words if word not in ARTICLES)


def strip_punctuation(answer: str) -> str:
    """The answer without its punctuation: "1,000" → "1000", "red-brown" → "red brown".

    A mark with a blank on one side, anywhere in the answer, is deleted wherever it stands; any
    other becomes a blank. Where a comma stands in a number, all marks of the answer are deleted.
    A point is deleted unless a digit follows. Colons and apostrophes stay.
    Errors: TypeError for what is no text.
    """
    require_instance("answer", answer, str)
    number = COMMA_IN_NUMBER.search(answer) is not None
    stripped = answer
    for mark in PUNCTUATION:
        at_blank = f"{mark} " in answer or f" {mark}" in answer
        stripped = stripped.replace(mark, "" if at_blank or number else " ")
    return POINT_NOT_IN_NUMBER.sub("", stripped)


def trim_answer(answer: str) -> str:
    """Line breaks and tabs as blanks, and none at the ends: what is done to every answer.

    Errors: TypeError for what is no text.
    """
    require_instance("answer", answer, str)
    return answer.replace("\n", " ").replace("\t", " ").strip()
