"""Lesson 08: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import ExplorerEntry, Lesson, Question

LESSON = Lesson(
    teaches=(
        "brake and accelerate; all methods on all fusions with intervals; calibration; the"
        " ensemble that everybody forgets"
    ),
    invites="Brake and accelerate; and does any of it beat a plain ensemble?",
    explorers={
        "pace": ExplorerEntry(
            "explorer_pace:pace_explorer",
            title="MLB: how fast may each modality move?",
            shows="Shows the factors by which MLB brakes one modality and hurries the other.",
            moved="epoch",
            median_ms=80,
            state={"epoch": 1},
            web_presets=("defaults", "released runs", "brake only"),
            web_knobs=("epoch", "data", "alpha", "beta_max"),
            web_values={"epoch": (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20)},
        ),
        "film": ExplorerEntry(
            "explorer_replay:film_explorer",
            title="The film: one training, stopped where you like",
            shows=("Shows one training in four linked views, with a cursor through its epochs."),
            web_presets=("mlb on starve", "brake only", "overfit"),
            web_knobs=("epoch", "method", "data", "fusion", "seed"),
            web_values={
                "epoch": tuple(range(1, 21)),
                "method": (
                    "mlb",
                    "ogm",
                    "multi-loss",
                    "agm",
                    "g2d",
                    "gblend-offline",
                    "pcgrad",
                    "umt",
                ),
            },
        ),
    },
    question=Question(
        (
            "Describe in two sentences a data set with two modalities that you know. You "
            "must ship one model for it. Which models do you train, which number decides "
            "between a joint model and the ensemble, and which difference, fixed "
            "beforehand, would be too small to count? What do you ship in a tie? Say where"
            " the tables of this lesson could mislead you about your data. Compare with "
            "your guess at “starve, multi-loss, usual rates: it is right in what share of "
            "the rows where only A is?”: what would accuracy alone have told you?"
        ),
        criteria=(
            (1, ("The candidates include the rivals that are easily left out, at equal budgets.")),
            (
                1,
                (
                    "Number, smallest difference and the way out of a tie are fixed before any"
                    " result."
                ),
            ),
            (
                1,
                (
                    "A concrete difference between these data and the lesson's is named, with "
                    "its effect."
                ),
            ),
            (1, "The guess is used to say what one summary figure hides."),
        ),
    ),
)
