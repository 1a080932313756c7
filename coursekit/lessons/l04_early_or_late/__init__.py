"""Lesson 04: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import ExplorerEntry, Lesson, Question

LESSON = Lesson(
    teaches=(
        "where to fuse, compared fairly: matched parameters, equal tuning; a modality that"
        " is missing"
    ),
    invites="Where in the network should modalities meet?",
    explorers={
        "depth": ExplorerEntry(
            "explorer:depth",
            title="Early, intermediate or late?",
            shows=(
                "Shows how deep two modalities must meet when what counts is that they "
                "speak at the same moment."
            ),
            web_presets=("same moment", "each for itself", "few samples"),
            web_knobs=("alignment", "synergy", "samples", "capacity", "seed"),
        ),
    },
    studies={"depths": "study:depths"},
    question=Question(
        (
            "A machine in a factory is watched by a camera and heard by a microphone, and "
            "on one day in ten the microphone is broken. You may run forty trainings in "
            "all and have to say where the two should meet. Write the plan: what you "
            "match, what you tune and how often, what you measure on which rows. Which "
            "result would make you give up the architecture that you would bet on today? "
            "Compare your bet with your guess at “Late fusion, trained on both, with the "
            "audio term dropped at test time: accuracy?” and what came of it."
        ),
        criteria=(
            (1, ("The plan is fair to all candidates, and its trainings add up to the budget.")),
            (
                1,
                ("The broken microphone is part of what is measured, in training or at test time."),
            ),
            (1, "A result is named, with its size, that would overturn the bet."),
            (1, "The bet is connected with what your guess got wrong or right."),
        ),
    ),
)
