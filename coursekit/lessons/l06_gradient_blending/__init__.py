"""Lesson 06: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import ExplorerEntry, Lesson, Question

LESSON = Lesson(
    teaches=(
        "overfitting and generalisation as numbers; the blend of losses derived from them;"
        " when the estimate breaks"
    ),
    invites="How much should each loss weigh? Measured, not guessed.",
    explorers={
        "blend": ExplorerEntry(
            "explorer:blending",
            title="Two arrows per head, one weight each",
            shows=(
                "Shows how Gradient-Blending reads its weights off two points of the "
                "learning curves, and how far chance moves them."
            ),
            web_presets=("starve", "no gain", "no overfitting"),
            web_knobs=("window", "held", "rule", "samples", "seed"),
            web_values={"window": (1, 2, 4, 7, 10, 13, 16, 20)},
        ),
    },
    studies={"optimizers": "study:optimizers"},
    question=Question(
        (
            "An estimate gives the weights 1.1 for A, −0.3 for B and 0.2 for the joint "
            "head. Before anybody trains with them: what would you look at, in which "
            "order, and what would make you throw the estimate away? Of the assumptions in"
            " the derivation, choose the one that you trust least on data that you know, "
            "and say how you would measure whether it holds. Compare with your sketch for "
            "“starve, safe rule (below): which weight does the head of A get from N "
            "epochs?”: what did you think that the estimate measures?"
        ),
        criteria=(
            (1, "The order has a reason, and what costs nothing comes first."),
            (1, "For each thing looked at there is an outcome that condemns the estimate."),
            (
                1,
                (
                    "The assumption is stated in your own words, with a measurement that could"
                    " refute it."
                ),
            ),
            (
                1,
                ("The sketch and the curve of the run are compared in shape, not only in a score."),
            ),
        ),
    ),
)
