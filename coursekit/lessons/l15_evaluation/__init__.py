"""Lesson 15: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import ExplorerEntry, Lesson, Question

LESSON = Lesson(
    teaches=(
        "recall@K with ties, BLEU, CIDEr-D and accuracy among ten answers: what each rewards and "
        "how it is gamed; raters, their agreement with intervals, metrics against ratings per "
        "caption and per system; robustness per modality, where a ranking turns over; a table that "
        "refuses to be one number"
    ),
    invites="Left became right in every caption. Which metric noticed?",
    explorers={
        "captions": ExplorerEntry(
            "explorer:captions_explorer",
            title="Which word moves which metric?",
            shows=(
                "Shows which n-grams of a caption that you type stand in the references, and what "
                "BLEU, CIDEr and CIDEr-D make of it beside what is true."
            ),
            moved="scene",
            p95_ms=250,
            web_presets=("a true one", "turned round", "in other words"),
            web_knobs=("caption", "scene", "n"),
        ),
    },
    studies={
        "robustness": "study_robustness:robustness",
        "caption-ratings": "study_ratings:caption_ratings",
    },
    question=Question(
        (
            "A team reports that its captioner beats all rivals by two points of CIDEr-D on its "
            "own 1000 pictures, and that three raters agreed in 92 % of their judgements. Which "
            "tables do you ask for before you believe that its captions are better? Name a system "
            "that would get these figures and be useless, and the measurement that would find it "
            "out. Compare with your guess at “In every true caption the relation is turned "
            "round. How much of CIDEr-D is left?”: what had you thought the metric reads?"
        ),
        criteria=(
            (1, "A system that games the metric is named, with the measure that notices it."),
            (1, "Agreement is asked for beyond chance, with an interval over units."),
            (1, "Metric and people are compared per caption and per system, tricks in the pool."),
            (1, "The guess is used to say what n-grams cannot see."),
        ),
    ),
)
