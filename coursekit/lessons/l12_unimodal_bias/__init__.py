"""Lesson 12: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import ExplorerEntry, Lesson, Question

LESSON = Lesson(
    teaches=(
        "the question alone; priors that shift between training and test; product of experts, "
        "learned-mixin, RUBi, reweighting, each with its price; three tests instead of one; "
        "captions that guess the person from the thing"
    ),
    invites="It wins on the test for which it was made. Has it looked at the picture?",
    explorers={
        "priors": ExplorerEntry(
            "explorer:priors_explorer",
            title="Seen, learnt by heart, or turned round?",
            shows=(
                "Shows what eleven trainings answer on tests of the same, of another and of no "
                "prior, by type of question, for priors of any strength."
            ),
            moved="favourite's share in tests (%)",
            state={"tested": 50},
            p95_ms=600,
            web_presets=("plain training", "product of experts", "the winner of the shifted test"),
            web_knobs=("method", "entropy", "trained", "tested"),
        ),
    },
    studies={
        "priors": "study_priors:priors",
        "priors-by-strength": "study_strength:priors_by_strength",
        "actors": "study_actors:actors",
    },
    question=Question(
        (
            "A team reports 0.80 on a test whose answers have another prior than training's, where "
            "plain training reaches 0.63, and proposes its method for a hospital's questions "
            "about X-rays. Which two tests do you ask for before you believe that it looks at the "
            "pictures, and how do you make them from the team's data? What would you expect it to "
            "do on the questions of next month's patients, and on what does that depend? Which "
            "baselines without a picture belong in the table? Compare with your guess at “Plain "
            "joint training, other prior: what share is right?”: what had you thought that it "
            "had learnt?"
        ),
        criteria=(
            (
                1,
                "Tests of the same and of no prior stand beside the shifted one, by question type.",
            ),
            (1, "It is said how a flat test is drawn: per key, all answers equally often."),
            (1, "A prior that is turned round is named as what may win, and when it loses."),
            (1, "Question only and the majority stand in the table; the guess is used."),
        ),
    ),
)
