"""Lesson 01: what it shows, and where each of its parts stands."""

from coursekit.course.lesson import ExplorerEntry, Lesson, Question

LESSON = Lesson(
    teaches="what an interaction is, from one regression on 300 reviews and one real table",
    invites="When do two modalities need each other? One regression says it all.",
    explorers={
        "lines": ExplorerEntry(
            "explorer:lines",
            title="One slope or two?",
            shows=(
                "Shows what a regression without the interaction term makes of data that has one."
            ),
            moved="w1, smiling",
            median_ms=80,
            state={"w1": 0.0},
            web_presets=("published", "additive", "pure interaction"),
            web_knobs=("w1", "w2", "w3", "noise", "seed"),
            web_values={
                "w1": (-4.0, -2.0, -1.0, 0.0, 0.68, 2.0, 4.0),
                "w3": (-4.0, -2.0, 0.0, 1.29, 2.0, 4.0),
            },
        ),
    },
    question=Question(
        (
            "A colleague fits a score on two inputs, added up, for two groups of people. "
            "The slope of the first input comes out near zero, and she writes: it has no "
            "effect. Describe two different worlds in which she would have seen the same "
            "fit. Which one measurement would you ask her for, and what would it show in "
            "each of the two? Then go back to your guess at “A voter stands one step "
            "further to the right. Where does this voter see Clinton?” What had you taken "
            "for granted when you made it?"
        ),
        criteria=(
            (1, ("Both worlds lead to this fit, and the answer says how, in terms of the groups.")),
            (1, ("The measurement separates the two; the expected outcome is stated for each.")),
            (1, ("It is said how sure she could be: what outcome would leave the matter open.")),
            (
                1,
                ("The assumption behind the guess is named and held against a figure of your run."),
            ),
        ),
    ),
)
