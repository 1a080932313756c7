"""Lesson 09: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import ExplorerEntry, Lesson, Question

LESSON = Lesson(
    teaches=(
        "pull pairs together, push the rest apart; retrieval with honest ties; zero-shot and what "
        "it hides; the gap between modalities; features without labels"
    ),
    invites="Pictures and words that find each other: what was learnt, and who checked it how?",
    explorers={
        "gap": ExplorerEntry(
            "explorer_gap:gap_explorer",
            title="When does a gap pay?",
            shows=(
                "Shows nine pictures and nine texts on a sphere, and the contrastive loss at every "
                "distance between them."
            ),
            moved="height of the circles",
            median_ms=80,
            p95_ms=80,
            web_presets=("start of a training", "at the clamp", "wrong pair, cold"),
            web_knobs=("height", "inverse_temperature", "pairs"),
            web_values={"inverse_temperature": (1, 5, 10, 14, 20, 30, 50, 100)},
        ),
        "retrieval": ExplorerEntry(
            "explorer_retrieval:retrieval_explorer",
            title="Words find pictures",
            shows=(
                "Shows the emoji that a query of your own words finds, after every epoch of one "
                "training, at any temperature."
            ),
            moved="temperature τ",
            state={"epoch": 25},
            median_ms=600,
            p95_ms=600,
            web_presets=("untrained", "trained", "another artist"),
            web_knobs=("epoch", "query", "temperature", "artist"),
            web_values={
                "epoch": (0, 1, 2, 3, 4, 6, 8, 12, 18, 25),
                "query": (
                    "animal",
                    "flag",
                    "hand",
                    "sad face",
                    "red",
                    "fish",
                    "quokka animal",
                    "borogove",
                ),
                "temperature": (0.01, 0.03, 0.07, 0.15, 0.3, 0.5),
            },
        ),
    },
    studies={
        "alignment": "study:alignment",
        "correspondence": "study_correspondence:correspondence",
    },
    question=Question(
        (
            "You are shown a table: a model that was trained on pairs from the web names 1000 "
            "kinds of product, zero-shot, with 76 % accuracy, and retrieves with R@1 = 0.6. Which "
            "five things do you ask before you believe that it will do so on your shelves? Put "
            "them in order, say which answer would end the matter, and what you would measure "
            "yourself in an afternoon with 200 labelled pictures of your own. Compare with your "
            "guess at “Which prompt names a class that was never trained?”: what did you take a "
            "prompt to know?"
        ),
        criteria=(
            (1, "Pool, chance and ties of the retrieval figure are asked for, with a reason."),
            (
                1,
                "It is asked on what prompts or class names were chosen, not only on what weights.",
            ),
            (1, "A measurement of one's own with its control and its interval is described."),
            (1, "The guess is used to say what a prompt can know: words that training has seen."),
        ),
    ),
)
