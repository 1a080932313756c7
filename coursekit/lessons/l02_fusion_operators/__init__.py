"""Lesson 02: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import ExplorerEntry, Lesson, Question

LESSON = Lesson(
    teaches=(
        "from a product of two numbers to tensors, gates and attention: what each can "
        "express, and what it costs"
    ),
    invites=(
        "Products, tensors, gates, attention: what can each of them express, and what does it cost?"
    ),
    explorers={
        "surface": ExplorerEntry(
            "explorer:surface",
            title="What can this operator say?",
            shows=(
                "Shows which functions of two modalities a fusion operator can learn, and "
                "which not."
            ),
            web_presets=(
                "product, nothing to multiply with",
                "one at a time",
                "additive meets product",
            ),
            web_knobs=("operator", "encoder", "shape", "w_a", "seed"),
            web_values={
                "operator": (
                    "late-linear",
                    "multiplicative",
                    "hard-gate",
                    "tensor",
                    "bilinear",
                    "film",
                    "low-rank",
                    "transformer",
                ),
                "w_a": (-2.0, -1.0, 0.0, 0.5, 1.0, 2.0),
            },
        ),
    },
    studies={"surfaces": "study_surfaces:surfaces", "operators": "study_operators:operators"},
    question=Question(
        (
            "Two papers disagree. One finds that multiplicative fusion cannot learn a task"
            " that only adds; the other finds no difference between operators there. "
            "Suppose that both report their runs correctly. What would you ask both groups"
            " first, and why? Plan an experiment, small enough for your machine, that "
            "would settle it. Then name the guess of this lesson that missed by most, "
            "yours or your neighbour's, and say which belief made it miss."
        ),
        criteria=(
            (
                1,
                (
                    "Each thing asked for could by itself explain the disagreement; the answer"
                    " says how."
                ),
            ),
            (
                2,
                (
                    "The plan says what varies, what is held equal, how often it is repeated "
                    "and which result would speak for which paper; somebody else could run it."
                ),
            ),
            (1, ("The belief behind the missed guess is stated and corrected, with a figure.")),
        ),
    ),
)
