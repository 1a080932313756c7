"""Lesson 09: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import ExplorerEntry, Lesson

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
        ),
    },
)
