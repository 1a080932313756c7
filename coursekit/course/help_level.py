"""How much help an exercise gives, besides saying whether an answer is right."""

import os

from coursekit.utils.checks import choose

HELP = ("all", "hints", "none")  # hints: no solutions
VARIABLE = "COURSEKIT_HELP"


def help_given() -> str:
    """What the environment variable says that an instructor may set; everything without it.

    Errors: ValueError when it is none of `HELP`.
    """
    return choose(VARIABLE, os.environ.get(VARIABLE, HELP[0]), HELP)
