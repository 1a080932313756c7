"""Lesson 05: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import ExplorerEntry, Lesson, Question

LESSON = Lesson(
    teaches=(
        "why a joint model loses to one of its parts; two illnesses told apart by probes; "
        "cures on trial"
    ),
    invites="Why can a joint network lose, and which illness is it?",
    explorers={
        "imbalance": ExplorerEntry(
            "explorer:imbalance",
            title="One network, two modalities: which illness?",
            shows=(
                "Shows when a joint network loses to one of its parts, and from which of "
                "two illnesses."
            ),
            also=("00",),
            moved="seed",
            median_ms=250,
            p95_ms=400,
            state={"n": 1000, "epochs": 20},
            web_presets=("starve", "overfit", "balanced"),
            web_knobs=("buried", "linear", "n", "epochs", "optimiser"),
        ),
    },
    games={"illness": "game:illness", "modality": "game:modality"},
    studies={"folds": "study_folds:folds_command", "cures": "study_cures:cures_command"},
    question=Question(
        (
            "A colleague's joint model is below its best single modality. You may make two"
            " measurements before you advise her. Which two, in which order, and what "
            "would you tell her after each possible outcome? Is there an outcome after "
            "which you would still not know, and what then? Compare with your guess at "
            "“Probe accuracy of A's encoder inside the joint model?”: would the person who"
            " made that guess have chosen the same two?"
        ),
        criteria=(
            (1, "The two measurements tell causes apart that accuracy alone does not."),
            (1, ("Every outcome leads to advice, and different outcomes to different advice.")),
            (
                1,
                (
                    "Chance is dealt with: repetitions, an interval, or a threshold that is "
                    "defended."
                ),
            ),
            (1, "The comparison with the guess says what changed in your thinking."),
        ),
    ),
)
