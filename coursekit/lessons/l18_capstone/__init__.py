"""Lesson 18: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import ExplorerEntry, Lesson, Question

LESSON = Lesson(
    teaches=(
        "a mystery: train and valid of a data set whose recipe is hidden, eight trainings, a "
        "report of typed statements with confidences; a judge who holds the recipe and the test "
        "rows; two hundred mysteries on which fixed answers and the lessons' own rules are judged; "
        "the reliability checklist; one's own data"
    ),
    invites="Eight trainings, six questions, one judge. What is wrong with these data?",
    explorers={
        "symptoms": ExplorerEntry(
            "explorer:symptom_explorer",
            title="Where does a symptom begin to count?",
            shows=(
                "Shows a symptom of every stored mystery beside a threshold, and what each "
                "threshold gets right, misses, or suspects without cause."
            ),
            moved="threshold",
            web_presets=("interaction", "hidden by hunger", "no threshold needed"),
            web_knobs=("symptom", "threshold", "which", "kind"),
            web_values={"threshold": (-0.1, 0.0, 0.04, 0.08, 0.1, 0.15, 0.2, 0.3, 0.45, 0.6)},
        ),
    },
    studies={
        "judged-mysteries": "study_judged:judged_mysteries",
        "judge-solvers": "class_ranking:judge_solvers",
    },
    question=Question(
        (
            "Write the referee's report on another group's hand-in, half a page. Which of its "
            "statements would you have believed without the judge, and on which evidence? Which "
            "condition of the checklist does its comparison not meet, and what follows for its "
            "claim? Name one experiment within the budget that would have told more. Compare with "
            "your guess at “Always the ensemble against the lessons' rules: who is ahead in marks "
            "for the model?”: what did you take the rules to be worth?"
        ),
        criteria=(
            (1, "A statement is tied to the figure that shows it, one to a figure that cannot."),
            (1, "A condition that is not met is named, with what may then not be claimed."),
            (1, "The experiment fits the budget and could have come out either way."),
            (1, "The guess is compared with the interval."),
        ),
    ),
)
