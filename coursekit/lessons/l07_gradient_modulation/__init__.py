"""Lesson 07: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import ExplorerEntry, Lesson, Question

LESSON = Lesson(
    teaches=(
        "OGM, AGM, PMR, MMCosine, GradNorm, PCGrad and more as rows of one picture; freeze the"
        " best modality or amplify it; a live race; why Adam undoes most of a scale"
    ),
    invites="Some thirty methods that steer who learns, on one map and in one race.",
    explorers={
        "race": ExplorerEntry(
            "explorer:race_explorer",
            title="The race: who feeds the slow encoder?",
            shows=(
                "Shows several balancing methods side by side, epoch by epoch, on the same data."
            ),
            moved="seed",
            median_ms=500,
            state={"data": "starve", "epochs": 20},
            web_presets=("brake or speed up", "overfit", "balanced"),
            web_knobs=("lane_3", "optimiser", "scale", "epochs", "seed"),
            web_values={
                "lane_3": (
                    "mlb",
                    "ogm-ge",
                    "agm",
                    "g2d",
                    "gblend-offline",
                    "multi-loss",
                    "umt",
                    "mla",
                ),
                "epochs": (5, 10, 15, 30, 40),
            },
        ),
    },
    question=Question(
        (
            "You are the referee of a new balancing method that gains three points over "
            "joint training on one data set. Invent the method in two sentences and write "
            "it as a row of this lesson's picture: which weights, which scales, from which"
            " signal, how often. Then ask for the three rows or runs without which you "
            "would not believe the gain, and say for each what result would convince you. "
            "Which of your own guesses in this lesson would have made you a bad referee, "
            "and of what?"
        ),
        criteria=(
            (1, "The row is complete, and it fits the two sentences."),
            (
                2,
                (
                    "Each of the three requests rules out another explanation of the gain, and"
                    " has a result that would satisfy the referee."
                ),
            ),
            (
                1,
                (
                    "The guess is named with its outcome, and the lesson drawn from it is a "
                    "general one."
                ),
            ),
        ),
    ),
)
