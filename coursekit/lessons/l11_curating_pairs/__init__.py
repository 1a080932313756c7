"""Lesson 11: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import ExplorerEntry, Lesson, Question

LESSON = Lesson(
    teaches=(
        "what wrong captions cost, who finds them, what filtering throws away; new captions, soft "
        "weights, whom to have checked; order, sampling and augmentation of pairs"
    ),
    invites="Two captions in five are wrong. Drop them, weigh them, or have them checked?",
    explorers={
        "curating": ExplorerEntry(
            "explorer:curating_explorer",
            title="What does a filter throw away?",
            shows=(
                "Shows, for six ways to score pairs, what a cut finds, whom it drops and how much "
                "of the loss it wins back."
            ),
            moved="open pairs kept, %",
            state={"kept": 20},
            p95_ms=600,
            web_presets=("own model, early", "few wrong", "the control"),
            web_knobs=("noise", "scorer", "kept"),
            web_values={"kept": (20, 30, 40, 50, 60, 70, 80, 90, 100)},
        ),
    },
    studies={
        "curating": "study_curating:curating",
        "curating-grid": "study_grid:grid",
    },
    question=Question(
        (
            "An archive has 60 000 photographs with captions that volunteers wrote over thirty "
            "years, and money for somebody to look at 3000 of them. It is offered a filter by a "
            "model from the web that keeps the best 60 %. Which three trainings do you ask "
            "for before you buy, and what would each difference tell you? Whose score would you "
            "use to choose the 3000, and who must not have been trained on what it scores? Whose "
            "photographs would the filter drop, and how do you find out beforehand? Compare with "
            "your guess at “A perfect filter drops exactly the wrong pairs. What share of the loss "
            "does it win back?”: what had you not thought of?"
        ),
        criteria=(
            (1, "Untouched, filtered and a random cut of the same size, each difference read."),
            (1, "The score is early or cross-fitted, and copies stand on one side."),
            (1, "Survivors are counted per group with numbers, on pairs known to be right."),
            (1, "The guess is used to say that a dropped pair takes its picture with it."),
        ),
    ),
)
