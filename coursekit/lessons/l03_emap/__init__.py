"""Lesson 03: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import ExplorerEntry, Lesson, Question

LESSON = Lesson(
    listed_as="EMAP",
    teaches="did a trained model use the interaction, or would adding up have done?",
    invites="Did the network use an interaction, or only add up?",
    explorers={
        "emap": ExplorerEntry(
            "explorer:emap_explorer",
            title="Before and after the projection",
            shows=(
                "Shows whether a trained model uses the interaction: what EMAP takes away from it."
            ),
            web_presets=("no synergy", "much synergy", "too few samples"),
            web_knobs=("synergy", "noise", "n", "epochs", "seed"),
        ),
    },
    games={"synergy": "game:synergy"},
    studies={"interactions": "study:interactions"},
    question=Question(
        (
            "A model loses four points of test accuracy under EMAP. The team wants to "
            "write: this task needs both modalities together. Write them the paragraph "
            "that they may publish instead. Which one further training would you ask for "
            "before more is claimed, and what would you write after each of its possible "
            "outcomes? At the end, take your guess at “Two views of real digits: what does"
            " the projection do to the mid-MLP's accuracy?” and say whether the data or "
            "the model had been in your mind."
        ),
        criteria=(
            (1, "The paragraph claims what the measurement shows and nothing beyond it."),
            (
                1,
                (
                    "It names its limits: which model, which samples, how large a drop would "
                    "be noise."
                ),
            ),
            (1, ("The further training is a fair rival, and each outcome has its own sentence.")),
            (1, "The guess is discussed honestly, with the figure that the run gave."),
        ),
    ),
)
