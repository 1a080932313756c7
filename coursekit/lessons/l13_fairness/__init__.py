"""Lesson 13: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import ExplorerEntry, Lesson, Question

LESSON = Lesson(
    teaches=(
        "audit, group metrics and what each cannot say, small groups with intervals; balanced "
        "sampling, reweighing, adversarial debiasing, and the fresh probe that finds the attribute "
        "again; whether a second modality makes it worse"
    ),
    invites="The adversary can no longer read the gender. Is it gone?",
    explorers={
        "fairness": ExplorerEntry(
            "explorer:fairness_explorer",
            title="A dependence, a cure, and who pays",
            shows=(
                "Shows what a dependence in the training data does to the accuracy of each group, "
                "what each cure changes, and who can still read the attribute."
            ),
            moved="margin",
            p95_ms=250,
            web_presets=("plain", "clean pictures", "he or she"),
            web_knobs=("share", "pictures", "words", "cure", "margin"),
        ),
    },
    studies={
        "fairness": "study_fairness:fairness",
        "fairness-grid": "study_grid:grid",
    },
    question=Question(
        (
            "A company's network sorts applications and is to be made fair; somebody reports that "
            "the adversary ends near a coin's accuracy and that all selection rates are equal. "
            "Which numbers do you ask for before you believe that anything is fairer, on which "
            "rows, for which groups, and with how many people in each? Which of these numbers "
            "cannot be had, and whom would you have to ask? Which decision is not yours, and which "
            "law or whose consent does it hang on? Compare with your guess at “The adversary has "
            "lost. What does a new reader find?”: what did you think that a beaten adversary "
            "proves?"
        ),
        criteria=(
            (1, "Leakage is asked of new readers on frozen features, of several sizes."),
            (1, "Rates by group come with n and intervals, and undefined ones are named."),
            (1, "At least one metric is named with what it cannot say, the labels' origin too."),
            (1, "The guess is used to tell a smaller gap from a hidden attribute."),
        ),
    ),
)
